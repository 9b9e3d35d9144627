package dev.holdfast.chaos;

import java.util.List;
import java.util.Optional;

/**
 * What cluster to make.
 *
 * @param members their names
 * @param ttlSeconds the lease's length
 * @param sync what {@code synchronous_mode} and its like are in the first dynamic configuration
 * @param smallDisk the member whose directory is a small file system of its own; it makes the
 *     cluster, and so is its first primary
 * @param where its processes run
 * @param clocks by which its members go
 */
record ClusterPlan(
        List<String> members,
        int ttlSeconds,
        Sync sync,
        Optional<Disk> smallDisk,
        Where where,
        Clocks clocks) {

    ClusterPlan(List<String> members, int ttlSeconds, Sync sync) {
        this(members, ttlSeconds, sync, Optional.empty(), Where.ONE_MACHINE, Clocks.MACHINE);
    }

    /** How commits wait for standbys. */
    enum Sync {
        OFF("synchronous_mode: off"),
        ON("synchronous_mode: on");

        private final String yaml;

        Sync(String yaml) {
            this.yaml = yaml;
        }

        String yaml() {
            return yaml;
        }
    }

    /** Whose directory is a file system of its own, and of what kind. */
    record Disk(String member, SmallDisk.Kind kind) {}

    /** By what wall clock agents and servers go. */
    enum Clocks {
        MACHINE,
        /** Each member by its own, which can be set. */
        OWN
    }

    /** Where the processes run. */
    enum Where {
        /** All on one, with an etcd of one node. */
        ONE_MACHINE,
        /** Each member on a host of its own, with an etcd node beside it. */
        HOSTS
    }

    /** Three members, ttl 10, synchronous. */
    static ClusterPlan usual() {
        return new ClusterPlan(List.of("pg1", "pg2", "pg3"), 10, Sync.ON);
    }

    ClusterPlan withTtlSeconds(int seconds) {
        return new ClusterPlan(members, seconds, sync, smallDisk, where, clocks);
    }

    ClusterPlan withSmallDiskOf(String member) {
        return withDisk(new Disk(member, SmallDisk.Kind.MEMORY));
    }

    /** That can be slow, or hang. */
    ClusterPlan withFrozenDiskOf(String member) {
        return withDisk(new Disk(member, SmallDisk.Kind.FILE));
    }

    private ClusterPlan withDisk(Disk disk) {
        return new ClusterPlan(members, ttlSeconds, sync, Optional.of(disk), where, clocks);
    }

    ClusterPlan withClocks() {
        return new ClusterPlan(members, ttlSeconds, sync, smallDisk, where, Clocks.OWN);
    }

    ClusterPlan onHosts() {
        return new ClusterPlan(members, ttlSeconds, sync, smallDisk, Where.HOSTS, clocks);
    }

    @Override
    public String toString() {
        return "ttl "
                + ttlSeconds
                + switch (where) {
                    case ONE_MACHINE -> "";
                    case HOSTS -> ", hosts";
                };
    }
}
