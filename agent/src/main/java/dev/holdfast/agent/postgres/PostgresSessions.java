package dev.holdfast.agent.postgres;

import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.postgres.Upstream;
import dev.holdfast.tls.TlsException;
import dev.holdfast.tls.TlsFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.util.PSQLException;

/** Opens sessions, with the local server and with other members, and runs work in them. */
final class PostgresSessions {
    /** Work within a session. */
    @FunctionalInterface
    interface Work<T> {
        T in(Connection session) throws SQLException;
    }

    private static final String APPLICATION = "Holdfast";
    private static final int CONNECT_SECONDS = 2;

    /**
     * The agent's own commits wait for no standby, else it could hang on what it is to repair. The
     * rest keeps what an operator set for all sessions from changing the answers.
     */
    private static final String OPTIONS =
            "-c synchronous_commit=local -c search_path=pg_catalog"
                    + " -c default_transaction_read_only=off -c standard_conforming_strings=on";

    /** Of {@code postmaster.pid}, counted from 0: the first of {@code unix_socket_directories}. */
    private static final int SOCKET_LINE = 4;

    private final AgentConfig.Postgres config;
    private final HostPort local;

    PostgresSessions(AgentConfig.Postgres config) {
        this.config = config;
        this.local = new HostPort(localHost(config.listenHosts()), config.port());
    }

    /**
     * The address under which the server hears its own host: loopback, unless it listens elsewhere
     * only.
     */
    static String localHost(String listenHosts) {
        List<String> hosts =
                List.of(listenHosts.split(",")).stream()
                        .map(String::strip)
                        .filter(host -> !host.isEmpty())
                        .toList();
        boolean everywhere =
                hosts.isEmpty()
                        || hosts.stream().anyMatch(List.of("*", "0.0.0.0", "localhost")::contains);
        if (everywhere) {
            return "localhost";
        }
        return hosts.getFirst().equals("::") ? "::1" : hosts.getFirst();
    }

    HostPort local() {
        return local;
    }

    /**
     * A session of the superuser with the local server.
     *
     * @param patience of one statement, at both ends; zero means without end
     */
    Connection open(Duration patience) throws SQLException {
        return openIn("postgres", patience);
    }

    private Connection openIn(String database, Duration patience) throws SQLException {
        // In clear first: it is one round trip less, and the way is loopback.
        Properties properties = properties(config.superuser(), "allow", patience);
        properties.setProperty("options", OPTIONS + " -c statement_timeout=" + patience.toMillis());
        if (config.useUnixSocket()) {
            socket().ifPresent(path -> throughSocket(properties, path));
        }
        return connect(local, database, properties);
    }

    /**
     * Where the server that runs listens on a Unix socket, by the file in which it says so itself.
     * Without one sessions go over TCP, as in Patroni.
     */
    private Optional<Path> socket() {
        Path data = Path.of(config.dataDir());
        try {
            List<String> lines = Files.readAllLines(data.resolve("postmaster.pid"));
            return lines.size() <= SOCKET_LINE || lines.get(SOCKET_LINE).isBlank()
                    ? Optional.empty()
                    : Optional.of(
                                    data.resolve(lines.get(SOCKET_LINE))
                                            .resolve(".s.PGSQL." + config.port()))
                            .filter(Files::exists);
        } catch (IOException e) {
            // No server runs.
            return Optional.empty();
        }
    }

    private static void throughSocket(Properties properties, Path path) {
        properties.setProperty("socketFactory", UnixSocketFactory.class.getName());
        properties.setProperty("socketFactoryArg", path.toString());
        // As with libpq: what goes through a socket of this host needs none.
        properties.setProperty("sslmode", "disable");
    }

    /** Of the one server that is meant. */
    static HostPort address(Upstream upstream) {
        Upstream.Address at = upstream.addresses().getFirst();
        return new HostPort(at.host(), at.port());
    }

    /** A session with another member's database. */
    Connection openRemote(HostPort address, DatabaseUser user, Duration patience)
            throws SQLException {
        Properties properties = properties(user, "prefer", patience);
        properties.setProperty("options", OPTIONS + " -c statement_timeout=" + patience.toMillis());
        return connect(address, properties);
    }

    /** A session that speaks the replication commands, with any server. */
    Connection openReplication(HostPort address, Duration patience) throws SQLException {
        Properties properties =
                properties(
                        config.replication(), address.equals(local) ? "allow" : "prefer", patience);
        properties.setProperty("replication", "true");
        properties.setProperty("preferQueryMode", "simple");
        if (config.useUnixSocketRepl() && address.equals(local)) {
            socket().ifPresent(path -> throughSocket(properties, path));
        }
        return connect(address, properties);
    }

    /**
     * Of a session.
     *
     * @param sslmode where the file does not say it
     */
    private static Properties properties(DatabaseUser user, String sslmode, Duration patience) {
        Properties properties = new Properties();
        properties.setProperty("sslmode", sslmode);
        properties.setProperty("user", user.username());
        properties.setProperty("password", user.password());
        properties.setProperty("ApplicationName", APPLICATION);
        properties.setProperty("assumeMinServerVersion", "13");
        properties.setProperty("gssEncMode", "disable");
        properties.setProperty("connectTimeout", Integer.toString(CONNECT_SECONDS));
        properties.setProperty("tcpKeepAlive", "true");
        // A little longer than the server's own limit, so that its answer comes first.
        if (!patience.isZero()) {
            properties.setProperty("socketTimeout", Long.toString(patience.toSeconds() + 1));
        }
        user.connection()
                .forEach((keyword, value) ->
                        driverName(keyword).ifPresent(name -> properties.setProperty(name, value)));
        keyAlgorithm(user).ifPresent(kind -> properties.setProperty("pemKeyAlgorithm", kind));
        return properties;
    }

    /** The driver does not look; of a key that it cannot read it says so itself. */
    private static Optional<String> keyAlgorithm(DatabaseUser user) {
        try {
            return Optional.ofNullable(user.connection().get("sslkey"))
                    .map(file ->
                            TlsFiles.keyAlgorithm(
                                    file,
                                    Optional.ofNullable(user.connection().get("sslpassword"))));
        } catch (TlsException e) {
            return Optional.empty();
        }
    }

    /** The driver's word for one of libpq's; it has none for lists of revoked certificates. */
    private static Optional<String> driverName(String keyword) {
        return switch (keyword) {
            case "gssencmode" -> Optional.of("gssEncMode");
            case "channel_binding" -> Optional.of("channelBinding");
            case "sslnegotiation" -> Optional.of("sslNegotiation");
            case "sslcrl", "sslcrldir" -> Optional.empty();
            case String same -> Optional.of(same);
        };
    }

    private static Connection connect(HostPort address, Properties properties) throws SQLException {
        return connect(address, "postgres", properties);
    }

    static Connection connect(HostPort address, String database, Properties properties)
            throws SQLException {
        Connection session =
                new Driver().connect("jdbc:postgresql://" + address + "/" + database, properties);
        if (session == null) {
            throw new IllegalStateException("the driver did not take its own URL for " + address);
        }
        return session;
    }

    /**
     * Runs work in a session made for it.
     *
     * @param what a verb phrase for the message when it fails, as in "promote"
     */
    <T> T run(String what, Duration patience, Work<T> work) {
        return cancellable(
                what,
                () -> {
                    try (Connection session = open(patience)) {
                        return work.in(session);
                    }
                });
    }

    /** The same in a database of the local server. */
    <T> T runIn(String database, String what, Duration patience, Work<T> work) {
        return cancellable(
                what,
                () -> {
                    try (Connection session = openIn(database, patience)) {
                        return work.in(session);
                    }
                });
    }

    /** Work that opens its own sessions. */
    @FunctionalInterface
    interface Task<T> {
        T run() throws SQLException;
    }

    /**
     * Runs on a virtual thread, since there an interrupt closes the socket that is waited on: the
     * driver would not notice one on a platform thread.
     */
    <T> T cancellable(String what, Task<T> task) {
        FutureTask<T> running = new FutureTask<>(task::run);
        Thread.ofVirtual().name("session to " + what).start(running);
        try {
            return running.get();
        } catch (InterruptedException e) {
            running.cancel(true);
            Thread.currentThread().interrupt();
            throw new CancellationException("to " + what + " was cancelled");
        } catch (ExecutionException e) {
            throw failure(what, e.getCause());
        }
    }

    private RuntimeException failure(String what, @Nullable Throwable cause) {
        return switch (cause) {
            case SQLException e -> failure(what, local, e);
            case RuntimeException e -> e;
            case null, default -> new IllegalStateException("could not " + what, cause);
        };
    }

    /** One sentence: what was asked of whom, what came back, and where to look. */
    static PostgresException failure(String what, HostPort address, SQLException e) {
        return new PostgresException(
                "could not "
                        + what
                        + ": PostgreSQL at "
                        + address
                        + " says \""
                        + sentence(e)
                        + "\" (SQLSTATE "
                        + Optional.ofNullable(e.getSQLState()).orElse("none")
                        + "); "
                        + advice(e),
                e);
    }

    /** The driver's message without the lines about context. */
    static String sentence(SQLException e) {
        if (e instanceof PSQLException server && server.getServerErrorMessage() != null) {
            String message = server.getServerErrorMessage().getMessage();
            if (message != null) {
                return message;
            }
        }
        String message = Optional.ofNullable(e.getMessage()).orElse(e.toString());
        return message.lines().findFirst().orElse(message);
    }

    private static String advice(SQLException e) {
        return switch (Optional.ofNullable(e.getSQLState()).orElse("")) {
            case "28P01" -> "correct the user or password under postgresql.authentication";
            case "28000" -> "check postgresql.pg_hba and the user under postgresql.authentication";
            case "08001", "08004", "08006" -> "is it running there, and reachable?";
            case "53300" -> "raise max_connections, or end sessions";
            case "57P03" -> "try again when it has started";
            case "42501" -> "give the user that privilege, or configure a superuser";
            default -> "see its log";
        };
    }

    /** What is broken already has nothing left to release. */
    static void closeQuietly(Optional<Connection> session) {
        try {
            if (session.isPresent()) {
                session.get().close();
            }
        } catch (SQLException e) {
            session.ifPresent(PostgresSessions::abort);
        }
    }

    private static void abort(Connection session) {
        try {
            session.abort(Runnable::run);
        } catch (SQLException e) {
            throw new IllegalStateException("the driver refused to drop a connection", e);
        }
    }

    /** The server answered, though not with a session: it is there. */
    static boolean isAnswer(SQLException e) {
        boolean fromServer =
                e instanceof PSQLException server && server.getServerErrorMessage() != null;
        return fromServer || "08004".equals(e.getSQLState()) || "28000".equals(e.getSQLState());
    }
}
