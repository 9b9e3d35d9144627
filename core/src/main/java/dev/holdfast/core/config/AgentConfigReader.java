package dev.holdfast.core.config;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.config.AgentConfig.Bootstrap;
import dev.holdfast.core.config.AgentConfig.Ctl;
import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import dev.holdfast.core.config.AgentConfig.Guard;
import dev.holdfast.core.config.AgentConfig.Postgres;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads a member's own file and the environment variables that override it. */
public final class AgentConfigReader {
    /** The kernel takes 107 bytes for the path of a socket. */
    private static final int LONGEST_GUARD_DIR = 107 - "/guard.sock".length();

    /** What initdb is told by Holdfast itself, and what would make the new cluster unsafe. */
    private static final List<String> INITDB_SET_BY_HOLDFAST =
            List.of(
                    "pgdata",
                    "pwfile",
                    "pwprompt",
                    "username",
                    "no-sync",
                    "nosync",
                    "sync-only",
                    "version",
                    "help",
                    "show");

    private AgentConfigReader() {}

    /**
     * What came of reading.
     *
     * @param draft where a value has an error, or lacks, something else stands in for it: of use
     *     only to whoever looks for further problems
     */
    public record Read(AgentConfig draft, List<Problem> problems) {
        /** Absent where one of the problems is an error. */
        public Optional<AgentConfig> config() {
            return problems.stream().anyMatch(Problem::isError)
                    ? Optional.empty()
                    : Optional.of(draft);
        }
    }

    /**
     * What the control command needs of the same file; the scope is absent where the file names
     * none.
     *
     * @param namespace with a slash at both ends
     */
    public record Client(
            Optional<String> scope, String namespace, AgentConfig.Etcd etcd, Ctl ctl) {}

    /** What came of reading for the control command. */
    public record ClientRead(Optional<Client> client, List<Problem> problems) {}

    /** Reads a parsed file, whose values may be null, and the process's environment. */
    public static Read read(Map<String, Object> file, Map<String, String> environment) {
        ConfigTree root = Environment.overlay(file, environment);
        Postgres postgresql = PostgresReader.read(root);
        RestReader.Sections rest = RestReader.read(root);
        AgentConfig config =
                new AgentConfig(
                        ClusterPlace.requiredScope(root),
                        ClusterPlace.namespace(root),
                        name(root).orElse(new MemberName("unnamed")),
                        rest.restApi(),
                        rest.ctl(),
                        EtcdReader.read(root),
                        bootstrap(root.section("bootstrap"), postgresql),
                        postgresql,
                        ScriptsReader.read(root),
                        guard(root.section("guard"), postgresql.dataDir()),
                        WatchdogReader.read(
                                root.section("watchdog"),
                                ClusterConfigReader.read(tree(root.section("bootstrap")))
                                        .config()
                                        .ttl()),
                        LogReader.read(root.section("log")),
                        RoutingReader.read(root),
                        TagsReader.read(root.section("tags")));
        passwords(root, config);
        root.without(
                "is not planned and is ignored: the store is etcd",
                "consul",
                "zookeeper",
                "exhibitor",
                "kubernetes",
                "raft");
        root.without("is not planned and is ignored", "citus");
        root.finish();
        return new Read(config, root.problems());
    }

    /** Whether one of the variables is a setting. */
    public static boolean saysAnything(Map<String, String> environment) {
        return Environment.saysAnything(environment);
    }

    /** The file's values with the environment's laid over them. */
    public static Map<String, Object> merged(
            Map<String, Object> file, Map<String, String> environment) {
        Map<String, Object> merged = new LinkedHashMap<>();
        Environment.overlay(file, environment)
                .document()
                .forEach((key, value) -> merged.put(String.valueOf(key), value));
        return merged;
    }

    /** The same with every password hidden. */
    public static Map<String, Object> shown(
            Map<String, Object> file, Map<String, String> environment) {
        return Secrets.hidden(merged(file, environment));
    }

    /**
     * Reads only where the cluster is and who may command it; a file without the other sections
     * will do.
     */
    public static ClientRead readForClient(
            Map<String, Object> file, Map<String, String> environment) {
        ConfigTree root = Environment.overlay(file, environment);
        Client client =
                new Client(
                        ClusterPlace.scope(root),
                        ClusterPlace.namespace(root),
                        EtcdReader.read(root),
                        RestReader.readCtl(root));
        List<Problem> problems = root.problems();
        boolean wrong = problems.stream().anyMatch(Problem::isError);
        return new ClientRead(wrong ? Optional.empty() : Optional.of(client), problems);
    }

    private static Optional<MemberName> name(ConfigTree root) {
        String expected =
                "the member's name: 1 to 63 characters of ASCII, not *, without slash, comma, quote or backslash, and not "
                        + MemberName.NOBODY;
        if (root.requiredText("name", expected).isEmpty()) {
            return Optional.empty();
        }
        // PostgreSQL replaces other characters in application_name by question marks, and reads *
        // as every standby.
        return root.read(
                "name",
                expected,
                value ->
                        Scalars.text(value)
                                .filter(name ->
                                        MemberName.isValid(name)
                                                && !MemberName.NOBODY.matches(name)
                                                && !name.equals("*")
                                                && name.chars().allMatch(c -> c < 127))
                                .map(MemberName::new));
    }

    private static Bootstrap bootstrap(ConfigTree bootstrap, Postgres postgresql) {
        ClusterConfig dcs = ClusterConfigReader.read(bootstrap.section("dcs"));
        bootstrap.without(
                "Patroni does not create any more either: let bootstrap.post_bootstrap create them",
                "users");
        List<String> initdb =
                bootstrap.has("initdb")
                        ? ProgramOptions.read(bootstrap, "initdb", "initdb", INITDB_SET_BY_HOLDFAST)
                        : List.of("encoding=UTF8", "data-checksums");
        List<String> pgHba = bootstrap.lines("pg_hba");
        boolean noLines = pgHba.isEmpty() && postgresql.pgHba().isEmpty() && dcs.pgHba().isEmpty();
        DatabaseUser replication = postgresql.replication();
        if (noLines && replication.password().isEmpty() && !replication.username().isEmpty()) {
            bootstrap.warning(
                    "pg_hba",
                    "nothing, and no password for the replication user",
                    "keeps standbys out, because the default lines ask for one");
        }
        return new Bootstrap(
                tree(bootstrap),
                initdb,
                pgHba.isEmpty()
                        ? PgHba.defaultLines(postgresql.superuser(), postgresql.replication())
                        : pgHba);
    }

    /**
     * {@code bootstrap.dcs} as it was parsed, in its own order: that is what is written to etcd.
     */
    private static Map<String, Object> tree(ConfigTree bootstrap) {
        Map<String, Object> copy = new LinkedHashMap<>();
        if (bootstrap.raw("dcs").orElse(null) instanceof Map<?, ?> dcs) {
            dcs.forEach((key, value) -> copy.put(String.valueOf(key), value));
        }
        return Collections.unmodifiableMap(copy);
    }

    private static Guard guard(ConfigTree guard, String dataDir) {
        String dir = guard.absolutePath("dir").orElse(dataDir + ".guard");
        if (bytes(dir) > LONGEST_GUARD_DIR) {
            guard.error(
                    "dir",
                    Problem.show(dir),
                    "a path of at most " + LONGEST_GUARD_DIR + " bytes, because it holds a socket");
        }
        return new Guard(dir, guard.absolutePath("cgroup"));
    }

    /** How many bytes a path takes in UTF-8, which is what the kernel counts. */
    private static int bytes(String path) {
        return path.codePoints().map(c -> c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4).sum();
    }

    /** An empty password is right only where the file lets somebody in without one. */
    private static void passwords(ConfigTree root, AgentConfig config) {
        boolean superuserWithout =
                config.postgresql().superuser().password().isEmpty()
                        && !config.postgresql().useUnixSocket();
        if (superuserWithout && !config.postgresql().superuser().username().isEmpty()) {
            root.section("postgresql")
                    .section("authentication")
                    .section("superuser")
                    .warning(
                            "password",
                            "nothing",
                            "works only where pg_hba lets the superuser in over TCP without one, or with use_unix_socket");
        }
    }
}
