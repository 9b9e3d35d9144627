package dev.holdfast.core.decide;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.KnownStore;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.Tags;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.config.RoleSettings;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * All that a decision may depend on. Facts are the newest of their kind; those that were asked for
 * carry the time of asking.
 *
 * @param calendar the time that people read, for what they scheduled; it may be set, so no deadline
 *     rests on it
 * @param cluster the store's keys; empty until they were read once
 * @param config the cluster's configuration as far as it is known; defaults before that
 * @param data the data directory; empty while it is not known (it is looked at again after every
 *     long action and exit)
 * @param server what the last probe of the running server found; empty when no server runs or no
 *     probe has ended since it started
 * @param serverAskedAt when that probe was sent
 * @param applied what the running server was last started with or told; empty when this agent did
 *     not do it
 * @param namesCount whether the value of synchronous_standby_names in {@code applied} counts
 *     (DESIGN.md, "The sync set")
 * @param checkpointedAt when the last checkpoint that was ordered here and completed had been
 *     ordered
 * @param failsafe what members told each other of a leader that cannot reach the store
 * @param known the newest state of the store that was ever seen here
 * @param commits for whom commits wait less than the synchronous mode promises; empty until asked,
 *     and after each reload
 * @param vitals how the server's door and the disks were last found
 */
public record Observation(
        MonoTime now,
        Instant calendar,
        Self self,
        Optional<ClusterView> cluster,
        KnownStore known,
        ClusterConfig config,
        LeaseFact lease,
        GuardFact guard,
        Optional<DataDirectory> data,
        Optional<Server> server,
        MonoTime serverAskedAt,
        Optional<ServerFiles> applied,
        boolean namesCount,
        MonoTime checkpointedAt,
        SortedMap<MemberName, Peer> peers,
        Optional<SourceFact> source,
        Optional<PredecessorFact> predecessor,
        Vitals vitals,
        FailsafeFact failsafe,
        Optional<CommitsFact> commits,
        Task task,
        Orders orders,
        Memory memory) {

    /**
     * What this member is by its own configuration.
     *
     * @param defaultHba what pg_hba.conf holds where neither member nor cluster say
     * @param parameters of this member only; they win over the cluster's, as do its {@code hba} and
     *     {@code ident}
     * @param roles what is for one role of its server only; wins over all of these
     * @param barred why this member may not lead although its file does not say so: what its host
     *     lacks. The tags say {@code nofailover} then, so that the others know
     * @param prePromote the operator's program that is asked before each promotion, as a sentence
     *     can show it
     * @param copy whether a copy of the data can be had while no server runs
     * @param keeping what is done before a rewind
     */
    public record Self(
            MemberName name,
            Tags tags,
            SortedMap<String, String> parameters,
            List<String> hba,
            List<String> defaultHba,
            List<String> ident,
            RoleSettings.ByRole roles,
            Optional<String> barred,
            Optional<String> prePromote,
            Scripts.Leader copy,
            Keeping keeping) {
        public Self {
            tags = barred.isPresent() ? tags.withNoFailover() : tags;
            parameters = FrozenMap.copyOf(parameters);
            hba = List.copyOf(hba);
            defaultHba = List.copyOf(defaultHba);
            ident = List.copyOf(ident);
        }

        /** The same member, taken out for maintenance; the others see it by its tags. */
        private Self out() {
            return new Self(
                    name,
                    tags.out(),
                    parameters,
                    hba,
                    defaultHba,
                    ident,
                    roles,
                    barred,
                    prePromote,
                    copy,
                    keeping);
        }
    }

    public Observation {
        MemberName me = self.name();
        self = cluster.filter(c -> c.settingsOf(me).isOut()).isPresent() ? self.out() : self;
        peers = FrozenMap.copyOf(peers);
    }

    public Observation withMemory(Memory next) {
        return new Observation(
                now,
                calendar,
                self,
                cluster,
                known,
                config,
                lease,
                guard,
                data,
                server,
                serverAskedAt,
                applied,
                namesCount,
                checkpointedAt,
                peers,
                source,
                predecessor,
                vitals,
                failsafe,
                commits,
                task,
                orders,
                next);
    }

    public Deadlines deadlines() {
        return new Deadlines(lease.id().isPresent() ? lease.ttl() : config.ttl());
    }

    /** What an operator has decided about this member. */
    MemberSettings settings() {
        return cluster.map(c -> c.settingsOf(me())).orElse(MemberSettings.USUAL);
    }

    public MemberName me() {
        return self.name();
    }

    /** Present while the lease is proved and good for a while yet. */
    public Optional<LeaderProof> proof() {
        return LeaderProof.of(lease, deadlines(), now);
    }

    /** Present while all others confirm that this member leads, though the store is away. */
    public Optional<FailsafeProof> staying() {
        return FailsafeProof.of(this);
    }

    /** Whether a primary here may go on: by its lease, or because all others confirm it. */
    boolean mayStay() {
        return proof().isPresent() || staying().isPresent();
    }

    /** When the guard is to end PostgreSQL, by what is known now. */
    MonoTime killAt() {
        MonoTime byLease =
                proof().map(_ -> deadlines().kill(lease.leaderUntil())).orElse(MonoTime.BEGINNING);
        return staying().map(s -> MonoTime.max(byLease, s.kill())).orElse(byLease);
    }

    /** The guard proved that no process of PostgreSQL is left. */
    public boolean serverGone() {
        return !serverMayRun();
    }

    /** Whether the guard holds a server, or is still ending one. */
    public boolean serverMayRun() {
        return switch (guard) {
            case GuardFact.Away away -> true;
            case GuardFact.Present present -> !present.isEmpty();
        };
    }
}
