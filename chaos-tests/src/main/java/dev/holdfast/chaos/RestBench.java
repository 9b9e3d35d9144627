package dev.holdfast.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Measures what health checks bear: requests a second and the time of an answer while {@code wrk}
 * asks with all it has, and how soon a single check is answered while thousands of connections are
 * silent, half of a request long, or never read. Meanwhile the lease's margin and the lateness of
 * the member's own loop are watched: whatever clients do, the leader stays.
 *
 * <p>The exit status says only whether a check went unanswered or the leader was lost: times differ
 * with machines.
 */
public final class RestBench {
    private static final int CONNECTIONS = 64;
    private static final int SECONDS = 10;
    private static final int SILENT = 2000;
    private static final int HALF_SENT = 200;
    private static final int SLOW_READERS = 50;
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final Duration SAMPLE = Duration.ofMillis(200);
    private static final Duration BETWEEN_CHECKS = Duration.ofMillis(20);
    private static final int REHEARSALS = 100;
    private static final int TARGET_RATE = 20_000;
    private static final int TARGET_P99_MILLIS = 10;
    private static final int TARGET_CHECK_MILLIS = 50;
    private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
    private static final Pattern QUANTILE = Pattern.compile("(50|99)%\\s+([0-9.]+)(us|ms|s)");

    private final TestCluster cluster;
    private boolean failed;

    private RestBench(TestCluster cluster) {
        this.cluster = cluster;
    }

    /** Takes no arguments. */
    public static void main(String[] arguments) {
        boolean failed;
        try (TestCluster cluster =
                TestCluster.start(
                        new ClusterPlan(List.of("pg1", "pg2"), 10, ClusterPlan.Sync.ON))) {
            RestBench bench = new RestBench(cluster);
            bench.run();
            failed = bench.failed;
        }
        System.exit(failed ? 1 : 0);
    }

    private void run() {
        Member primary = cluster.awaitHealthy();
        Member standby = cluster.others(primary).getFirst();
        rehearse(primary);
        System.out.println(
                "| load | target | requests/s | p50 ms | p99 ms | lease margin left, least s | loop late, most ms | leader's memory, most MiB |");
        System.out.println("| --- | --- | --- | --- | --- | --- | --- | --- |");
        load(primary, "/primary");
        load(standby, "/replica");
        crowd(primary);
        if (!primary.isPrimary()) {
            failed = true;
            System.out.println("The leader changed: it should not have.");
        }
    }

    /**
     * This program's own code is compiled while it runs first, on the cores that it measures: what
     * it will ask is asked before anything counts. The members are as they were, but for these few
     * requests.
     */
    private void rehearse(Member primary) {
        Watching watching = new Watching(primary);
        for (int i = 0; i < REHEARSALS; i++) {
            check(primary.restPort());
            Await.pass(BETWEEN_CHECKS);
        }
        watching.end();
    }

    /** What was seen of the leader from its metrics while something went on. */
    private record Watched(double leastMargin, double mostLate, long mostKibibytes) {
        String columns() {
            return "%.1f | %.0f | %d".formatted(leastMargin, mostLate * 1000, mostKibibytes / 1024);
        }
    }

    private void load(Member member, String path) {
        Member leader = cluster.awaitPrimary();
        Watching watching = new Watching(leader);
        Finished wrk =
                Finished.run(
                        cluster.account(),
                        List.of(
                                Programs.named("wrk").toString(),
                                "--threads=1",
                                "--connections=" + CONNECTIONS,
                                "--duration=" + SECONDS + "s",
                                "--latency",
                                "http://127.0.0.1:" + member.restPort() + path));
        Watched watched = watching.end();
        if (wrk.out().contains("Non-2xx") || wrk.out().contains("Socket errors")) {
            failed = true;
            System.out.println(wrk.out());
        }
        System.out.printf(
                "| `%s`, %d connections | >= %d a second, p99 <= %d ms | %s | %.2f | %.2f | %s |%n",
                path,
                CONNECTIONS,
                TARGET_RATE,
                TARGET_P99_MILLIS,
                first(RATE, wrk.out()),
                millis(wrk.out(), "50"),
                millis(wrk.out(), "99"),
                watched.columns());
    }

    private static String first(Pattern pattern, String text) {
        Matcher found = pattern.matcher(text);
        return found.find() ? found.group(1) : "?";
    }

    private static double millis(String text, String quantile) {
        Matcher found = QUANTILE.matcher(text);
        while (found.find()) {
            if (found.group(1).equals(quantile)) {
                double value = Double.parseDouble(found.group(2));
                return switch (found.group(3)) {
                    case "us" -> value / 1000;
                    case "s" -> value * 1000;
                    case String _ -> value;
                };
            }
        }
        return Double.NaN;
    }

    /** Connections of which nobody has anything, kept up all the time, and checks among them. */
    private void crowd(Member primary) {
        Watching watching = new Watching(primary);
        AtomicBoolean over = new AtomicBoolean();
        List<Thread> crowd = new ArrayList<>();
        for (int i = 0; i < SILENT; i++) {
            crowd.add(nuisance(primary, over, ""));
        }
        for (int i = 0; i < HALF_SENT; i++) {
            crowd.add(nuisance(primary, over, "GET /primary HTTP/1.1\r\nHost: h\r\nX-Half:"));
        }
        for (int i = 0; i < SLOW_READERS; i++) {
            crowd.add(
                    nuisance(
                            primary,
                            over,
                            "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n".repeat(1000)));
        }
        Await.pass(Duration.ofSeconds(2));
        List<Double> checks = new ArrayList<>();
        // On a machine that is short of processors a check waits for this client, too.
        double mostLate = 0;
        long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
        while (System.nanoTime() < end) {
            check(primary.restPort()).ifPresent(checks::add);
            long paused = System.nanoTime();
            Await.pass(BETWEEN_CHECKS);
            mostLate =
                    Math.max(
                            mostLate,
                            (System.nanoTime() - paused - BETWEEN_CHECKS.toNanos()) / 1e6);
        }
        over.set(true);
        crowd.forEach(Thread::interrupt);
        Watched watched = watching.end();
        if (checks.isEmpty()) {
            System.out.println("No check among them was answered 200.");
            return;
        }
        checks.sort(Double::compare);
        System.out.printf(
                "| %d silent, %d half-sent, %d that never read; single checks | <= %d ms | %d checks | %.2f | %.2f, worst %.2f (this client late by up to %.2f) | %s |%n",
                SILENT,
                HALF_SENT,
                SLOW_READERS,
                TARGET_CHECK_MILLIS,
                checks.size(),
                checks.get(checks.size() / 2),
                checks.get(checks.size() * 99 / 100),
                checks.getLast(),
                mostLate,
                watched.columns());
    }

    /** A client of the bad sort, which comes back whenever it is thrown out. */
    private static Thread nuisance(Member member, AtomicBoolean over, String sends) {
        return Thread.ofVirtual()
                .start(() -> {
                    while (!over.get()) {
                        try (SocketChannel channel =
                                SocketChannel.open(
                                        new InetSocketAddress(
                                                InetAddress.getLoopbackAddress(),
                                                member.restPort()))) {
                            channel.write(StandardCharsets.US_ASCII.encode(sends));
                            // Waits to be thrown out, without reading what was answered.
                            Thread.sleep(Duration.ofSeconds(1));
                            if (sends.isEmpty()) {
                                int _ = channel.read(java.nio.ByteBuffer.allocate(1));
                            } else {
                                Thread.sleep(Duration.ofSeconds(5));
                            }
                        } catch (IOException _) {
                            // Thrown out: it comes again.
                        } catch (InterruptedException e) {
                            return;
                        }
                    }
                });
    }

    /** How many milliseconds a check takes on a connection of its own, as HAProxy's does. */
    private Optional<Double> check(int port) {
        long began = System.nanoTime();
        String line;
        try (Socket socket = new Socket()) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                    (int) PATIENCE.toMillis());
            socket.getOutputStream()
                    .write("OPTIONS /primary HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            line = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            line = e.toString();
        }
        double took = (System.nanoTime() - began) / 1e6;
        if (line.endsWith(" 200")) {
            return Optional.of(took);
        }
        failed = true;
        System.out.printf("A check failed after %.0f ms: %s%n", took, line);
        return Optional.empty();
    }

    /** Reads a member's metrics again and again. */
    private static final class Watching {
        private final Member member;
        private final Thread thread;
        private volatile double leastMargin = Double.MAX_VALUE;
        private volatile double mostLate;
        private volatile long mostKibibytes;

        Watching(Member member) {
            this.member = member;
            this.thread = Thread.ofPlatform().start(this::watch);
        }

        private void watch() {
            try {
                while (true) {
                    String metrics = member.rest().get("/metrics").body();
                    value(metrics, "holdfast_lease_margin_seconds")
                            .ifPresent(margin -> leastMargin = Math.min(leastMargin, margin));
                    value(metrics, "holdfast_loop_latency_seconds_max")
                            .ifPresent(late -> mostLate = Math.max(mostLate, late));
                    mostKibibytes =
                            Math.max(mostKibibytes, ProcFs.residentKibibytes(member.agentPid()));
                    Thread.sleep(SAMPLE);
                }
            } catch (InterruptedException _) {
                // It is over.
            }
        }

        private static Optional<Double> value(String metrics, String name) {
            return metrics.lines()
                    .filter(line -> line.startsWith(name + "{"))
                    .map(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .findFirst();
        }

        Watched end() {
            thread.interrupt();
            return new Watched(leastMargin, mostLate, mostKibibytes);
        }
    }
}
