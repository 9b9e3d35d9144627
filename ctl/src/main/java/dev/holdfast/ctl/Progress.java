package dev.holdfast.ctl;

import dev.holdfast.api.wire.ClusterRows;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.cluster.ClusterView;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.TreeMap;

/** Tells what changes in a cluster, a line for each change. */
final class Progress {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    private final Surroundings surroundings;
    private String leader;
    private Map<String, String> members;

    Progress(Surroundings surroundings, ClusterView from) {
        this.surroundings = surroundings;
        this.leader = leader(from);
        this.members = members(from);
    }

    void show(ClusterView cluster) {
        Map<String, String> next = members(cluster);
        next.forEach((name, what) -> {
            if (!what.equals(members.get(name))) {
                tell(name + ": " + what);
            }
        });
        members.keySet().stream()
                .filter(name -> !next.containsKey(name))
                .forEach(name -> tell(name + ": gone"));
        String nextLeader = leader(cluster);
        if (!nextLeader.equals(leader)) {
            tell(nextLeader.isEmpty() ? "no leader" : "leader is " + nextLeader);
        }
        members = next;
        leader = nextLeader;
    }

    private void tell(String what) {
        surroundings.terminal().line("  " + TIME.format(surroundings.now().get()) + "  " + what);
    }

    private static String leader(ClusterView cluster) {
        return cluster.leader().map(key -> key.member().value()).orElse("");
    }

    private static Map<String, String> members(ClusterView cluster) {
        Map<String, String> told = new TreeMap<>();
        for (MemberRow row : ClusterRows.rows(cluster)) {
            String role = cluster.member(row.name()).map(member -> member.role().text()).orElse("");
            told.put(
                    row.name().value(),
                    role
                            + ", "
                            + row.state()
                            + row.timeline().map(timeline -> ", timeline " + timeline).orElse(""));
        }
        return told;
    }
}
