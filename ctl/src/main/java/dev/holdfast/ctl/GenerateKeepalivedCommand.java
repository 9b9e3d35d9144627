package dev.holdfast.ctl;

import dev.holdfast.ctl.KeepalivedFile.Advertised;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code generate keepalived}. */
@Command(
        name = "keepalived",
        description = {
            "Write a configuration of keepalived (2.2 or newer): for a database host, on which an address for writers, or one"
                    + " for readers, comes and goes with the role;",
            "or, with --lvs, for a director that spreads connections over the members."
        })
final class GenerateKeepalivedCommand implements Runnable {
    private static final int LARGEST_ROUTER_ID = 254;

    private final Options options;

    @Mixin private final OneCluster cluster = new OneCluster();

    @Mixin private final RoutingOptions routing = new RoutingOptions();

    @Option(
            names = "--member",
            paramLabel = "MEMBER",
            description = "On whose host the file is for; not with --lvs.")
    private Optional<String> member = Optional.empty();

    @Option(
            names = "--interface",
            paramLabel = "NAME",
            required = true,
            description = "The network interface that gets the addresses.")
    private String device = "";

    @Option(
            names = "--writer-address",
            paramLabel = "ADDRESS/BITS",
            description = "The address at which the primary is.")
    private Optional<String> writer = Optional.empty();

    @Option(
            names = "--reader-address",
            paramLabel = "ADDRESS/BITS",
            description = "The address at which a replica is, or with --lvs all of them.")
    private Optional<String> reader = Optional.empty();

    @Option(
            names = "--multicast",
            description = "Advertise by multicast, in place of unicast among the members.")
    private boolean multicast;

    @Option(
            names = "--router-id",
            paramLabel = "N",
            description =
                    "The first virtual router id that nobody else has in this network; ${DEFAULT-VALUE} by default.")
    private int routerId = 51;

    @Option(
            names = "--lvs",
            paramLabel = "METHOD",
            description = "How a director passes connections on: DR, NAT or TUN.")
    private Optional<Method> lvs = Optional.empty();

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "With --lvs NAT: where clients connect; the members' own by default.")
    private Optional<Integer> port = Optional.empty();

    @Option(
            names = "--director",
            paramLabel = "ADDRESS",
            description =
                    "With --lvs: this director, then its peers (repeat it); they advertise by unicast then.")
    private List<String> directors = new ArrayList<>();

    /** LVS's ways to pass a connection on. */
    enum Method {
        DR,
        NAT,
        TUN
    }

    GenerateKeepalivedCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        if (writer.isEmpty() && reader.isEmpty()) {
            throw new CtlException(
                    "there is no address to route to: give --writer-address, --reader-address, or both.");
        }
        if (routerId < 1 || routerId > LARGEST_ROUTER_ID) {
            throw new CtlException(
                    "--router-id " + routerId + " is none: 1 to " + LARGEST_ROUTER_ID + ".");
        }
        writer.ifPresent(address -> check("--writer-address", address));
        reader.ifPresent(address -> check("--reader-address", address));
        Session session = options.session();
        String scope = cluster.scope(session);
        try (ClusterStore store = session.open(scope)) {
            List<RoutedMember> members = RoutedMember.of(scope, store.view());
            KeepalivedFile file =
                    new KeepalivedFile(
                            scope,
                            device,
                            writer,
                            reader,
                            routerId,
                            routing.replicaPath(),
                            routing.trust(session, members),
                            routing.certfile());
            session.terminal()
                    .print(
                            lvs.map(method -> file.director(members, method, port, ofDirectors()))
                                    .orElseGet(() -> ofHost(scope, file, members)));
        }
    }

    private static void check(String option, String address) {
        if (!address.matches(
                "([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F:]+:[0-9a-fA-F:.]*)/\\d{1,3}")) {
            throw new CtlException(
                    option + " " + address + " is not ADDRESS/BITS, such as 10.0.0.100/24.");
        }
    }

    private String ofHost(String scope, KeepalivedFile file, List<RoutedMember> members) {
        String name =
                member.orElseThrow(() ->
                        new CtlException(
                                "it was not said for which host: give --member, or --lvs for a director."));
        RoutedMember own =
                members.stream()
                        .filter(m -> m.name().equals(name))
                        .findFirst()
                        .orElseThrow(() ->
                                new CtlException(
                                        "cluster \""
                                                + scope
                                                + "\" has no member \""
                                                + name
                                                + "\"; its members are: "
                                                + String.join(
                                                        ", ",
                                                        members.stream()
                                                                .map(RoutedMember::name)
                                                                .toList())
                                                + "."));
        List<String> addresses = new ArrayList<>(List.of(RoutedMember.address(own.host())));
        members.stream()
                .filter(m -> !m.equals(own))
                .forEach(m -> addresses.add(RoutedMember.address(m.host())));
        return file.host(own, multicast ? new Advertised.ToAll() : unicast(addresses));
    }

    private Advertised ofDirectors() {
        if (member.isPresent()) {
            throw new CtlException(
                    "--member goes with a database host, and --lvs with a director.");
        }
        return directors.isEmpty() ? new Advertised.ToAll() : unicast(directors);
    }

    private static Advertised unicast(List<String> addresses) {
        return new Advertised.ToPeers(addresses.getFirst(), addresses.subList(1, addresses.size()));
    }
}
