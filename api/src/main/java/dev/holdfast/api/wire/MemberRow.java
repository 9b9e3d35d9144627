package dev.holdfast.api.wire;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.cluster.Tags;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One member as {@code /cluster} and the control command show it.
 *
 * @param host,port where clients reach its PostgreSQL; the host is empty when the member's record
 *     does not say
 * @param state what its PostgreSQL does; for a standby how it replicates, where that is known
 *     ({@code streaming})
 * @param located,received,replayed where a standby stands; empty for the leader, and for a standby
 *     that does not say
 * @param pendingRestart parameter to {@code old->new}; empty when no restart is pending
 * @param scheduledRestart the restart that was ordered for later
 * @param pause the member says that it acts on the cluster's pause
 * @param note one sentence when something needs an operator, else empty
 * @param settings what an operator has decided about it
 * @param services those that follow the leader, by name, with their state
 */
public record MemberRow(
        MemberName name,
        String host,
        Optional<Integer> port,
        String apiUrl,
        Role role,
        String state,
        Optional<Timeline> timeline,
        Optional<Place> located,
        Optional<Place> received,
        Optional<Place> replayed,
        SortedMap<String, String> pendingRestart,
        Optional<ScheduledRestart> scheduledRestart,
        Tags tags,
        boolean pause,
        String note,
        MemberSettings settings,
        SortedMap<String, String> services) {

    /**
     * A position and how many bytes it lies behind what the leader published, never less than 0.
     */
    public record Place(Lsn lsn, long lagBytes) {}

    /** Patroni's words for a member's part in the cluster. */
    public enum Role {
        LEADER("leader", "Leader"),
        STANDBY_LEADER("standby_leader", "Standby Leader"),
        SYNC_STANDBY("sync_standby", "Sync Standby"),
        QUORUM_STANDBY("quorum_standby", "Quorum Standby"),
        REPLICA("replica", "Replica");

        private final String word;
        private final String title;

        Role(String word, String title) {
            this.word = word;
            this.title = title;
        }

        /** As JSON has it. */
        public String word() {
            return word;
        }

        /** As a table has it. */
        public String title() {
            return title;
        }
    }

    public MemberRow {
        pendingRestart = Collections.unmodifiableSortedMap(new TreeMap<>(pendingRestart));
    }

    /** Whether this member holds the leader key. */
    public boolean leads() {
        return switch (role) {
            case LEADER, STANDBY_LEADER -> true;
            case SYNC_STANDBY, QUORUM_STANDBY, REPLICA -> false;
        };
    }

    /** Bytes behind the leader; empty for the leader and where it is unknown. */
    public Optional<Long> lagBytes() {
        return located.map(Place::lagBytes);
    }

    /**
     * Where clients reach its PostgreSQL, {@code host:port}, or the host alone where no port is
     * known.
     */
    public String address() {
        String bracketed = host.contains(":") ? "[" + host + "]" : host;
        return port.map(number -> bracketed + ":" + number).orElse(bracketed);
    }
}
