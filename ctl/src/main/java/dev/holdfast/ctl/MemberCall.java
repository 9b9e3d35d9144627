package dev.holdfast.ctl;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.ctl.Replies.Answer;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.json.KeyCodec;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Waits for something that takes its time, and tells meanwhile what changes in the cluster. */
final class MemberCall implements AutoCloseable {
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

    private final ClusterFeed feed;
    private final Progress progress;
    private final Consumer<ClusterView> listener;
    private ClusterView now;

    /**
     * Begins.
     *
     * @param from what the operator was shown last: all that changes from there on is told
     * @param listener told every state of the cluster, also those that pass while an answer is
     *     awaited
     */
    MemberCall(
            Surroundings surroundings, Dcs dcs, Dcs.Snapshot from, Consumer<ClusterView> listener) {
        this.listener = listener;
        this.now = KeyCodec.toView(from).view();
        this.feed = new ClusterFeed(dcs, from);
        this.progress = new Progress(surroundings, now);
    }

    /** Waits for the member's answer. */
    Answer await(CompletionStage<Reply> stage) {
        CompletableFuture<Reply> reply = stage.toCompletableFuture();
        var _ = reply.whenComplete((_, _) -> feed.wake());
        while (!reply.isDone()) {
            look(LOOK_AGAIN);
        }
        return Replies.await(reply);
    }

    /** Waits until the cluster is as wished, and returns whether it was within {@code limit}. */
    boolean until(Duration limit, Predicate<ClusterView> wished) {
        long end = System.nanoTime() + limit.toNanos();
        while (!wished.test(now)) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            look(Duration.ofNanos(Math.min(left, LOOK_AGAIN.toNanos())));
        }
        return true;
    }

    ClusterView now() {
        return now;
    }

    private void look(Duration patience) {
        feed.next(patience)
                .ifPresent(next -> {
                    progress.show(next);
                    now = next;
                    listener.accept(next);
                });
    }

    @Override
    public void close() {
        feed.close();
    }
}
