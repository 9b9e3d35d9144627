package dev.holdfast.agent.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.Vital;
import dev.holdfast.core.decide.Vitals;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A question that hangs is a fact with an age, and holds up no other. */
class VitalsObserverTest {
    private static final Duration PACE = Duration.ofSeconds(2);
    private static final Duration HESITATION = Duration.ofMillis(500);
    private static final MonoTime START = new MonoTime(Duration.ofHours(1).toNanos());

    private final Map<Vital.Kind, List<CompletableFuture<Optional<String>>>> asked =
            new TreeMap<>();
    private final List<Runnable> timers = new ArrayList<>();
    private final List<Runnable> retries = new ArrayList<>();
    private final List<Runnable> hesitations = new ArrayList<>();
    private int written;
    private MonoTime now = START;
    private Vitals told = Vitals.WELL;
    private int news;

    private final VitalsObserver observer =
            new VitalsObserver(
                    kind -> {
                        CompletableFuture<Optional<String>> answer = new CompletableFuture<>();
                        asked.computeIfAbsent(kind, _ -> new ArrayList<>()).add(answer);
                        return answer;
                    },
                    Runnable::run,
                    (pause, action) -> {
                        List<Runnable> due =
                                pause.equals(PACE)
                                        ? timers
                                        : pause.equals(HESITATION) ? hesitations : retries;
                        due.add(action);
                        return () -> due.remove(action);
                    },
                    () -> now,
                    () -> PACE,
                    () -> HESITATION,
                    (found, what) -> {
                        told = found;
                        if (what == VitalsObserver.News.TROUBLE) {
                            news++;
                        }
                    });

    private void nextRound() {
        now = now.plus(PACE);
        timers.removeFirst().run();
    }

    private int questions(Vital.Kind kind) {
        return asked.getOrDefault(kind, List.of()).size();
    }

    private CompletableFuture<Optional<String>> last(Vital.Kind kind) {
        return asked.getOrDefault(kind, List.of()).getLast();
    }

    private Vital told(Vital.Kind kind) {
        return told.all().getOrDefault(kind, Vital.WELL);
    }

    private void answer(Vital.Kind kind, Optional<String> complaint) {
        last(kind).complete(complaint);
    }

    private void begin() {
        observer.watch(4711);
        observer.start();
        nextRound();
    }

    @Test
    void aHealthyMemberIsNoNews() {
        begin();
        for (Vital.Kind kind : Vital.Kind.values()) {
            answer(kind, Optional.empty());
        }
        nextRound();
        assertThat(news).isZero();
        for (Vital.Kind kind : Vital.Kind.values()) {
            assertThat(questions(kind)).isEqualTo(2);
        }
    }

    @Test
    void aQuestionThatHangsIsNotAskedAgainAndIsToldWithItsBeginning() {
        begin();
        answer(Vital.Kind.DOOR, Optional.empty());
        nextRound();
        nextRound();
        assertThat(questions(Vital.Kind.DATA)).isEqualTo(1);
        assertThat(questions(Vital.Kind.DOOR)).as("the others are asked on").isEqualTo(2);
        assertThat(told(Vital.Kind.DATA).unansweredSince()).contains(START.plus(PACE));
        assertThat(news).isPositive();
    }

    @Test
    void complaintsInARowCountFromTheFirstQuestion() {
        begin();
        answer(Vital.Kind.WAL, Optional.of("full"));
        assertThat(news).isEqualTo(1);
        nextRound();
        answer(Vital.Kind.WAL, Optional.of("still full"));
        assertThat(told(Vital.Kind.WAL).trouble())
                .contains(new Vital.Trouble(START.plus(PACE), "still full"));
        nextRound();
        answer(Vital.Kind.WAL, Optional.empty());
        assertThat(told(Vital.Kind.WAL)).isEqualTo(Vital.WELL);
    }

    @Test
    void whatIsNotWellIsAskedAgainBeforeTheNextRound() {
        begin();
        answer(Vital.Kind.DOOR, Optional.of("refused"));
        retries.removeFirst().run();
        assertThat(questions(Vital.Kind.DOOR)).isEqualTo(2);
        answer(Vital.Kind.DOOR, Optional.empty());
        assertThat(told(Vital.Kind.DOOR)).isEqualTo(Vital.WELL);
        assertThat(retries).isEmpty();
    }

    @Test
    void roundsWhileItIsNotWellDoNotMultiplyTheQuestions() {
        begin();
        answer(Vital.Kind.WAL, Optional.of("full"));
        nextRound();
        answer(Vital.Kind.WAL, Optional.of("still full"));
        assertThat(retries).hasSize(1);
    }

    @Test
    void aServerThatIsAboutToStartGetsAMomentToOpenItsDoor() {
        observer.start();
        now = now.plus(PACE.dividedBy(2));
        observer.watch(4711);
        now = now.plus(PACE.dividedBy(2));
        timers.removeFirst().run();
        assertThat(questions(Vital.Kind.DOOR)).isZero();
        nextRound();
        assertThat(questions(Vital.Kind.DOOR)).isEqualTo(1);
    }

    @Test
    void whatAnotherServerWasAskedSaysNothingOfThisOne() {
        begin();
        observer.watch(4712);
        answer(Vital.Kind.DOOR, Optional.of("no answer"));
        assertThat(told(Vital.Kind.DOOR)).isEqualTo(Vital.WELL);
        nextRound();
        assertThat(questions(Vital.Kind.DOOR)).isEqualTo(2);
    }

    @Test
    void withoutAServerNobodyKnocksAndTheDisksAreTried() {
        observer.start();
        nextRound();
        assertThat(questions(Vital.Kind.DOOR)).isZero();
        assertThat(questions(Vital.Kind.DATA)).isEqualTo(1);
    }

    @Test
    void whoWaitsForAWriteIsCalledWhenEachDiskHasAnswered() {
        begin();
        answer(Vital.Kind.DATA, Optional.empty());
        observer.afterWrite(() -> written++);
        assertThat(questions(Vital.Kind.DATA)).isEqualTo(2);
        assertThat(questions(Vital.Kind.WAL)).as("the one that is out will do").isEqualTo(1);
        answer(Vital.Kind.DATA, Optional.empty());
        assertThat(written).isZero();
        answer(Vital.Kind.WAL, Optional.of("full"));
        assertThat(written).as("a refusal is an answer").isEqualTo(1);
    }

    @Test
    void aWriteThatTakesLongIsNewsAndSoIsItsEnd() {
        begin();
        answer(Vital.Kind.DATA, Optional.empty());
        answer(Vital.Kind.WAL, Optional.empty());
        observer.afterWrite(() -> written++);
        answer(Vital.Kind.WAL, Optional.empty());
        assertThat(news).isZero();
        now = now.plus(HESITATION);
        hesitations.removeFirst().run();
        assertThat(news).isEqualTo(1);
        answer(Vital.Kind.DATA, Optional.empty());
        assertThat(written).isEqualTo(1);
        assertThat(news).isEqualTo(2);
    }

    @Test
    void aRoundDoesNotAskWhatWasAskedForARenewal() {
        begin();
        for (Vital.Kind kind : Vital.Kind.values()) {
            answer(kind, Optional.empty());
        }
        observer.afterWrite(() -> written++);
        answer(Vital.Kind.DATA, Optional.empty());
        answer(Vital.Kind.WAL, Optional.empty());
        nextRound();
        assertThat(questions(Vital.Kind.DATA)).isEqualTo(2);
        assertThat(questions(Vital.Kind.DOOR)).isEqualTo(2);
        nextRound();
        assertThat(questions(Vital.Kind.DATA)).isEqualTo(3);
    }

    @Test
    void aFailureIsAComplaint() {
        begin();
        last(Vital.Kind.DATA).completeExceptionally(new IllegalStateException("a bug"));
        assertThat(told(Vital.Kind.DATA).trouble()).isPresent();
    }
}
