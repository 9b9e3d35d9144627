package dev.holdfast.agent.postgres;

import dev.holdfast.agent.postgres.Postgres.Role;
import dev.holdfast.agent.postgres.Postgres.Source;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.TimelineHistory;
import dev.holdfast.core.config.AgentConfig.HostPort;
import dev.holdfast.core.postgres.Upstream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Asks a server over a replication connection who it is: that needs the replication user only,
 * which every member may use everywhere.
 */
final class SourceServer {
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final PostgresSessions sessions;

    SourceServer(PostgresSessions sessions) {
        this.sessions = sessions;
    }

    /** An answer, and who of several gave it. */
    record Answer(Upstream.Address address, Source source) {}

    /** Of several servers, the one that takes writes; one in recovery where none does. */
    Answer ask(Upstream upstream) {
        List<Answer> answers = new ArrayList<>();
        List<PostgresException> failures = new ArrayList<>();
        for (Upstream.Address address : upstream.addresses()) {
            try {
                Answer answer = new Answer(address, ask(upstream.name(), address));
                if (answer.source().role() == Role.PRIMARY) {
                    return answer;
                }
                answers.add(answer);
            } catch (PostgresException e) {
                failures.add(e);
            }
        }
        if (answers.isEmpty()) {
            throw failures.getFirst();
        }
        return answers.getFirst();
    }

    private Source ask(String whom, Upstream.Address at) {
        HostPort address = new HostPort(at.host(), at.port());
        String what = "ask " + whom + " for its timelines";
        return sessions.cancellable(
                what,
                () -> {
                    try (Connection session = sessions.openReplication(address, PATIENCE);
                            Statement statement = session.createStatement()) {
                        return read(statement);
                    } catch (SQLException e) {
                        throw PostgresSessions.failure(what, address, e);
                    }
                });
    }

    /** The timeline that the local standby replays; empty when it does not tell. */
    Optional<Timeline> replayedHere() {
        try (Connection session = sessions.openReplication(sessions.local(), PATIENCE);
                Statement statement = session.createStatement();
                ResultSet identity = statement.executeQuery("IDENTIFY_SYSTEM")) {
            return identity.next()
                    ? Optional.of(new Timeline(identity.getInt("timeline")))
                    : Optional.empty();
        } catch (SQLException e) {
            // The caller has a lower bound, and asks again with its next probe.
            return Optional.empty();
        }
    }

    /**
     * The role comes first: a server that is promoted in between then counts as a standby still,
     * and not as a primary with the timeline of before.
     */
    private static Source read(Statement statement) throws SQLException {
        Role role = role(statement);
        SystemIdentifier system;
        Timeline timeline;
        Lsn position;
        try (ResultSet identity = statement.executeQuery("IDENTIFY_SYSTEM")) {
            identity.next();
            system = new SystemIdentifier(identity.getString("systemid"));
            timeline = new Timeline(identity.getInt("timeline"));
            position = Lsn.of(identity.getString("xlogpos"));
        }
        return new Source(system, timeline, position, role, history(statement, timeline));
    }

    /**
     * A walsender runs no query, but shows parameters. The first of these came with PostgreSQL 14;
     * the other is on in every transaction of a server in recovery.
     */
    private static Role role(Statement statement) throws SQLException {
        boolean tells = statement.getConnection().getMetaData().getDatabaseMajorVersion() >= 14;
        try (ResultSet shown =
                statement.executeQuery(
                        tells ? "SHOW in_hot_standby" : "SHOW transaction_read_only")) {
            return shown.next() && shown.getString(1).equals("on") ? Role.STANDBY : Role.PRIMARY;
        }
    }

    private static TimelineHistory history(Statement statement, Timeline timeline)
            throws SQLException {
        if (timeline.id() == 1) {
            return TimelineHistory.initial();
        }
        try (ResultSet file = statement.executeQuery("TIMELINE_HISTORY " + timeline.id())) {
            return TimelineHistory.parse(timeline, file.next() ? file.getString("content") : "");
        }
    }
}
