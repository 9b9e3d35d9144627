package dev.holdfast.core.decide;

import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.RoleSettings;
import dev.holdfast.core.config.SlotSettings;
import dev.holdfast.core.config.StandbyCluster;
import dev.holdfast.core.config.SyncMode;
import java.time.Duration;
import java.util.Optional;

/** The values of a configuration, one by one, for tests that change some of them. */
final class ConfigParts {
    private final ClusterConfig from;
    private Duration ttl;
    private Duration startTimeout;
    private SyncMode syncMode;
    private int count;
    private boolean strict;
    private long lagOnSyncNode;
    private boolean pause;
    private boolean rewind;
    private boolean failsafe;
    private RoleSettings.ByRole roles;
    private SlotSettings slots;
    private Optional<StandbyCluster> standbyCluster;

    ConfigParts(ClusterConfig config) {
        from = config;
        ttl = config.ttl();
        startTimeout = config.primaryStartTimeout();
        syncMode = config.syncMode();
        standbyCluster = config.standbyCluster();
        count = config.syncNodeCount();
        strict = config.syncStrict();
        lagOnSyncNode = config.maximumLagOnSyncNode();
        pause = config.pause();
        rewind = config.usePgRewind();
        failsafe = config.failsafe();
        roles = config.roles();
        slots = config.slots();
    }

    ConfigParts roles(RoleSettings.ByRole value) {
        roles = value;
        return this;
    }

    ConfigParts slots(SlotSettings value) {
        slots = value;
        return this;
    }

    ConfigParts ttl(Duration value) {
        ttl = value;
        return this;
    }

    ConfigParts startTimeout(Duration value) {
        startTimeout = value;
        return this;
    }

    ConfigParts sync(SyncMode value) {
        syncMode = value;
        return this;
    }

    ConfigParts count(int value) {
        count = value;
        return this;
    }

    ConfigParts strict() {
        strict = true;
        return this;
    }

    ConfigParts lagOnSyncNode(long bytes) {
        lagOnSyncNode = bytes;
        return this;
    }

    ConfigParts lenient() {
        strict = false;
        return this;
    }

    ConfigParts paused() {
        pause = true;
        return this;
    }

    ConfigParts failsafe() {
        failsafe = true;
        return this;
    }

    ConfigParts noFailsafe() {
        failsafe = false;
        return this;
    }

    ConfigParts standbyCluster(StandbyCluster value) {
        standbyCluster = Optional.of(value);
        return this;
    }

    ConfigParts withoutRewind() {
        rewind = false;
        return this;
    }

    ClusterConfig config() {
        return new ClusterConfig(
                ttl,
                from.loopWait(),
                from.retryTimeout(),
                from.maximumLagOnFailover(),
                startTimeout,
                from.primaryStopTimeout(),
                syncMode,
                count,
                strict,
                lagOnSyncNode,
                from.checkTimeline(),
                pause,
                failsafe,
                rewind,
                from.useSlots(),
                from.memberSlotsTtl(),
                from.maxTimelinesHistory(),
                from.parameters(),
                from.pgHba(),
                from.pgIdent(),
                roles,
                slots,
                standbyCluster);
    }
}
