package dev.holdfast.core.decide;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedSet;

/**
 * That every other member who could be elected has confirmed, not long ago, that this one leads: it
 * may stay primary although the store is away. Nothing else can be done with it; whatever changes
 * the store or promotes takes a {@link LeaderProof}.
 */
public final class FailsafeProof {
    private final Epoch epoch;
    private final MonoTime soft;
    private final MonoTime kill;
    private final MonoTime goodUntil;

    private FailsafeProof(Epoch epoch, MonoTime soft, MonoTime kill, MonoTime goodUntil) {
        this.epoch = epoch;
        this.soft = soft;
        this.kill = kill;
        this.goodUntil = goodUntil;
    }

    /** Empty unless all have confirmed and the soft deadline of the oldest answer lies ahead. */
    static Optional<FailsafeProof> of(Observation o) {
        Optional<Memory.Lead> lead = o.memory().lead();
        Optional<SortedSet<MemberName>> others = FailsafeRules.others(o);
        if (lead.isEmpty() || others.isEmpty() || FailsafeRules.isOver(o, lead.get())) {
            return Optional.empty();
        }
        Epoch epoch = lead.get().epoch();
        Optional<FailsafeProof> least =
                others.get().isEmpty()
                        ? o.failsafe()
                                .askedAt()
                                .map(at -> new Confirmed(at, o.deadlines().ttl()))
                                .map(c -> of(epoch, c))
                        : Optional.empty();
        for (MemberName member : others.get()) {
            Optional<FailsafeProof> one =
                    Optional.ofNullable(o.failsafe().answers().get(member))
                            .flatMap(FailsafeFact.Answer::confirmed)
                            .filter(c -> c.epoch().equals(epoch))
                            .map(c -> of(epoch, new Confirmed(c.sentAt(), c.validity())));
            if (one.isEmpty()) {
                return Optional.empty();
            }
            least = least.filter(l -> l.goodUntil.isBefore(one.get().goodUntil)).or(() -> one);
        }
        return least.filter(l -> o.now().isBefore(l.soft));
    }

    private record Confirmed(MonoTime sentAt, Duration validity) {}

    private static FailsafeProof of(Epoch epoch, Confirmed confirmed) {
        Deadlines deadlines = new Deadlines(confirmed.validity());
        MonoTime end = Deadlines.goodUntil(confirmed.sentAt(), confirmed.validity());
        return new FailsafeProof(epoch, deadlines.soft(end), deadlines.kill(end), end);
    }

    public Epoch epoch() {
        return epoch;
    }

    /** From here on PostgreSQL is ended, as at the soft deadline of a lease. */
    public MonoTime validUntil() {
        return soft;
    }

    /** The guard ends PostgreSQL at this instant. */
    MonoTime kill() {
        return kill;
    }

    /** No other member leads before this. */
    public MonoTime goodUntil() {
        return goodUntil;
    }

    @Override
    public String toString() {
        return "failsafe, epoch " + epoch;
    }
}
