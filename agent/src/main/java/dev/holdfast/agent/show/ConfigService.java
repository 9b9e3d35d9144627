package dev.holdfast.agent.show;

import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.core.config.ClusterConfigReader;
import dev.holdfast.core.config.Problem;
import dev.holdfast.dcs.Dcs;
import dev.holdfast.dcs.Dcs.Compare;
import dev.holdfast.dcs.Dcs.Op;
import dev.holdfast.dcs.json.KeyCodec;
import dev.holdfast.dcs.json.Keys;
import dev.holdfast.dcs.json.ParseResult;
import dev.holdfast.dcs.json.Trees;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Changes the cluster's dynamic configuration: checked whole, then written with a compare, so that
 * no change is lost to another.
 */
final class ConfigService {
    private static final int TRIES = 3;

    private final Dcs dcs;

    ConfigService(Dcs dcs) {
        this.dcs = dcs;
    }

    CompletionStage<Reply> patch(Map<String, @Nullable Object> changes) {
        return change(TRIES, current -> merged(current, changes));
    }

    CompletionStage<Reply> replace(Map<String, @Nullable Object> config) {
        return change(TRIES, _ -> merged(new LinkedHashMap<>(), config));
    }

    private CompletionStage<Reply> change(
            int tries, Function<Map<String, Object>, Map<String, Object>> edit) {
        return dcs.get(Keys.CONFIG)
                .thenCompose(entry -> write(tries, entry, edit))
                .exceptionally(e -> new Reply(503, "the store did not answer: " + e.getMessage()));
    }

    private CompletionStage<Reply> write(
            int tries,
            Optional<Dcs.Entry> entry,
            Function<Map<String, Object>, Map<String, Object>> edit) {
        Map<String, Object> current =
                entry.map(e -> Trees.json(e.value())).orElse(null)
                                instanceof ParseResult.Parsed(Map<String, Object> tree)
                        ? tree
                        : new LinkedHashMap<>();
        Map<String, Object> next = edit.apply(current);
        List<Problem> errors =
                ClusterConfigReader.read(next).problems().stream()
                        .filter(Problem::isError)
                        .toList();
        if (!errors.isEmpty()) {
            return done(
                    400, errors.stream().map(Problem::sentence).collect(Collectors.joining("; ")));
        }
        String json = KeyCodec.writeConfig(next);
        if (next.equals(current)) {
            return done(200, json);
        }
        return dcs.commit(
                        List.of(
                                Compare.unchanged(
                                        Keys.CONFIG, entry.map(Dcs.Entry::modRevision).orElse(0L))),
                        List.of(Op.put(Keys.CONFIG, json)))
                .thenCompose(result ->
                        switch (result) {
                            case Dcs.TxnResult.Applied _ -> done(200, json);
                            case Dcs.TxnResult.Refused _, Dcs.TxnResult.LeaseGone _ ->
                                    tries > 1
                                            ? change(tries - 1, edit)
                                            : done(
                                                    503,
                                                    "the configuration was changed by somebody else at the same time; try again");
                        });
    }

    @SuppressWarnings(
            "NullAway") // A null in the changes removes a key; as JSON it is a value like any
    // other.
    private static Map<String, Object> merged(
            Map<String, Object> current, Map<String, @Nullable Object> changes) {
        return switch (Trees.patched(current, Trees.toJson(changes))) {
            case ParseResult.Parsed(Map<String, Object> tree) -> tree;
            case ParseResult.Malformed(String sentence) ->
                    throw new IllegalStateException(sentence);
        };
    }

    private static CompletionStage<Reply> done(int status, String body) {
        return CompletableFuture.completedStage(new Reply(status, body));
    }
}
