package dev.holdfast.core.config;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the dynamic configuration: the etcd key {@code config}, or {@code bootstrap.dcs} of a
 * member's file. Every key has a default; a wrong value is an error and the default stands in for
 * it, so that the result can always be shown. A live cluster whose new configuration has errors
 * keeps the last good one.
 *
 * <p>There is no rule between {@code ttl}, {@code loop_wait} and {@code retry_timeout}, unlike in
 * Patroni: the lease is renewed on a timer of its own and a fence falls at its deadline, whatever
 * the loop or an operation is doing.
 */
public final class ClusterConfigReader {
    private static final Duration DAY = Duration.ofDays(1);

    private ClusterConfigReader() {}

    /** The configuration, and everything that is wrong with it or without effect. */
    public record Read(ClusterConfig config, List<Problem> problems) {
        public boolean hasErrors() {
            return problems.stream().anyMatch(Problem::isError);
        }
    }

    /** Reads a parsed document; its values may be null. */
    public static Read read(Map<String, Object> tree) {
        ConfigTree root = ConfigTree.of(tree);
        ClusterConfig config = read(root);
        root.finish();
        return new Read(config, root.problems());
    }

    static ClusterConfig read(ConfigTree tree) {
        ClusterConfig defaults = ClusterConfig.defaults();
        ConfigTree postgresql = tree.section("postgresql");
        ClusterConfig config =
                new ClusterConfig(
                        tree.read(
                                        "ttl",
                                        "a whole number of seconds from 3 to 86400",
                                        ClusterConfigReader::ttl)
                                .orElse(defaults.ttl()),
                        tree.duration("loop_wait", Duration.ofSeconds(1), DAY)
                                .orElse(defaults.loopWait()),
                        tree.duration("retry_timeout", Duration.ofSeconds(1), DAY)
                                .orElse(defaults.retryTimeout()),
                        tree.size("maximum_lag_on_failover", 0, Long.MAX_VALUE)
                                .orElse(defaults.maximumLagOnFailover()),
                        renamed(tree, "primary_start_timeout", "master_start_timeout")
                                .orElse(defaults.primaryStartTimeout()),
                        renamed(tree, "primary_stop_timeout", "master_stop_timeout")
                                .orElse(defaults.primaryStopTimeout()),
                        tree.read(
                                        "synchronous_mode",
                                        "on, off or quorum",
                                        ClusterConfigReader::syncMode)
                                .orElse(defaults.syncMode()),
                        tree.integer("synchronous_node_count", 1, 1_000)
                                .orElse(defaults.syncNodeCount()),
                        tree.flag("synchronous_mode_strict").orElse(defaults.syncStrict()),
                        tree.size("maximum_lag_on_syncnode", -1, Long.MAX_VALUE)
                                .orElse(defaults.maximumLagOnSyncNode()),
                        tree.flag("check_timeline").orElse(defaults.checkTimeline()),
                        tree.flag("pause").orElse(defaults.pause()),
                        tree.flag("failsafe_mode").orElse(defaults.failsafe()),
                        postgresql.flag("use_pg_rewind").orElse(defaults.usePgRewind()),
                        postgresql.flag("use_slots").orElse(defaults.useSlots()),
                        tree.duration("member_slots_ttl", Duration.ZERO, Duration.ofDays(365))
                                .orElse(defaults.memberSlotsTtl()),
                        tree.integer("max_timelines_history", 0, Integer.MAX_VALUE)
                                .orElse(defaults.maxTimelinesHistory()),
                        ParametersReader.shared(postgresql.section("parameters")),
                        postgresql.lines("pg_hba"),
                        postgresql.lines("pg_ident"),
                        RoleSettings.read(postgresql),
                        SlotsReader.read(tree),
                        StandbyClusterReader.read(tree));
        SlotsReader.check(tree, config);
        ParametersReader.ownFiles(postgresql);
        withoutEffect(tree, postgresql);
        return config;
    }

    /**
     * etcd counts a lease in whole seconds; a fraction would make the promised time and the granted
     * one differ.
     */
    private static Optional<Duration> ttl(Object value) {
        return Scalars.duration(value)
                .filter(ttl ->
                        ttl.toMillis() % 1_000 == 0
                                && ttl.toSeconds() >= 3
                                && ttl.compareTo(DAY) <= 0);
    }

    private static Optional<SyncMode> syncMode(Object value) {
        return Scalars.text(value)
                .map(text -> text.strip().toLowerCase(Locale.ROOT))
                .flatMap(text ->
                        text.equals("quorum")
                                ? Optional.of(SyncMode.QUORUM)
                                : Scalars.flag(text).map(on -> on ? SyncMode.ON : SyncMode.OFF));
    }

    /**
     * A time-out under its name, or under the one that Patroni's releases before 3.0 used. Below
     * zero means zero.
     */
    private static Optional<Duration> renamed(ConfigTree tree, String key, String oldKey) {
        Optional<Duration> value = timeout(tree, key);
        if (!tree.has(oldKey)) {
            return value;
        }
        if (tree.has(key)) {
            tree.warning(
                    oldKey,
                    Problem.show(tree.raw(oldKey).orElse(null)),
                    "is ignored, because " + key + " is there too");
            return value;
        }
        tree.warning(oldKey, "the old name of " + key, "is read as the new one");
        return timeout(tree, oldKey);
    }

    private static Optional<Duration> timeout(ConfigTree tree, String key) {
        return tree.duration(key, DAY.negated(), DAY).map(d -> d.isNegative() ? Duration.ZERO : d);
    }

    private static void withoutEffect(ConfigTree tree, ConfigTree postgresql) {
        tree.without(
                "changes nothing: a primary has ended before its lease has",
                "primary_race_backoff");
        postgresql.unsupported(
                "pg_hosts", "pg_hosts_primary", "pg_hosts_replica", "pg_hosts_standby_leader");
        postgresql.without(
                "belongs in each member's own file and is ignored here",
                "listen",
                "connect_address",
                "proxy_address",
                "data_dir",
                "config_dir",
                "bin_dir",
                "bin_name",
                "pgpass",
                "authentication",
                "basebackup",
                "before_stop",
                "callbacks",
                "create_replica_methods",
                "create_replica_method",
                "custom_conf",
                "pg_ctl_timeout",
                "use_unix_socket",
                "use_unix_socket_repl",
                "keep_directories",
                "keep_aside");
        postgresql.refused("promote without asking it", "pre_promote");
        dataDirectoryPolicies(postgresql);
    }

    /**
     * Patroni may delete a data directory by these; here nothing is deleted before it was kept
     * aside.
     */
    static void dataDirectoryPolicies(ConfigTree postgresql) {
        postgresql.without(
                "has no effect: a data directory that cannot be rewound is kept aside and cloned anew",
                "remove_data_directory_on_rewind_failure",
                "remove_data_directory_on_diverged_timelines");
    }
}
