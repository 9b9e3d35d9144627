package dev.holdfast.chaos;

/** What a member's journal says it has done. */
final class Journals {
    private Journals() {}

    /** How often a reason stands in the journal of the agent that runs now. */
    static long count(Member member, String reason) {
        String text = member.rest().get("/holdfast/journal").body();
        String quoted = '"' + reason + '"';
        return (long) (text.length() - text.replace(quoted, "").length()) / quoted.length();
    }
}
