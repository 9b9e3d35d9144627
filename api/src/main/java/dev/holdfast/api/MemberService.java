package dev.holdfast.api;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.core.cluster.RestartConditions;
import dev.holdfast.core.decide.FailsafeFact;
import dev.holdfast.core.status.MemberStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What the REST server asks of the member it speaks for. Nothing here blocks; stages complete on
 * any thread and fail only by a bug.
 */
public interface MemberService {

    /**
     * The header under which a change of the leader or a restart has an identifier: chosen by
     * whoever asks, or by the member, which answers with it.
     */
    String OPERATION = "Holdfast-Operation";

    /**
     * A finished command: an HTTP status and the sentence or JSON that goes with it.
     *
     * @param operation under which identifier its end can be asked for
     */
    record Reply(int status, String body, Optional<String> operation) {
        public Reply(int status, String body) {
            this(status, body, Optional.empty());
        }

        /** The same, with the identifier under which its end can be asked for. */
        public Reply of(Operation begun) {
            return new Reply(status, body, Optional.of(begun.id()));
        }
    }

    /**
     * Where a member stands, found by a probe made for this question. Ranks candidates and tells
     * when a hand-over may happen.
     *
     * @param pledge the epoch for which it counts as a vote; empty when it does not
     */
    record Position(
            MemberName name,
            boolean serverAnswers,
            boolean inRecovery,
            Optional<Timeline> timeline,
            Lsn received,
            Lsn replayed,
            boolean nofailover,
            boolean streaming,
            Optional<Duration> heldCheck,
            Optional<Long> pledge) {

        public Position(
                MemberName name,
                boolean serverAnswers,
                boolean inRecovery,
                Optional<Timeline> timeline,
                Lsn received,
                Lsn replayed,
                boolean nofailover,
                boolean streaming) {
            this(
                    name,
                    serverAnswers,
                    inRecovery,
                    timeline,
                    received,
                    replayed,
                    nofailover,
                    streaming,
                    Optional.empty(),
                    Optional.empty());
        }

        /** The same, with the age of the newest health check that the REST server holds back. */
        public Position withHeldCheck(Optional<Duration> age) {
            return new Position(
                    name,
                    serverAnswers,
                    inRecovery,
                    timeline,
                    received,
                    replayed,
                    nofailover,
                    streaming,
                    age,
                    pledge);
        }
    }

    /** A body of POST /switchover or /failover; {@code scheduledAt} is ISO 8601. */
    record SwitchoverRequest(
            Optional<MemberName> leader,
            Optional<MemberName> candidate,
            Optional<String> scheduledAt,
            Optional<String> operation) {

        public SwitchoverRequest(
                Optional<MemberName> leader,
                Optional<MemberName> candidate,
                Optional<String> scheduledAt) {
            this(leader, candidate, scheduledAt, Optional.empty());
        }

        /** The same, under an identifier that whoever asks has chosen. */
        public SwitchoverRequest as(Optional<String> id) {
            return new SwitchoverRequest(leader, candidate, scheduledAt, id);
        }
    }

    /** A body of POST /restart: restart only if all that is given holds. */
    record RestartRequest(
            Optional<String> role,
            Optional<String> postgresVersion,
            boolean onlyIfPending,
            Optional<Duration> timeout,
            Optional<String> schedule) {

        public RestartConditions conditions() {
            return new RestartConditions(role, postgresVersion, onlyIfPending);
        }
    }

    /** A body of POST /reinitialize. */
    record ReinitializeRequest(boolean force, boolean fromLeader) {}

    /** A line of the journal. */
    record JournalLine(String time, String code, String sentence, String actions) {}

    MonoTime now();

    MemberStatus status();

    /**
     * When the loop that decides ran last. The REST server has a thread of its own: that it answers
     * says nothing of that loop.
     */
    MonoTime ranAt();

    /**
     * Runs {@code listener} after every change of {@link #status()}, on the member's own thread,
     * until closed.
     */
    AutoCloseable onChange(Runnable listener);

    /** The dynamic configuration as the store holds it, JSON. Empty until the store was read. */
    CompletionStage<Optional<String>> configJson();

    /** The newest lines of the journal, oldest first. */
    List<JournalLine> journal();

    /** The changes of the leader and restarts that were asked for lately, oldest first. */
    CompletionStage<List<Operation>> operations();

    /** Prometheus text. */
    String metrics();

    CompletionStage<Position> position();

    CompletionStage<Reply> switchover(SwitchoverRequest request);

    CompletionStage<Reply> failover(SwitchoverRequest request);

    CompletionStage<Reply> cancelSwitchover();

    CompletionStage<Reply> restart(RestartRequest request);

    CompletionStage<Reply> cancelRestart();

    CompletionStage<Reply> reload();

    CompletionStage<Reply> reinitialize(ReinitializeRequest request);

    /** A leader that cannot reach the store asks this member to confirm that it leads. */
    CompletionStage<Reply> confirm(FailsafeFact.Question question);

    /** Merges {@code changes} into the dynamic configuration; {@code null} values delete. */
    CompletionStage<Reply> patchConfig(Map<String, @Nullable Object> changes);

    CompletionStage<Reply> replaceConfig(Map<String, @Nullable Object> config);
}
