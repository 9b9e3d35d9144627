package dev.holdfast.agent.loop;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.decide.Peer;
import java.util.concurrent.CompletionStage;

/** Another member, asked where it stands. The stage never fails: silence is an answer. */
public interface PeerPort {
    CompletionStage<Peer> ask(MemberName member, String apiUrl);
}
