package dev.holdfast.chaos;

import java.util.List;

/**
 * What cluster to make.
 *
 * @param members their names
 * @param ttlSeconds the lease's length
 * @param sync what {@code synchronous_mode} and its like are in the first dynamic configuration
 */
record ClusterPlan(List<String> members, int ttlSeconds, Sync sync) {

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

    /** Three members, ttl 10, synchronous. */
    static ClusterPlan usual() {
        return new ClusterPlan(List.of("pg1", "pg2", "pg3"), 10, Sync.ON);
    }

    ClusterPlan withTtlSeconds(int seconds) {
        return new ClusterPlan(members, seconds, sync);
    }
}
