package dev.holdfast.sim;

/** A walsender and the receiver at its other end, over one connection. */
final class Replication {
    final Postmaster primary;
    final Postmaster standby;
    final int pid;
    private final Network.Stream down;
    private final Network.Stream up;

    /**
     * What it shows in {@code pg_stat_replication}; behind what is true by the way of a message.
     */
    long sent;

    long flushed;
    long replayed;

    /** Nothing is sent: the standby's timeline ended here before where it stands. */
    boolean shutOut;

    /** All that there is of that timeline has been sent. */
    boolean ended;

    private boolean opened;
    private SyncRule rule;
    private int priority;

    /** What was flushed by then may be released by the names of before. */
    private long readBefore = Long.MAX_VALUE;

    private boolean pumping;
    private boolean over;

    Replication(
            Postmaster primary,
            Postmaster standby,
            Network.Stream down,
            Network.Stream up,
            int pid) {
        this.primary = primary;
        this.standby = standby;
        this.down = down;
        this.up = up;
        this.pid = pid;
        this.rule = primary.sessionRule();
        this.priority = priorityBy(rule);
        this.sent = standby.directory().flushed;
    }

    /** What the walsender has read of the names. */
    SyncRule rule() {
        return rule;
    }

    int priority() {
        return primary.isRecovering() ? 0 : priority;
    }

    /**
     * The walsender was told to read the names anew, and does so before it hears of anything that
     * it sends from now on: it looks for that signal each time before it reads what the standby
     * says.
     */
    void toldToReread() {
        readBefore = Math.min(readBefore, primary.directory().flushed);
    }

    /** The walsender reads the names. */
    void reread() {
        rule = primary.sessionRule();
        priority = priorityBy(rule);
        readBefore = Long.MAX_VALUE;
    }

    private int priorityBy(SyncRule names) {
        return names.priority(standby.memberName().value());
    }

    boolean isOver() {
        return over;
    }

    /** The receiver is there: nothing may reach it before. */
    void open() {
        opened = true;
        pump();
    }

    /** Sends what is flushed and not sent; one batch is under way at a time. */
    void pump() {
        long upTo = primary.directory().flushed;
        if (!opened || over || shutOut || pumping || upTo <= sent) {
            return;
        }
        pumping = true;
        sent = upTo;
        down.send("wal", () -> received(upTo));
    }

    private void received(long upTo) {
        if (over || shutOut || !standby.receives(this)) {
            return;
        }
        pumping = false;
        standby.flushReceived(this, upTo);
        pump();
    }

    /** The standby tells where it stands. */
    void confirm(long flushedTo, long replayedTo) {
        up.send(
                "wal is flushed",
                () -> {
                    if (!over) {
                        if (flushedTo > readBefore) {
                            reread();
                        }
                        flushed = Math.max(flushed, flushedTo);
                        replayed = Math.max(replayed, replayedTo);
                        primary.confirmed(this);
                    }
                });
    }

    /** One end closes: it knows at once, the other when the network tells it. */
    void closedByPrimary() {
        over = true;
        down.send("receiver sees the end", () -> standby.lostUpstream(this));
    }

    void closedByStandby() {
        over = true;
        up.send("sender sees the end", () -> primary.lostStandby(this));
    }

    /** The host is gone, and nobody says so: time-outs tell. */
    void goneSilently() {
        over = true;
    }
}
