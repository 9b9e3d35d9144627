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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients that write through the balancer all the time, each its own numbered rows, into a table
 * that is made for them. A row whose outcome is unknown is never sent again: the next has the next
 * number, so that no row may be there twice.
 */
final class Writers implements AutoCloseable {
    private static final int CLIENTS = 4;

    /** A server that hangs costs a client so much. */
    private static final int LIMIT_SECONDS = 1;

    private static final long PAUSE_MILLIS = 5;
    private static final long RECONNECT_MILLIS = 20;

    private final int port;
    private final String table;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final AtomicLong failures = new AtomicLong();
    private final List<Acknowledged> acknowledged = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    private Writers(int port, String table) {
        this.port = port;
        this.table = table;
    }

    /**
     * Makes their table and starts them; returns when they are under way.
     *
     * @param port the balancer's, for writers
     */
    static Writers start(int port) {
        String table = "writes_" + Long.toUnsignedString(System.nanoTime());
        Await.until(
                "the table for the writers can be made through the balancer",
                () -> {
                    Sql.execute(
                            port,
                            "CREATE TABLE IF NOT EXISTS "
                                    + table
                                    + " (client int NOT NULL, number bigint NOT NULL)");
                    return true;
                });
        Writers writers = new Writers(port, table);
        for (int client = 1; client <= CLIENTS; client++) {
            int which = client;
            writers.threads.add(
                    Thread.ofPlatform().name("writer-" + client).start(() -> writers.run(which)));
        }
        writers.awaitProgress();
        return writers;
    }

    private void run(int client) {
        String insert =
                "INSERT INTO "
                        + table
                        + " (client, number) VALUES (?, ?)"
                        + " RETURNING pg_current_wal_insert_lsn() - '0/0'::pg_lsn, current_setting('port')::int";
        long number = 0;
        while (!isStoppedWithin(0)) {
            try (Connection connection = Sql.connect(port, LIMIT_SECONDS);
                    PreparedStatement statement = connection.prepareStatement(insert)) {
                while (!isStoppedWithin(PAUSE_MILLIS)) {
                    number++;
                    write(statement, client, number);
                }
            } catch (SQLException e) {
                failures.incrementAndGet();
                if (isStoppedWithin(RECONNECT_MILLIS)) {
                    return;
                }
            }
        }
    }

    private void write(PreparedStatement statement, int client, long number) throws SQLException {
        statement.setInt(1, client);
        statement.setLong(2, number);
        long sentNanos = System.nanoTime();
        try (ResultSet row = statement.executeQuery()) {
            long nanos = System.nanoTime();
            if (!row.next()) {
                throw new SQLException("an INSERT returned no row");
            }
            Acknowledged done =
                    new Acknowledged(
                            client, number, row.getInt(2), row.getLong(1), sentNanos, nanos);
            synchronized (acknowledged) {
                acknowledged.add(done);
            }
        }
    }

    private boolean isStoppedWithin(long millis) {
        try {
            return stopping.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
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

    /** Waits until writes are acknowledged that were sent after this call. */
    void awaitProgress() {
        long from = System.nanoTime();
        Await.until(
                "writes go on",
                () -> acknowledged().stream().filter(row -> row.sentNanos() > from).count() >= 20);
    }

    /** The longest time between one acknowledgement and the next, since a moment. */
    Duration longestGap(long sinceNanos) {
        long longest = 0;
        long last = 0;
        for (Acknowledged row : acknowledged()) {
            if (row.nanos() >= sinceNanos && last != 0) {
                longest = Math.max(longest, row.nanos() - last);
            }
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
        Set<String> there = new HashSet<>();
        List<String> doubled = new ArrayList<>();
        try (Connection connection = Sql.connect(primary.postgresPort(), 30);
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
        List<Acknowledged> rows = acknowledged();
        List<String> lost =
                rows.stream()
                        .map(row -> row.client() + "/" + row.number())
                        .filter(row -> !there.contains(row))
                        .toList();
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
     * Acknowledged rows that no standby had confirmed to have flushed when they were acknowledged.
     */
    List<Acknowledged> unconfirmed(List<Member> members, long sinceNanos) {
        Map<Integer, ReplicationRelay> relays = new HashMap<>();
        members.forEach(member -> relays.put(member.postgresPort(), member.relay()));
        return acknowledged().stream()
                .filter(row -> row.nanos() >= sinceNanos)
                .filter(row -> {
                    ReplicationRelay relay = relays.get(row.serverPort());
                    return relay == null
                            || !relay.isConfirmed(row.position(), row.sentNanos(), row.nanos());
                })
                .toList();
    }

    /** Writes and connections that failed, or whose outcome is unknown. */
    long failures() {
        return failures.get();
    }

    void stop() {
        stopping.countDown();
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    @Override
    public void close() {
        stop();
    }
}
