package dev.holdfast.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An etcd of one node, whose data outlive a stop. Keys are read and written through its own HTTP
 * gateway.
 */
final class EtcdServer {
    private static final Duration EXIT = Duration.ofSeconds(20);

    private final Account account;
    private final Path directory;
    private final int clientPort;
    private final int peerPort;
    private final Rest gateway;
    private Child process;

    EtcdServer(Account account, Path directory, Ports ports) {
        this.account = account;
        this.directory = directory;
        this.clientPort = ports.next();
        this.peerPort = ports.next();
        this.gateway = new Rest(clientPort);
        this.process = launch();
        awaitReady();
    }

    private Child launch() {
        String client = "http://127.0.0.1:" + clientPort;
        String peer = "http://127.0.0.1:" + peerPort;
        return Child.start(
                account,
                directory.resolve("etcd.log"),
                List.of(
                        Programs.named("etcd").toString(),
                        "--name=etcd",
                        "--data-dir=" + data(),
                        "--listen-client-urls=" + client,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=etcd=" + peer,
                        "--log-level=warn"));
    }

    private void awaitReady() {
        Await.until(
                "etcd answers on port " + clientPort,
                () -> gateway.get("/health").body().contains("true"));
    }

    int clientPort() {
        return clientPort;
    }

    /** Ends it at once, as a crash would. */
    void kill() {
        process.send(Signal.CONT);
        process.send(Signal.KILL);
        int _ = process.awaitExit(EXIT);
    }

    /** Starts it again on its data; does nothing while it runs. */
    void start() {
        if (!process.isAlive()) {
            process = launch();
        }
        process.send(Signal.CONT);
        awaitReady();
    }

    /** Keeps its data as they are, with leases; it must have been killed. */
    void backUp() {
        copy(data(), backup());
    }

    /** Puts back what {@link #backUp} kept; it must have been killed. */
    void restore() {
        copy(backup(), data());
    }

    private Path data() {
        return directory.resolve("etcd");
    }

    private Path backup() {
        return directory.resolve("etcd.backup");
    }

    private void copy(Path from, Path to) {
        run(List.of("rm", "-rf", to.toString()));
        run(List.of("cp", "--archive", from.toString(), to.toString()));
    }

    private void run(List<String> command) {
        Finished finished = Finished.run(account, command);
        if (finished.status() != 0) {
            throw new IllegalStateException(command + " failed: " + finished.err());
        }
    }

    Optional<String> get(String key) {
        return Optional.ofNullable(under(key, "").get(key));
    }

    /** Keys that begin so, and their values. */
    SortedMap<String, String> list(String prefix) {
        return under(prefix, ",\"range_end\":\"" + encoded(prefix + "\uffff") + "\"");
    }

    private SortedMap<String, String> under(String key, String more) {
        TreeMap<String, String> found = new TreeMap<>();
        JsonNode answer = call("/v3/kv/range", "{\"key\":\"" + encoded(key) + "\"" + more + "}");
        for (JsonNode kv : answer.path("kvs")) {
            found.put(decoded(kv.path("key").asText()), decoded(kv.path("value").asText()));
        }
        return found;
    }

    void put(String key, String value) {
        call(
                "/v3/kv/put",
                "{\"key\":\"" + encoded(key) + "\",\"value\":\"" + encoded(value) + "\"}");
    }

    void delete(String key) {
        call("/v3/kv/deleterange", "{\"key\":\"" + encoded(key) + "\"}");
    }

    /** The length that was granted to the lease that a key hangs on; 0 for a key without one. */
    long leaseSeconds(String key) {
        JsonNode found = call("/v3/kv/range", "{\"key\":\"" + encoded(key) + "\"}");
        String lease = found.path("kvs").path(0).path("lease").asText("0");
        return call("/v3/lease/timetolive", "{\"ID\":\"" + lease + "\"}")
                .path("grantedTTL")
                .asLong();
    }

    private JsonNode call(String path, String body) {
        Rest.Answer answer = gateway.command("POST", path, body);
        if (answer.status() != 200) {
            throw new IllegalStateException("etcd answered " + answer + " to " + path);
        }
        return gateway.parse(answer.body());
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String decoded(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }
}
