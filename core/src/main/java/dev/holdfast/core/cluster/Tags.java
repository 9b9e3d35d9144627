package dev.holdfast.core.cluster;

import dev.holdfast.core.FrozenMap;
import dev.holdfast.core.MemberName;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A member's tags, as in its configuration: names to text, booleans as {@code true} and {@code
 * false}.
 */
public record Tags(SortedMap<String, String> values) {
    public static final Tags NONE = new Tags(new TreeMap<>());

    public Tags {
        values = FrozenMap.copyOf(values);
    }

    /** The member to stream from in place of the leader. */
    public Optional<MemberName> replicateFrom() {
        return Optional.ofNullable(values.get("replicatefrom"))
                .filter(MemberName::isValid)
                .map(MemberName::new);
    }

    /**
     * Nothing is streamed: WAL comes from the archive, and so late. Such a member neither leads nor
     * confirms.
     */
    public boolean noStream() {
        return isSet("nostream");
    }

    private boolean isSet(String tag) {
        return !values.isEmpty() && "true".equals(values.get(tag));
    }

    /**
     * Never to be leader. {@code nostream} says the same, and so does a {@code failover_priority}
     * of 0 or less.
     */
    public boolean noFailover() {
        return isSet("nofailover")
                || noStream()
                || (values.get("nofailover") == null && failoverPriority() <= 0);
    }

    /** The same tags, and never to be leader. */
    public Tags withNoFailover() {
        SortedMap<String, String> more = new TreeMap<>(values);
        more.put("nofailover", "true");
        return new Tags(more);
    }

    /** The same tags, and neither a candidate, nor synchronous, nor shown to load balancers. */
    public Tags out() {
        SortedMap<String, String> more = new TreeMap<>(withNoFailover().values());
        more.put("nosync", "true");
        more.put("noloadbalance", "true");
        return new Tags(more);
    }

    /** Of candidates that have received the same, the one with the higher number leads. */
    public int failoverPriority() {
        return number("failover_priority");
    }

    /** Never to be a synchronous standby. A {@code sync_priority} of 0 or less says the same. */
    public boolean noSync() {
        return isSet("nosync")
                || noStream()
                || (values.get("nosync") == null && syncPriority() <= 0);
    }

    /** The members with the highest numbers become synchronous standbys. */
    public int syncPriority() {
        return number("sync_priority");
    }

    private int number(String tag) {
        String value = values.get(tag);
        return value != null && value.matches("-?\\d{1,9}") ? Integer.parseInt(value) : 1;
    }

    /** {@code /replica} answers 503. */
    public boolean noLoadBalance() {
        return isSet("noloadbalance");
    }

    /** Preferred as the source of a new member's base backup. */
    public boolean cloneFrom() {
        return isSet("clonefrom");
    }
}
