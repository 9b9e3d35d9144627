package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Hosts that are network namespaces of this machine, each with an address of its own on a bridge
 * that is in one more. What is cut is cut on the bridge, so that nothing passes there, ARP and
 * multicast no more than TCP. The harness looks on from a port of its own, which is never cut.
 *
 * <p>All names begin with {@code hf-} and the harness' pid. What a killed run left behind is
 * removed when the next one makes hosts.
 */
final class NetworkNamespaces implements Hosts {
    private static final String PREFIX = "hf-";
    private static final Pattern OURS = Pattern.compile(PREFIX + "(\\d+)-.*");
    private static final AtomicInteger CLUSTERS = new AtomicInteger();
    private static final String NETWORK = "10.77.0.";
    private static final int FIRST_MEMBER = 11;
    private static final int CLIENT = 100;
    private static final int OBSERVER = 200;
    private static final String CLIENT_NAME = "client";

    private final NetNamespace bridge;
    private final Map<String, NamespaceHost> members = new LinkedHashMap<>();
    private final NamespaceHost client;
    private final NamespaceHost observer;
    private final List<Cut> cuts = new ArrayList<>();

    /** One of them. */
    private record NamespaceHost(
            String name,
            String address,
            NetNamespace space,
            Account cluster,
            Optional<MemoryGroup> memory)
            implements Host {
        @Override
        public Runner account() {
            return within(cluster.withNetwork());
        }

        @Override
        public Runner root() {
            return within(Account.unchanged());
        }

        private Account within(Account account) {
            Account inside = account.behind(space.prefix());
            return memory.map(group -> inside.behind(group.prefix())).orElse(inside);
        }

        private void remove() {
            space.remove();
            memory.ifPresent(MemoryGroup::remove);
        }

        @Override
        public Host.Visit enter() {
            return space.enter();
        }
    }

    private NetworkNamespaces(Account account, List<String> names) {
        removeStale();
        String prefix =
                PREFIX + ProcessHandle.current().pid() + "-" + CLUSTERS.incrementAndGet() + "-";
        this.bridge = NetNamespace.create(prefix + "bridge");
        try {
            bridge.ip("link add bridge type bridge forward_delay 0");
            bridge.ip("link set bridge up");
            int number = FIRST_MEMBER;
            for (String name : names) {
                members.put(name, plugIn(prefix, name, number, account));
                number++;
            }
            this.client = plugIn(prefix, CLIENT_NAME, CLIENT, account);
            this.observer = plugIn(prefix, "observer", OBSERVER, account);
        } catch (RuntimeException | Error e) {
            removeAll(prefix);
            throw e;
        }
    }

    static NetworkNamespaces create(Account account, List<String> names) {
        return new NetworkNamespaces(account, names);
    }

    /** Why there can be none on this machine, if so. */
    static Optional<String> obstacle() {
        if (!"root".equals(System.getProperty("user.name"))) {
            return Optional.of("network namespaces need root");
        }
        NetNamespace probe = new NetNamespace(PREFIX + ProcessHandle.current().pid() + "-probe");
        try {
            NetNamespace made = NetNamespace.create(probe.name());
            made.ip("link add probe type bridge");
            Commands.run(
                    made.prefix(), List.of(Programs.named("nft").toString(), "list", "ruleset"));
            return Optional.empty();
        } catch (IllegalStateException e) {
            return Optional.of(
                    "this machine lets nobody make network namespaces: " + e.getMessage());
        } finally {
            probe.remove();
        }
    }

    private NamespaceHost plugIn(String prefix, String name, int number, Account account) {
        NetNamespace space = NetNamespace.create(prefix + name);
        bridge.ip("link add " + name + " type veth peer name eth0 netns " + space.name());
        bridge.ip("link set " + name + " master bridge up");
        space.ip("addr add " + NETWORK + number + "/24 dev eth0");
        space.ip("link set eth0 up");
        return new NamespaceHost(
                name, NETWORK + number, space, account, MemoryGroup.create(space.name()));
    }

    @Override
    public Host named(String member) {
        NamespaceHost found = members.get(member);
        if (found == null) {
            throw new IllegalArgumentException("no host " + member + " in " + members.keySet());
        }
        return found;
    }

    @Override
    public Host client() {
        return client;
    }

    @Override
    public Host.Visit enter() {
        return observer.enter();
    }

    @Override
    public String spareAddress(int number) {
        return NETWORK + number;
    }

    @Override
    public void cut(Cut cut) {
        cuts.add(cut);
        apply();
    }

    @Override
    public void mend() {
        cuts.clear();
        apply();
    }

    /** All at once: what is loaded in one file takes effect in one instant. */
    private void apply() {
        String rules =
                """
                table bridge cuts
                delete table bridge cuts
                table bridge cuts {
                    chain forward {
                        type filter hook forward priority 0
                %s
                    }
                }
                """
                        .formatted(
                                cuts.stream()
                                        .flatMap(this::rules)
                                        .collect(Collectors.joining("\n")));
        Commands.loadRules(bridge.prefix(), rules);
    }

    private Stream<String> rules(Cut cut) {
        return switch (cut.direction()) {
            case BOTH -> Stream.of(sent(cut), received(cut));
            case SENT -> Stream.of(sent(cut));
            case RECEIVED -> Stream.of(received(cut));
        };
    }

    private String sent(Cut cut) {
        return cut.from().rules("iifname " + cut.host() + " oifname " + peers(cut));
    }

    private String received(Cut cut) {
        return cut.from().rules("oifname " + cut.host() + " iifname " + peers(cut));
    }

    private String peers(Cut cut) {
        return "{ " + String.join(", ", cut.peers(members.keySet(), CLIENT_NAME)) + " }";
    }

    @Override
    public void close() {
        Stream.concat(members.values().stream(), Stream.of(client, observer))
                .forEach(NamespaceHost::remove);
        bridge.remove();
    }

    /** Those of harnesses that are gone. */
    private static void removeStale() {
        existing()
                .filter(name -> {
                    Matcher ours = OURS.matcher(name);
                    return ours.matches()
                            && ProcessHandle.of(Long.parseLong(ours.group(1))).isEmpty();
                })
                .forEach(name -> {
                    new NetNamespace(name).remove();
                    MemoryGroup.removeStale(name);
                });
    }

    private static void removeAll(String prefix) {
        existing()
                .filter(name -> name.startsWith(prefix))
                .forEach(name -> new NetNamespace(name).remove());
    }

    private static Stream<String> existing() {
        if (!Files.isDirectory(NetNamespace.ALL)) {
            return Stream.empty();
        }
        try (Stream<Path> all = Files.list(NetNamespace.ALL)) {
            return all.map(file -> file.getFileName().toString()).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
