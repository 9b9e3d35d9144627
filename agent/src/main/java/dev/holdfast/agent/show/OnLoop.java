package dev.holdfast.agent.show;

import dev.holdfast.api.MemberService;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.core.decide.FailsafeFact;
import dev.holdfast.core.status.MemberStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A member's service for a REST server with a thread of its own, so that clients without number
 * cannot hold up the lease. What was published is shown from here, as the immutable value that it
 * is; whatever asks the member to do something is handed to the member's own thread.
 */
public final class OnLoop implements MemberService {
    private final MemberService member;
    private final Executor loop;

    public OnLoop(MemberService member, Executor loop) {
        this.member = member;
        this.loop = loop;
    }

    private <T> CompletionStage<T> ask(Supplier<CompletionStage<T>> question) {
        return CompletableFuture.supplyAsync(question, loop).thenCompose(stage -> stage);
    }

    @Override
    public MonoTime now() {
        return member.now();
    }

    @Override
    public MemberStatus status() {
        return member.status();
    }

    @Override
    public MonoTime ranAt() {
        return member.ranAt();
    }

    @Override
    public AutoCloseable onChange(Runnable listener) {
        return member.onChange(listener);
    }

    @Override
    public List<JournalLine> journal() {
        return member.journal();
    }

    @Override
    public String metrics() {
        return member.metrics();
    }

    @Override
    public CompletionStage<Optional<String>> configJson() {
        return ask(member::configJson);
    }

    @Override
    public CompletionStage<Position> position() {
        return ask(member::position);
    }

    @Override
    public CompletionStage<Reply> switchover(SwitchoverRequest request) {
        return ask(() -> member.switchover(request));
    }

    @Override
    public CompletionStage<Reply> failover(SwitchoverRequest request) {
        return ask(() -> member.failover(request));
    }

    @Override
    public CompletionStage<Reply> cancelSwitchover() {
        return ask(member::cancelSwitchover);
    }

    @Override
    public CompletionStage<Reply> restart(RestartRequest request) {
        return ask(() -> member.restart(request));
    }

    @Override
    public CompletionStage<Reply> cancelRestart() {
        return ask(member::cancelRestart);
    }

    @Override
    public CompletionStage<List<Operation>> operations() {
        return ask(member::operations);
    }

    @Override
    public CompletionStage<Reply> reload() {
        return ask(member::reload);
    }

    @Override
    public CompletionStage<Reply> reinitialize(ReinitializeRequest request) {
        return ask(() -> member.reinitialize(request));
    }

    @Override
    public CompletionStage<Reply> confirm(FailsafeFact.Question question) {
        return ask(() -> member.confirm(question));
    }

    @Override
    public CompletionStage<Reply> patchConfig(Map<String, @Nullable Object> changes) {
        return ask(() -> member.patchConfig(changes));
    }

    @Override
    public CompletionStage<Reply> replaceConfig(Map<String, @Nullable Object> config) {
        return ask(() -> member.replaceConfig(config));
    }
}
