package dev.holdfast.core.config;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.Tags;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A member's own configuration: Patroni's YAML file and {@code PATRONI_*} variables, read and
 * checked.
 *
 * @param namespace with a slash at both ends, {@code /service/} by default
 * @param bootstrap the tree under {@code bootstrap.dcs}, which becomes the dynamic configuration
 *     when the cluster begins
 */
public record AgentConfig(
        String scope,
        String namespace,
        MemberName name,
        RestApi restApi,
        Ctl ctl,
        Etcd etcd,
        Bootstrap bootstrap,
        Postgres postgresql,
        Scripts scripts,
        Guard guard,
        Watchdog watchdog,
        Log log,
        Routing routing,
        Tags tags) {

    /** A host name or address and a port, 1 to 65535. */
    public record HostPort(String host, int port) {
        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** User and password; the password may be empty where the server asks for none. */
    public record Credentials(String username, String password) {
        @Override
        public String toString() {
            return username + ":***";
        }
    }

    /**
     * PEM files by which a server or a client shows who it is.
     *
     * @param keyfile the same as {@code certfile} where that holds both
     * @param keyPassword what the key is encrypted with, where it is
     */
    public record Identity(String certfile, String keyfile, Optional<String> keyPassword) {
        @Override
        public String toString() {
            return certfile + ", " + keyfile;
        }
    }

    /**
     * How a client knows servers over TLS, and is known to them.
     *
     * @param cacert a file or a directory in PEM; where absent, the authorities that Java knows
     */
    public record ClientTls(
            Optional<String> cacert, Optional<Identity> identity, Verification verification) {
        /** Whether a server must show who it is. */
        public enum Verification {
            VERIFIED,
            /** Any certificate will do. */
            UNVERIFIED
        }

        public static ClientTls defaults() {
            return new ClientTls(Optional.empty(), Optional.empty(), Verification.VERIFIED);
        }
    }

    /**
     * How the REST server speaks TLS.
     *
     * @param cafile whose certificates clients may show
     * @param ciphers by the names of the JDK; empty for its own choice
     */
    public record ServerTls(
            Identity identity,
            Optional<String> cafile,
            List<String> ciphers,
            ClientCertificates clientCertificates) {
        /** {@code verify_client}. */
        public enum ClientCertificates {
            NONE,
            /** Asked for, and needed by calls that change something. */
            OPTIONAL,
            /** Needed to connect at all. */
            REQUIRED
        }
    }

    /**
     * From where calls that change something are taken.
     *
     * @param hosts addresses, host names, and networks as {@code address/bits}
     * @param members from where the members' {@code api_url} points, too
     */
    public record Allowlist(List<String> hosts, boolean members) {
        public static Allowlist everybody() {
            return new Allowlist(List.of(), false);
        }

        public boolean isEverybody() {
            return hosts.isEmpty() && !members;
        }
    }

    /**
     * {@code restapi}.
     *
     * @param listen where the server listens; host {@code *} or empty means every address
     * @param connectAddress what other members and clients are told
     * @param authentication asked for on calls that change something
     * @param tls absent where it speaks plain HTTP
     * @param headers sent with every answer
     * @param backlog connections that may wait to be accepted
     */
    public record RestApi(
            HostPort listen,
            HostPort connectAddress,
            Optional<Credentials> authentication,
            Optional<ServerTls> tls,
            Allowlist allowlist,
            SortedMap<String, String> headers,
            int backlog) {
        public RestApi {
            headers = FrozenMap.copyOf(headers);
        }

        /** What others are told: the origin, and Patroni's path of the member's own JSON. */
        public String url() {
            return (tls.isPresent() ? "https://" : "http://") + connectAddress + "/patroni";
        }
    }

    /**
     * {@code ctl}: how the control command, and members among themselves, ask REST interfaces.
     *
     * @param authentication that of {@code restapi} when the section names none
     */
    public record Ctl(Optional<Credentials> authentication, ClientTls tls) {}

    /**
     * {@code etcd3} (or {@code etcd}).
     *
     * @param endpoints URLs, {@code http://host:port} or {@code https://host:port}; empty where
     *     {@code srv} says where etcd is
     * @param tls for those that are {@code https}
     */
    public record Etcd(
            List<String> endpoints,
            Optional<Credentials> credentials,
            ClientTls tls,
            Optional<Srv> srv) {
        /** Plain servers whose addresses are known. */
        public static Etcd plain(List<String> endpoints, Optional<Credentials> credentials) {
            return new Etcd(endpoints, credentials, ClientTls.defaults(), Optional.empty());
        }
    }

    /**
     * Where to look servers up in the DNS.
     *
     * @param suffix ends the service's name, after a dash
     * @param protocol of servers that are found under a name which says none
     */
    public record Srv(String domain, Optional<String> suffix, String protocol) {}

    /**
     * {@code bootstrap}.
     *
     * @param initdb options of initdb, each as {@code name} or {@code name=value}
     */
    public record Bootstrap(Map<String, Object> dcs, List<String> initdb, List<String> pgHba) {}

    /**
     * Somebody as whom Holdfast connects to PostgreSQL.
     *
     * @param password may be empty where the server asks for none
     * @param connection how: {@code sslmode}, {@code sslcert} and the like, by libpq's names; only
     *     what the file gives
     */
    public record DatabaseUser(
            String username, String password, SortedMap<String, String> connection) {
        public DatabaseUser {
            connection = FrozenMap.copyOf(connection);
        }

        /** One for whom nothing is said of the connection. */
        public DatabaseUser(String username, String password) {
            this(username, password, Collections.emptySortedMap());
        }

        @Override
        public String toString() {
            return username + ":***";
        }
    }

    /**
     * {@code postgresql}.
     *
     * @param listenHosts hosts (comma separated, as in {@code listen_addresses}) of the server
     * @param connectAddress what clients and standbys are told
     * @param proxyAddress the address of a pooler in front, when there is one
     * @param binDir where the programs are; empty means the search path
     * @param rewind the superuser when the file names no other
     * @param parameters parameters of this member only
     * @param basebackup options of pg_basebackup, each as {@code name} or {@code name=value}
     * @param keepDirectories how many data directories that were moved or copied aside are kept
     * @param keepAside how one is kept before it is rewound
     * @param useUnixSocket local sessions go through the first of {@code unix_socket_directories}
     * @param useUnixSocketRepl the same of the replication user's
     * @param binName the names of programs that are called otherwise than usual, by the usual name
     * @param customConf a file that is included in place of {@code postgresql.base.conf}
     * @param roles what is for one role of this member's server only
     */
    public record Postgres(
            String listenHosts,
            int port,
            HostPort connectAddress,
            Optional<HostPort> proxyAddress,
            String dataDir,
            String configDir,
            Optional<String> binDir,
            String pgpass,
            DatabaseUser superuser,
            DatabaseUser replication,
            DatabaseUser rewind,
            SortedMap<String, String> parameters,
            List<String> pgHba,
            List<String> pgIdent,
            List<String> basebackup,
            int keepDirectories,
            Keeping keepAside,
            boolean useUnixSocket,
            boolean useUnixSocketRepl,
            Duration pgCtlTimeout,
            SortedMap<String, String> binName,
            Optional<String> customConf,
            RoleSettings.ByRole roles) {
        public Postgres {
            parameters = FrozenMap.copyOf(parameters);
            binName = FrozenMap.copyOf(binName);
        }

        /** What is done before a rewind: nothing where no directories are to be kept at all. */
        public Keeping keeping() {
            return keepDirectories == 0 ? Keeping.NOTHING : keepAside;
        }
    }

    /**
     * {@code guard}, Holdfast's own.
     *
     * @param dir where the guard's socket and PostgreSQL's start-up log are; {@code
     *     <data_dir>.guard} by default
     * @param cgroup a control group for PostgreSQL alone, which the guard makes and ends as a whole
     */
    public record Guard(String dir, Optional<String> cgroup) {}

    /**
     * {@code watchdog}: whether the host is reset when nothing else ends PostgreSQL in time.
     *
     * @param asked the mode that the file names; empty where it does not
     * @param safetyMargin what the time-out is shorter than the TTL by; empty for half of the TTL
     */
    public record Watchdog(Optional<Mode> asked, String device, Optional<Duration> safetyMargin) {
        /** What becomes of a member without a watchdog that works. */
        public enum Mode {
            OFF,
            /** It goes without. */
            AUTOMATIC,
            /** It may not lead. */
            REQUIRED
        }

        public Mode mode() {
            return asked.orElse(Mode.AUTOMATIC);
        }

        /** The same room that the guard has between its kill and the end of the lease. */
        private static final int LEAST_MARGIN_PARTS = 8;

        /**
         * Whether a margin leaves a time-out of a second or more, and enough of the TTL for a
         * renewal's answer to come before the watchdog could not be fed any more.
         */
        public static boolean fits(Duration margin, Duration ttl) {
            return ttl.minus(margin).toSeconds() >= 1
                    && margin.multipliedBy(LEAST_MARGIN_PARTS).compareTo(ttl) >= 0;
        }

        /**
         * The device's time-out, in the whole seconds that devices know. A margin that does not fit
         * a TTL, which the cluster's configuration may change at any time, counts as half of it.
         */
        public long timeoutSeconds(Duration ttl) {
            Duration margin = safetyMargin.filter(m -> fits(m, ttl)).orElse(ttl.dividedBy(2));
            return ttl.minus(margin).toSeconds();
        }
    }

    /**
     * {@code log}. Levels are ERROR, WARN, INFO, DEBUG or TRACE.
     *
     * @param loggers levels of single loggers or packages, by name; they win over {@code level}
     * @param tracebackLevel stack traces are shown where {@code level} lets this one through
     * @param format how a line looks, as Python's logging has it ({@code %(message)s}); empty for
     *     our own
     * @param dateFormat how {@code asctime} looks, as {@code strftime} has it
     * @param fields what a line of JSON holds
     * @param staticFields what each line of JSON holds besides
     * @param files empty for standard error
     * @param lines how many are kept in memory while they cannot be written
     */
    public record Log(
            String level,
            SortedMap<String, String> loggers,
            String tracebackLevel,
            Type type,
            Optional<String> format,
            Optional<String> dateFormat,
            List<Field> fields,
            SortedMap<String, String> staticFields,
            Optional<Files> files,
            int lines) {
        /** As in Patroni. */
        static final int USUAL_LINES = 1_000;

        /** Warnings only, to standard error: what holds before a configuration was read. */
        public static Log ofTheStart() {
            return new Log(
                    "WARN",
                    new TreeMap<>(),
                    "ERROR",
                    Type.PLAIN,
                    Optional.empty(),
                    Optional.empty(),
                    List.of(),
                    new TreeMap<>(),
                    Optional.empty(),
                    USUAL_LINES);
        }

        public Log {
            loggers = FrozenMap.copyOf(loggers);
            staticFields = FrozenMap.copyOf(staticFields);
            fields = List.copyOf(fields);
        }

        /** How a line of the journal looks. */
        public enum Type {
            PLAIN,
            JSON
        }

        /** One of Python's attributes of a line, and the key it gets in JSON. */
        public record Field(String attribute, String key) {}

        /**
         * Where files are written.
         *
         * @param count how many are kept, with the one that is written
         * @param mode permissions such as {@code rw-r-----}; empty for what the process's mask
         *     leaves
         */
        public record Files(String dir, int count, long bytes, Optional<String> mode) {}
    }
}
