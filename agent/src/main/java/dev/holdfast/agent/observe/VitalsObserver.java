package dev.holdfast.agent.observe;

import dev.holdfast.agent.loop.VitalsPort;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.Vital;
import dev.holdfast.core.decide.Vitals;
import dev.holdfast.dcs.Scheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Tries the server's door and the disks every few seconds, each while no earlier question about it
 * is out, and what is not well again a second later. The disks also when a renewal of a leader's
 * lease waits for a write. Its state belongs to the loop's executor. What is well is no news, so a
 * healthy member takes no turn for it.
 */
public final class VitalsObserver implements AutoCloseable {
    /** What was wrong for a moment makes a member unfit to lead no longer than this. */
    private static final Duration AGAIN = Duration.ofSeconds(1);

    /** Whether there is something to decide on. */
    public enum News {
        NONE,
        TROUBLE
    }

    /** What an observer tells. */
    public interface Listener {
        void onVitals(Vitals found, News news);
    }

    /** A question that is out, about the server with this pid. */
    private record Out(MonoTime askedAt, long postmaster) {}

    private final VitalsPort port;
    private final Executor executor;
    private final Scheduler scheduler;
    private final Supplier<MonoTime> clock;
    private final Supplier<Duration> pace;
    private final Supplier<Duration> hesitation;
    private final Listener listener;
    private final Map<Vital.Kind, Out> out = new TreeMap<>();
    private final Set<Vital.Kind> toAskAgain = new TreeSet<>();

    /** Asked since the last round, so that this one need not. */
    private final Set<Vital.Kind> asked = new TreeSet<>();

    private final List<Runnable> awaiting = new ArrayList<>();

    private Vitals found = Vitals.WELL;
    private long postmaster;
    private MonoTime firstKnock = MonoTime.BEGINNING;
    private boolean toldOfHesitation;
    private boolean closed;

    /**
     * @param hesitation how long somebody waits for a write before that is something to decide on
     */
    public VitalsObserver(
            VitalsPort port,
            Executor executor,
            Scheduler scheduler,
            Supplier<MonoTime> clock,
            Supplier<Duration> pace,
            Supplier<Duration> hesitation,
            Listener listener) {
        this.port = port;
        this.executor = executor;
        this.scheduler = scheduler;
        this.clock = clock;
        this.pace = pace;
        this.hesitation = hesitation;
        this.listener = listener;
    }

    /** Begins to ask. */
    public void start() {
        scheduler.after(
                pace.get(),
                () -> {
                    if (!closed) {
                        round();
                        start();
                    }
                });
    }

    /**
     * The postmaster whose door is tried from now on; 0 for none. It gets a moment to open it: that
     * it is about to start is no trouble.
     */
    public void watch(long pid) {
        postmaster = pid;
        firstKnock = clock.get().plus(pace.get());
        found = found.with(Vital.Kind.DOOR, Vital.WELL);
        listener.onVitals(found, News.NONE);
    }

    /**
     * Runs {@code then} once a write that is on its way or begins now has reached each disk, or was
     * refused there.
     */
    public void afterWrite(Runnable then) {
        for (Vital.Kind kind : Vital.Kind.values()) {
            if (kind.isDisk() && !out.containsKey(kind)) {
                asked.add(kind);
                ask(kind);
            }
        }
        awaiting.add(then);
        written();
        if (!awaiting.isEmpty()) {
            scheduler.after(
                    hesitation.get(),
                    () -> {
                        if (!closed && !awaiting.isEmpty()) {
                            toldOfHesitation = true;
                            listener.onVitals(found, News.TROUBLE);
                        }
                    });
        }
    }

    private void written() {
        if (out.keySet().stream().anyMatch(Vital.Kind::isDisk)) {
            return;
        }
        List<Runnable> due = List.copyOf(awaiting);
        awaiting.clear();
        due.forEach(Runnable::run);
        if (toldOfHesitation) {
            toldOfHesitation = false;
            listener.onVitals(found, News.TROUBLE);
        }
    }

    @Override
    public void close() {
        closed = true;
    }

    private void round() {
        News news = News.NONE;
        for (Vital.Kind kind : Vital.Kind.values()) {
            Out before = out.get(kind);
            if (before != null && concerns(kind, before)) {
                news = isOutForLong(before) ? News.TROUBLE : news;
            } else if (!asked.contains(kind)) {
                ask(kind);
            }
        }
        asked.clear();
        if (news == News.TROUBLE) {
            listener.onVitals(found, news);
        }
    }

    private boolean isOutForLong(Out question) {
        return !clock.get().isBefore(question.askedAt().plus(hesitation.get()));
    }

    /** A question to a server that has gone says nothing of the one that runs now. */
    private boolean concerns(Vital.Kind kind, Out question) {
        return kind != Vital.Kind.DOOR || question.postmaster() == postmaster;
    }

    private void ask(Vital.Kind kind) {
        if (kind == Vital.Kind.DOOR && (postmaster == 0 || clock.get().isBefore(firstKnock))) {
            return;
        }
        Out question = new Out(clock.get(), postmaster);
        out.put(kind, question);
        tell(kind, Optional.of(question.askedAt()), vital(kind).trouble(), News.NONE);
        var _ =
                port.ask(kind)
                        .whenComplete((complaint, failure) ->
                                executor.execute(() -> {
                                    if (question.equals(out.get(kind))) {
                                        answered(
                                                kind,
                                                question,
                                                failure == null
                                                        ? complaint
                                                        : Optional.of(String.valueOf(failure)));
                                    }
                                }));
    }

    private void answered(Vital.Kind kind, Out question, Optional<String> complaint) {
        out.remove(kind);
        if (!concerns(kind, question)) {
            return;
        }
        Optional<Vital.Trouble> before = vital(kind).trouble();
        Optional<Vital.Trouble> trouble =
                complaint.map(sentence ->
                        new Vital.Trouble(
                                before.map(Vital.Trouble::since).orElse(question.askedAt()),
                                sentence));
        tell(
                kind,
                Optional.empty(),
                trouble,
                trouble.isPresent() == before.isPresent() ? News.NONE : News.TROUBLE);
        if (trouble.isPresent() && toAskAgain.add(kind)) {
            scheduler.after(AGAIN, () -> askAgain(kind));
        }
        written();
    }

    private void askAgain(Vital.Kind kind) {
        toAskAgain.remove(kind);
        if (!closed && !out.containsKey(kind) && vital(kind).trouble().isPresent()) {
            ask(kind);
        }
    }

    private Vital vital(Vital.Kind kind) {
        return found.all().getOrDefault(kind, Vital.WELL);
    }

    private void tell(
            Vital.Kind kind,
            Optional<MonoTime> unansweredSince,
            Optional<Vital.Trouble> trouble,
            News news) {
        found = found.with(kind, new Vital(unansweredSince, trouble));
        listener.onVitals(found, news);
    }
}
