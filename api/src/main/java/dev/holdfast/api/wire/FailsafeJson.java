package dev.holdfast.api.wire;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.decide.FailsafeFact;
import java.util.Map;
import java.util.SortedMap;

/** The documents at {@code /failsafe}: Patroni's names, and Holdfast's own fields beside them. */
public final class FailsafeJson {
    private FailsafeJson() {}

    /** Who may be elected, to the addresses of their REST interfaces. */
    public static String members(SortedMap<MemberName, String> members) {
        return JsonText.of(json -> {
            json.writeStartObject();
            for (Map.Entry<MemberName, String> member : members.entrySet()) {
                json.writeStringField(member.getKey().value(), member.getValue());
            }
            json.writeEndObject();
        });
    }

    /**
     * A leader's question; {@code epoch}, {@code validity_ms} and {@code to} are Holdfast's own.
     */
    public static String question(FailsafeFact.Question question) {
        return JsonText.of(json -> {
            json.writeStartObject();
            json.writeStringField("name", question.leader().value());
            json.writeNumberField("epoch", question.epoch().revision());
            json.writeNumberField("validity_ms", question.validity().toMillis());
            if (question.to().isPresent()) {
                json.writeStringField("to", question.to().get().value());
            }
            json.writeEndObject();
        });
    }
}
