package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Reason.Code.LEAD;
import static dev.holdfast.core.decide.Reason.Code.LEAD_RECORD;
import static dev.holdfast.core.decide.Reason.Code.LEAD_SETTLE;
import static dev.holdfast.core.decide.Reason.Code.LEAD_SYNC;
import static dev.holdfast.core.decide.Reason.Code.LEAD_UPKEEP;

import dev.holdfast.core.Epoch;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.WalSender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The lease is held and the server is a primary: keep everything around it in step. */
final class PrimaryRules {
    /**
     * Within this a standby connects, be its host ever so busy: left alone PostgreSQL tries every 5
     * s ({@code wal_retrieve_retry_interval}), and one that had received more than the new primary
     * is rewound first.
     */
    private static final Duration COMES = Duration.ofSeconds(15);

    private PrimaryRules() {}

    static Decision decide(
            Observation seen, ClusterView cluster, LeaderProof proof, Server.Primary primary) {
        Observation o = seen.withMemory(Serving.gate(seen, cluster, primary));
        return ScheduledSwitchover.decide(o, cluster, proof)
                .or(() -> request(o, cluster, primary))
                .or(() -> barred(o, cluster, primary))
                .or(() -> MaintenanceRules.handOver(o, cluster, primary))
                .orElseGet(() -> upkeep(o, cluster, proof, primary));
    }

    /**
     * The watchdog that is required does not work any more, so the guard takes no later deadline
     * and will end PostgreSQL. Until then there is time to hand over, if somebody is fit.
     */
    private static Optional<Decision> barred(
            Observation o, ClusterView cluster, Server.Primary primary) {
        return o.self()
                .barred()
                .flatMap(_ -> SwitchoverRules.candidate(o, cluster, primary))
                .map(fit -> SwitchoverRules.handOver(o, cluster, primary, Optional.of(fit)));
    }

    private static Optional<Decision> request(
            Observation o, ClusterView cluster, Server.Primary primary) {
        return WishedLeader.decide(
                o,
                cluster,
                new WishedLeader.Change() {
                    @Override
                    public Optional<MemberName> best() {
                        return SwitchoverRules.candidate(o, cluster, primary);
                    }

                    @Override
                    public Optional<String> refusal(FailoverRequest wish, MemberName candidate) {
                        return Candidates.refusal(
                                o,
                                cluster,
                                primary,
                                candidate,
                                wish.leader().isPresent()
                                        ? Candidates.SyncSetRule.MUST_BE_IN
                                        : Candidates.SyncSetRule.MAY_BE_OUT);
                    }

                    @Override
                    public Optional<Decision> carryOut(
                            Versioned<FailoverRequest> request, MemberName candidate) {
                        return Optional.of(
                                SwitchoverRules.handOver(
                                        o, cluster, primary, Optional.of(candidate)));
                    }
                });
    }

    private static Decision upkeep(
            Observation o, ClusterView cluster, LeaderProof proof, Server.Primary primary) {
        List<Action> actions = new ArrayList<>();
        Memory memory = o.memory().withSwitchover(Optional.empty());
        arm(o).ifPresent(actions::add);
        Optional<Action> record = recordPromotion(o, cluster, proof, primary);
        record.ifPresent(actions::add);
        if (cluster.system().isEmpty()
                && o.data().orElse(null) instanceof DataDirectory.Valid valid) {
            actions.add(new Action.WriteInitialize(proof.epoch(), valid.control().system()));
        }
        if (cluster.config().isEmpty()) {
            actions.add(new Action.WriteConfig(proof.epoch()));
        }
        actions.addAll(SlotRules.onPrimary(o, cluster, primary));
        Optional<Action.WriteFailsafe> failsafe = FailsafeRules.write(o, cluster, proof);
        if (failsafe.isPresent()) {
            actions.add(failsafe.get());
            memory = FailsafeRules.remember(memory, failsafe.get());
        }

        SyncSet.Input input = syncInput(o, cluster, primary);
        boolean open = memory.gate().filter(Memory.Gate::open).isPresent();
        boolean confirming = !open && isBeingConfirmed(o, input);
        SyncSet.Step step =
                confirming
                        ? new SyncSet.Step.Wait("they are there and about to")
                        : SyncSet.next(input);
        Optional<MonoTime> noneSince =
                waitsForStandby(step, input)
                        ? Optional.of(o.memory().sync().noneSince().orElse(o.now()))
                        : Optional.empty();
        Optional<Memory.SyncAdd> add =
                step instanceof SyncSet.Step.Prove(Memory.SyncAdd begun)
                        ? Optional.of(begun)
                        : step instanceof SyncSet.Step.Wait
                                ? o.memory().sync().add()
                                : Optional.empty();
        Optional<Long> written =
                step instanceof SyncSet.Step.Write
                        ? Optional.of(cluster.sync().revision())
                        : o.memory().sync().written();
        memory = memory.withSync(new Memory.Sync(add, noneSince, written));
        Optional<Action> sync = syncAction(step, cluster, proof);
        sync.ifPresent(actions::add);
        if (!confirming) {
            apply(o, primary, step).ifPresent(actions::add);
        }

        if (open && isTimeToAskForCommits(o)) {
            actions.add(new Action.AskCommits());
        }
        boolean settling = !open || !(step instanceof SyncSet.Step.Rest);
        Say say =
                Say.of(o, code(open, record, sync, actions), sentence(open, step, primary))
                        .actAll(actions)
                        .remember(memory)
                        .service(Serving.whileRunning(o.withMemory(memory)));
        noneSince
                .map(since -> since.plus(patience(o)))
                .filter(end -> end.isAfter(o.now()))
                .ifPresent(say::lookAt);
        return (settling && !isLongWait(o, noneSince) ? say.eager() : say).decision();
    }

    private static Reason.Code code(
            boolean open, Optional<Action> record, Optional<Action> sync, List<Action> actions) {
        if (record.isPresent()) {
            return LEAD_RECORD;
        }
        if (!open) {
            return LEAD_SETTLE;
        }
        if (sync.isPresent()) {
            return LEAD_SYNC;
        }
        return actions.stream()
                        .allMatch(
                                a -> a instanceof Action.SetGuard || a instanceof Action.AskCommits)
                ? LEAD
                : LEAD_UPKEEP;
    }

    /** Nothing depends on the answer but a warning, so it is asked for rarely. */
    private static boolean isTimeToAskForCommits(Observation o) {
        return o.config().synchronous()
                && o.commits()
                        .map(c -> c.askedAt().plus(o.config().loopWait().multipliedBy(6)))
                        .filter(o.now()::isBefore)
                        .isEmpty();
    }

    private static String sentence(boolean open, SyncSet.Step step, Server.Primary primary) {
        String role =
                open
                        ? "primary on timeline " + primary.timeline()
                        : "primary on timeline "
                                + primary.timeline()
                                + ", closed to clients until the synchronous standbys have flushed all that it shows";
        return switch (step) {
            case SyncSet.Step.Rest _ -> role;
            case SyncSet.Step.Wait wait -> role + "; " + wait.why();
            case SyncSet.Step.SetNames names ->
                    role + "; synchronous_standby_names becomes '" + names.names().render() + "'";
            case SyncSet.Step.Write write ->
                    role
                            + "; /sync becomes "
                            + write.sync().standbys()
                            + (write.sync().quorum() > 0
                                    ? ", with a quorum of " + write.sync().quorum()
                                    : "");
            case SyncSet.Step.Prove(Memory.SyncAdd add) ->
                    role
                            + "; "
                            + (add.standbys().size() == 1
                                    ? add.standbys().getFirst() + " is"
                                    : add.standbys() + " are")
                            + " becoming synchronous";
        };
    }

    private static Optional<Action> arm(Observation o) {
        MonoTime kill = o.killAt();
        boolean armed =
                o.guard()
                                instanceof
                                GuardFact.Present(
                                        GuardFact.Mode.Armed(MonoTime deadline),
                                        long _,
                                        boolean _)
                        && deadline.equals(kill);
        return armed
                ? Optional.empty()
                : Optional.of(new Action.SetGuard(new GuardFact.Mode.Armed(kill)));
    }

    /** The timeline that was claimed is open: say so, with where the old one ended. */
    private static Optional<Action> recordPromotion(
            Observation o, ClusterView cluster, LeaderProof proof, Server.Primary primary) {
        Optional<Versioned<TimelineClaim>> claim = cluster.timeline();
        if (claim.isEmpty()
                || claim.get().value().opened()
                || !claim.get().value().member().equals(o.me())) {
            return Optional.empty();
        }
        if (!(o.data().orElse(null) instanceof DataDirectory.Valid valid)
                || !valid.history().timeline().equals(primary.timeline())) {
            return Optional.of(new Action.Inspect());
        }
        return Optional.of(
                new Action.RecordPromotion(
                        proof.epoch(),
                        opened(claim.get().value(), primary.timeline(), proof.epoch(), valid),
                        claim.get().revision(),
                        history(o, cluster, valid, primary.timeline())));
    }

    /**
     * What becomes of a claim when the timeline is open. PostgreSQL may have chosen a later one.
     */
    static TimelineClaim opened(
            TimelineClaim claim, Timeline timeline, Epoch epoch, DataDirectory.Valid valid) {
        boolean known =
                valid.history().timeline().equals(timeline)
                        && !valid.history().switches().isEmpty();
        return new TimelineClaim(
                timeline,
                claim.member(),
                epoch,
                known ? valid.history().switches().getLast().at() : claim.switchLsn(),
                true);
    }

    /** The lines of {@code history} up to the timeline {@code now}, which this member opened. */
    static List<HistoryEntry> history(
            Observation o, ClusterView cluster, DataDirectory.Valid valid, Timeline now) {
        return history(o, cluster, valid.history()).stream()
                .map(line ->
                        line.timeline().next().equals(now) && line.newLeader().isEmpty()
                                ? new HistoryEntry(
                                        line.timeline(),
                                        line.lsn(),
                                        line.reason(),
                                        line.timestamp(),
                                        o.me().value())
                                : line)
                .toList();
    }

    /** The same lines, with what is known of each; who opened the others stays open. */
    static List<HistoryEntry> history(Observation o, ClusterView cluster, TimelineHistory whole) {
        List<HistoryEntry> entries = new ArrayList<>();
        for (var s : whole.switches()) {
            entries.add(
                    cluster.history().stream()
                            .filter(h -> h.timeline().equals(s.parent()) && h.lsn().equals(s.at()))
                            .findFirst()
                            .orElse(new HistoryEntry(s.parent(), s.at(), s.reason(), "", "")));
        }
        int most = o.config().maxTimelinesHistory();
        return most > 0 && entries.size() > most
                ? entries.subList(entries.size() - most, entries.size())
                : entries;
    }

    static SyncSet.Input syncInput(Observation o, ClusterView cluster, Server.Primary primary) {
        SortedMap<MemberName, Integer> eligible = new TreeMap<>();
        for (MemberName member : Files.eligible(o, cluster)) {
            // Whoever is to stream from another standby is about to go there, or has gone.
            if (Following.named(cluster, member).isEmpty()) {
                eligible.put(
                        member, cluster.member(member).map(m -> m.tags().syncPriority()).orElse(1));
            }
        }
        boolean spent =
                eligible.isEmpty()
                        || o.memory()
                                .sync()
                                .noneSince()
                                .filter(s -> !o.now().isBefore(s.plus(patience(o))))
                                .isPresent();
        boolean excluded =
                o.memory()
                        .sync()
                        .written()
                        .filter(written -> written < cluster.sync().revision())
                        .isPresent();
        return new SyncSet.Input(
                o.now(),
                o.me(),
                o.config().syncMode(),
                o.config().syncStrict(),
                o.config().syncNodeCount(),
                cluster.sync().value(),
                countedNames(o, primary.common()),
                primary.flushed(),
                o.serverAskedAt(),
                primary.senders(),
                eligible,
                o.config().maximumLagOnSyncNode(),
                spent ? SyncSet.Patience.SPENT : SyncSet.Patience.WAIT,
                o.memory().sync().add(),
                excluded ? SyncSet.LateWrite.EXCLUDED : SyncSet.LateWrite.POSSIBLE,
                Stalls.lasting(o));
    }

    /** How long a primary without any standby that streams waits for one that lives. */
    private static Duration patience(Observation o) {
        return o.config().ttl().compareTo(COMES) < 0 ? COMES : o.config().ttl();
    }

    /** The names that commits are known to wait for; empty when that is not known. */
    static Optional<SyncNames> countedNames(Observation o, Server.Common common) {
        return o.namesCount()
                ? o.applied()
                        .map(ServerFiles::syncNames)
                        .filter(common.syncNames()::equals)
                        .flatMap(SyncNames::parse)
                : Optional.empty();
    }

    /**
     * A new primary waits for those whom its names ask for, and enough of them stream: they confirm
     * within milliseconds. To bring names and files up to date before would only delay that. Not
     * for ever, though: a standby may stream and be stuck.
     */
    private static boolean isBeingConfirmed(Observation o, SyncSet.Input input) {
        long there =
                input.names().stream()
                        .flatMap(names -> names.names().stream())
                        .filter(m ->
                                SyncSet.sender(input, m).filter(WalSender::isStreaming).isPresent())
                        .count();
        return input.wanted()
                && input.names().filter(n -> !n.isEmpty() && there >= n.number()).isPresent()
                && !PromotionRules.isLate(o);
    }

    /** A synchronous standby is wanted and nobody streams. */
    private static boolean waitsForStandby(SyncSet.Step step, SyncSet.Input input) {
        return input.wanted()
                && !(step instanceof SyncSet.Step.Rest)
                && input.eligible().keySet().stream()
                        .noneMatch(m ->
                                SyncSet.sender(input, m).filter(s -> s.isStreaming()).isPresent());
    }

    private static boolean isLongWait(Observation o, Optional<MonoTime> noneSince) {
        return noneSince.filter(since -> o.now().since(since).toSeconds() >= 2).isPresent();
    }

    private static Optional<Action> syncAction(
            SyncSet.Step step, ClusterView cluster, LeaderProof proof) {
        return switch (step) {
            case SyncSet.Step.Rest _, SyncSet.Step.Wait _, SyncSet.Step.SetNames _ ->
                    Optional.empty();
            case SyncSet.Step.Write write ->
                    Optional.of(
                            new Action.WriteSync(
                                    proof.epoch(), write.sync(), cluster.sync().revision()));
            case SyncSet.Step.Prove _ -> Optional.of(new Action.EmitWal());
        };
    }

    /**
     * The configuration as it should be, with the names as they are unless the sync set asks for
     * others.
     */
    private static Optional<Action> apply(
            Observation o, Server.Primary primary, SyncSet.Step step) {
        String names =
                step instanceof SyncSet.Step.SetNames(SyncNames next)
                        ? next.render()
                        : o.applied()
                                .map(ServerFiles::syncNames)
                                .orElse(primary.common().syncNames());
        ServerFiles wanted = Files.forPrimary(o, names);
        boolean done =
                o.applied().equals(Optional.of(wanted))
                        && o.namesCount()
                        && primary.common().syncNames().equals(names);
        return done ? Optional.empty() : Optional.of(new Action.ApplyFiles(wanted));
    }
}
