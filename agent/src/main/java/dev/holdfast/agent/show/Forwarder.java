package dev.holdfast.agent.show;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.MemberService.SwitchoverRequest;
import dev.holdfast.api.client.MemberClient;
import dev.holdfast.dcs.json.Trees;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** Passes a request on to the member that leads. */
public final class Forwarder implements SwitchoverService.Forward {
    private static final Duration PATIENCE = Duration.ofSeconds(70);

    private final MemberClient client;

    public Forwarder(MemberClient client) {
        this.client = client;
    }

    @Override
    public CompletionStage<Reply> post(String apiUrl, String path, SwitchoverRequest request) {
        Map<String, Object> body = new LinkedHashMap<>();
        request.leader().ifPresent(l -> body.put("leader", l.value()));
        request.candidate().ifPresent(c -> body.put("candidate", c.value()));
        request.scheduledAt().ifPresent(at -> body.put("scheduled_at", at));
        String json = Trees.toJson(body);
        return request.operation()
                .map(id -> client.post(apiUrl, path, json, id, PATIENCE))
                .orElseGet(() -> client.post(apiUrl, path, json, PATIENCE))
                .exceptionally(e ->
                        new Reply(
                                503,
                                "the leader at " + apiUrl + " did not answer: " + e.getMessage()));
    }
}
