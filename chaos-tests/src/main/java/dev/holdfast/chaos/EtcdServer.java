package dev.holdfast.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * An etcd: one node on the machine that the members share, or one beside each member on its host.
 * Keys are read and written through its own HTTP gateway.
 */
final class EtcdServer {
    private final List<EtcdNode> nodes;

    private EtcdServer(List<EtcdNode> nodes) {
        this.nodes = List.copyOf(nodes);
        awaitReady();
    }

    /** Of one node. */
    static EtcdServer single(Host host, Path directory, Ports ports) {
        Address peer = Address.here(ports.next());
        return new EtcdServer(
                List.of(
                        new EtcdNode(
                                "etcd",
                                host,
                                directory,
                                Address.here(ports.next()),
                                peer,
                                "etcd=http://" + peer)));
    }

    /** One node on each member's host, its data in the member's directory, which is there. */
    static EtcdServer onHosts(Hosts hosts, Path directory, List<String> members) {
        String cluster =
                members.stream()
                        .map(name ->
                                name
                                        + "=http://"
                                        + new Address(
                                                hosts.named(name).address(), EtcdNode.PEER_PORT))
                        .collect(Collectors.joining(","));
        return new EtcdServer(
                members.stream()
                        .map(name -> {
                            Host host = hosts.named(name);
                            return new EtcdNode(
                                    name,
                                    host,
                                    directory.resolve(name),
                                    new Address(host.address(), EtcdNode.CLIENT_PORT),
                                    new Address(host.address(), EtcdNode.PEER_PORT),
                                    cluster);
                        })
                        .toList());
    }

    private void awaitReady() {
        for (EtcdNode node : nodes) {
            Await.until("etcd answers on " + node.client(), node::isHealthy);
        }
    }

    List<EtcdNode> nodes() {
        return nodes;
    }

    EtcdNode node(String name) {
        return nodes.stream()
                .filter(node -> node.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no etcd node " + name));
    }

    /** The node that leads the others; waits until there is one. */
    EtcdNode leader() {
        Await.until("etcd has a leader", () -> nodes.stream().anyMatch(EtcdServer::leads));
        return nodes.stream().filter(EtcdServer::leads).findFirst().orElseGet(this::leader);
    }

    private static boolean leads(EtcdNode node) {
        Rest.Answer answer = node.gateway().command("POST", "/v3/maintenance/status", "{}");
        JsonNode status = node.gateway().parse(answer.body());
        return status.path("leader")
                .asText("none")
                .equals(status.path("header").path("member_id").asText());
    }

    /** As an agent's file names them. */
    String addresses() {
        return nodes.stream()
                .map(node -> node.client().toString())
                .collect(Collectors.joining(","));
    }

    /** Ends it at once, as a crash would. */
    void kill() {
        nodes.forEach(EtcdNode::kill);
    }

    /** Starts it again on its data; does nothing while it runs. */
    void start() {
        nodes.forEach(EtcdNode::start);
        awaitReady();
    }

    /** Keeps its data as they are, with leases; it must have been killed. */
    void backUp() {
        nodes.forEach(node -> copy(node, node.data(), backup(node)));
    }

    /** Puts back what {@link #backUp} kept; it must have been killed. */
    void restore() {
        nodes.forEach(node -> copy(node, backup(node), node.data()));
    }

    /** Loses all that it holds; it must have been killed. */
    void lose() {
        nodes.forEach(node -> run(node.account(), List.of("rm", "-rf", node.data().toString())));
    }

    private static Path backup(EtcdNode node) {
        return node.data().resolveSibling("etcd.backup");
    }

    private static void copy(EtcdNode node, Path from, Path to) {
        run(node.account(), List.of("rm", "-rf", to.toString()));
        run(node.account(), List.of("cp", "--archive", from.toString(), to.toString()));
    }

    private static void run(Runner account, List<String> command) {
        Finished finished = account.run(command);
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

    /** Asks the first node that is one of a majority. */
    private JsonNode call(String path, String body) {
        EtcdNode node =
                nodes.stream()
                        .filter(EtcdNode::isHealthy)
                        .findFirst()
                        .orElseThrow(() ->
                                new IllegalStateException(
                                        "no node of etcd that answers has a majority: "
                                                + addresses()));
        Rest.Answer answer = node.gateway().command("POST", path, body);
        if (answer.status() != 200) {
            throw new IllegalStateException("etcd answered " + answer + " to " + path);
        }
        return node.gateway().parse(answer.body());
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String decoded(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }
}
