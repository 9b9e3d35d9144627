package dev.holdfast.agent.observe;

import dev.holdfast.agent.loop.PeerPort;
import dev.holdfast.api.client.MemberClient;
import dev.holdfast.api.wire.FailsafeJson;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.FailsafeFact;
import dev.holdfast.core.decide.Peer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Asks other members over REST where they stand. */
public final class PeerObserver implements PeerPort {
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final MemberClient client;
    private final Supplier<MonoTime> clock;

    public PeerObserver(MemberClient client, Supplier<MonoTime> clock) {
        this.client = client;
        this.clock = clock;
    }

    @Override
    public CompletionStage<Optional<String>> confirm(
            MemberName member, String apiUrl, FailsafeFact.Question question) {
        return client.post(apiUrl, "/failsafe", FailsafeJson.question(question), PATIENCE)
                .thenApply(reply ->
                        reply.status() == 200
                                ? Optional.<String>empty()
                                : Optional.of("status " + reply.status() + ": " + reply.body()))
                .exceptionally(failure -> Optional.of(String.valueOf(failure.getMessage())));
    }

    @Override
    public CompletionStage<Peer> ask(MemberName member, String apiUrl) {
        MonoTime askedAt = clock.get();
        return client.position(apiUrl, PATIENCE)
                .<Peer>thenApply(p ->
                        p.name().equals(member)
                                ? new Peer.Answered(
                                        askedAt,
                                        p.serverAnswers(),
                                        p.inRecovery(),
                                        p.timeline(),
                                        p.received(),
                                        p.replayed(),
                                        p.nofailover(),
                                        p.heldCheck(),
                                        p.pledge())
                                : new Peer.Silent(
                                        askedAt,
                                        apiUrl + " answers as " + p.name() + ", not as " + member))
                .exceptionally(
                        failure -> new Peer.Silent(askedAt, String.valueOf(failure.getMessage())));
    }
}
