package dev.holdfast.api.server;

import dev.holdfast.api.MemberService;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.core.decide.FailsafeFact;
import dev.holdfast.core.status.MemberStatus;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A member that is what the test says, and remembers what it was asked to do. */
final class FakeMember implements MemberService {
    static final Operation OPEN =
            new Operation(
                    "20261126T093000.000Z-a",
                    Operation.Kind.SWITCHOVER,
                    Optional.of(new MemberName("pg1")),
                    Optional.empty(),
                    Optional.of("2026-11-26T10:00:00+00:00"),
                    0,
                    "2026-11-26T09:30:00.000+00:00",
                    Optional.empty());
    static final Operation ENDED =
            new Operation(
                            "20261126T093001.000Z-b",
                            Operation.Kind.RESTART,
                            Optional.empty(),
                            Optional.of(new MemberName("pg2")),
                            Optional.empty(),
                            1,
                            "2026-11-26T09:30:01.000+00:00",
                            Optional.empty())
                    .ended(
                            Operation.Outcome.DONE,
                            "PostgreSQL was restarted",
                            "2026-11-26T09:30:02.000+00:00");

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final List<Object> asked = new CopyOnWriteArrayList<>();
    private volatile MemberStatus status;
    private volatile MonoTime now = Members.NOW;
    private volatile MonoTime ranAt = Members.NOW;
    private final AtomicInteger scrapes = new AtomicInteger();
    private final AtomicInteger journalsRead = new AtomicInteger();
    private volatile int journalLines = 1;
    private volatile Optional<String> config = Optional.of("{\"ttl\":10}");
    private volatile CompletableFuture<Reply> reply =
            CompletableFuture.completedFuture(new Reply(200, "done"));

    FakeMember(MemberStatus status) {
        this.status = status;
    }

    void become(MemberStatus next) {
        status = next;
        listeners.forEach(Runnable::run);
    }

    void timeIs(MonoTime instant) {
        now = instant;
        ranAt = instant;
    }

    /** Time goes on, and the loop does not. */
    void hangsUntil(MonoTime instant) {
        now = instant;
    }

    void journalIsLong(int lines) {
        journalLines = lines;
    }

    int journalsRead() {
        return journalsRead.get();
    }

    /** How often the metrics were written out. */
    int scrapes() {
        return scrapes.get();
    }

    void configIs(Optional<String> json) {
        config = json;
    }

    void replyWith(CompletableFuture<Reply> next) {
        reply = next;
    }

    List<Object> asked() {
        return asked;
    }

    int listeners() {
        return listeners.size();
    }

    private CompletionStage<Reply> ask(Object what) {
        asked.add(what);
        return reply;
    }

    @Override
    public MonoTime now() {
        return now;
    }

    @Override
    public MemberStatus status() {
        return status;
    }

    @Override
    public MonoTime ranAt() {
        return ranAt;
    }

    @Override
    public AutoCloseable onChange(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public CompletionStage<Optional<String>> configJson() {
        return CompletableFuture.completedFuture(config);
    }

    @Override
    public List<JournalLine> journal() {
        journalsRead.incrementAndGet();
        return Collections.nCopies(
                journalLines,
                new JournalLine("2026-11-20T18:00:00Z", "promote", "it won the race", "Promote"));
    }

    @Override
    public String metrics() {
        return "patroni_primary 1\nscrapes " + scrapes.incrementAndGet() + "\n";
    }

    @Override
    public CompletionStage<List<Operation>> operations() {
        return CompletableFuture.completedStage(List.of(OPEN, ENDED));
    }

    @Override
    public CompletionStage<Position> position() {
        return CompletableFuture.supplyAsync(() ->
                new Position(
                        status.name(),
                        true,
                        false,
                        Optional.of(new Timeline(2)),
                        Lsn.of("0/3000100"),
                        Lsn.of("0/3000100"),
                        false,
                        false));
    }

    @Override
    public CompletionStage<Reply> switchover(SwitchoverRequest request) {
        return ask(request);
    }

    @Override
    public CompletionStage<Reply> failover(SwitchoverRequest request) {
        return ask(Map.entry("failover", request));
    }

    @Override
    public CompletionStage<Reply> cancelSwitchover() {
        return ask("cancelSwitchover");
    }

    @Override
    public CompletionStage<Reply> restart(RestartRequest request) {
        return ask(request);
    }

    @Override
    public CompletionStage<Reply> cancelRestart() {
        return ask("cancelRestart");
    }

    @Override
    public CompletionStage<Reply> reload() {
        throw new IllegalStateException("a bug with a secret in it");
    }

    @Override
    public CompletionStage<Reply> reinitialize(ReinitializeRequest request) {
        return ask(request);
    }

    @Override
    public CompletionStage<Reply> confirm(FailsafeFact.Question question) {
        return ask(question);
    }

    @Override
    public CompletionStage<Reply> patchConfig(Map<String, @Nullable Object> changes) {
        return ask(changes);
    }

    @Override
    public CompletionStage<Reply> replaceConfig(Map<String, @Nullable Object> config) {
        return ask(config);
    }
}
