package dev.holdfast.chaos;

import dev.holdfast.chaos.ListHistory.Port;
import dev.holdfast.chaos.ListHistory.Result;
import dev.holdfast.chaos.ListHistory.Step;
import dev.holdfast.chaos.ListHistory.Transaction;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Clients that append to lists and read them in serializable transactions through the balancer's
 * port for writers, and one that reads them through that for readers. What they did is a {@link
 * ListHistory}.
 */
final class Lists implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lists.class);
    private static final int WRITERS = 2;
    private static final int LISTS = 24;
    private static final int LIMIT_SECONDS = 2;
    private static final Duration PAUSE = Duration.ofMillis(20);

    /**
     * Serialization failure, deadlock: the server has rolled back, also when it was asked to
     * commit.
     */
    private static final Set<String> ROLLED_BACK = Set.of("40001", "40P01");

    private final Address writer;
    private final Address reader;
    private final String table;
    private final AtomicLong numbers = new AtomicLong();
    private final List<Transaction> transactions = new ArrayList<>();
    private final Background threads = new Background();

    private Lists(Address writer, Address reader, String table) {
        this.writer = writer;
        this.reader = reader;
        this.table = table;
    }

    /** Makes the lists, empty, and starts the clients where there are any but the writers. */
    static Lists start(TestCluster cluster, Trial.Clients clients) {
        String table = "lists_" + Long.toUnsignedString(System.nanoTime());
        Lists lists = new Lists(cluster.writer(), cluster.reader(), table);
        Await.until(
                "the table of lists can be made through the balancer",
                () -> {
                    Sql.execute(
                            lists.writer,
                            "CREATE TABLE IF NOT EXISTS "
                                    + table
                                    + " (list int PRIMARY KEY, elements bigint[] NOT NULL);"
                                    + " INSERT INTO "
                                    + table
                                    + " SELECT list, '{}' FROM generate_series(0, "
                                    + (LISTS - 1)
                                    + ") list ON CONFLICT DO NOTHING");
                    return true;
                });
        if (clients == Trial.Clients.BALANCED) {
            // Where times are measured, nothing else is on the machine.
            return lists;
        }
        for (int client = 1; client <= WRITERS; client++) {
            Random random = new Random(client);
            lists.threads.start("lists-" + client, () -> lists.run(Port.WRITER, random));
        }
        lists.threads.start("lists-reader", () -> lists.run(Port.READER, new Random(0)));
        return lists;
    }

    private void run(Port port, Random random) {
        while (!threads.isStoppedWithin(PAUSE)) {
            try (Connection connection =
                    Sql.connect(
                            switch (port) {
                                case WRITER -> writer;
                                case READER -> reader;
                            },
                            LIMIT_SECONDS)) {
                connection.setAutoCommit(false);
                switch (port) {
                    case WRITER ->
                            connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
                    // A standby has no other that shows one moment.
                    case READER ->
                            connection.setTransactionIsolation(
                                    Connection.TRANSACTION_REPEATABLE_READ);
                }
                while (!threads.isStoppedWithin(PAUSE)) {
                    transact(connection, port, random);
                }
            } catch (SQLException e) {
                LOG.debug("lists: the session is over, the next is another server's perhaps", e);
            }
        }
    }

    private void transact(Connection connection, Port port, Random random) throws SQLException {
        long number = numbers.incrementAndGet();
        List<Step> steps = new ArrayList<>();
        long began = System.nanoTime();
        Result result = Result.REFUSED;
        try {
            step(connection, port, random, 2 * number, steps);
            step(connection, port, random, 2 * number + 1, steps);
            result = Result.UNKNOWN;
            connection.commit();
            result = Result.ACKNOWLEDGED;
        } catch (SQLException e) {
            if (!ROLLED_BACK.contains(String.valueOf(e.getSQLState()))) {
                throw e;
            }
            result = Result.REFUSED;
            connection.rollback();
        } finally {
            keep(new Transaction(number, port, began, System.nanoTime(), result, steps));
        }
    }

    private void step(
            Connection connection, Port port, Random random, long element, List<Step> steps)
            throws SQLException {
        int list = random.nextInt(LISTS);
        if (port == Port.WRITER && random.nextBoolean()) {
            // Before it is sent, since it may take effect without an answer.
            steps.add(new Step.Append(list, element));
            try (PreparedStatement append =
                    connection.prepareStatement(
                            "UPDATE " + table + " SET elements = elements || ? WHERE list = ?")) {
                append.setLong(1, element);
                append.setInt(2, list);
                if (append.executeUpdate() != 1) {
                    throw new SQLException("list " + list + " is gone", "02000");
                }
            }
        } else {
            try (PreparedStatement read =
                    connection.prepareStatement(
                            "SELECT elements FROM " + table + " WHERE list = ?")) {
                read.setInt(1, list);
                try (ResultSet row = read.executeQuery()) {
                    // A standby may be so late that it does not have the list yet.
                    steps.add(
                            new Step.Read(
                                    list, row.next() ? elements(row.getArray(1)) : List.of()));
                }
            }
        }
    }

    private static List<Long> elements(Array array) throws SQLException {
        return List.of((Long[]) array.getArray());
    }

    private void keep(Transaction transaction) {
        synchronized (transactions) {
            transactions.add(transaction);
        }
    }

    /** What was done, and what the lists are now. Stop first. */
    ListHistory history(Member primary) {
        TreeMap<Integer, List<Long>> last = new TreeMap<>();
        try (Connection connection = Sql.connect(primary.postgres(), 30);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT list, elements FROM " + table)) {
            while (rows.next()) {
                last.put(rows.getInt(1), elements(rows.getArray(2)));
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the lists on " + primary + " cannot be read", e);
        }
        synchronized (transactions) {
            return new ListHistory(List.copyOf(transactions), last);
        }
    }

    void stop() {
        threads.close();
    }

    @Override
    public void close() {
        stop();
    }
}
