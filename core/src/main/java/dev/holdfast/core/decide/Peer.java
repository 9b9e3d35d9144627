package dev.holdfast.core.decide;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import java.time.Duration;
import java.util.Optional;

/**
 * What another member answered when it was asked where it stands; {@code askedAt} is when the
 * question was sent.
 */
public sealed interface Peer {
    MonoTime askedAt();

    record Silent(MonoTime askedAt, String why) implements Peer {}

    /**
     * It answered.
     *
     * @param heldCheck how long the newest health check of a load balancer has been held back
     *     there; empty when none is
     * @param pledge the epoch whose leader it will not confirm anything to any more, see {@link
     *     Votes}; empty when it may
     */
    record Answered(
            MonoTime askedAt,
            boolean serverAnswers,
            boolean inRecovery,
            Optional<Timeline> timeline,
            Lsn received,
            Lsn replayed,
            boolean nofailover,
            Optional<Duration> heldCheck,
            Optional<Long> pledge)
            implements Peer {

        public Answered(
                MonoTime askedAt,
                boolean serverAnswers,
                boolean inRecovery,
                Optional<Timeline> timeline,
                Lsn received,
                Lsn replayed,
                boolean nofailover) {
            this(
                    askedAt,
                    serverAnswers,
                    inRecovery,
                    timeline,
                    received,
                    replayed,
                    nofailover,
                    Optional.empty(),
                    Optional.empty());
        }

        public Lsn position() {
            return Lsn.max(received, replayed);
        }
    }
}
