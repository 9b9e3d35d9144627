package dev.holdfast.dcs.etcd;

import dev.holdfast.core.config.AgentConfig.Identity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A real etcd member on free ports of 127.0.0.1 and a directory of its own, for tests. It can be
 * killed, stopped (SIGSTOP), continued and started again on what it had stored. It beats ten times
 * as fast as etcd's defaults do, so that leases as short as 1 s are granted and elections take half
 * a second.
 */
public final class EtcdProcess implements AutoCloseable {
    private static final Duration READY_WITHIN = Duration.ofSeconds(30);
    private static final Duration GONE_WITHIN = Duration.ofSeconds(10);

    private final String name;
    private final int clientPort;
    private final int peerPort;
    private final String cluster;
    private final Optional<Protection> protection;
    private final Path directory;
    private Process process;

    /** TLS for clients, who must show a certificate of the authority. */
    public record Protection(String authority, Identity identity, int healthPort) {}

    private EtcdProcess(
            String name,
            int clientPort,
            int peerPort,
            String cluster,
            Optional<Protection> protection) {
        this.name = name;
        this.clientPort = clientPort;
        this.peerPort = peerPort;
        this.cluster = cluster;
        this.protection = protection;
        try {
            this.directory = Files.createTempDirectory("holdfast-etcd-");
            this.process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "etcd cannot be started; install the package etcd-server", e);
        }
    }

    /** Starts a cluster of one and waits until it answers. */
    public static EtcdProcess start() {
        return startCluster(1).getFirst();
    }

    /** Starts a cluster of {@code size} members and waits until each answers. */
    public static List<EtcdProcess> startCluster(int size) {
        return startCluster(size, Optional.empty());
    }

    /**
     * The same, speaking TLS.
     *
     * @param certificates the authority's own, and what the members show
     */
    public static List<EtcdProcess> startProtectedCluster(
            int size, String authority, Identity certificates) {
        return startCluster(size, Optional.of(new Protection(authority, certificates, 0)));
    }

    private static List<EtcdProcess> startCluster(int size, Optional<Protection> protection) {
        List<Integer> ports = freePorts(3 * size);
        String cluster =
                IntStream.range(0, size)
                        .mapToObj(i -> "etcd" + i + "=http://127.0.0.1:" + ports.get(2 * i + 1))
                        .collect(Collectors.joining(","));
        List<EtcdProcess> members = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int healthPort = ports.get(2 * size + i);
            members.add(
                    new EtcdProcess(
                            "etcd" + i,
                            ports.get(2 * i),
                            ports.get(2 * i + 1),
                            cluster,
                            protection.map(tls ->
                                    new Protection(tls.authority(), tls.identity(), healthPort))));
        }
        members.forEach(EtcdProcess::awaitReady);
        return List.copyOf(members);
    }

    /** The URL that clients use. */
    public String endpoint() {
        return (protection.isPresent() ? "https" : "http") + "://127.0.0.1:" + clientPort;
    }

    public long pid() {
        return process.pid();
    }

    /** SIGSTOP: it keeps its connections and answers nothing. */
    public void hang() {
        signal("STOP");
    }

    /** SIGCONT. */
    public void resume() {
        signal("CONT");
    }

    /** SIGKILL, and waits until it is gone. */
    public void kill() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(GONE_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException(
                        "etcd with pid " + process.pid() + " is still there after SIGKILL");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for etcd to end", e);
        }
    }

    /** Starts it again on the same ports and the same data, and waits until it answers. */
    public void startAgain() {
        try {
            process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        awaitReady();
    }

    /** Runs {@code etcdctl} against this member and returns what it printed. */
    public String ctl(String... arguments) {
        List<String> command = new ArrayList<>(List.of("etcdctl", "--endpoints=" + endpoint()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("ETCDCTL_API", "3");
        try {
            Process running = builder.start();
            String output =
                    new String(
                            running.getInputStream().readAllBytes(),
                            java.nio.charset.StandardCharsets.UTF_8);
            if (running.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", command) + " failed: " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "etcdctl cannot be run; install the package etcd-client", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while etcdctl ran", e);
        }
    }

    @Override
    public void close() {
        kill();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Ports that were free a moment ago, all different: each stays taken until the last was found.
     */
    public static List<Integer> freePorts(int count) {
        if (count == 0) {
            return List.of();
        }
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<Integer> ports = new ArrayList<>(freePorts(count - 1));
            ports.add(socket.getLocalPort());
            return List.copyOf(ports);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process launch() throws IOException {
        String client = endpoint();
        String peer = "http://127.0.0.1:" + peerPort;
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "etcd",
                                "--name=" + name,
                                "--data-dir=" + directory.resolve("data"),
                                "--listen-client-urls=" + client,
                                "--advertise-client-urls=" + client,
                                "--listen-peer-urls=" + peer,
                                "--initial-advertise-peer-urls=" + peer,
                                "--initial-cluster=" + cluster,
                                "--heartbeat-interval=50",
                                "--election-timeout=500",
                                "--logger=zap",
                                "--log-level=warn"));
        protection.ifPresent(tls ->
                command.addAll(
                        List.of(
                                "--listen-metrics-urls=http://127.0.0.1:" + tls.healthPort(),
                                "--cert-file=" + tls.identity().certfile(),
                                "--key-file=" + tls.identity().keyfile(),
                                "--trusted-ca-file=" + tls.authority(),
                                "--client-cert-auth")));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("log").toFile()))
                .start();
    }

    private void awaitReady() {
        Awaitility.await("etcd at " + endpoint())
                .atMost(READY_WITHIN)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> {
                    if (!process.isAlive()) {
                        throw new IllegalStateException(
                                "etcd ended at once: "
                                        + Files.readString(directory.resolve("log")));
                    }
                    return isHealthy();
                });
    }

    /** Asks over HTTP, which answers true only with a leader elected. */
    private boolean isHealthy() {
        return health(protection.map(Protection::healthPort).orElse(clientPort)).contains("true");
    }

    private String health(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
            socket.setSoTimeout(2000);
            socket.getOutputStream()
                    .write(
                            "GET /health HTTP/1.0\r\n\r\n"
                                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            return new String(
                    socket.getInputStream().readAllBytes(),
                    java.nio.charset.StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return "";
        }
    }

    private void signal(String signal) {
        try {
            int status =
                    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                            .start()
                            .waitFor();
            if (status != 0) {
                throw new IllegalStateException(
                        "etcd with pid " + process.pid() + " is not there to be signalled");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while signalling etcd", e);
        }
    }
}
