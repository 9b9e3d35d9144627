package dev.holdfast.chaos;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Clients that write all the time, each its own numbered rows, into a table that is made for them.
 * A row whose outcome is unknown is never sent again: the next has the next number, so that no row
 * may be there twice.
 */
final class Writers implements AutoCloseable {
    private static final int BALANCED_CLIENTS = 4;

    /** What a standby says to a write, and what it says before it has the table. */
    private static final Set<String> NOT_HERE = Set.of("25006", "42P01");

    private final String table;
    private final AtomicLong failures = new AtomicLong();
    private final List<Acknowledged> acknowledged = new ArrayList<>();
    private final Background threads = new Background();

    private Writers(String table) {
        this.table = table;
    }

    /**
     * Makes their table and starts them; returns when they are under way.
     *
     * @param balancer the balancer's, for writers
     */
    static Writers start(Address balancer) {
        return start(balancer, List.of());
    }

    /**
     * Through the balancer, and straight to each server besides: one client whose rows must not be
     * lost, and one that is acknowledged whenever the server accepts its row.
     */
    static Writers startEverywhere(TestCluster cluster) {
        return start(cluster.writer(), cluster.members());
    }

    private static Writers start(Address balancer, List<Member> direct) {
        String table = "writes_" + Long.toUnsignedString(System.nanoTime());
        Await.until(
                "the table for the writers can be made through the balancer",
                () -> {
                    Sql.execute(
                            balancer,
                            "CREATE TABLE IF NOT EXISTS "
                                    + table
                                    + " (client int NOT NULL, number bigint NOT NULL)");
                    return true;
                });
        Writers writers = new Writers(table);
        for (int i = 0; i < BALANCED_CLIENTS; i++) {
            writers.add(balancer, Client.Route.BALANCED);
        }
        for (Member member : direct) {
            writers.add(member.postgres(), Client.Route.DIRECT);
            writers.add(member.postgres(), Client.Route.DIRECT_LOCAL);
        }
        writers.awaitProgress();
        return writers;
    }

    private void add(Address address, Client.Route route) {
        Client client = new Client(threads.size() + 1, address, route);
        threads.start("writer-" + client.number(), () -> run(client));
    }

    private void run(Client client) {
        String insert =
                "INSERT INTO "
                        + table
                        + " (client, number) VALUES (?, ?)"
                        + " RETURNING pg_current_wal_insert_lsn() - '0/0'::pg_lsn, current_setting('port')::int,"
                        + " left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)";
        long number = 0;
        while (!threads.isStoppedWithin(Duration.ZERO)) {
            try (Connection connection = Sql.connect(client);
                    PreparedStatement statement = connection.prepareStatement(insert)) {
                while (!threads.isStoppedWithin(client.route().pause())) {
                    number++;
                    write(statement, client, number);
                }
            } catch (SQLException e) {
                if (client.route() == Client.Route.BALANCED) {
                    failures.incrementAndGet();
                }
                if (threads.isStoppedWithin(client.route().reconnect())) {
                    return;
                }
            }
        }
    }

    private void write(PreparedStatement statement, Client client, long number)
            throws SQLException {
        statement.setInt(1, client.number());
        statement.setLong(2, number);
        long sentNanos = System.nanoTime();
        try (ResultSet row = statement.executeQuery()) {
            long nanos = System.nanoTime();
            if (!row.next()) {
                throw new SQLException("an INSERT returned no row");
            }
            Acknowledged done =
                    new Acknowledged(
                            client,
                            number,
                            row.getInt(2),
                            Long.parseLong(row.getString(3), 16),
                            row.getLong(1),
                            sentNanos,
                            nanos);
            synchronized (acknowledged) {
                acknowledged.add(done);
            }
        } catch (SQLException e) {
            boolean standby =
                    client.route() != Client.Route.BALANCED && NOT_HERE.contains(e.getSQLState());
            if (!standby) {
                throw e;
            }
        }
    }

    /** In the order of their acknowledgement. */
    List<Acknowledged> acknowledged() {
        synchronized (acknowledged) {
            return acknowledged.stream()
                    .sorted(Comparator.comparingLong(Acknowledged::nanos))
                    .toList();
        }
    }

    /** Those through the balancer. */
    Stream<Acknowledged> balanced() {
        return acknowledged().stream().filter(row -> row.client().route() == Client.Route.BALANCED);
    }

    private Stream<Acknowledged> durable() {
        return acknowledged().stream().filter(row -> row.client().route().isDurable());
    }

    /** Waits until writes through the balancer are acknowledged that were sent after this call. */
    void awaitProgress() {
        long from = System.nanoTime();
        Await.until(
                "writes go on",
                () -> balanced().filter(row -> row.sentNanos() > from).count() >= 20);
    }

    /**
     * The longest time without an acknowledgement through the balancer, of the time since a moment.
     */
    Duration longestGap(long sinceNanos) {
        long longest = 0;
        long last = sinceNanos;
        for (Acknowledged row : balanced().filter(r -> r.nanos() >= sinceNanos).toList()) {
            longest = Math.max(longest, row.nanos() - last);
            last = row.nanos();
        }
        return Duration.ofNanos(longest);
    }

    /** What the table has to say about what was acknowledged. Stop first. */
    record Verdict(long acknowledged, List<String> lost, List<String> doubled) {
        boolean isClean() {
            return lost.isEmpty() && doubled.isEmpty();
        }
    }

    Verdict check(Member primary) {
        return check(primary.postgres());
    }

    Verdict check(Address primary) {
        Set<String> there = new HashSet<>();
        List<String> doubled = new ArrayList<>();
        try (Connection connection = Sql.connect(primary, 30);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT client, number FROM " + table)) {
            while (rows.next()) {
                String row = rows.getInt(1) + "/" + rows.getLong(2);
                if (!there.add(row)) {
                    doubled.add(row);
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the rows on " + primary + " cannot be read", e);
        }
        List<String> rows = durable().map(Acknowledged::row).toList();
        List<String> lost = rows.stream().filter(row -> !there.contains(row)).toList();
        return new Verdict(rows.size(), lost, doubled);
    }

    /** Every member's table has the same rows, once it has caught up. */
    void awaitSameRows(Member primary, List<Member> members) {
        String sum =
                "SELECT count(*) || ' rows, sum ' || coalesce(sum(hashtextextended(client || '/' || number, 0)), 0) FROM "
                        + table;
        String expected = primary.sql(sum);
        for (Member member : members) {
            Await.until(
                    member + " has the same rows as " + primary + ": " + expected,
                    () -> member.sql(sum).equals(expected));
        }
    }

    /**
     * Acknowledged rows that no standby had confirmed to have flushed when they were acknowledged,
     * but for those that were not to wait for it.
     */
    List<Acknowledged> unconfirmed(List<Member> members, long sinceNanos) {
        Map<Integer, ReplicationRelay> relays = new HashMap<>();
        members.forEach(member -> relays.put(member.postgresPort(), member.relay()));
        return durable()
                .filter(row -> row.nanos() >= sinceNanos)
                .filter(row -> {
                    ReplicationRelay relay = relays.get(row.serverPort());
                    return relay == null
                            || !relay.isConfirmed(row.position(), row.sentNanos(), row.nanos());
                })
                .toList();
    }

    /** Writes and connections through the balancer that failed, or whose outcome is unknown. */
    long failures() {
        return failures.get();
    }

    void stop() {
        threads.close();
    }

    @Override
    public void close() {
        stop();
    }
}
