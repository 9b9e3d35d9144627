package dev.holdfast.dcs.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.dcs.Dcs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** The keys {@code operations/<id>}, Holdfast's own. */
public final class OperationCodec {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private OperationCodec() {}

    public static String write(Operation operation) {
        ObjectNode node = JSON.objectNode();
        node.put("kind", operation.kind().text());
        operation.from().ifPresent(from -> node.put("from", from.value()));
        operation.to().ifPresent(to -> node.put("to", to.value()));
        operation.scheduledAt().ifPresent(at -> node.put("scheduled_at", at));
        if (operation.startMicros() != 0) {
            node.put("start_micros", operation.startMicros());
        }
        node.put("asked_at", operation.askedAt());
        operation
                .end()
                .ifPresent(end -> {
                    node.put("outcome", end.outcome().text());
                    node.put("reason", end.reason());
                    node.put("ended_at", end.at());
                });
        return node.toString();
    }

    /** The keys that hold operations. */
    public static SortedMap<String, Dcs.Entry> held(Dcs.Snapshot snapshot) {
        return snapshot.entries().subMap(Keys.OPERATIONS, Keys.OPERATIONS + Character.MAX_VALUE);
    }

    /** All that can be read, oldest first. */
    public static List<Operation> all(Dcs.Snapshot snapshot) {
        List<Operation> operations = new ArrayList<>();
        held(snapshot)
                .forEach((key, entry) ->
                        read(key.substring(Keys.OPERATIONS.length()), entry.value())
                                .ifPresent(operations::add));
        return operations;
    }

    /** Empty where the text is none: who reads it loses nothing but what can be told of it. */
    public static Optional<Operation> read(String id, String text) {
        JsonNode node = Trees.readAny(text);
        Fields fields = new Fields(Keys.operation(id), node, new ArrayList<>());
        Optional<Operation.Kind> kind =
                Arrays.stream(Operation.Kind.values())
                        .filter(k -> fields.text("kind").filter(k.text()::equals).isPresent())
                        .findFirst();
        Optional<MemberName> from = fields.member("from");
        Optional<MemberName> to = fields.member("to");
        return kind.filter(_ -> Operation.isId(id))
                .map(k ->
                        new Operation(
                                id,
                                k,
                                from,
                                to,
                                fields.text("scheduled_at"),
                                fields.number("start_micros").orElse(0L),
                                fields.text("asked_at").orElse(""),
                                end(fields)));
    }

    private static Optional<Operation.End> end(Fields fields) {
        return Arrays.stream(Operation.Outcome.values())
                .filter(o -> fields.text("outcome").filter(o.text()::equals).isPresent())
                .findFirst()
                .map(outcome ->
                        new Operation.End(
                                outcome,
                                fields.text("reason").orElse(""),
                                fields.text("ended_at").orElse("")));
    }
}
