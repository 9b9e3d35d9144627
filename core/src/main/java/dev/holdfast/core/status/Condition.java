package dev.holdfast.core.status;

import dev.holdfast.core.MonoTime;
import java.util.List;
import java.util.Optional;

/**
 * What of a member an operator may want to look into though it goes on by itself.
 *
 * @param endsInARow how often PostgreSQL ended soon after its start, in a row
 * @param unwell what is wrong with the server's door or the disks, one sentence, or empty
 * @param aloneSince since when this primary of a synchronous mode acknowledges without a standby
 * @param aloneTimes how often that began since the agent started
 * @param stayingUntil until when this member may stay primary without a lease that is proved,
 *     because all others confirm it
 * @param weakerCommits for whom commits wait less than the synchronous mode promises, a sentence
 *     each
 * @param barred why this member may not lead although its file does not say so, one sentence
 */
public record Condition(
        int endsInARow,
        String unwell,
        Optional<MonoTime> aloneSince,
        int aloneTimes,
        Optional<MonoTime> stayingUntil,
        List<String> weakerCommits,
        Optional<String> barred) {
    public Condition {
        weakerCommits = List.copyOf(weakerCommits);
    }

    public static final Condition FINE =
            new Condition(
                    0, "", Optional.empty(), 0, Optional.empty(), List.of(), Optional.empty());

    /** From this many on it is a loop, not an accident. */
    private static final int LOOP = 2;

    /** One sentence for whoever looks at the whole cluster, or empty. */
    public String note() {
        if (!unwell.isEmpty()) {
            return unwell;
        }
        if (stayingUntil.isPresent()) {
            return "etcd is away: this member stays primary by failsafe mode";
        }
        if (endsInARow >= LOOP) {
            return "PostgreSQL ended " + endsInARow + " times in a row soon after its start";
        }
        if (aloneSince.isPresent()) {
            return "no synchronous standby: what is acknowledged now is on this member only";
        }
        return String.join("; ", weakerCommits);
    }
}
