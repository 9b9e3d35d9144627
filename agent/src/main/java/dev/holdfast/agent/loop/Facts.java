package dev.holdfast.agent.loop;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.KnownStore;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.decide.CommitsFact;
import dev.holdfast.core.decide.FailsafeFact;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.decide.LeaseFact;
import dev.holdfast.core.decide.Memory;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.decide.Orders;
import dev.holdfast.core.decide.Peer;
import dev.holdfast.core.decide.PredecessorFact;
import dev.holdfast.core.decide.SourceFact;
import dev.holdfast.core.decide.Task;
import dev.holdfast.core.decide.Vitals;
import dev.holdfast.core.postgres.DataDirectory;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.ServerFiles;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The newest fact of each kind. Belongs to the loop's executor; {@link #observe} freezes it into a
 * value.
 */
final class Facts {
    Observation.Self self;
    Optional<ClusterView> cluster = Optional.empty();
    KnownStore known;
    ClusterConfig config;
    LeaseFact lease = LeaseFact.none();
    GuardFact guard = new GuardFact.Away("it has not been asked yet");
    Optional<DataDirectory> data = Optional.empty();
    Optional<Server> server = Optional.empty();
    MonoTime serverAskedAt = MonoTime.BEGINNING;
    Optional<ServerFiles> applied = Optional.empty();
    boolean namesCount;
    MonoTime checkpointedAt = MonoTime.BEGINNING;
    SortedMap<MemberName, Peer> peers = new TreeMap<>();
    Optional<SourceFact> source = Optional.empty();
    Optional<PredecessorFact> predecessor = Optional.empty();
    Vitals vitals = Vitals.WELL;
    FailsafeFact failsafe;
    Optional<CommitsFact> commits = Optional.empty();
    Task task = new Task.Idle();
    Orders orders = Orders.NONE;
    Memory memory = Memory.empty();

    Facts(Observation.Self self, ClusterConfig config, KnownStore known, MonoTime startedAt) {
        this.failsafe = FailsafeFact.startedAt(startedAt);
        this.self = self;
        this.config = config;
        this.known = known;
    }

    /** The server is another one than was probed, or none: what was known of it is void. */
    void forgetServer() {
        server = Optional.empty();
        data = Optional.empty();
    }

    Observation observe(MonoTime now, Instant calendar) {
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
                memory);
    }
}
