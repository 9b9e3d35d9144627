package dev.holdfast.sim;

import java.util.List;

/**
 * A rule of the shipped code made wrong on purpose.
 *
 * @param name what is wrong with it
 * @param seed what caught it when it was looked for last, so that it need not be looked for long
 * @param edits where, in the source
 */
record Mutation(String name, long seed, List<Edit> edits) {
    /**
     * One place.
     *
     * @param source the file, from the top of the checkout
     * @param snippet what stands there, exactly once
     * @param replacement what is to stand there
     */
    record Edit(String source, String snippet, String replacement) {}

    static Mutation of(String name, long seed, Edit... edits) {
        return new Mutation(name, seed, List.of(edits));
    }

    static Edit core(String file, String snippet, String replacement) {
        return new Edit(
                "core/src/main/java/dev/holdfast/core/decide/" + file + ".java",
                snippet,
                replacement);
    }

    static Edit agent(String file, String snippet, String replacement) {
        return new Edit(
                "agent/src/main/java/dev/holdfast/agent/" + file + ".java", snippet, replacement);
    }

    @Override
    public String toString() {
        return name;
    }
}
