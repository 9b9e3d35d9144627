package dev.holdfast.chaos;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Network.Ipam;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.utility.DockerImageName;

/**
 * Hosts that are containers on a network of their own, each with an address: PostgreSQL, etcd,
 * HAProxy and Java are the image's, agent and guard those of the checkout, which is mounted, so
 * that what is tried is what has just been built. A host's first process does nothing but reap;
 * what runs there is started by {@code exec}, under the restrictions of a container.
 *
 * <p>What is cut is cut in the network namespace of the host that it is about. The harness looks on
 * from the network's gateway, which is never cut.
 *
 * <p>Each has a label with the harness' pid. What a killed run left behind is removed when the next
 * one makes hosts.
 */
final class Containers implements Hosts {
    private static final String IMAGE = "holdfast-host";
    private static final String LABEL = "dev.holdfast.chaos.harness";
    private static final String SOCKET = "/var/run/docker.sock";
    private static final String NO_REAPER = "TESTCONTAINERS_RYUK_DISABLED";
    private static final int NETWORKS = 256;
    private static final int FIRST_MEMBER = 11;
    private static final int CLIENT = 100;
    private static final int GATEWAY = 200;
    private static final String CLIENT_NAME = "client";
    private static final String OURS = String.valueOf(ProcessHandle.current().pid());

    private final Account account;
    private final Path directory;
    private final String prefix;
    private final Network network;
    private final Map<String, ContainerHost> hosts = new LinkedHashMap<>();
    private final List<String> members;
    private final List<Cut> cuts = new ArrayList<>();

    private Containers(Account account, Path directory, List<String> members) {
        this.account = account;
        this.directory = directory;
        this.members = List.copyOf(members);
        int number = 0;
        Optional<Network> made = network(number);
        while (made.isEmpty() && number < NETWORKS - 1) {
            number++;
            made = network(number);
        }
        this.network =
                made.orElseThrow(() ->
                        new IllegalStateException("no network 10.78.n.0/24 of Docker's is free"));
        this.prefix = prefix(number);
        try {
            int next = FIRST_MEMBER;
            for (String name : members) {
                hosts.put(name, plugIn(name, next));
                next++;
            }
            hosts.put(CLIENT_NAME, plugIn(CLIENT_NAME, CLIENT));
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    static Containers create(Account account, Path directory, List<String> members) {
        removeStale();
        return new Containers(account, directory, members);
    }

    /** Why there can be none on this machine, if so. */
    static Optional<String> obstacle() {
        if (!"root".equals(System.getProperty("user.name"))) {
            return Optional.of(
                    "to look into containers from outside, and to cut them off, takes root");
        }
        if (!Files.exists(Path.of(SOCKET))) {
            return Optional.of("there is no " + SOCKET + ": no Docker engine runs here");
        }
        if (!"true".equals(System.getenv(NO_REAPER))) {
            return Optional.of(
                    NO_REAPER + " is not true, and Testcontainers would look for an image to pull");
        }
        if (!DockerClientFactory.instance().isDockerAvailable()) {
            return Optional.of("no Docker engine answers");
        }
        boolean isThere =
                DockerClientFactory.lazyClient()
                        .listImagesCmd()
                        .withFilter("reference", List.of(IMAGE))
                        .exec()
                        .stream()
                        .findAny()
                        .isPresent();
        return isThere
                ? Optional.empty()
                : Optional.of("there is no image " + IMAGE + ": run make host-image");
    }

    private static String prefix(int number) {
        return "10.78." + number + ".";
    }

    /** Nothing where these addresses are another network's. */
    private static Optional<Network> network(int number) {
        Ipam addresses =
                new Ipam()
                        .withConfig(
                                new Ipam.Config()
                                        .withSubnet(prefix(number) + "0/24")
                                        .withGateway(prefix(number) + GATEWAY));
        Network made =
                Network.builder()
                        .createNetworkCmdModifier(create -> {
                            var _ = create.withIpam(addresses).withLabels(Map.of(LABEL, OURS));
                        })
                        .build();
        try {
            // Made when it is first asked for.
            String _ = made.getId();
            return Optional.of(made);
        } catch (DockerException e) {
            if (String.valueOf(e.getMessage()).contains("overlaps")) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private ContainerHost plugIn(String name, int number) {
        String address = prefix + number;
        GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(IMAGE));
        container
                .withImagePullPolicy(_ -> false)
                .withNetwork(network)
                .withLabel(LABEL, OURS)
                .withCreateContainerCmdModifier(create -> describe(create, name, address))
                .start();
        return ContainerHost.of(name, address, container, account);
    }

    /** The account's user has the number there that it has here: the directory is the same. */
    private void describe(CreateContainerCmd create, String name, String address) {
        String here = directory.toString();
        String checkout = Checkout.found().directory().toString();
        Objects.requireNonNull(create.getHostConfig(), "Testcontainers has made one")
                .withBinds(
                        new Bind(here, new Volume(here), AccessMode.rw),
                        new Bind(checkout, new Volume(checkout), AccessMode.ro))
                .withCapAdd(Capability.NET_ADMIN);
        CreateContainerCmd _ =
                create.withHostName(name)
                        .withIpv4Address(address)
                        .withUser("root")
                        .withCmd(
                                "sh",
                                "-ec",
                                """
                                groupmod --non-unique --gid "$2" postgres
                                usermod --non-unique --uid "$1" postgres
                                exec bash -c 'trap exit TERM; while :; do sleep 3600 & wait $!; done'
                                """,
                                "sh",
                                String.valueOf(number("uid")),
                                String.valueOf(number("gid")));
    }

    private int number(String which) {
        try {
            return (int) Files.getAttribute(directory, "unix:" + which);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Host named(String member) {
        if (!members.contains(member)) {
            throw new IllegalArgumentException("no host " + member + " in " + members);
        }
        return host(member);
    }

    @Override
    public Host client() {
        return host(CLIENT_NAME);
    }

    private ContainerHost host(String name) {
        return Objects.requireNonNull(hosts.get(name), "made with all others");
    }

    @Override
    public Host.Visit enter() {
        return () -> {};
    }

    @Override
    public String spareAddress(int number) {
        return prefix + number;
    }

    @Override
    public void cut(Cut cut) {
        cuts.add(cut);
        host(cut.host()).load(rules(cut.host()));
    }

    @Override
    public void mend() {
        List<String> mended = cuts.stream().map(Cut::host).distinct().toList();
        cuts.clear();
        mended.forEach(name -> host(name).load(rules(name)));
    }

    /** ARP is a protocol of its own here, and goes with everything only. */
    private String rules(String name) {
        return """
        table inet cuts
        delete table inet cuts
        table inet cuts {
            chain input {
                type filter hook input priority -300
        %s
            }
            chain output {
                type filter hook output priority -300
        %s
            }
        }
        table arp cuts
        delete table arp cuts
        table arp cuts {
            chain input {
                type filter hook input priority 0
        %s
            }
            chain output {
                type filter hook output priority 0
        %s
            }
        }
        """
                .formatted(
                        lines(received(name).map(cut -> cut.from().rules(way(cut, "ip saddr")))),
                        lines(sent(name).map(cut -> cut.from().rules(way(cut, "ip daddr")))),
                        lines(received(name).filter(Containers::isTotal).map(_ -> arp("saddr"))),
                        lines(sent(name).filter(Containers::isTotal).map(_ -> arp("daddr"))));
    }

    private static String lines(Stream<String> rules) {
        return rules.collect(Collectors.joining("\n"));
    }

    private Stream<Cut> received(String name) {
        return cuts.stream()
                .filter(cut -> cut.host().equals(name) && cut.direction() != Cut.Direction.SENT);
    }

    private Stream<Cut> sent(String name) {
        return cuts.stream()
                .filter(cut ->
                        cut.host().equals(name) && cut.direction() != Cut.Direction.RECEIVED);
    }

    private static boolean isTotal(Cut cut) {
        return cut.from() == Cut.From.EVERYTHING;
    }

    /** From everything: multicast and addresses that move too, but not from the harness. */
    private String way(Cut cut, String end) {
        return isTotal(cut)
                ? end + " != { 127.0.0.0/8, " + prefix + GATEWAY + " }"
                : end
                        + " { "
                        + cut.peers(members, CLIENT_NAME).stream()
                                .map(peer -> host(peer).address())
                                .collect(Collectors.joining(", "))
                        + " }";
    }

    private String arp(String end) {
        return "arp " + end + " ip != " + prefix + GATEWAY + " drop";
    }

    @Override
    public void close() {
        hosts.values().forEach(ContainerHost::remove);
        network.close();
    }

    /** Those of harnesses that are gone. */
    private static void removeStale() {
        var docker = DockerClientFactory.lazyClient();
        docker.listContainersCmd().withShowAll(true).withLabelFilter(List.of(LABEL)).exec().stream()
                .filter(container -> isStale(container.getLabels()))
                .forEach(container -> {
                    docker.removeContainerCmd(container.getId())
                            .withForce(true)
                            .withRemoveVolumes(true)
                            .exec();
                });
        docker.listNetworksCmd().exec().stream()
                .filter(network -> isStale(network.getLabels()))
                .forEach(network -> {
                    docker.removeNetworkCmd(network.getId()).exec();
                });
    }

    private static boolean isStale(Map<String, String> labels) {
        String harness = labels.getOrDefault(LABEL, OURS);
        return ProcessHandle.of(Long.parseLong(harness)).isEmpty();
    }
}
