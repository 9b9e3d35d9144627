package dev.holdfast.agent.file;

import dev.holdfast.agent.postgres.PostgresException;
import dev.holdfast.agent.postgres.RunningServer;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.AgentConfigReader;
import dev.holdfast.core.config.Problem;
import dev.holdfast.dcs.json.Trees;
import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Configurations made for an operator: a sample, or one that fits a server that runs. What the
 * environment says goes into both. They pass {@code --validate-config}; what nobody could know
 * stands there as {@code #FIXME}.
 */
public final class Generation {
    private static final String FIX = "#FIXME";
    private static final String HEADER =
            """
            # Made by holdfast-agent. Replace what says #FIXME, check the addresses, and see what is left to say:
            # holdfast-agent --validate-config FILE
            """;
    private static final int REST_PORT = 8008;

    /** What belongs to the member and not to the cluster. */
    private static final List<String> OF_MEMBER =
            List.of(
                    "archive_command",
                    "restore_command",
                    "archive_cleanup_command",
                    "recovery_end_command",
                    "ssl_passphrase_command",
                    "unix_socket_directories");

    private final Map<String, String> environment;
    private final Optional<Path> target;
    private final PrintStream out;
    private final PrintStream errors;

    /**
     * @param target the file to write; empty for {@code out}
     * @param errors gets a line for each thing that could not be taken over
     */
    public Generation(
            Map<String, String> environment,
            Optional<Path> target,
            PrintStream out,
            PrintStream errors) {
        this.environment = environment;
        this.target = target;
        this.out = out;
        this.errors = errors;
    }

    /** {@code --generate-sample-config}; returns the exit status. */
    public int sample() {
        String address = hostAddress();
        return write(
                member(
                        "demo",
                        Map.of("use_pg_rewind", true),
                        server(address + ":5432", address + ":5432", "/var/lib/postgresql/data")));
    }

    /** {@code --generate-config}; returns the exit status. */
    public int fromServer(Optional<String> dsn) {
        try {
            Dsn reached = Dsn.of(dsn, environment);
            if (reached.user().password().isEmpty()) {
                reached = reached.withPassword(typedPassword(reached.user().username()));
            }
            RunningServer server =
                    RunningServer.ask(reached.address(), reached.user(), reached.database());
            return write(configuration(server, reached));
        } catch (IllegalArgumentException | PostgresException e) {
            errors.println("ERROR   --generate-config: " + e.getMessage() + ".");
            return 1;
        }
    }

    /** Nothing where nobody sits at a terminal. */
    private static String typedPassword(String user) {
        return Optional.ofNullable(System.console())
                .filter(Console::isTerminal)
                .map(console -> console.readPassword("Password of %s: ", user))
                .map(String::new)
                .orElse("");
    }

    Map<String, Object> configuration(RunningServer server, Dsn reached) {
        Map<String, String> settings = new LinkedHashMap<>(server.settings());
        String scope = Optional.ofNullable(settings.remove("cluster_name")).orElse("");
        String port = Optional.ofNullable(settings.remove("port")).orElse("5432");
        String hosts = Optional.ofNullable(settings.remove("listen_addresses")).orElse("");
        settings.keySet().removeAll(List.of("data_directory", "config_file"));
        Map<String, Object> own = new LinkedHashMap<>();
        for (String name : OF_MEMBER) {
            Optional.ofNullable(settings.remove(name)).ifPresent(value -> own.put(name, value));
        }
        Map<String, Object> postgresql =
                server(
                        (hosts.isEmpty() ? "localhost" : hosts) + ":" + port,
                        hostAddress() + ":" + port,
                        server.dataDirectory());
        server.binDir().ifPresent(dir -> postgresql.put("bin_dir", dir));
        postgresql.put(
                "authentication",
                authentication(
                        reached.user().username(),
                        reached.user().password(),
                        server.replicationUser().orElse("replicator")));
        lines(server, settings, "hba", server.hba(), postgresql, own);
        lines(server, settings, "ident", server.ident(), postgresql, own);
        if (!own.isEmpty()) {
            postgresql.put("parameters", own);
        }
        Map<String, Object> dynamic = new LinkedHashMap<>();
        dynamic.put("use_pg_rewind", true);
        dynamic.put("parameters", new LinkedHashMap<>(settings));
        return member(scope.isEmpty() ? "demo" : scope, dynamic, postgresql);
    }

    /** A file elsewhere stays its owner's; of one beside the data the lines are taken over. */
    private static void lines(
            RunningServer server,
            Map<String, String> settings,
            String kind,
            List<String> lines,
            Map<String, Object> postgresql,
            Map<String, Object> own) {
        String file = Optional.ofNullable(settings.remove(kind + "_file")).orElse("");
        if (!file.isEmpty() && !file.startsWith(server.dataDirectory() + "/")) {
            own.put(kind + "_file", file);
        } else if (!lines.isEmpty()) {
            postgresql.put("pg_" + kind, lines);
        }
    }

    private Map<String, Object> member(
            String scope, Map<String, Object> dynamic, Map<String, Object> postgresql) {
        String address = hostAddress() + ":" + REST_PORT;
        Map<String, Object> restApi = new LinkedHashMap<>();
        restApi.put("listen", address);
        restApi.put("connect_address", address);
        Map<String, Object> dcs = new LinkedHashMap<>();
        dcs.put("ttl", 10);
        dcs.put("loop_wait", 10);
        dcs.put("retry_timeout", 10);
        dcs.put("maximum_lag_on_failover", 1_048_576);
        dcs.put("postgresql", dynamic);
        Map<String, Object> bootstrap = new LinkedHashMap<>();
        bootstrap.put("dcs", dcs);
        bootstrap.put("initdb", List.of(Map.of("encoding", "UTF8"), "data-checksums"));
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("scope", scope);
        root.put("name", hostName());
        root.put("restapi", restApi);
        root.put("etcd3", new LinkedHashMap<>(Map.of("hosts", "127.0.0.1:2379")));
        root.put("bootstrap", bootstrap);
        root.put("postgresql", postgresql);
        root.put("tags", new LinkedHashMap<>(Map.of("nofailover", false)));
        return root;
    }

    private static Map<String, Object> server(String listen, String connect, String data) {
        Map<String, Object> postgresql = new LinkedHashMap<>();
        postgresql.put("listen", listen);
        postgresql.put("connect_address", connect);
        postgresql.put("data_dir", data);
        postgresql.put("authentication", authentication("postgres", FIX, "replicator"));
        return postgresql;
    }

    private static Map<String, Object> authentication(
            String superuser, String password, String replication) {
        Map<String, Object> users = new LinkedHashMap<>();
        users.put("superuser", user(superuser, password));
        users.put("replication", user(replication, FIX));
        return users;
    }

    private static Map<String, Object> user(String name, String password) {
        Map<String, Object> user = new LinkedHashMap<>();
        user.put("username", name);
        user.put("password", password.isEmpty() ? FIX : password);
        return user;
    }

    private int write(Map<String, Object> values) {
        Map<String, Object> tree = AgentConfigReader.merged(values, environment);
        for (Problem problem : AgentConfigReader.read(tree, Map.of()).problems()) {
            if (isParameter(problem)) {
                errors.println("left out: " + problem.sentence());
                remove(tree, problem.path());
            }
        }
        String text = HEADER + Trees.toYaml(tree);
        if (target.isEmpty()) {
            out.print(text);
            return 0;
        }
        try {
            // It holds passwords.
            Files.deleteIfExists(target.get());
            Files.createFile(
                    target.get(),
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            Files.writeString(target.get(), text);
            return 0;
        } catch (IOException e) {
            errors.println("ERROR   " + target.get() + " cannot be written: " + e + ".");
            return 1;
        }
    }

    private static boolean isParameter(Problem problem) {
        return problem.path().contains("postgresql.parameters.");
    }

    /** The names of parameters may hold dots, the rest of a path does not. */
    private static void remove(Map<String, Object> tree, String path) {
        int end = path.indexOf("parameters.") + "parameters.".length();
        Map<?, ?> at = tree;
        for (String key : List.of(path.substring(0, end - 1).split("\\.", -1))) {
            at = at.get(key) instanceof Map<?, ?> below ? below : Map.of();
        }
        at.remove(path.substring(end));
    }

    private String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "pg1";
        }
    }

    private String hostAddress() {
        try {
            return new HostPort(InetAddress.getLocalHost().getHostAddress(), 0)
                    .toString()
                    .replaceFirst(":0$", "");
        } catch (UnknownHostException e) {
            return "127.0.0.1";
        }
    }
}
