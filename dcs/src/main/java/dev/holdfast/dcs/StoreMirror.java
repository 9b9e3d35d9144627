package dev.holdfast.dcs;

import dev.holdfast.core.MonoTime;
import dev.holdfast.dcs.Dcs.Entry;
import dev.holdfast.dcs.Dcs.Event;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.Dcs.Snapshot;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what the store holds at hand: reads all of it, watches from there on, and reads again when
 * the watch ends. It never goes backwards: whatever order answers, events and own writes arrive in,
 * no key is shown older than it was shown before. Only where a read proves that the store itself
 * went back it begins anew.
 *
 * <p>Single-threaded by contract: every method is called on {@code executor}, which runs one thing
 * at a time in order, and so is the listener.
 */
public final class StoreMirror implements AutoCloseable {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    /** How long a watch may owe a change that a read has shown, before it is taken for dead. */
    private static final Duration WATCH_MAY_LAG = Duration.ofSeconds(1);

    /** Told on the executor. */
    public interface Listener {
        /**
         * The store's state, after any change and after any read.
         *
         * @param askedAt when the newest read that this rests on was sent: the state is at least
         *     that fresh
         */
        void onSnapshot(Snapshot snapshot, MonoTime askedAt);

        /**
         * A read was answered with an older revision than was known before it was sent: the store
         * was restored to an older state. What it holds now follows.
         */
        void onRestored(long known, long found);

        /** Something keeps the mirror from being fresh; it goes on trying. One sentence. */
        void onTrouble(String why);
    }

    private final Dcs dcs;
    private final Executor executor;
    private final Scheduler scheduler;
    private final Supplier<MonoTime> clock;
    private final Listener listener;

    private MirroredState state = MirroredState.EMPTY;
    private MonoTime askedAt = MonoTime.BEGINNING;
    private boolean hasRead;
    private boolean closed;

    private boolean reading;
    private boolean readAgain;

    private Dcs.@Nullable Watch watch;

    /** Counts the watches, so that what an abandoned one still tells is told apart. */
    private long watchNumber;

    private MonoTime watchBegan = MonoTime.BEGINNING;
    private long watchedTo;

    /** What the watch should have told by {@link #owedBy}. */
    private long owed;

    private MonoTime owedBy = MonoTime.BEGINNING;

    private Duration pause = FIRST_PAUSE;
    private Scheduler.@Nullable Cancellable retry;

    public StoreMirror(
            Dcs dcs,
            Executor executor,
            Scheduler scheduler,
            Supplier<MonoTime> clock,
            Listener listener) {
        this.dcs = dcs;
        this.executor = executor;
        this.scheduler = scheduler;
        this.clock = clock;
        this.listener = listener;
    }

    /** Begins: the first snapshot follows as soon as the store answers. */
    public void start() {
        read();
    }

    /** The last snapshot; empty until the store was read once. */
    public Optional<Snapshot> current() {
        return hasRead ? Optional.of(state.snapshot()) : Optional.empty();
    }

    /** Reads everything again now, linearizably. While a read is under way, another follows it. */
    public void refresh() {
        read();
    }

    /** Shows a write of this member's own at once, before the watch tells. */
    public void applied(Dcs.TxnResult.Applied result, List<Op> ops) {
        if (closed || !hasRead) {
            return;
        }
        state = state.applied(result.revision(), ops);
        tell();
    }

    /** Ends the watch and tells nothing any more. The store stays open. */
    @Override
    public void close() {
        closed = true;
        abandonWatch();
        if (retry != null) {
            retry.cancel();
            retry = null;
        }
    }

    private void read() {
        if (closed) {
            return;
        }
        if (reading) {
            readAgain = true;
            return;
        }
        reading = true;
        readAgain = false;
        MonoTime sent = clock.get();
        long known = state.shownTo();
        dcs.read()
                .whenComplete((snapshot, failure) ->
                        executor.execute(() -> {
                            reading = false;
                            if (closed) {
                                return;
                            }
                            if (failure != null) {
                                listener.onTrouble(sentence(failure));
                                if (watch == null || readAgain) {
                                    readLater();
                                }
                            } else {
                                if (snapshot.revision() < known) {
                                    abandonWatch();
                                    state = MirroredState.EMPTY;
                                    listener.onRestored(known, snapshot.revision());
                                }
                                onRead(snapshot, sent);
                                if (readAgain) {
                                    read();
                                }
                            }
                        }));
    }

    private void onRead(Snapshot snapshot, MonoTime sent) {
        state = state.read(snapshot);
        hasRead = true;
        askedAt = MonoTime.max(askedAt, sent);
        if (watch == null) {
            beginWatch();
        } else if (watchedTo < owed && clock.get().isAfter(owedBy)) {
            listener.onTrouble(
                    "The watch on the store has not told of revision "
                            + owed
                            + ", which a read has shown; it is begun anew.");
            abandonWatch();
            beginWatch();
        } else {
            long newest = newestOf(snapshot);
            if (newest > watchedTo && watchedTo >= owed) {
                owed = newest;
                owedBy = clock.get().plus(WATCH_MAY_LAG);
            }
        }
        tell();
    }

    private void beginWatch() {
        long number = ++watchNumber;
        watchBegan = clock.get();
        watchedTo = state.completeTo();
        owed = 0;
        Dcs.Watch begun =
                dcs.watch(
                        state.completeTo() + 1,
                        new Dcs.WatchListener() {
                            @Override
                            public void onEvents(long revision, List<Event> events) {
                                executor.execute(() -> {
                                    if (number == watchNumber && !closed) {
                                        onChanges(revision, events);
                                    }
                                });
                            }

                            @Override
                            public void onEnd(String why) {
                                executor.execute(() -> {
                                    if (number == watchNumber && !closed) {
                                        onWatchEnded(why);
                                    }
                                });
                            }
                        });
        if (number == watchNumber) {
            watch = begun;
        } else {
            begun.close();
        }
    }

    private void onChanges(long revision, List<Event> events) {
        pause = FIRST_PAUSE;
        watchedTo = Math.max(watchedTo, revision);
        state = state.watched(revision, events);
        tell();
    }

    private void onWatchEnded(String why) {
        watch = null;
        watchNumber++;
        if (!clock.get().isBefore(watchBegan.plus(LONGEST_PAUSE))) {
            pause = FIRST_PAUSE;
        }
        listener.onTrouble(why);
        readLater();
    }

    private void abandonWatch() {
        watchNumber++;
        if (watch != null) {
            watch.close();
            watch = null;
        }
    }

    private void readLater() {
        if (retry != null) {
            return;
        }
        Duration wait = pause;
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
        retry =
                scheduler.after(
                        wait,
                        () -> {
                            retry = null;
                            read();
                        });
    }

    private void tell() {
        listener.onSnapshot(state.snapshot(), askedAt);
    }

    private static long newestOf(Snapshot snapshot) {
        long newest = 0;
        for (Entry entry : snapshot.entries().values()) {
            newest = Math.max(newest, entry.modRevision());
        }
        return newest;
    }

    private static String sentence(Throwable failure) {
        Throwable cause =
                failure instanceof java.util.concurrent.CompletionException
                                && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
