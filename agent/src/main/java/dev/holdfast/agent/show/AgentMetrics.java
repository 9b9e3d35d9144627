package dev.holdfast.agent.show;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.MemberState;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.Observation;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.status.MemberStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Patroni's metric names, and Holdfast's own beside them. Values are read from the newest status
 * when they are scraped.
 */
final class AgentMetrics {
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)\\.(\\d+)");

    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Tags tags;
    private final Supplier<@Nullable MemberStatus> status;
    private final Timer turns;
    private final Timer loopLatency;
    private final FailoverPhases phases = new FailoverPhases();

    AgentMetrics(
            String scope,
            String name,
            Supplier<@Nullable MemberStatus> status,
            Supplier<MonoTime> clock) {
        this.tags = Tags.of("scope", scope, "name", name);
        this.status = status;
        this.turns =
                Timer.builder("holdfast.decision.duration")
                        .description("Time that one decision took")
                        .tags(tags)
                        .register(registry);
        this.loopLatency =
                Timer.builder("holdfast.loop.latency")
                        .description("How late the timers of the member's own loop were")
                        .tags(tags)
                        .register(registry);
        for (FailoverPhases.Phase phase : FailoverPhases.Phase.values()) {
            Gauge.builder(
                            "holdfast.last.failover.seconds",
                            () ->
                                    phases.last()
                                            .map(last -> last.of(phase).toMillis() / 1000.0)
                                            .orElse(0.0))
                    .description("How long this member's last way to the lead took; 0 for none")
                    .tags(tags.and("phase", phase.name().toLowerCase(Locale.ROOT)))
                    .register(registry);
        }
        register(clock);
    }

    private void register(Supplier<MonoTime> clock) {
        gauge(
                "patroni.version",
                "The agent's version, two digits for each of its parts",
                s -> version(s.version()));
        gauge("patroni.postgres.running", "1 if PostgreSQL answers", s -> flag(isRunning(s)));
        gauge(
                "patroni.postmaster.start.time",
                "Start of PostgreSQL, seconds since 1970",
                AgentMetrics::startSeconds);
        gauge(
                "patroni.primary",
                "1 if this member runs as primary and holds the leader lease",
                s -> flag(s.role() == MemberRole.PRIMARY && s.holdsLease(clock.get())));
        gauge(
                "patroni.standby.leader",
                "1 if this member leads a standby cluster",
                s -> flag(s.role() == MemberRole.STANDBY_LEADER && s.holdsLease(clock.get())));
        gauge(
                "patroni.replica",
                "1 if this member runs as a standby",
                s -> flag(s.server().orElse(null) instanceof Server.Standby));
        gauge(
                "patroni.sync.standby",
                "1 if this member is a synchronous standby",
                s -> flag(s.isSyncStandby()));
        gauge(
                "patroni.quorum.standby",
                "1 if this member is a quorum standby",
                s -> flag(s.isQuorumStandby()));
        gauge(
                "patroni.xlog.location",
                "Flushed WAL position of the primary, bytes; 0 on a standby",
                s -> s.server().orElse(null) instanceof Server.Primary p ? bytes(p.flushed()) : 0);
        gauge(
                "patroni.xlog.received.location",
                "Received WAL position of a standby, bytes; 0 on a primary",
                s ->
                        s.server().orElse(null) instanceof Server.Standby r
                                ? bytes(r.received().orElse(Lsn.ZERO))
                                : 0);
        gauge(
                "patroni.xlog.replayed.location",
                "Replayed WAL position of a standby, bytes; 0 on a primary",
                s -> s.server().orElse(null) instanceof Server.Standby r ? bytes(r.replayed()) : 0);
        gauge(
                "patroni.xlog.replayed.timestamp",
                "Commit of the last transaction that a standby has replayed, seconds since 1970",
                AgentMetrics::replayedSeconds);
        gauge(
                "patroni.xlog.paused",
                "1 if replay is paused",
                s -> flag(s.server().orElse(null) instanceof Server.Standby r && r.replayPaused()));
        gauge(
                "patroni.postgres.streaming",
                "1 if PostgreSQL streams from its upstream",
                s -> flag(s.server().orElse(null) instanceof Server.Standby r && r.isStreaming()));
        gauge(
                "patroni.postgres.in.archive.recovery",
                "1 if PostgreSQL replays from an archive",
                s -> flag(s.state() == MemberState.IN_ARCHIVE_RECOVERY));
        gauge("patroni.postgres.server.version", "server_version_num", AgentMetrics::serverVersion);
        gauge(
                "patroni.cluster.unlocked",
                "1 if nobody holds the leader key",
                s -> flag(s.cluster().filter(c -> c.leader().isPresent()).isEmpty()));
        gauge(
                "patroni.failsafe.mode.is.active",
                "1 while failsafe mode keeps a primary",
                s -> flag(s.condition().stayingUntil().filter(clock.get()::isBefore).isPresent()));
        gauge("patroni.postgres.timeline", "Timeline of the server", s -> timeline(s));
        gauge(
                "patroni.dcs.last.seen",
                "When the store last answered, seconds since 1970",
                MemberStatus::storeSeenEpochSeconds);
        gauge(
                "patroni.pending.restart",
                "1 if a parameter needs a restart",
                s -> flag(!s.pendingRestart().isEmpty()));
        gauge(
                "patroni.postgres.state",
                "What PostgreSQL is doing: 0 initdb, 1 initdb failed, 2 custom bootstrap,"
                        + " 3 custom bootstrap failed, 4 creating replica, 5 running, 6 starting,"
                        + " 7 starting after custom bootstrap, 8 start failed, 9 restarting,"
                        + " 10 restart failed, 11 stopping, 12 stopped, 13 stop failed, 14 crashed",
                s -> number(s.state()));
        gauge("patroni.is.paused", "1 if the cluster is paused", s -> flag(s.pauseSeen()));
        gauge(
                "holdfast.lease.margin.seconds",
                "How long the leader lease is good without a renewal; 0 when not held",
                s -> Math.max(0, s.leaderUntil().since(clock.get()).toMillis()) / 1000.0);
        gauge(
                "holdfast.serves.as.primary",
                "1 if /primary answers 200",
                s -> flag(s.servesAsPrimary(clock.get())));
        gauge(
                "holdfast.postgres.ends.in.a.row",
                "How often PostgreSQL ended soon after its start, in a row",
                s -> s.condition().endsInARow());
        gauge(
                "holdfast.unwell",
                "1 if the server lets nobody in, or a disk hangs or has no room",
                s -> flag(!s.condition().unwell().isEmpty()));
        gauge(
                "holdfast.without.synchronous.standby.seconds",
                "How long this primary has acknowledged without a synchronous standby; 0 if it has one",
                s ->
                        s.condition()
                                .aloneSince()
                                .map(since -> clock.get().since(since).toMillis() / 1000.0)
                                .orElse(0.0));
        gauge(
                "holdfast.without.synchronous.standby.times",
                "How often that began since the agent started",
                s -> s.condition().aloneTimes());
        gauge(
                "holdfast.weaker.synchronous.commit",
                "For how many roles, databases or files synchronous_commit is weaker than the mode",
                s -> s.condition().weakerCommits().size());
        gauge(
                "holdfast.guard.armed",
                "1 if the guard would end PostgreSQL without the agent",
                s -> flag(s.guard().equals("armed")));
    }

    void onDecision(Observation seen, Decision decision, Duration took) {
        phases.onTurn(FailoverPhases.Step.of(seen, decision), seen.now());
        turns.record(took);
        countDecision(decision.reason().code().text());
    }

    void countDecision(String reason) {
        registry.counter("holdfast.decisions", tags.and("reason", reason)).increment();
    }

    void onTimer(Duration late) {
        loopLatency.record(late);
    }

    void onStoreRequest(String request, String outcome, Duration took) {
        Timer.builder("holdfast.etcd.requests")
                .description("Requests to etcd, and how long they took")
                .tags(tags.and("request", request, "outcome", outcome))
                .register(registry)
                .record(took);
    }

    String scrape() {
        return registry.scrape();
    }

    private void gauge(String name, String description, ToDoubleFunction<MemberStatus> value) {
        Gauge.builder(
                        name,
                        () -> {
                            MemberStatus now = status.get();
                            return now == null ? 0 : value.applyAsDouble(now);
                        })
                .description(description)
                .tags(tags)
                .register(registry);
    }

    private static double flag(boolean set) {
        return set ? 1 : 0;
    }

    private static double bytes(Lsn lsn) {
        return lsn.value();
    }

    private static boolean isRunning(MemberStatus s) {
        return s.state().isRunning() && s.server().isPresent();
    }

    /** By Patroni's numbers; it has none for a rewind, after which the server is to start. */
    private static int number(MemberState state) {
        return switch (state) {
            case INITIALIZING -> 0;
            case INIT_FAILED -> 1;
            case CREATING_REPLICA -> 4;
            case RUNNING, STREAMING, IN_ARCHIVE_RECOVERY -> 5;
            case STARTING, REWINDING -> 6;
            case START_FAILED -> 8;
            case RESTARTING -> 9;
            case RESTART_FAILED -> 10;
            case STOPPING -> 11;
            case STOPPED -> 12;
            case STOP_FAILED -> 13;
            case CRASHED -> 14;
        };
    }

    /** 1.2.3 is 10203, as in PostgreSQL's own numbers. */
    private static double version(String text) {
        Matcher parts = VERSION.matcher(text);
        return parts.lookingAt()
                ? Integer.parseInt(parts.group(1)) * 10_000
                        + Integer.parseInt(parts.group(2)) * 100
                        + Integer.parseInt(parts.group(3))
                : 0;
    }

    private static double replayedSeconds(MemberStatus s) {
        return s.server().orElse(null) instanceof Server.Standby r
                ? r.replayTimestamp()
                        .map(text -> OffsetDateTime.parse(text.replace(' ', 'T')).toInstant())
                        .map(at -> at.getEpochSecond() + at.getNano() / 1e9)
                        .orElse(0.0)
                : 0;
    }

    private static double startSeconds(MemberStatus s) {
        return switch (s.server().orElse(null)) {
            case Server.Primary p -> p.common().startMicros() / 1e6;
            case Server.Standby r -> r.common().startMicros() / 1e6;
            case Server.Rejecting _, Server.Silent _ -> 0;
            case null -> 0;
        };
    }

    private static double serverVersion(MemberStatus s) {
        return switch (s.server().orElse(null)) {
            case Server.Primary p -> p.common().versionNumber();
            case Server.Standby r -> r.common().versionNumber();
            case Server.Rejecting _, Server.Silent _ -> 0;
            case null -> 0;
        };
    }

    private static double timeline(MemberStatus s) {
        return switch (s.server().orElse(null)) {
            case Server.Primary(var _, Timeline timeline, var _, var _, var _) -> timeline.id();
            case Server.Standby r -> r.timeline().id();
            case Server.Rejecting _, Server.Silent _ -> 0;
            case null -> 0;
        };
    }
}
