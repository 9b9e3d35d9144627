package dev.holdfast.ctl;

import dev.holdfast.core.config.AgentConfig.ClientTls.Verification;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What stands before the command: where the cluster is. */
@Command(
        name = "holdfastctl",
        description = "Shows and steers a Holdfast cluster.",
        synopsisSubcommandLabel = "COMMAND")
final class Options implements Runnable, AutoCloseable {
    private final Surroundings surroundings;
    private Optional<Session> session = Optional.empty();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything.
    private CommandSpec spec;

    @Option(
            names = {"-c", "--config-file"},
            paramLabel = "FILE",
            description =
                    "Configuration file, an agent's or one with scope, namespace, etcd3 and ctl only.")
    private Optional<Path> file = Optional.empty();

    @Option(
            names = {"-d", "--dcs-url", "--dcs"},
            paramLabel = "URL",
            description = "Where etcd is: etcd3://HOST:PORT. Wins over the configuration file.")
    private Optional<String> dcsUrl = Optional.empty();

    @Option(
            names = {"-k", "--insecure"},
            description = "Believe any certificate of the members' REST interfaces.")
    private boolean insecure;

    Options(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /** Without a command there is nothing to do. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    Surroundings surroundings() {
        return surroundings;
    }

    Session session() {
        Session opened =
                session.orElseGet(() ->
                        new Session(
                                new SettingsReader(
                                                surroundings.environment(),
                                                surroundings.home(),
                                                surroundings.terminal())
                                        .read(
                                                file,
                                                dcsUrl,
                                                insecure
                                                        ? Verification.UNVERIFIED
                                                        : Verification.VERIFIED),
                                surroundings));
        session = Optional.of(opened);
        return opened;
    }

    @Override
    public void close() {
        session.ifPresent(Session::close);
    }
}
