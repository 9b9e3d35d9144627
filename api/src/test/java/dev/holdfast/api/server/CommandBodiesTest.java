package dev.holdfast.api.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.api.MemberService.ReinitializeRequest;
import dev.holdfast.api.MemberService.RestartRequest;
import dev.holdfast.api.MemberService.SwitchoverRequest;
import dev.holdfast.api.wire.Clusters;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandBodiesTest {
    private static final Instant NOW = Instant.parse("2026-11-20T18:00:00Z");

    @Test
    void aSwitchoverMayNameItsCandidate() {
        assertThat(switchover("{\"leader\":\"pg1\",\"candidate\":\"pg2\"}"))
                .isEqualTo(
                        new Parsed.Valid<>(
                                new SwitchoverRequest(
                                        Optional.of(Clusters.PG1),
                                        Optional.of(Clusters.PG2),
                                        Optional.empty())));
        assertThat(switchover("{\"leader\":\"pg1\",\"candidate\":\"\",\"scheduled_at\":null}"))
                .isEqualTo(
                        new Parsed.Valid<>(
                                new SwitchoverRequest(
                                        Optional.of(Clusters.PG1),
                                        Optional.empty(),
                                        Optional.empty())));
    }

    @Test
    void theCandidateIsAlsoCalledMember() {
        assertThat(
                        CommandBodies.switchover(
                                "{\"member\":\"pg2\"}",
                                CommandBodies.Kind.FAILOVER,
                                CommandBodies.Pause.OFF,
                                NOW))
                .isEqualTo(
                        new Parsed.Valid<>(
                                new SwitchoverRequest(
                                        Optional.empty(),
                                        Optional.of(Clusters.PG2),
                                        Optional.empty())));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2026-11-20T20:00+00          | 2026-11-20T20:00:00+00:00",
                "2026-11-20T20:00:00Z         | 2026-11-20T20:00:00+00:00",
                "2026-11-20 20:00:30+0100     | 2026-11-20T20:00:30+01:00",
                "2026-11-20T20:00:30.5 +01:00 | 2026-11-20T20:00:30+01:00",
            })
    void aScheduleIsReadInTheFormsPeopleWrite(String text, String expected) {
        assertThat(switchover("{\"leader\":\"pg1\",\"scheduled_at\":\"" + text + "\"}"))
                .isEqualTo(
                        new Parsed.Valid<>(
                                new SwitchoverRequest(
                                        Optional.of(Clusters.PG1),
                                        Optional.empty(),
                                        Optional.of(expected))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                                                | 400 | the body is empty, expected a JSON object",
                "{}                                                | 400 | the body is an empty object, expected at least one field",
                "[1]                                               | 400 | the body is an array, expected a JSON object",
                "\"pg1\"                                           | 400 | the body is \"pg1\", expected a JSON object",
                "null                                              | 400 | the body is null, expected a JSON object",
                "{\"foo\":\"bar\"}                                 | 400 | Switchover could be performed only from a specific leader",
                "{\"leader\":1}                                    | 400 | field \"leader\": found 1, expected a member's name",
                "{\"leader\":[\"pg1\"]}                            | 400 | field \"leader\": found an array, expected a member's name",
                "{\"leader\":\"pg1\",\"candidate\":\"a/b\"}        | 400 | field \"candidate\": found \"a/b\", expected a member's name",
                "{\"leader\":\"pg1\",\"candidate\":\"pg1\"}        | 400 | Switchover target and source are the same",
                "{\"leader\":\"pg1\",\"scheduled_at\":5}           | 400 | field \"scheduled_at\": found 5, expected a time in ISO 8601 with offset",
                "{\"leader\":\"pg1\",\"scheduled_at\":\"2026-11-20T20:00\"}  | 400 | Timezone information is mandatory for the scheduled switchover",
                "{\"leader\":\"pg1\",\"scheduled_at\":\"2026-11-20T17:00Z\"} | 422 | Cannot schedule switchover in the past",
                "{\"leader\":\"pg1\",\"scheduled_at\":\"tomorrow\"}          | 422 | Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601",
            })
    void aSwitchoverThatCannotBeIsRefusedByOneSentence(String body, int status, String sentence) {
        assertThat(switchover(body)).isEqualTo(new Parsed.Invalid<>(status, sentence));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"leader\":",
                "{\"leader\":\"pg1\"} trailing",
                "{leader:1}",
                "{\"leader\":\"a\",\"leader\":\"b\"}"
            })
    void whatIsNotJsonIsSaidWithItsPlace(String body) {
        assertThat(switchover(body))
                .isInstanceOfSatisfying(
                        Parsed.Invalid.class,
                        invalid -> {
                            assertThat(invalid.status()).isEqualTo(400);
                            assertThat(invalid.sentence())
                                    .startsWith("the body is not JSON: ")
                                    .contains(" at line 1, column ")
                                    .endsWith(", expected a JSON object");
                        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "FAILOVER   | OFF | {\"foo\":\"bar\"}    | Failover could be performed only to a specific candidate",
                "FAILOVER   | OFF | {\"candidate\":\"pg2\",\"scheduled_at\":\"2026-11-21T00:00Z\"} | Failover can't be scheduled",
                "SWITCHOVER | ON  | {\"leader\":\"pg1\"} | Switchover is possible only to a specific candidate in a paused state",
                "SWITCHOVER | ON  | {\"leader\":\"pg1\",\"candidate\":\"pg2\",\"scheduled_at\":\"2026-11-21T00:00Z\"} | Can't schedule switchover in the paused state",
            })
    void whatFailoverAndPauseDoNotAllowIsRefused(
            CommandBodies.Kind asked, CommandBodies.Pause pause, String body, String sentence) {
        assertThat(CommandBodies.switchover(body, asked, pause, NOW))
                .isEqualTo(new Parsed.Invalid<>(400, sentence));
    }

    @Test
    void aRestartMayBeBareOrSayWhen() {
        assertThat(CommandBodies.restart("", NOW))
                .isEqualTo(
                        new Parsed.Valid<>(
                                new RestartRequest(
                                        Optional.empty(),
                                        Optional.empty(),
                                        false,
                                        Optional.empty(),
                                        Optional.empty())));
        assertThat(
                        CommandBodies.restart(
                                "{\"role\":\"replica\",\"postgres_version\":\"15.2\",\"restart_pending\":\"True\","
                                        + "\"timeout\":\"2min\",\"schedule\":\"2026-11-20T19:00Z\"}",
                                NOW))
                .isEqualTo(
                        new Parsed.Valid<>(
                                new RestartRequest(
                                        Optional.of("replica"),
                                        Optional.of("15.2"),
                                        true,
                                        Optional.of(Duration.ofMinutes(2)),
                                        Optional.of("2026-11-20T19:00:00+00:00"))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"role\":\"master\"}           | PostgreSQL role should be either primary, standby_leader, or replica",
                "{\"role\":7}                    | field \"role\": found 7, expected primary, standby_leader or replica",
                "{\"timeout\":0}                 | Timeout should be a positive number of seconds",
                "{\"timeout\":-5}                | Timeout should be a positive number of seconds",
                "{\"timeout\":\"soon\"}          | Timeout should be a positive number of seconds",
                "{\"timeout\":[5]}               | Timeout should be a positive number of seconds",
                "{\"postgres_version\":\"new\"}  | field \"postgres_version\": found \"new\", expected a version such as \"15.2\"",
                "{\"restart_pending\":\"maybe\"} | field \"restart_pending\": found \"maybe\", expected true or false",
                "{\"when\":\"now\"}              | Unknown filter for the scheduled restart: when",
                "{\"schedule\":\"2026-11-20T19:00\"} | Timezone information is mandatory for the scheduled restart",
            })
    void aRestartThatCannotBeIsRefusedByOneSentence(String body, String sentence) {
        assertThat(CommandBodies.restart(body, NOW)).isEqualTo(new Parsed.Invalid<>(400, sentence));
    }

    @Test
    void reinitializeKnowsBothSpellingsOfFromLeader() {
        assertThat(CommandBodies.reinitialize(""))
                .isEqualTo(new Parsed.Valid<>(new ReinitializeRequest(false, false)));
        assertThat(CommandBodies.reinitialize("{\"force\":true,\"from-leader\":true}"))
                .isEqualTo(new Parsed.Valid<>(new ReinitializeRequest(true, true)));
        assertThat(CommandBodies.reinitialize("{\"from_leader\":\"on\"}"))
                .isEqualTo(new Parsed.Valid<>(new ReinitializeRequest(false, true)));
        assertThat(CommandBodies.reinitialize("{\"force\":{}}"))
                .isEqualTo(
                        new Parsed.Invalid<>(
                                400, "field \"force\": found an object, expected true or false"));
    }

    private static Parsed<SwitchoverRequest> switchover(String body) {
        return CommandBodies.switchover(
                body, CommandBodies.Kind.SWITCHOVER, CommandBodies.Pause.OFF, NOW);
    }
}
