package dev.holdfast.agent.observe;

import dev.holdfast.agent.loop.VitalsPort;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.Vital;
import dev.holdfast.core.decide.Vitals;
import dev.holdfast.dcs.Scheduler;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Tries the server's door and the disks every few seconds, each while no earlier question about it
 * is out, and what is not well again a second later. Its state belongs to the loop's executor. What
 * is well is no news, so a healthy member takes no turn for it.
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
    private final Listener listener;
    private final Map<Vital.Kind, Out> out = new TreeMap<>();
    private final Set<Vital.Kind> toAskAgain = new TreeSet<>();

    private Vitals found = Vitals.WELL;
    private long postmaster;
    private MonoTime firstKnock = MonoTime.BEGINNING;
    private boolean closed;

    public VitalsObserver(
            VitalsPort port,
            Executor executor,
            Scheduler scheduler,
            Supplier<MonoTime> clock,
            Supplier<Duration> pace,
            Listener listener) {
        this.port = port;
        this.executor = executor;
        this.scheduler = scheduler;
        this.clock = clock;
        this.pace = pace;
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

    @Override
    public void close() {
        closed = true;
    }

    private void round() {
        News news = News.NONE;
        for (Vital.Kind kind : Vital.Kind.values()) {
            Out before = out.get(kind);
            if (before != null && concerns(kind, before)) {
                news = News.TROUBLE;
            } else {
                ask(kind);
            }
        }
        if (news == News.TROUBLE) {
            listener.onVitals(found, news);
        }
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
