package dev.holdfast.core.cluster;

import dev.holdfast.core.FrozenMap;
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

    private boolean isSet(String tag) {
        return "true".equals(values.get(tag));
    }

    /** Never to be leader. A {@code failover_priority} of 0 or less says the same. */
    public boolean noFailover() {
        String priority = values.get("failover_priority");
        return isSet("nofailover")
                || (values.get("nofailover") == null
                        && priority != null
                        && priority.matches("-\\d+|0+"));
    }

    /** The same tags, and never to be leader. */
    public Tags withNoFailover() {
        SortedMap<String, String> more = new TreeMap<>(values);
        more.put("nofailover", "true");
        return new Tags(more);
    }

    /** Never to be a synchronous standby. */
    public boolean noSync() {
        return isSet("nosync");
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
