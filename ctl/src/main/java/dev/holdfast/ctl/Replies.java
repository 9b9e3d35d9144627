package dev.holdfast.ctl;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.client.UnusableAnswerException;
import dev.holdfast.api.client.UnusableAnswerException.Delivery;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** What came of a request to a member, and how it is told. */
final class Replies {
    private Replies() {}

    /** What came of it. */
    sealed interface Answer {
        /** The member did it, or will. */
        record Accepted(Reply reply) implements Answer {}

        /** The member will not. */
        record Refused(Reply reply) implements Answer {}

        /** Nobody there. */
        record Silent(String why, Delivery delivery) implements Answer {}
    }

    /** Waits for the answer. */
    static Answer await(CompletionStage<Reply> stage) {
        try {
            Reply reply = stage.toCompletableFuture().join();
            return reply.status() < 300 ? new Answer.Accepted(reply) : new Answer.Refused(reply);
        } catch (CompletionException e) {
            if (e.getCause() instanceof UnusableAnswerException silent) {
                return new Answer.Silent(String.valueOf(silent.getMessage()), silent.delivery());
            }
            throw e;
        }
    }

    /** Why {@code member} refused, with what can be done where that is known. */
    static String refusal(String member, Reply reply) {
        String sentence = reply.body().strip();
        if (reply.status() == 401) {
            return "member "
                    + member
                    + " did not accept the user name and password (401): set ctl.authentication, or"
                    + " restapi.authentication, in the configuration file to those of its restapi.authentication.";
        }
        if (reply.status() == 403) {
            return "member "
                    + member
                    + " does not allow this from here (403)"
                    + (sentence.isEmpty() ? "." : ": " + sentence);
        }
        return sentence.isEmpty()
                ? "member " + member + " answered with status " + reply.status() + "."
                : sentence;
    }
}
