package dev.holdfast.ctl;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.core.MonoTime;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.DcsException;
import dev.holdfast.dcs.memory.MemoryDcs;
import dev.holdfast.dcs.memory.MemoryStore;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A cluster {@code demo} in memory with members that answer, and the control command in front of
 * it.
 */
final class ClusterFixture implements AutoCloseable {
    static final String SYSTEM = "7423000000000000001";

    private final MemoryStore store = new MemoryStore(() -> MonoTime.BEGINNING);
    private final Object lock = new Object();
    private final Dcs writer = new LockedDcs(store.connect(MemoryDcs.Faults.none()), lock);
    private final List<FakeMember> members = new ArrayList<>();
    private String input = "";
    private boolean attended;

    /** What a command wrote, and its exit status. */
    record Result(int status, String out, String err) {}

    ClusterFixture() {
        put("initialize", SYSTEM);
        put(
                "config",
                "{\"ttl\":10,\"loop_wait\":10,\"postgresql\":{\"parameters\":{\"max_connections\":100}}}");
        put("status", "{\"optime\":67108960}");
    }

    FakeMember member(Function<String, Reply> answer) {
        FakeMember member = new FakeMember(answer);
        members.add(member);
        return member;
    }

    /** Three members of which {@code pg1} leads and all answer alike. */
    FakeMember three(Function<String, Reply> answer) {
        FakeMember all = member(answer);
        primary("pg1", all.apiUrl(), 3);
        standby("pg2", all.apiUrl(), "streaming", 3);
        standby("pg3", all.apiUrl(), "streaming", 3);
        put("leader", "pg1");
        return all;
    }

    void primary(String name, String apiUrl, int timeline) {
        put(
                "members/" + name,
                record(
                        name,
                        apiUrl,
                        "running",
                        "primary",
                        timeline,
                        ",\"xlog_location\":67108960"));
    }

    /** What leads says that its PostgreSQL runs as this. */
    void leading(String name, String apiUrl, String role) {
        String more = role.equals("standby_leader") ? ",\"replication_state\":\"streaming\"" : "";
        put("members/" + name, record(name, apiUrl, "running", role, 3, more));
    }

    void standby(String name, String apiUrl, String replication, int timeline) {
        put(
                "members/" + name,
                record(
                        name,
                        apiUrl,
                        "running",
                        "replica",
                        timeline,
                        ",\"xlog_location\":67108960,\"receive_lsn\":67108960,\"replay_lsn\":67108960,\"replication_state\":\""
                                + replication
                                + "\""));
    }

    void state(String name, String apiUrl, String state) {
        put("members/" + name, record(name, apiUrl, state, "replica", 3, ""));
    }

    private static String record(
            String name, String apiUrl, String state, String role, int timeline, String more) {
        return "{\"conn_url\":\"postgres://"
                + name
                + ".example:5432/postgres\",\"api_url\":\""
                + apiUrl
                + "\",\"state\":\""
                + state
                + "\",\"role\":\""
                + role
                + "\",\"version\":\"0.1.0\",\"timeline\":"
                + timeline
                + more
                + "}";
    }

    void put(String key, String value) {
        ClusterStore.await(writer.commit(List.of(), List.of(Op.put(key, value))));
    }

    void delete(String key) {
        ClusterStore.await(writer.commit(List.of(), List.of(Op.delete(key))));
    }

    Optional<String> get(String key) {
        return ClusterStore.await(writer.get(key)).map(Dcs.Entry::value);
    }

    /** Somebody sits at the terminal, and types this. */
    ClusterFixture typing(String lines) {
        input = lines;
        attended = true;
        return this;
    }

    /** The standard input is this, and nobody sits there. */
    ClusterFixture piping(String text) {
        input = text;
        attended = false;
        return this;
    }

    /** Runs a command on the store of this cluster. */
    Result run(String... args) {
        List<String> all = new ArrayList<>(List.of("-d", "etcd3://store.example:2379"));
        all.addAll(List.of(args));
        return runWith(Map.of(), Path.of("/nonexistent"), all.toArray(String[]::new));
    }

    Result runWith(Map<String, String> environment, Path home, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Terminal terminal =
                new Terminal(
                        new PrintWriter(out),
                        new PrintWriter(err),
                        new BufferedReader(new StringReader(input)),
                        () -> attended);
        int[] refreshes = {2};
        Surroundings surroundings =
                new Surroundings(
                        environment,
                        home,
                        terminal,
                        (etcd, prefix) -> open(prefix),
                        _ -> --refreshes[0] > 0,
                        () -> ZonedDateTime.of(2026, 11, 20, 18, 0, 0, 0, ZoneOffset.UTC));
        int status = CommandTree.run(surroundings, args);
        return new Result(status, out.toString(), err.toString());
    }

    private Dcs open(String prefix) {
        return switch (prefix) {
            case "/service/demo/" -> new LockedDcs(store.connect(MemoryDcs.Faults.none()), lock);
            case "/service/" -> {
                MemoryDcs all = MemoryDcs.alone(() -> MonoTime.BEGINNING);
                CompletableFuture<Dcs.TxnResult> unused =
                        all.commit(
                                        List.of(),
                                        List.of(
                                                Op.put("demo/leader", "pg1"),
                                                Op.put("other/leader", "x")))
                                .toCompletableFuture();
                unused.join();
                yield all;
            }
            case "/service/broken/" ->
                    new MemoryStore(() -> MonoTime.BEGINNING)
                            .connect(_ -> MemoryDcs.Fate.REQUEST_LOST);
            case "/service/nowhere/" -> MemoryDcs.alone(() -> MonoTime.BEGINNING);
            default -> throw new DcsException("no store is prepared for " + prefix);
        };
    }

    @Override
    public void close() {
        members.forEach(FakeMember::close);
    }
}
