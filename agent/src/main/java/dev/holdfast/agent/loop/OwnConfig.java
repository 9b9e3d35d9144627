package dev.holdfast.agent.loop;

import java.util.function.Supplier;

/**
 * The dynamic configuration that this member writes where the store has none, as text of the key.
 *
 * @param ofNewCluster what its file says a new cluster begins with
 * @param known of a cluster that exists: what the store said last; what a new one would begin with
 *     where it never said anything
 */
public record OwnConfig(String ofNewCluster, Supplier<String> known) {
    /** Where nothing is known of an earlier one. */
    public static OwnConfig ofNewCluster(String text) {
        return new OwnConfig(text, () -> text);
    }
}
