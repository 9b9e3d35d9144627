package dev.holdfast.agent.loop;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.decide.FailsafeFact;
import dev.holdfast.core.decide.Peer;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Another member, asked where it stands. The stage never fails: silence is an answer. */
public interface PeerPort {
    CompletionStage<Peer> ask(MemberName member, String apiUrl);

    /**
     * Asks it to confirm that this member leads. Completes with empty when it did, else with why
     * not; never fails.
     */
    CompletionStage<Optional<String>> confirm(
            MemberName member, String apiUrl, FailsafeFact.Question question);
}
