package dev.holdfast.agent.show;

import dev.holdfast.api.MemberService.JournalLine;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.core.cluster.Operation.Kind;
import dev.holdfast.core.cluster.Operation.Outcome;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.decide.Restarts;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.StoreMirror;
import dev.holdfast.dcs.json.Keys;
import dev.holdfast.dcs.json.OperationCodec;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What became of the changes of the leader and the restarts that were asked for, in the store: who
 * asked finds it there whatever was lost meanwhile. A change of the leader is settled by whoever
 * leads when its request is gone, a restart by its member, each from what it sees then; so an agent
 * that ends in between owes nothing. Lives on the loop's executor.
 */
final class Operations {
    private static final Logger LOG = LoggerFactory.getLogger(Operations.class);

    /** How many are kept; whoever asks for one more removes the oldest that has ended. */
    private static final int KEPT = 20;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSxxx", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private final Dcs dcs;
    private final StoreMirror mirror;
    private final Executor executor;
    private final InstantSource calendar;
    private final Supplier<List<JournalLine>> journal;
    private final Set<String> settling = new HashSet<>();
    private long knownAt = -1;
    private SortedMap<String, Dcs.Entry> held = new TreeMap<>();
    private List<Operation> known = List.of();

    Operations(
            Dcs dcs,
            StoreMirror mirror,
            Executor executor,
            InstantSource calendar,
            Supplier<List<JournalLine>> journal) {
        this.dcs = dcs;
        this.mirror = mirror;
        this.executor = executor;
        this.calendar = calendar;
        this.journal = journal;
    }

    /** All that the store holds, oldest first. */
    List<Operation> all() {
        Optional<Dcs.Snapshot> snapshot = mirror.current();
        if (snapshot.isPresent() && snapshot.get().revision() != knownAt) {
            knownAt = snapshot.get().revision();
            SortedMap<String, Dcs.Entry> found = new TreeMap<>(OperationCodec.held(snapshot.get()));
            if (!found.equals(held)) {
                held = found;
                known = OperationCodec.all(snapshot.get());
            }
        }
        return known;
    }

    /**
     * A new one.
     *
     * @param wished the identifier that whoever asks has chosen
     */
    Operation begin(
            Optional<String> wished,
            Kind kind,
            Optional<MemberName> from,
            Optional<MemberName> to,
            Optional<String> scheduledAt,
            long startMicros) {
        Instant now = calendar.instant();
        String id =
                wished.orElseGet(() ->
                        Operation.newId(
                                now, ThreadLocalRandom.current().nextLong(Operation.SALTS)));
        return new Operation(
                id, kind, from, to, scheduledAt, startMicros, TIME.format(now), Optional.empty());
    }

    /** Holds for one that nobody has begun, or given up, before. */
    static Compare isNew(Operation operation) {
        return new Compare.Absent(Keys.operation(operation.id()));
    }

    /** What writes a new one down, and makes room for it. */
    List<Op> written(Operation operation) {
        List<Op> ops = new ArrayList<>();
        ops.add(Op.put(Keys.operation(operation.id()), OperationCodec.write(operation)));
        List<Operation> before = all();
        before.stream()
                .filter(old -> old.end().isPresent())
                .limit(Math.max(0, before.size() - KEPT + 1))
                .forEach(old -> ops.add(Op.delete(Keys.operation(old.id()))));
        return ops;
    }

    /** What writes down that the request in the store, if it has an identifier, is given up. */
    List<Op> givenUp(Optional<FailoverRequest> request, String why) {
        return request.flatMap(FailoverRequest::operation).stream()
                .flatMap(id -> all().stream().filter(o -> o.id().equals(id) && o.end().isEmpty()))
                .map(o -> o.ended(Outcome.FAILED, why, TIME.format(calendar.instant())))
                .map(o -> Op.put(Keys.operation(o.id()), OperationCodec.write(o)))
                .toList();
    }

    /** Writes down a restart; nothing is lost but its trace where that fails. */
    void record(Operation operation) {
        List<Op> ops = written(operation);
        var _ =
                dcs.commit(List.of(isNew(operation)), ops)
                        .whenCompleteAsync(
                                (result, failure) -> heard(result, failure, ops), executor);
    }

    private void heard(Dcs.@Nullable TxnResult result, @Nullable Throwable failure, List<Op> ops) {
        if (result instanceof Dcs.TxnResult.Applied applied) {
            mirror.applied(applied, ops);
        } else if (failure != null) {
            LOG.debug("an operation was not written: {}", failure.getMessage());
        }
    }

    /** Settles what has come to its end by this turn. */
    void onTurn(Observation o) {
        if (o.cluster().isEmpty() || !o.lease().isGood(o.now())) {
            return;
        }
        for (Operation operation : all()) {
            if (operation.end().isEmpty() && !settling.contains(operation.id())) {
                Optional<Operation> ended =
                        switch (operation.kind()) {
                            case SWITCHOVER, FAILOVER -> leaderChange(o, operation);
                            case RESTART -> restart(o, operation);
                        };
                ended.ifPresent(this::settle);
            }
        }
    }

    private Optional<Operation> leaderChange(Observation o, Operation operation) {
        boolean leads =
                o.cluster().get().isLeader(o.me())
                        && o.proof().isPresent()
                        && (o.server().orElse(null) instanceof Server.Primary
                                || o.config().standbyCluster().isPresent());
        boolean asked =
                o.cluster()
                        .get()
                        .failover()
                        .map(Versioned::value)
                        .flatMap(FailoverRequest::operation)
                        .filter(operation.id()::equals)
                        .isPresent();
        return leads && !asked
                ? Optional.of(operation.settledBy(o.me(), lastSaid("switchover."), now()))
                : Optional.empty();
    }

    private Optional<Operation> restart(Observation o, Operation operation) {
        Optional<Long> start = o.server().flatMap(Restarts::startOf);
        boolean ordered =
                o.orders().restart().isPresent()
                        || (operation.scheduledAt().isPresent()
                                && o.orders()
                                        .scheduled()
                                        .map(s -> s.schedule())
                                        .equals(operation.scheduledAt()));
        if (!operation.to().equals(Optional.of(o.me())) || start.isEmpty() || ordered) {
            return Optional.empty();
        }
        return Optional.of(
                start.get() != operation.startMicros()
                        ? operation.ended(Outcome.DONE, "PostgreSQL was restarted", now())
                        : operation.ended(
                                Outcome.FAILED,
                                "PostgreSQL was not restarted; " + lastSaid("order."),
                                now()));
    }

    private String lastSaid(String prefix) {
        return journal.get().reversed().stream()
                .filter(line -> line.code().startsWith(prefix))
                .findFirst()
                .map(JournalLine::sentence)
                .orElse("");
    }

    private String now() {
        return TIME.format(calendar.instant());
    }

    private void settle(Operation ended) {
        String key = Keys.operation(ended.id());
        Optional<Dcs.Entry> entry = mirror.current().map(s -> s.entries().get(key));
        if (entry.isEmpty()) {
            return;
        }
        settling.add(ended.id());
        List<Op> ops = List.of(Op.put(key, OperationCodec.write(ended)));
        var _ =
                dcs.commit(List.of(new Compare.AtRevision(key, entry.get().modRevision())), ops)
                        .whenCompleteAsync(
                                (result, failure) -> {
                                    settling.remove(ended.id());
                                    heard(result, failure, ops);
                                },
                                executor);
    }
}
