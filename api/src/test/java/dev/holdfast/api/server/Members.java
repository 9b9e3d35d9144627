package dev.holdfast.api.server;

import dev.holdfast.api.wire.Clusters;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.cluster.Tags;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.WalSender;
import dev.holdfast.core.status.Condition;
import dev.holdfast.core.status.HostStatus;
import dev.holdfast.core.status.MemberStatus;
import dev.holdfast.core.status.ServiceStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Pictures of a member for tests, each a primary or a standby of which a test says only what
 * differs.
 */
public final class Members {
    /** The instant that every picture is made for. */
    public static final MonoTime NOW = new MonoTime(1_000_000_000_000L);

    public static final MonoTime SOON = NOW.plus(Duration.ofMillis(5_250));

    private static final Server.Common COMMON =
            new Server.Common(1_763_661_600_123_456L, 150_004, "pg2", new TreeMap<>());

    private Members() {}

    /** A field of {@link MemberStatus} that a test sets. */
    public static final class Picture {
        private MemberName name = Clusters.PG1;
        private MemberState state = MemberState.RUNNING;
        private MemberRole role = MemberRole.PRIMARY;
        private Optional<Server> server = Optional.empty();
        private Optional<ClusterView> cluster = Optional.of(Clusters.synchronous());
        private MonoTime leaderUntil = MonoTime.BEGINNING;
        private MonoTime primaryUntil = MonoTime.BEGINNING;
        private MonoTime settlesBy = MonoTime.BEGINNING;
        private boolean syncStandby;
        private boolean pauseSeen;
        private Map<String, String> tags = Map.of();
        private Map<String, String> pendingRestart = Map.of();
        private Optional<ScheduledRestart> scheduledRestart = Optional.empty();
        private Condition condition = Condition.FINE;
        private List<ServiceStatus> services = List.of();
        private HostStatus host = HostStatus.UNKNOWN;

        public Picture name(MemberName value) {
            name = value;
            return this;
        }

        public Picture state(MemberState value) {
            state = value;
            return this;
        }

        public Picture role(MemberRole value) {
            role = value;
            return this;
        }

        public Picture server(Server value) {
            server = Optional.of(value);
            return this;
        }

        public Picture noServer() {
            server = Optional.empty();
            return this;
        }

        public Picture cluster(ClusterView value) {
            cluster = Optional.of(value);
            return this;
        }

        public Picture noCluster() {
            cluster = Optional.empty();
            return this;
        }

        public Picture leaderUntil(MonoTime value) {
            leaderUntil = value;
            return this;
        }

        public Picture primaryUntil(MonoTime value) {
            primaryUntil = value;
            return this;
        }

        public Picture settlesBy(MonoTime value) {
            settlesBy = value;
            return this;
        }

        public Picture syncStandby() {
            syncStandby = true;
            return this;
        }

        public Picture condition(Condition value) {
            condition = value;
            return this;
        }

        public Picture services(List<ServiceStatus> value) {
            services = value;
            return this;
        }

        public Picture host(HostStatus value) {
            host = value;
            return this;
        }

        public Picture pauseSeen() {
            pauseSeen = true;
            return this;
        }

        public Picture tags(Map<String, String> value) {
            tags = value;
            return this;
        }

        public Picture pendingRestart(Map<String, String> value) {
            pendingRestart = value;
            return this;
        }

        public Picture scheduledRestart(ScheduledRestart value) {
            scheduledRestart = Optional.of(value);
            return this;
        }

        public MemberStatus status() {
            return new MemberStatus(
                    "demo",
                    name,
                    "0.1.0",
                    state,
                    role,
                    server,
                    cluster,
                    Optional.of(new SystemIdentifier("7408277255830290455")),
                    1_763_661_700,
                    leaderUntil,
                    primaryUntil,
                    settlesBy,
                    syncStandby,
                    pauseSeen,
                    new Tags(new TreeMap<>(tags)),
                    new TreeMap<>(pendingRestart),
                    scheduledRestart,
                    "leading",
                    "this member leads and serves",
                    "",
                    "armed",
                    condition,
                    services,
                    host);
        }
    }

    /** pg1, which leads and serves. */
    public static Picture primary() {
        return new Picture()
                .server(
                        new Server.Primary(
                                COMMON,
                                new Timeline(2),
                                Lsn.of("0/3000100"),
                                List.of(
                                        new WalSender(
                                                42,
                                                "pg2",
                                                "streaming",
                                                "sync",
                                                1,
                                                Lsn.of("0/3000100"),
                                                Lsn.of("0/3000100"),
                                                Lsn.of("0/3000100"),
                                                Lsn.of("0/30000C0"))),
                                List.of()))
                .leaderUntil(SOON)
                .primaryUntil(SOON);
    }

    /** pg1 on its way to be primary: holds the lease, does not serve yet. */
    public static Picture promoting() {
        return primary().primaryUntil(MonoTime.BEGINNING).settlesBy(SOON);
    }

    /** pg3, asynchronous, which has received up to a mebibyte behind, replayed 0x100 bytes less. */
    public static Picture standby() {
        return new Picture()
                .name(Clusters.PG3)
                .role(MemberRole.REPLICA)
                .server(standbyServer(standby -> standby));
    }

    /** pg2, which stands in /sync. */
    public static Picture syncStandby() {
        return standby().name(Clusters.PG2).syncStandby();
    }

    public static Server standbyServer(UnaryOperator<Server.Standby> change) {
        return change.apply(
                new Server.Standby(
                        COMMON,
                        new Timeline(2),
                        Optional.of(Lsn.of("0/2F00100")),
                        Lsn.of("0/2F00000"),
                        Optional.of("2026-11-20 18:00:01.5+00"),
                        Server.Replay.ON,
                        Optional.of(
                                new Server.WalReceiver(
                                        "streaming", new Timeline(2), "10.0.0.1", 5432)),
                        "host=10.0.0.1 port=5432",
                        List.of(),
                        List.of()));
    }

    public static Server.Standby notStreaming(Server.Standby s) {
        return new Server.Standby(
                s.common(),
                s.timeline(),
                Optional.empty(),
                s.replayed(),
                Optional.empty(),
                Server.Replay.PAUSED,
                Optional.empty(),
                s.primaryConninfo(),
                s.senders(),
                s.slots());
    }
}
