package dev.holdfast.agent.show;

import dev.holdfast.api.wire.StatusJson;
import dev.holdfast.core.LeaseId;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.KnownStore;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.decide.LeaderProof;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.decide.SlotOwners;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.core.status.MemberStatus;
import dev.holdfast.core.status.ServiceStatus;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.StoreMirror;
import dev.holdfast.dcs.json.KeyCodec;
import dev.holdfast.dcs.json.Keys;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the member's record in the store, and as leader the published position. What others act on
 * is written at once; positions, which change all the time, once every {@code loop_wait}. Lives on
 * the loop's executor.
 */
public final class Publisher {
    private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);

    private final String connUrl;
    private final String apiUrl;
    private final Dcs dcs;
    private final StoreMirror mirror;
    private final Executor executor;

    private boolean writing;
    private MonoTime positionsAt = MonoTime.BEGINNING;
    private MonoTime statusAt = MonoTime.BEGINNING;
    private MonoTime notBefore = MonoTime.BEGINNING;
    private Optional<LeaderStatus> publishedStatus = Optional.empty();

    /** What the key {@code status} tells. */
    private record LeaderStatus(Lsn position, SlotStatus slots) {}

    public Publisher(AgentConfig config, Dcs dcs, StoreMirror mirror, Executor executor) {
        this.connUrl = "postgres://" + config.postgresql().connectAddress() + "/postgres";
        this.apiUrl = config.restApi().url();
        this.dcs = dcs;
        this.mirror = mirror;
        this.executor = executor;
    }

    /** Writes what is due after this turn. */
    public void onTurn(Observation o, MemberStatus status) {
        if (writing
                || o.cluster().isEmpty()
                || !o.lease().isGood(o.now())
                || o.now().isBefore(notBefore)) {
            return;
        }
        LeaseId lease = o.lease().id().orElseThrow();
        MemberRecord record = record(status, o.known(), o.cluster().get());
        Optional<MemberRecord.Stored> stored =
                Optional.ofNullable(o.cluster().get().members().get(o.me()));
        boolean same =
                stored.filter(s -> s.lease().equals(o.lease().id()))
                        .filter(s -> s.member().sameButPositions(record))
                        .isPresent();
        boolean positionsDue = !o.now().isBefore(positionsAt.plus(o.config().loopWait()));
        boolean statusDue =
                !o.now().isBefore(statusAt.plus(o.config().loopWait()))
                        || SlotOwners.isOutdated(o.cluster().get());
        // Each in its turn: under load the positions differ whenever one looks.
        Optional<LeaderStatus> next =
                same && statusDue ? leaderStatus(o, status) : Optional.empty();
        if (next.isPresent()) {
            publishedStatus = next;
            statusAt = o.now();
            write(
                    o,
                    List.of(
                            new Compare.AtRevision(
                                    Keys.LEADER,
                                    o.proof().map(LeaderProof::epoch).orElseThrow().revision())),
                    List.of(
                            Op.put(
                                    Keys.STATUS,
                                    KeyCodec.writeStatus(
                                            next.get().position(), next.get().slots()))));
        } else if (!same || (positionsDue && !stored.get().member().equals(record))) {
            positionsAt = o.now();
            write(
                    o,
                    List.of(),
                    List.of(Op.put(Keys.member(o.me()), KeyCodec.write(record), lease)));
        }
    }

    private Optional<LeaderStatus> leaderStatus(Observation o, MemberStatus status) {
        if (o.proof().isEmpty()) {
            return Optional.empty();
        }
        Optional<LeaderStatus> now =
                switch (status.server().orElse(null)) {
                    case Server.Primary primary ->
                            Optional.of(leaderStatus(o, primary.slots(), primary.flushed()));
                    case Server.Standby standby when status.role() == MemberRole.STANDBY_LEADER ->
                            Optional.of(leaderStatus(o, standby.slots(), standby.position()));
                    case Server.Standby _ -> Optional.empty();
                    case Server.Rejecting _, Server.Silent _ -> Optional.empty();
                    case null -> Optional.empty();
                };
        return now.filter(s -> !Optional.of(s).equals(publishedStatus));
    }

    private static LeaderStatus leaderStatus(Observation o, List<Slot> slots, Lsn position) {
        return new LeaderStatus(position, SlotOwners.published(o, slots, position));
    }

    private void write(Observation o, List<Compare> compares, List<Op> ops) {
        writing = true;
        dcs.commit(compares, ops)
                .whenComplete((result, failure) ->
                        executor.execute(() -> {
                            writing = false;
                            if (failure != null) {
                                LOG.debug(
                                        "the member's record was not written: {}",
                                        failure.getMessage());
                                notBefore = o.now().plus(o.deadlines().renewEvery());
                                positionsAt = MonoTime.BEGINNING;
                                statusAt = MonoTime.BEGINNING;
                                publishedStatus = Optional.empty();
                            } else if (result instanceof Dcs.TxnResult.Applied applied) {
                                mirror.applied(applied, ops);
                            }
                        }));
    }

    private MemberRecord record(MemberStatus status, KnownStore known, ClusterView cluster) {
        Optional<Lsn> location = Optional.empty();
        Optional<Timeline> timeline = Optional.empty();
        Optional<Lsn> received = Optional.empty();
        Optional<Lsn> replayed = Optional.empty();
        switch (status.server().orElse(null)) {
            case Server.Primary primary -> {
                location = Optional.of(primary.flushed());
                timeline = Optional.of(primary.timeline());
            }
            case Server.Standby standby -> {
                location = Optional.of(standby.position());
                timeline = Optional.of(standby.timeline());
                received = standby.received();
                replayed = Optional.of(standby.replayed());
            }
            case Server.Rejecting _, Server.Silent _ -> {}
            case null -> {}
        }
        return new MemberRecord(
                connUrl,
                apiUrl,
                // How a standby replicates stands in a field of its own.
                status.state().isRunning() ? MemberState.RUNNING : status.state(),
                status.role(),
                status.version(),
                location,
                timeline,
                received,
                replayed,
                StatusJson.replicationState(status),
                status.tags(),
                status.pendingRestart(),
                status.scheduledRestart(),
                status.pauseSeen(),
                note(status),
                status.condition().unwell().isEmpty()
                        ? MemberRecord.Health.WELL
                        : MemberRecord.Health.UNWELL,
                known.isAheadOf(cluster) ? MemberRecord.Store.OLDER : MemberRecord.Store.CURRENT,
                known.generation(),
                services(status));
    }

    private static SortedMap<String, String> services(MemberStatus status) {
        SortedMap<String, String> services = new TreeMap<>();
        status.services().forEach(each -> services.put(each.name(), each.state().text()));
        return services;
    }

    /** Only what needs an operator: a member that cannot go on by itself. */
    private static String note(MemberStatus status) {
        return switch (status.reasonCode()) {
            case "start.backoff",
                    "store.older",
                    "server.silent",
                    "refuse.other_system",
                    "refuse.directory",
                    "follow.diverged",
                    "rejoin.switched_off",
                    "race.lags" ->
                    status.reason();
            default -> {
                String note = status.condition().note();
                yield note.isEmpty() ? failedServices(status) : note;
            }
        };
    }

    private static String failedServices(MemberStatus status) {
        return status.services().isEmpty()
                ? ""
                : status.services().stream()
                        .map(ServiceStatus::failure)
                        .filter(failure -> !failure.isEmpty())
                        .collect(Collectors.joining("; "));
    }
}
