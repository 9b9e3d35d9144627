package dev.holdfast.dcs.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.cluster.RestartConditions;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.cluster.Tags;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The value of {@code members/<name>}. */
final class MemberCodec {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String ARROW = "->";

    private MemberCodec() {}

    static String write(MemberRecord member) {
        ObjectNode node = JSON.objectNode();
        node.put("conn_url", member.connUrl());
        node.put("api_url", member.apiUrl());
        node.put("state", member.state().text());
        node.put("role", member.role().text());
        node.put("version", member.version());
        if (!member.tags().values().isEmpty()) {
            ObjectNode tags = node.putObject("tags");
            member.tags().values().forEach((tag, value) -> tags.set(tag, tagValue(value)));
        }
        if (!member.pendingRestartReason().isEmpty()) {
            node.put("pending_restart", true);
            ObjectNode reasons = node.putObject("pending_restart_reason");
            member.pendingRestartReason()
                    .forEach((parameter, change) -> reasons.set(parameter, reason(change)));
        }
        member.scheduledRestart()
                .ifPresent(restart -> write(restart, node.putObject("scheduled_restart")));
        member.xlogLocation().ifPresent(lsn -> node.put("xlog_location", Fields.decimal(lsn)));
        member.receiveLsn().ifPresent(lsn -> node.put("receive_lsn", Fields.decimal(lsn)));
        member.replayLsn().ifPresent(lsn -> node.put("replay_lsn", Fields.decimal(lsn)));
        member.replicationState().ifPresent(state -> node.put("replication_state", state));
        member.timeline().ifPresent(timeline -> node.put("timeline", timeline.id()));
        if (member.pause()) {
            node.put("pause", true);
        }
        if (!member.note().isEmpty()) {
            node.put("note", member.note());
        }
        if (!member.isWell()) {
            node.put("unwell", true);
        }
        if (member.store() == MemberRecord.Store.OLDER) {
            node.put("store_older", true);
        }
        if (member.generation() > 0) {
            node.put("generation", member.generation());
        }
        if (!member.services().isEmpty()) {
            ObjectNode services = node.putObject("services");
            member.services().forEach(services::put);
        }
        return node.toString();
    }

    /**
     * Reads a member's object. A state or role that is unknown here becomes one that promises
     * nothing, for the member itself is there: a newer Holdfast, or a Patroni that is being taken
     * over.
     */
    static MemberRecord read(String key, JsonNode node, List<String> problems) {
        Fields fields = new Fields(key, node, problems);
        String state = fields.text("state").orElse("");
        String role = fields.text("role").orElse("");
        return new MemberRecord(
                fields.text("conn_url").orElse(""),
                fields.text("api_url").orElse(""),
                MemberState.of(state)
                        .orElseGet(() -> {
                            fields.complain("state", "a state of PostgreSQL");
                            return MemberState.STOPPED;
                        }),
                MemberRole.of(role)
                        .orElseGet(() -> {
                            fields.complain("role", "a role of PostgreSQL");
                            return MemberRole.UNINITIALIZED;
                        }),
                fields.text("version").orElse(""),
                fields.position("xlog_location"),
                fields.timeline("timeline"),
                fields.position("receive_lsn"),
                fields.position("replay_lsn"),
                fields.text("replication_state").filter(text -> !text.isEmpty()),
                tags(fields.object("tags")),
                reasons(fields),
                scheduledRestart(key, fields.object("scheduled_restart"), problems),
                fields.flag("pause").orElse(false),
                fields.text("note").orElse(""),
                fields.flag("unwell").orElse(false)
                        ? MemberRecord.Health.UNWELL
                        : MemberRecord.Health.WELL,
                fields.flag("store_older").orElse(false)
                        ? MemberRecord.Store.OLDER
                        : MemberRecord.Store.CURRENT,
                fields.number("generation")
                        .filter(n -> n == n.intValue() && n >= 0)
                        .map(Long::intValue)
                        .orElse(0),
                texts(fields.object("services")));
    }

    private static SortedMap<String, String> texts(JsonNode node) {
        SortedMap<String, String> texts = new TreeMap<>();
        node.properties().stream()
                .filter(each -> each.getValue().isTextual())
                .forEach(each -> texts.put(each.getKey(), each.getValue().textValue()));
        return texts;
    }

    /**
     * Tags are kept as text; in JSON a boolean and a number look like one, as they did in the
     * member's YAML file.
     */
    private static JsonNode tagValue(String text) {
        if (text.equals("true") || text.equals("false")) {
            return JSON.booleanNode(text.equals("true"));
        }
        if (text.matches("0|-?[1-9][0-9]{0,17}")) {
            return JSON.numberNode(new BigInteger(text));
        }
        return text.matches("-?(0|[1-9][0-9]{0,8})\\.[0-9]{1,9}")
                ? JSON.numberNode(new BigDecimal(text))
                : JSON.textNode(text);
    }

    private static Tags tags(JsonNode node) {
        SortedMap<String, String> tags = new TreeMap<>();
        node.properties().stream()
                .filter(tag -> tag.getValue().isValueNode() && !tag.getValue().isNull())
                .forEach(tag -> tags.put(tag.getKey(), tag.getValue().asText()));
        return new Tags(tags);
    }

    /** Patroni's fields; {@code start_micros} is what this one tells one start from the next by. */
    private static void write(ScheduledRestart restart, ObjectNode node) {
        node.put("schedule", restart.schedule());
        RestartConditions conditions = restart.conditions();
        conditions.role().ifPresent(role -> node.put("role", role));
        conditions.postgresVersion().ifPresent(v -> node.put("postgres_version", v));
        if (conditions.onlyIfPending()) {
            node.put("restart_pending", true);
        }
        restart.timeout().ifPresent(timeout -> node.put("timeout", timeout.toMillis() / 1000.0));
        node.put("start_micros", restart.startMicros());
    }

    /** One that Patroni wrote says nothing that can be done here: its start is told otherwise. */
    private static Optional<ScheduledRestart> scheduledRestart(
            String key, JsonNode node, List<String> problems) {
        Fields fields = new Fields(key, node, problems);
        Optional<String> schedule = fields.text("schedule");
        return schedule.map(at ->
                new ScheduledRestart(
                        at,
                        new RestartConditions(
                                fields.text("role"),
                                fields.text("postgres_version"),
                                fields.flag("restart_pending").orElse(false)),
                        Optional.of(node.path("timeout"))
                                .filter(JsonNode::isNumber)
                                .map(n -> Duration.ofMillis(Math.round(n.doubleValue() * 1000))),
                        fields.number("start_micros").orElse(0L)));
    }

    private static ObjectNode reason(String change) {
        int arrow = change.indexOf(ARROW);
        ObjectNode reason = JSON.objectNode();
        reason.put("old_value", arrow < 0 ? "" : change.substring(0, arrow));
        reason.put("new_value", arrow < 0 ? change : change.substring(arrow + ARROW.length()));
        return reason;
    }

    private static SortedMap<String, String> reasons(Fields fields) {
        SortedMap<String, String> reasons = new TreeMap<>();
        for (Map.Entry<String, JsonNode> reason :
                fields.object("pending_restart_reason").properties()) {
            JsonNode change = reason.getValue();
            reasons.put(
                    reason.getKey(),
                    change.path("old_value").asText("")
                            + ARROW
                            + change.path("new_value").asText(""));
        }
        // Releases of Patroni before 4 say that a restart is pending, and not why.
        if (reasons.isEmpty() && fields.flag("pending_restart").orElse(false)) {
            reasons.put("(unknown)", ARROW);
        }
        return Collections.unmodifiableSortedMap(reasons);
    }
}
