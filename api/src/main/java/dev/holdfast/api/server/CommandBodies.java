package dev.holdfast.api.server;

import dev.holdfast.api.MemberService.ReinitializeRequest;
import dev.holdfast.api.MemberService.RestartRequest;
import dev.holdfast.api.MemberService.SwitchoverRequest;
import dev.holdfast.core.Epoch;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.decide.FailsafeFact;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the bodies of commands. Pure: what a body may say does not depend on the cluster, except
 * for whether it is paused. Where Patroni documents a refusal, its status and sentence are the same
 * here, since scripts match on them.
 */
final class CommandBodies {
    private static final List<String> RESTART_FIELDS =
            List.of("schedule", "role", "postgres_version", "timeout", "restart_pending");
    private static final List<String> RESTART_ROLES =
            List.of(
                    MemberRole.PRIMARY.text(),
                    MemberRole.STANDBY_LEADER.text(),
                    MemberRole.REPLICA.text());

    private static final long LONGEST_VALIDITY_MILLIS = Duration.ofDays(1).toMillis();

    private CommandBodies() {}

    /** What was asked for by a POST to {@code /switchover} or {@code /failover}. */
    enum Kind {
        SWITCHOVER,
        FAILOVER
    }

    /** Whether the cluster is paused. */
    enum Pause {
        ON,
        OFF
    }

    /**
     * A failover that names the leader is a switchover; the request says so by its leader being
     * present.
     */
    static Parsed<SwitchoverRequest> switchover(String text, Kind asked, Pause pause, Instant now) {
        return switch (JsonBody.parse(text, JsonBody.Presence.REQUIRED)) {
            case Parsed.Invalid<JsonBody>(int status, String sentence) ->
                    new Parsed.Invalid<>(status, sentence);
            case Parsed.Valid<JsonBody>(JsonBody body) -> switchover(body, asked, pause, now);
        };
    }

    private static Parsed<SwitchoverRequest> switchover(
            JsonBody body, Kind asked, Pause pause, Instant now) {
        Optional<MemberName> leader = member(body, "leader");
        Optional<MemberName> named = member(body, "candidate");
        Optional<MemberName> candidate = named.isPresent() ? named : member(body, "member");
        Optional<String> scheduledAt = body.text("scheduled_at", "a time in ISO 8601 with offset");
        Optional<String> refusal =
                body.problem().or(() -> refusal(asked, pause, leader, candidate, scheduledAt));
        if (refusal.isPresent()) {
            return new Parsed.Invalid<>(400, refusal.get());
        }
        if (scheduledAt.isEmpty()) {
            return new Parsed.Valid<>(new SwitchoverRequest(leader, candidate, Optional.empty()));
        }
        return switch (Schedule.parse(scheduledAt.get(), "switchover", now)) {
            case Parsed.Invalid<String>(int status, String sentence) ->
                    new Parsed.Invalid<>(status, sentence);
            case Parsed.Valid<String>(String at) ->
                    new Parsed.Valid<>(new SwitchoverRequest(leader, candidate, Optional.of(at)));
        };
    }

    private static Optional<String> refusal(
            Kind asked,
            Pause pause,
            Optional<MemberName> leader,
            Optional<MemberName> candidate,
            Optional<String> scheduledAt) {
        if (asked == Kind.FAILOVER && candidate.isEmpty()) {
            return Optional.of("Failover could be performed only to a specific candidate");
        }
        if (asked == Kind.SWITCHOVER && leader.isEmpty()) {
            return Optional.of("Switchover could be performed only from a specific leader");
        }
        if (asked == Kind.FAILOVER && scheduledAt.isPresent()) {
            return Optional.of("Failover can't be scheduled");
        }
        if (pause == Pause.ON && scheduledAt.isPresent()) {
            return Optional.of("Can't schedule switchover in the paused state");
        }
        if (pause == Pause.ON && candidate.isEmpty()) {
            return Optional.of(
                    "Switchover is possible only to a specific candidate in a paused state");
        }
        return leader.isPresent() && leader.equals(candidate)
                ? Optional.of("Switchover target and source are the same")
                : Optional.empty();
    }

    private static Optional<MemberName> member(JsonBody body, String field) {
        Optional<String> text = body.text(field, "a member's name");
        return text.isPresent() && !MemberName.isValid(text.get())
                ? body.wrong(field, text.get(), "a member's name")
                : text.map(MemberName::new);
    }

    static Parsed<RestartRequest> restart(String text, Instant now) {
        return switch (JsonBody.parse(text, JsonBody.Presence.OPTIONAL)) {
            case Parsed.Invalid<JsonBody>(int status, String sentence) ->
                    new Parsed.Invalid<>(status, sentence);
            case Parsed.Valid<JsonBody>(JsonBody body) -> restart(body, now);
        };
    }

    private static Parsed<RestartRequest> restart(JsonBody body, Instant now) {
        Optional<String> unknown =
                body.fields().keySet().stream()
                        .filter(field -> !RESTART_FIELDS.contains(field))
                        .findFirst();
        if (unknown.isPresent()) {
            return new Parsed.Invalid<>(
                    400, "Unknown filter for the scheduled restart: " + unknown.get());
        }
        Optional<String> role = body.text("role", "primary, standby_leader or replica");
        if (role.isPresent() && !RESTART_ROLES.contains(role.get())) {
            return new Parsed.Invalid<>(
                    400, "PostgreSQL role should be either primary, standby_leader, or replica");
        }
        Optional<Duration> timeout = timeout(body.fields().get("timeout"));
        if (body.fields().get("timeout") != null && timeout.isEmpty()) {
            return new Parsed.Invalid<>(400, "Timeout should be a positive number of seconds");
        }
        Optional<String> version = body.text("postgres_version", "a version such as \"15.2\"");
        if (version.isPresent() && !version.get().matches("\\d{1,2}(\\.\\d{1,3}){1,2}")) {
            version = body.wrong("postgres_version", version.get(), "a version such as \"15.2\"");
        }
        boolean onlyIfPending = body.flag("restart_pending").orElse(false);
        Optional<String> schedule = body.text("schedule", "a time in ISO 8601 with offset");
        if (body.problem().isPresent()) {
            return new Parsed.Invalid<>(400, body.problem().get());
        }
        RestartRequest atOnce =
                new RestartRequest(role, version, onlyIfPending, timeout, Optional.empty());
        return schedule.map(time -> scheduled(atOnce, time, now))
                .orElseGet(() -> new Parsed.Valid<>(atOnce));
    }

    private static Parsed<RestartRequest> scheduled(
            RestartRequest request, String time, Instant now) {
        return switch (Schedule.parse(time, "restart", now)) {
            case Parsed.Invalid<String>(int status, String sentence) ->
                    new Parsed.Invalid<>(status, sentence);
            case Parsed.Valid<String>(String at) ->
                    new Parsed.Valid<>(
                            new RestartRequest(
                                    request.role(),
                                    request.postgresVersion(),
                                    request.onlyIfPending(),
                                    request.timeout(),
                                    Optional.of(at)));
        };
    }

    /** A number of seconds, or text with a unit; more than a year is a slip. */
    private static Optional<Duration> timeout(@Nullable Object value) {
        boolean readable =
                value instanceof Integer || value instanceof Double || value instanceof String;
        return readable
                ? Quantity.millis(String.valueOf(value))
                        .filter(millis -> millis > 0 && millis < Duration.ofDays(366).toMillis())
                        .map(Duration::ofMillis)
                : Optional.empty();
    }

    static Parsed<ReinitializeRequest> reinitialize(String text) {
        return switch (JsonBody.parse(text, JsonBody.Presence.OPTIONAL)) {
            case Parsed.Invalid<JsonBody>(int status, String sentence) ->
                    new Parsed.Invalid<>(status, sentence);
            case Parsed.Valid<JsonBody>(JsonBody body) -> {
                boolean force = body.flag("force").orElse(false);
                // Patroni's documentation writes it with a hyphen, its control command with an
                // underscore.
                boolean fromLeader =
                        body.flag("from_leader").or(() -> body.flag("from-leader")).orElse(false);
                yield body.problem().isPresent()
                        ? new Parsed.Invalid<>(400, body.problem().get())
                        : new Parsed.Valid<>(new ReinitializeRequest(force, fromLeader));
            }
        };
    }

    /**
     * A leader's question. One that names no epoch (Patroni's) is about the leader that the store
     * last showed, and one that names no validity about the TTL.
     */
    static Parsed<FailsafeFact.Question> failsafe(String text, Optional<ClusterView> cluster) {
        return switch (JsonBody.parse(text, JsonBody.Presence.REQUIRED)) {
            case Parsed.Invalid<JsonBody>(int status, String sentence) ->
                    new Parsed.Invalid<>(status, sentence);
            case Parsed.Valid<JsonBody>(JsonBody body) -> failsafe(body, cluster);
        };
    }

    private static Parsed<FailsafeFact.Question> failsafe(
            JsonBody body, Optional<ClusterView> cluster) {
        Optional<MemberName> leader = member(body, "name");
        Optional<Epoch> shown =
                cluster.flatMap(ClusterView::leader)
                        .filter(l -> Optional.of(l.member()).equals(leader))
                        .map(LeaderKey::epoch);
        Optional<Epoch> epoch =
                body.number("epoch", "a revision, 1 or more", 1, Long.MAX_VALUE)
                        .map(Epoch::new)
                        .or(() -> shown);
        Optional<Duration> validity =
                body.number("validity_ms", "milliseconds, up to a day", 1, LONGEST_VALIDITY_MILLIS)
                        .map(Duration::ofMillis);
        Optional<MemberName> to = member(body, "to");
        if (body.problem().isPresent()) {
            return new Parsed.Invalid<>(400, body.problem().get());
        }
        if (leader.isEmpty() || epoch.isEmpty()) {
            return new Parsed.Invalid<>(
                    400,
                    leader.isEmpty()
                            ? "field \"name\" is missing: expected the leader's name"
                            : "field \"epoch\" is missing, and the store does not show "
                                    + leader.get()
                                    + " as leader");
        }
        Duration ttl =
                cluster.flatMap(ClusterView::config)
                        .map(Versioned::value)
                        .orElse(ClusterConfig.defaults())
                        .ttl();
        return new Parsed.Valid<>(
                new FailsafeFact.Question(leader.get(), epoch.get(), validity.orElse(ttl), to));
    }

    /**
     * The dynamic configuration, or changes to it; which values it may have is for the
     * configuration's reader to say.
     */
    static Parsed<Map<String, @Nullable Object>> config(String text) {
        return switch (JsonBody.parse(text, JsonBody.Presence.REQUIRED)) {
            case Parsed.Invalid<JsonBody>(int status, String sentence) ->
                    new Parsed.Invalid<>(status, sentence);
            case Parsed.Valid<JsonBody>(JsonBody body) -> new Parsed.Valid<>(body.fields());
        };
    }
}
