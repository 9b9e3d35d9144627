package dev.holdfast.sim;

/** How well a host's PostgreSQL and its disk are: how long each thing takes, and what fails. */
final class Ailments {
    private final Events events;
    private long checkpointerStuckUntil;
    private long slowReplayUntil;
    private long slowStopUntil;
    private long slowKillUntil;
    private long slowDiskUntil;
    private long brokenCopyUntil;
    private long diskHangsUntil;

    Ailments(Events events) {
        this.events = events;
    }

    void checkpointerStuck(long nanos) {
        checkpointerStuckUntil = events.nowNanos() + nanos;
    }

    void slowReplay(long nanos) {
        slowReplayUntil = events.nowNanos() + nanos;
    }

    void slowStop(long nanos) {
        slowStopUntil = events.nowNanos() + nanos;
    }

    /** What is killed takes its time to go. */
    void slowKill(long nanos) {
        slowKillUntil = events.nowNanos() + nanos;
    }

    void slowDisk(long nanos) {
        slowDiskUntil = events.nowNanos() + nanos;
    }

    /** Rewinds and base backups fail for so long. */
    void brokenCopy(long nanos) {
        brokenCopyUntil = events.nowNanos() + nanos;
    }

    /** Nothing that is written reaches it for so long, and who waits for that cannot be ended. */
    void diskHangs(long nanos) {
        diskHangsUntil = Math.max(diskHangsUntil, events.nowNanos() + nanos);
    }

    /** How much longer the disk hangs. */
    long hangNanos() {
        return Math.max(0, diskHangsUntil - events.nowNanos());
    }

    void heal() {
        checkpointerStuckUntil = 0;
        slowReplayUntil = 0;
        slowStopUntil = 0;
        slowKillUntil = 0;
        slowDiskUntil = 0;
        brokenCopyUntil = 0;
        diskHangsUntil = 0;
    }

    long checkpointerStuckUntil() {
        return checkpointerStuckUntil;
    }

    boolean copiesFail(Chance chance) {
        return events.nowNanos() < brokenCopyUntil && chance.oneIn(2);
    }

    long flushNanos(Chance chance) {
        return hangNanos()
                + (events.nowNanos() < slowDiskUntil
                        ? chance.skewed(20_000, 2_000_000) * Events.MICRO
                        : chance.between(60, 1_500) * Events.MICRO);
    }

    long replayNanos(Chance chance) {
        return events.nowNanos() < slowReplayUntil
                ? chance.skewed(200, 20_000) * Events.MILLI
                : chance.between(50, 2_000) * Events.MICRO;
    }

    long stopNanos(Chance chance) {
        return hangNanos()
                + (events.nowNanos() < slowStopUntil
                        ? chance.skewed(1_000, 90_000) * Events.MILLI
                        : chance.between(15, 120) * Events.MILLI);
    }

    /** How much longer it takes than the guard does. */
    long lingerNanos(Chance chance) {
        return events.nowNanos() < slowKillUntil ? chance.skewed(300, 5_000) * Events.MILLI : 0;
    }

    long checkpointNanos(Chance chance) {
        return hangNanos()
                + (events.nowNanos() < slowDiskUntil
                        ? chance.skewed(500, 20_000) * Events.MILLI
                        : chance.between(3, 120) * Events.MILLI);
    }

    long recoveryNanos(Chance chance) {
        return hangNanos()
                + (events.nowNanos() < slowDiskUntil
                        ? chance.skewed(300, 15_000) * Events.MILLI
                        : chance.between(20, 300) * Events.MILLI);
    }

    long promotionNanos(Chance chance) {
        return hangNanos()
                + (events.nowNanos() < slowDiskUntil
                        ? chance.skewed(100, 5_000) * Events.MILLI
                        : chance.between(20, 100) * Events.MILLI);
    }
}
