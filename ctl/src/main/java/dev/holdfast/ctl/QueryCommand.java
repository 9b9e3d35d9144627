package dev.holdfast.ctl;

import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code query}. */
@Command(
        name = "query",
        description = "Run SQL on a member's PostgreSQL, and show what it answers.")
final class QueryCommand implements Runnable {
    private final Options options;

    @Mixin private final OneMember member = new OneMember();

    @Mixin private final WatchOptions watch = new WatchOptions();

    @Mixin private final OneCluster cluster = new OneCluster();

    @Option(
            names = {"-c", "--command"},
            paramLabel = "SQL",
            description = "What to run.")
    private Optional<String> command = Optional.empty();

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "Where to read it instead.")
    private Optional<Path> file = Optional.empty();

    @Option(
            names = {"-U", "--username"},
            paramLabel = "NAME",
            description = "As whom; as the user of the operating system by default.")
    private Optional<String> username = Optional.empty();

    @Option(
            names = {"-d", "--dbname"},
            paramLabel = "DATABASE",
            description = "Where; the one that is called like the user by default.")
    private Optional<String> database = Optional.empty();

    @Option(
            names = "--password",
            description = "Ask for the password, rather than take PGPASSWORD or ~/.pgpass.")
    private boolean askPassword;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} by default.")
    private Format format = Format.TSV;

    @Option(
            names = "--delimiter",
            paramLabel = "TEXT",
            description = "Between the columns of tsv; a tabulator by default.")
    private String delimiter = "\t";

    QueryCommand(Options options) {
        this.options = options;
    }

    @Override
    public void run() {
        Session session = options.session();
        String sql = sql();
        Optional<String> password =
                askPassword
                        ? Optional.of(session.terminal().answer("Password"))
                        : Optional.ofNullable(
                                session.surroundings().environment().get("PGPASSWORD"));
        try (ClusterStore store = session.open(cluster.scope(session))) {
            watch.run(
                    session.surroundings(),
                    () -> {
                        MemberRow row = member.of(store.view());
                        RoleFilter role = member.role();
                        Table answer = SqlQuery.run(row, role, username, database, password, sql);
                        session.terminal()
                                .print(
                                        format == Format.TSV
                                                ? MachineFormats.separated(answer, delimiter)
                                                : format.write(answer));
                    });
        }
    }

    private String sql() {
        if (command.isPresent() && file.isPresent()) {
            throw new CtlException("--file and --command are mutually exclusive options");
        }
        if (command.isEmpty() && file.isEmpty()) {
            throw new CtlException("You need to specify either --command or --file");
        }
        try {
            return command.isPresent() ? command.get() : Files.readString(file.get());
        } catch (IOException e) {
            throw new CtlException(
                    file.get() + " cannot be read (" + e.getMessage() + "): name a file with SQL.",
                    e);
        }
    }
}
