package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Optional;

/** How a member that was the primary comes to be in the cluster again. */
record Rejoin(
        Member member, Optional<Long> postmaster, Object directory, long agent, long rewinds) {

    /** While it still is the primary. */
    static Rejoin watch(Member primary) {
        return new Rejoin(
                primary,
                primary.postmasterPid(),
                directory(primary),
                primary.agentPid(),
                Journals.count(primary, "follow.rewind"));
    }

    private static Object directory(Member member) {
        try {
            return Files.getAttribute(member.dataDirectory(), "unix:ino");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Said of it, once all is healthy again. */
    String how(Member primary) {
        if (member.postmasterPid().equals(postmaster)) {
            return primary.equals(member) ? "stayed the primary" : "follows without a restart";
        }
        if (primary.equals(member)) {
            return "was started again and is the primary";
        }
        if (!directory(member).equals(directory)) {
            return "was copied anew";
        }
        // An agent's journal begins with it.
        long before = member.agentPid() == agent ? rewinds : 0;
        return Journals.count(member, "follow.rewind") > before
                ? "was rewound and follows"
                : "follows without a rewind";
    }
}
