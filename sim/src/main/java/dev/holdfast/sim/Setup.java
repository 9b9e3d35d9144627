package dev.holdfast.sim;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.Tags;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.ClusterConfigReader;
import dev.holdfast.core.config.Keeping;
import dev.holdfast.core.config.RoleSettings;
import dev.holdfast.core.config.Routing;
import dev.holdfast.core.config.Scripts;
import dev.holdfast.core.decide.Observation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the cluster of a run is: how many members, their tags, and the configuration it begins with.
 */
final class Setup {
    static final String SCOPE = "simulated";

    /** How much happens in how much time. */
    enum Pace {
        /** Minutes in which one fault meets the next. */
        DENSE,
        /** Hours in which most is well, as in life. */
        LONG
    }

    private final Pace pace;
    private final List<MemberName> names;
    private final SortedMap<MemberName, Tags> tags;
    private final SortedMap<String, Object> tree;

    private Setup(
            Pace pace,
            List<MemberName> names,
            SortedMap<MemberName, Tags> tags,
            SortedMap<String, Object> tree) {
        this.pace = pace;
        this.names = names;
        this.tags = tags;
        this.tree = Collections.unmodifiableSortedMap(tree);
    }

    /**
     * @param chanceOfQuorum apart from the rest, so that the runs in which it says no are what they
     *     were before there was a quorum mode
     * @param chanceOfCascade likewise: who streams from whom, and offers itself to be copied
     * @param chanceOfFailsafe likewise
     */
    static Setup drawn(
            Chance chance, Chance chanceOfQuorum, Chance chanceOfCascade, Chance chanceOfFailsafe) {
        Pace pace = chance.oneIn(2) ? Pace.LONG : Pace.DENSE;
        int count = chance.of(List.of(3, 3, 3, 3, 2, 4));
        List<MemberName> names = new ArrayList<>();
        SortedMap<MemberName, Tags> tags = new TreeMap<>();
        for (int i = 1; i <= count; i++) {
            MemberName name = new MemberName("pg" + i);
            names.add(name);
            tags.put(name, i == 1 || count == 2 || !chance.oneIn(12) ? Tags.NONE : tag(chance));
        }
        SortedMap<String, Object> tree = new TreeMap<>();
        // In calm hours a short TTL means more of the same; it is drawn more rarely there.
        tree.put(
                "ttl",
                chance.of(
                        switch (pace) {
                            case DENSE -> List.of(10, 10, 30, 20, 5, 3);
                            case LONG -> List.of(30, 30, 30, 30, 30, 30, 20, 10);
                        }));
        tree.put(
                "loop_wait",
                chance.of(
                        switch (pace) {
                            case DENSE -> List.of(10, 10, 5, 1);
                            case LONG -> List.of(10, 10, 10, 10, 10, 5);
                        }));
        boolean synchronous = !chance.oneIn(4);
        boolean quorum = chanceOfQuorum.oneIn(count > 2 ? 3 : 9);
        tree.put("synchronous_mode", synchronous && quorum ? "quorum" : synchronous);
        tree.put("synchronous_mode_strict", chance.oneIn(4));
        tree.put("synchronous_node_count", chance.of(List.of(1, 1, 1, 2)));
        tree.put("primary_start_timeout", chance.of(List.of(300, 300, 10, 0)));
        SortedMap<String, Object> postgresql = new TreeMap<>();
        postgresql.put("use_pg_rewind", !chance.oneIn(5));
        tree.put("postgresql", postgresql);
        if (chanceOfFailsafe.oneIn(4)) {
            tree.put("failsafe_mode", true);
        }
        if (count > 2 && chanceOfCascade.oneIn(3)) {
            cascade(names, tags, chanceOfCascade);
        }
        return new Setup(pace, List.copyOf(names), tags, tree);
    }

    /** Circles and members that name themselves among them. */
    private static void cascade(
            List<MemberName> names, SortedMap<MemberName, Tags> tags, Chance chance) {
        for (MemberName name : names) {
            SortedMap<String, String> values =
                    new TreeMap<>(tags.getOrDefault(name, Tags.NONE).values());
            if (chance.oneIn(2)) {
                values.put("replicatefrom", chance.of(names).value());
            }
            if (chance.oneIn(4)) {
                values.put("clonefrom", "true");
            }
            tags.put(name, new Tags(values));
        }
    }

    private static Tags tag(Chance chance) {
        SortedMap<String, String> values = new TreeMap<>();
        values.put(chance.of(List.of("nofailover", "nosync")), "true");
        return new Tags(values);
    }

    boolean failsafe() {
        return tree.containsKey("failsafe_mode");
    }

    Pace pace() {
        return pace;
    }

    List<MemberName> names() {
        return names;
    }

    Tags tags(MemberName name) {
        return tags.getOrDefault(name, Tags.NONE);
    }

    /** The dynamic configuration of the new cluster. */
    SortedMap<String, Object> initialTree() {
        return tree;
    }

    ClusterConfig firstConfig() {
        return ClusterConfigReader.read(tree).config();
    }

    Observation.Self self(AgentConfig config) {
        return new Observation.Self(
                config.name(),
                config.tags(),
                new TreeMap<>(),
                List.of(),
                List.of(),
                List.of(),
                RoleSettings.ByRole.none(),
                Optional.empty(),
                Optional.empty(),
                Scripts.Leader.NEEDED,
                config.postgresql().keeping());
    }

    AgentConfig agentConfig(MemberName name) {
        DatabaseUser nobody = new DatabaseUser("simulated", "");
        return new AgentConfig(
                SCOPE,
                "/service/",
                name,
                new AgentConfig.RestApi(
                        new HostPort("0.0.0.0", 8008),
                        new HostPort(name.value(), 8008),
                        Optional.empty(),
                        Optional.empty(),
                        AgentConfig.Allowlist.everybody(),
                        new TreeMap<>(),
                        1024),
                new AgentConfig.Ctl(Optional.empty(), AgentConfig.ClientTls.defaults()),
                AgentConfig.Etcd.plain(List.of(), Optional.empty()),
                new AgentConfig.Bootstrap(tree, List.of(), List.of()),
                new AgentConfig.Postgres(
                        "0.0.0.0",
                        5432,
                        new HostPort(name.value(), 5432),
                        Optional.empty(),
                        "/simulated",
                        "/simulated",
                        Optional.empty(),
                        "/simulated",
                        nobody,
                        nobody,
                        nobody,
                        new TreeMap<>(),
                        List.of(),
                        List.of(),
                        List.of(),
                        2,
                        Keeping.AUTO,
                        false,
                        false,
                        Duration.ofMinutes(1),
                        new TreeMap<>(),
                        Optional.empty(),
                        RoleSettings.ByRole.none()),
                Scripts.NONE,
                new AgentConfig.Guard("/simulated", Optional.empty()),
                new AgentConfig.Watchdog(
                        Optional.of(AgentConfig.Watchdog.Mode.OFF), "/simulated", Optional.empty()),
                AgentConfig.Log.ofTheStart(),
                Routing.none(),
                tags(name));
    }
}
