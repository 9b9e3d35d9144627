package dev.holdfast.core.decide;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What members told each other of a leader that cannot reach the store.
 *
 * @param startedAt when this agent began: what an agent before it confirmed is not known
 * @param triedToLeadAt when this agent last set out to take the leader key, or last learnt that it
 *     is unknown what became of that; empty when it is certain that it did not get it
 * @param given the newest confirmation that this member gave to a leader
 * @param askedAt when this member, as leader, last asked the others
 * @param answers what each of them answered last
 */
public record FailsafeFact(
        MonoTime startedAt,
        Optional<MonoTime> triedToLeadAt,
        Optional<Given> given,
        Optional<MonoTime> askedAt,
        SortedMap<MemberName, Answer> answers) {

    /** {@code leader} may go on under {@code epoch}; until then this member does not lead. */
    public record Given(MemberName leader, Epoch epoch, MonoTime until) {}

    /**
     * A leader's question.
     *
     * @param validity for how long the answer is to hold, from when it is given
     * @param to who is asked: an address may have passed to another member
     */
    public record Question(
            MemberName leader, Epoch epoch, Duration validity, Optional<MemberName> to) {}

    /**
     * What another member answered.
     *
     * @param confirmed the newest question that it confirmed; it stands whatever it says later
     * @param refusal why it did not confirm the last one, or why there was no answer; empty when it
     *     did
     */
    public record Answer(Optional<Confirmed> confirmed, String refusal) {}

    /** A confirmation counts from when its question was sent. */
    public record Confirmed(Epoch epoch, MonoTime sentAt, Duration validity) {}

    public FailsafeFact {
        answers = FrozenMap.copyOf(answers);
    }

    public static FailsafeFact startedAt(MonoTime start) {
        return new FailsafeFact(
                start, Optional.empty(), Optional.empty(), Optional.empty(), new TreeMap<>());
    }

    public FailsafeFact withTriedToLeadAt(Optional<MonoTime> value) {
        return new FailsafeFact(startedAt, value, given, askedAt, answers);
    }

    public FailsafeFact withGiven(Optional<Given> value) {
        return new FailsafeFact(startedAt, triedToLeadAt, value, askedAt, answers);
    }

    public FailsafeFact withAskedAt(MonoTime value) {
        return new FailsafeFact(startedAt, triedToLeadAt, given, Optional.of(value), answers);
    }

    public FailsafeFact withAnswer(MemberName member, Answer answer) {
        SortedMap<MemberName, Answer> next = new TreeMap<>(answers);
        next.put(
                member,
                answer.confirmed().isPresent() || !answers.containsKey(member)
                        ? answer
                        : new Answer(answers.get(member).confirmed(), answer.refusal()));
        return new FailsafeFact(startedAt, triedToLeadAt, given, askedAt, next);
    }
}
