package dev.holdfast.agent.routing;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.Routing.Haproxy;
import dev.holdfast.core.config.Routing.StatsSocket;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.LeaderProof;
import dev.holdfast.core.decide.Observation;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells HAProxy, when {@code /primary} has opened here, that this member is up and the others are
 * down. It says nothing else, and nothing in any other case: that a primary is lost HAProxy sees by
 * itself, and there is nowhere to go until the next one has spoken.
 *
 * <p>What it says is health, not a state: HAProxy's own checks go on and overrule it. So that it
 * does not come late, each message has a connection of its own, is not sent when the lease may have
 * ended meanwhile, and is dropped with its connection when it is not answered within {@link
 * #LIMIT}.
 */
public final class HaproxyNotice {
    private static final Logger LOG = LoggerFactory.getLogger(HaproxyNotice.class);

    /** For the connection, and again for the answer. */
    private static final Duration LIMIT = Duration.ofSeconds(1);

    private final Vertx vertx;
    private final Supplier<Haproxy> config;
    private final Supplier<MonoTime> clock;
    private final NetClient client;
    private boolean told;

    /**
     * @param config as the member's file has it now
     * @param clock that of the lease
     */
    public HaproxyNotice(Vertx vertx, Supplier<Haproxy> config, Supplier<MonoTime> clock) {
        this.vertx = vertx;
        this.config = config;
        this.clock = clock;
        // Without lingering a connection that is closed takes what was not delivered with it.
        this.client =
                vertx.createNetClient(
                        new NetClientOptions()
                                .setConnectTimeout((int) LIMIT.toMillis())
                                .setSoLinger(0));
    }

    /** What a turn saw; on the thread of the turns, and quick. */
    public void onTurn(Observation seen, Decision decided) {
        if (decided.service() != Decision.Service.OPEN) {
            told = false;
            return;
        }
        Optional<LeaderProof> proof = seen.proof();
        Haproxy haproxy = config.get();
        if (told || proof.isEmpty() || haproxy.runtime().isEmpty()) {
            return;
        }
        told = true;
        String message =
                message(
                        haproxy.backend(),
                        seen.me(),
                        seen.cluster()
                                .map(c -> List.copyOf(c.members().keySet()))
                                .orElse(List.of()));
        haproxy.runtime().forEach(runtime -> tell(runtime, message, proof.get().validUntil()));
    }

    /** The others first, so that at no time two are up. */
    static String message(String backend, MemberName me, List<MemberName> members) {
        StringBuilder text = new StringBuilder();
        members.stream()
                .filter(member -> !member.equals(me) && Haproxy.isServerName(member.value()))
                .forEach(member -> text.append(health(backend, member)).append(" down; "));
        return text.append(health(backend, me)).append(" up\n").toString();
    }

    private static String health(String backend, MemberName member) {
        return "set server " + backend + "/" + member + " health";
    }

    private void tell(StatsSocket runtime, String message, MonoTime until) {
        SocketAddress address =
                switch (runtime) {
                    case StatsSocket.Local(String path) -> SocketAddress.domainSocketAddress(path);
                    case StatsSocket.Remote(var at) ->
                            SocketAddress.inetSocketAddress(at.port(), at.host());
                };
        client.connect(address)
                .onSuccess(socket -> say(runtime, socket, message, until))
                .onFailure(e -> notTold(runtime, String.valueOf(e.getMessage())));
    }

    private void say(StatsSocket runtime, NetSocket socket, String message, MonoTime until) {
        if (!clock.get().isBefore(until)) {
            socket.close();
            notTold(runtime, "the lease has to be renewed first");
            return;
        }
        Buffer answer = Buffer.buffer();
        long limit = vertx.setTimer(LIMIT.toMillis(), _ -> socket.close());
        socket.handler(answer::appendBuffer);
        socket.exceptionHandler(_ -> socket.close());
        socket.closeHandler(_ -> {
            if (vertx.cancelTimer(limit)) {
                answered(runtime, answer.toString().strip());
            } else {
                notTold(runtime, "no answer came within " + LIMIT.toSeconds() + " s");
            }
        });
        socket.write(message).onFailure(_ -> socket.close());
    }

    /** HAProxy says nothing about what it did, and closes. */
    private static void answered(StatsSocket runtime, String answer) {
        if (answer.isEmpty()) {
            LOG.info("HAProxy at {} was told that this member is the primary", runtime);
        } else {
            LOG.warn(
                    "HAProxy at {} was told that this member is the primary, and answered: {}",
                    runtime,
                    answer.replaceAll("\\s*\n\\s*", " "));
        }
    }

    private static void notTold(StatsSocket runtime, String why) {
        LOG.warn(
                "HAProxy at {} was not told that this member is the primary, and finds it by its own checks: {}",
                runtime,
                why);
    }
}
