package dev.holdfast.ctl;

import dev.holdfast.core.config.AgentConfig.ClientTls;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What {@code generate haproxy} and {@code generate keepalived} are told alike. */
final class RoutingOptions {
    @Option(
            names = "--max-lag",
            paramLabel = "SIZE",
            description = "Readers go to no replica that lags by more, such as 16MB.")
    private Optional<String> maxLag = Optional.empty();

    @Option(
            names = "--cafile",
            paramLabel = "FILE",
            description =
                    "Authorities of the members' certificates, on the host that asks; ctl's own by default.")
    private Optional<String> cafile = Optional.empty();

    @Option(
            names = "--certfile",
            paramLabel = "FILE",
            description =
                    "Certificate and key in one file, to be shown to members that ask for one.")
    private Optional<String> certfile = Optional.empty();

    /** What is asked of replicas. */
    String replicaPath() {
        return maxLag.map(size -> "/replica?lag=" + checked(size)).orElse("/replica");
    }

    private static String checked(String size) {
        if (!size.matches("\\d{1,15}(B|kB|MB|GB|TB)?")) {
            throw new CtlException(
                    "--max-lag "
                            + size
                            + " is no size: give bytes, or a number with one of B, kB, MB, GB, TB after it.");
        }
        return size;
    }

    /** How certificates of members are looked at. */
    sealed interface Trust {
        record Authorities(String cafile) implements Trust {}

        /** {@code -k}, or {@code ctl.insecure}. */
        record Anybody() implements Trust {}
    }

    /**
     * Read only where a member speaks TLS.
     *
     * @throws CtlException when it is not known whom to trust
     */
    Trust trust(Session session, List<RoutedMember> members) {
        ClientTls own = session.settings().rest().tls();
        return switch (own.verification()) {
            case UNVERIFIED -> new Trust.Anybody();
            case VERIFIED -> {
                Optional<String> known = cafile.or(own::cacert);
                if (known.isEmpty() && members.stream().anyMatch(m -> m.rest().isTls())) {
                    throw new CtlException(
                            "the members' REST interfaces speak TLS, and it is not known whose certificates to trust:"
                                    + " give --cafile FILE (as the host that asks will see it), or -k before generate.");
                }
                yield new Trust.Authorities(known.orElse(""));
            }
        };
    }

    Optional<String> certfile() {
        return certfile;
    }
}
