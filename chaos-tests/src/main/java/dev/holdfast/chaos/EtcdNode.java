package dev.holdfast.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** One member of an etcd, whose data outlive a stop. */
final class EtcdNode {
    /** Where it has an address of its own. */
    static final int CLIENT_PORT = 2379;

    static final int PEER_PORT = 2380;

    private static final Duration EXIT = Duration.ofSeconds(20);

    private final String name;
    private final Host host;
    private final Path directory;
    private final Address client;
    private final Address peer;
    private final String cluster;
    private final Rest gateway;
    private Child process;

    /**
     * Starts it.
     *
     * @param directory for its log and its data
     * @param cluster all members of it, as etcd is told of them
     */
    EtcdNode(String name, Host host, Path directory, Address client, Address peer, String cluster) {
        this.name = name;
        this.host = host;
        this.directory = directory;
        this.client = client;
        this.peer = peer;
        this.cluster = cluster;
        this.gateway = new Rest(client);
        this.process = launch();
    }

    private Child launch() {
        return host.account()
                .start(
                        directory.resolve("etcd.log"),
                        List.of(
                                host.program("etcd"),
                                "--name=" + name,
                                "--data-dir=" + data(),
                                "--listen-client-urls=http://" + client,
                                "--advertise-client-urls=http://" + client,
                                "--listen-peer-urls=http://" + peer,
                                "--initial-advertise-peer-urls=http://" + peer,
                                "--initial-cluster=" + cluster,
                                // A node that comes back asks before it makes the others elect
                                // anew.
                                "--pre-vote",
                                "--log-level=warn"));
    }

    String name() {
        return name;
    }

    Runner account() {
        return host.account();
    }

    Address client() {
        return client;
    }

    Rest gateway() {
        return gateway;
    }

    Path data() {
        return directory.resolve("etcd");
    }

    /** It answers, and is one of a majority. */
    boolean isHealthy() {
        return gateway.get("/health").body().contains("true");
    }

    long pid() {
        return process.pid();
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
    }
}
