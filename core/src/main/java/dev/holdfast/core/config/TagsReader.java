package dev.holdfast.core.config;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.Tags;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads {@code tags}: those with a meaning are checked, the operator's own are shown as they are.
 */
final class TagsReader {
    private static final List<String> SWITCHES =
            List.of("nofailover", "nosync", "noloadbalance", "clonefrom", "nostream");
    private static final List<String> NUMBERS = List.of("failover_priority", "sync_priority");

    private TagsReader() {}

    static Tags read(ConfigTree tags) {
        SortedMap<String, String> read = new TreeMap<>();
        for (String tag : tags.keys()) {
            Optional<String> value;
            if (SWITCHES.contains(tag)) {
                value = tags.flag(tag).map(String::valueOf);
            } else if (NUMBERS.contains(tag)) {
                value = tags.integer(tag, -1_000_000, 1_000_000).map(String::valueOf);
            } else if (tag.equals("replicatefrom")) {
                value =
                        tags.read(
                                tag,
                                "the name of a member",
                                v -> Scalars.text(v).filter(MemberName::isValid));
            } else {
                value = tags.read(tag, "text, a number, true or false", Scalars::text);
            }
            value.ifPresent(text -> read.put(tag, text));
        }
        return new Tags(read);
    }
}
