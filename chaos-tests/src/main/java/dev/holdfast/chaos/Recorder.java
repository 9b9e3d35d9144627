package dev.holdfast.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks on while a trial runs: what each member says it is, who holds the leader key, and whom
 * {@code /sync} names. Each is asked by a thread of its own, so that one who does not answer holds
 * up nobody.
 */
final class Recorder implements AutoCloseable {
    /** Beside the members, whose samples are under their names. */
    static final String LEADER_KEY = "leader key";

    /** Whom {@code /sync} names, or that it names nobody. */
    static final String SYNC_KEY = "/sync";

    static final String NOBODY = "nobody";

    /** One that takes no clients. */
    static final String CLOSED_PRIMARY = "closed primary";

    private static final Duration INTERVAL = Duration.ofMillis(200);

    private final Background threads = new Background();
    private final Map<String, List<Sample>> samples = new LinkedHashMap<>();

    /**
     * What was seen.
     *
     * @param what a member's role, or what a key says; empty where nobody answered
     */
    record Sample(long nanos, String what) {}

    private Recorder() {}

    static Recorder start(TestCluster cluster) {
        Recorder recorder = new Recorder();
        for (Member member : cluster.members()) {
            recorder.add(member.name(), () -> role(member));
        }
        recorder.add(LEADER_KEY, () -> cluster.key("leader"));
        recorder.add(SYNC_KEY, () -> sync(cluster));
        return recorder;
    }

    /** Asked of something, again and again. */
    private interface Question {
        Optional<String> ask();
    }

    private void add(String whom, Question question) {
        List<Sample> seen = new ArrayList<>();
        samples.put(whom, seen);
        threads.start("recorder-" + whom, () -> run(seen, question));
    }

    private void run(List<Sample> seen, Question question) {
        while (!threads.isStoppedWithin(INTERVAL)) {
            long asked = System.nanoTime();
            String what = answer(question);
            synchronized (samples) {
                // Only what changes, or the picture of an hour is of some ten thousand pieces.
                if (seen.isEmpty() || !seen.getLast().what().equals(what)) {
                    seen.add(new Sample(asked, what));
                }
            }
        }
    }

    /** An answer that was long in coming does not say of when it is, and so it is none. */
    private static Optional<String> sync(TestCluster cluster) {
        long asked = System.nanoTime();
        List<String> named = cluster.syncNames();
        boolean isLate = System.nanoTime() - asked > INTERVAL.toNanos();
        return isLate
                ? Optional.empty()
                : Optional.of(named.isEmpty() ? NOBODY : String.join(", ", named));
    }

    private static String answer(Question question) {
        try {
            return question.ask().orElse("");
        } catch (RuntimeException e) {
            // No answer is what is to be recorded.
            return "";
        }
    }

    /**
     * Not by {@code /primary}: that may be held back, and a switchover would take it for the load
     * balancer's.
     */
    private static Optional<String> role(Member member) {
        Rest.Answer answer = member.rest().get("/patroni");
        if (answer.status() == 0) {
            return Optional.empty();
        }
        JsonNode status = member.rest().parse(answer.body());
        return Optional.of(
                switch (status.path("role").asText()) {
                    case "primary", "master" ->
                            status.path("holdfast").path("serves_as_primary").asBoolean()
                                    ? "primary"
                                    : CLOSED_PRIMARY;
                    case "" -> "nothing";
                    case String role -> role;
                });
    }

    /** By whom it was asked of, each with the moments at which something else was seen. */
    Map<String, List<Sample>> samples() {
        synchronized (samples) {
            Map<String, List<Sample>> copy = new LinkedHashMap<>();
            samples.forEach((whom, seen) -> copy.put(whom, List.copyOf(seen)));
            return copy;
        }
    }

    SyncSeen sync() {
        return new SyncSeen(samples().getOrDefault(SYNC_KEY, List.of()));
    }

    void stop() {
        threads.close();
    }

    @Override
    public void close() {
        stop();
    }
}
