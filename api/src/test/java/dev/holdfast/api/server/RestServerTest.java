package dev.holdfast.api.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.api.MemberService.RestartRequest;
import dev.holdfast.api.MemberService.SwitchoverRequest;
import dev.holdfast.api.client.MemberClient;
import dev.holdfast.api.wire.Clusters;
import dev.holdfast.api.wire.FailsafeJson;
import dev.holdfast.core.Epoch;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.Ctl;
import dev.holdfast.core.decide.FailsafeFact;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class RestServerTest {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();
    private static final Credentials CREDENTIALS = new Credentials("admin", "s3cret:with colon");

    private final FakeMember member = new FakeMember(Members.primary().status());
    private final RunningServer rest =
            new RunningServer(member, Limits.defaults(), Optional.of(CREDENTIALS));

    @AfterEach
    void stop() {
        rest.close();
    }

    @Test
    void aMemberWhoseLoopHangsIsNotAliveThoughItsServerAnswers() {
        member.hangsUntil(Members.NOW.plus(Duration.ofSeconds(10)));
        assertThat(rest.get("/liveness").statusCode()).isEqualTo(200);

        member.hangsUntil(Members.NOW.plus(Duration.ofSeconds(11)));
        assertThat(rest.get("/liveness").statusCode()).isEqualTo(503);
    }

    @ParameterizedTest
    @CsvSource({
        "/,200",
        "/primary,200",
        "/replica,503",
        "/replica?lag=10MB,503",
        "/health,200",
        "/replica?lag=x,400"
    })
    void aHealthCheckAnswersGetWithJsonAndHeadAndOptionsWithNothing(String uri, int status) {
        HttpResponse<String> get = rest.get(uri);
        assertThat(get.statusCode()).isEqualTo(status);
        if (status == 400) {
            assertThat(get.body()).startsWith("query parameter \"lag\"");
        } else {
            assertThat(get.headers().firstValue("content-type")).contains("application/json");
            assertThat(get.body()).contains("\"role\":\"primary\"");
            assertThat(rest.send("HEAD", uri, ""))
                    .matches(r -> r.statusCode() == status && r.body().isEmpty());
            assertThat(rest.send("OPTIONS", uri, ""))
                    .matches(r -> r.statusCode() == status && r.body().isEmpty());
        }
    }

    @Test
    void informationIsServed() {
        assertThat(rest.get("/patroni").body()).contains("\"scope\":\"demo\"");
        assertThat(rest.get("/cluster").body()).contains("\"role\":\"sync_standby\"");
        assertThat(rest.get("/history").body()).startsWith("[[1,33554432,");
        assertThat(rest.get("/config").body()).isEqualTo("{\"ttl\":10}");
        assertThat(rest.get("/metrics").headers().firstValue("content-type").orElseThrow())
                .startsWith("text/plain; version=0.0.4");
        assertThat(rest.get("/holdfast/journal").body()).contains("it won the race");
    }

    @Test
    void ourOwnClientReadsThePositionAsTheMemberSaidIt() {
        MemberClient client =
                MemberClient.on(rest.vertx(), new Ctl(Optional.empty(), ClientTls.defaults()));
        String url = "http://127.0.0.1:" + rest.server().port();
        assertThat(client.position(url, RunningServer.PATIENCE).toCompletableFuture().join())
                .isEqualTo(member.position().toCompletableFuture().join());
    }

    @Test
    void whatTheStoreHasNotSaidIsNotInvented() {
        member.become(Members.standby().noCluster().status());
        member.configIs(Optional.empty());
        assertThat(rest.get("/cluster").statusCode()).isEqualTo(503);
        assertThat(rest.get("/history").statusCode()).isEqualTo(503);
        assertThat(rest.get("/config").statusCode()).isEqualTo(502);
    }

    @Test
    void whatWasAskedForIsToldAllAndOne() throws IOException {
        JsonNode all = MAPPER.readTree(rest.get("/holdfast/operations").body());
        assertThat(all).hasSize(2);
        assertThat(all.get(0).path("id").textValue()).isEqualTo(FakeMember.ENDED.id());
        assertThat(
                        MAPPER.readTree(
                                rest.get("/holdfast/operations/" + FakeMember.ENDED.id()).body()))
                .isEqualTo(all.get(0))
                .isEqualTo(
                        MAPPER.readTree(
                                """
                                {"id": "20261126T093001.000Z-b", "kind": "restart", "to": "pg2",
                                 "asked_at": "2026-11-26T09:30:01.000+00:00", "state": "done",
                                 "reason": "PostgreSQL was restarted", "ended_at": "2026-11-26T09:30:02.000+00:00"}
                                """));
        assertThat(all.get(1))
                .isEqualTo(
                        MAPPER.readTree(
                                """
                                {"id": "20261126T093000.000Z-a", "kind": "switchover", "from": "pg1",
                                 "scheduled_at": "2026-11-26T10:00:00+00:00",
                                 "asked_at": "2026-11-26T09:30:00.000+00:00", "state": "open"}
                                """));
        assertThat(rest.get("/holdfast/operations/20261126T093000.000Z-c").statusCode())
                .isEqualTo(404);
    }

    @Test
    void anIdentifierGoesToTheMemberAndComesBackWithTheAnswer() throws Exception {
        member.replyWith(
                CompletableFuture.completedFuture(new Reply(200, "done").of(FakeMember.OPEN)));
        String url = "http://127.0.0.1:" + rest.server().port();
        try (MemberClient client =
                MemberClient.on(
                        rest.vertx(), new Ctl(Optional.of(CREDENTIALS), ClientTls.defaults()))) {
            Reply reply =
                    client.post(
                                    url,
                                    "/switchover",
                                    "{\"leader\":\"pg1\"}",
                                    "20261126T093002.000Z-x",
                                    Duration.ofSeconds(5))
                            .toCompletableFuture()
                            .get();
            assertThat(reply).isEqualTo(new Reply(200, "done").of(FakeMember.OPEN));
            assertThat(member.asked())
                    .containsExactly(
                            new SwitchoverRequest(
                                    Optional.of(new MemberName("pg1")),
                                    Optional.empty(),
                                    Optional.empty(),
                                    Optional.of("20261126T093002.000Z-x")));
            Reply refused =
                    client.post(
                                    url,
                                    "/switchover",
                                    "{\"leader\":\"pg1\"}",
                                    "../leader",
                                    Duration.ofSeconds(5))
                            .toCompletableFuture()
                            .get();
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.body()).contains("Holdfast-Operation");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "POST,/primary,'GET, HEAD, OPTIONS'",
        "DELETE,/config,'GET, HEAD, PATCH, PUT'",
        "GET,/switchover,'DELETE, POST'",
        "PUT,/restart,'DELETE, POST'",
        "OPTIONS,/metrics,'GET, HEAD'",
    })
    void anUnknownMethodIsToldTheKnownOnes(String method, String path, String allowed) {
        HttpResponse<String> response = rest.send(method, path, "");
        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("allow")).contains(allowed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/nothing", "/primary/more", "/%2e%2e/etc/passwd", "/holdfast"})
    void anUnknownPathIsNotFound(String path) {
        assertThat(rest.get(path).statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PATCH /config",
                "PUT /config",
                "POST /switchover",
                "DELETE /switchover",
                "POST /failover",
                "POST /restart",
                "DELETE /restart",
                "POST /failsafe",
                "POST /reload",
                "POST /reinitialize"
            })
    void noCommandIsTakenFromAStranger(String command) {
        String[] words = command.split(" ", 2);
        HttpResponse<String> nameless = rest.send(words[0], words[1], "{\"leader\":\"pg1\"}");
        assertThat(nameless.statusCode()).isEqualTo(401);
        assertThat(nameless.body()).isEqualTo("no auth header received");
        assertThat(nameless.headers().firstValue("www-authenticate"))
                .contains("Basic realm=\"Holdfast\"");
        for (String wrong :
                new String[] {
                    basic("admin:guess"),
                    basic("admin"),
                    "Basic",
                    "Basic ***",
                    "Bearer " + basic("admin:s3cret:with colon"),
                    ""
                }) {
            HttpResponse<String> refused =
                    command(words[0], words[1], "{\"leader\":\"pg1\"}", wrong);
            assertThat(refused.statusCode()).as(wrong).isEqualTo(401);
            assertThat(refused.body()).isEqualTo("not authenticated");
        }
        assertThat(member.asked()).isEmpty();
    }

    @Test
    void aCommandReachesTheMemberAndItsReplyTheClient() {
        member.replyWith(
                CompletableFuture.completedFuture(new Reply(412, "leader name does not match")));
        HttpResponse<String> response =
                command("POST", "/switchover", "{\"leader\":\"pg1\",\"candidate\":\"pg2\"}");
        assertThat(response.statusCode()).isEqualTo(412);
        assertThat(response.body()).isEqualTo("leader name does not match");
        assertThat(member.asked())
                .containsExactly(
                        new SwitchoverRequest(
                                Optional.of(Clusters.PG1),
                                Optional.of(Clusters.PG2),
                                Optional.empty()));
    }

    @Test
    void aFailoverThatNamesTheLeaderIsASwitchover() {
        command("POST", "/failover", "{\"leader\":\"pg1\",\"candidate\":\"pg2\"}");
        command("POST", "/failover", "{\"candidate\":\"pg3\"}");
        assertThat(member.asked())
                .containsExactly(
                        new SwitchoverRequest(
                                Optional.of(Clusters.PG1),
                                Optional.of(Clusters.PG2),
                                Optional.empty()),
                        Map.entry(
                                "failover",
                                new SwitchoverRequest(
                                        Optional.empty(),
                                        Optional.of(Clusters.PG3),
                                        Optional.empty())));
    }

    @Test
    void aConfigurationIsAnsweredWithItself() {
        member.replyWith(CompletableFuture.completedFuture(new Reply(200, "{\"ttl\":5}")));
        HttpResponse<String> response = command("PATCH", "/config", "{\"ttl\":5,\"pause\":null}");
        assertThat(response.headers().firstValue("content-type")).contains("application/json");
        assertThat(response.body()).isEqualTo("{\"ttl\":5}");
        assertThat(member.asked().getFirst())
                .isInstanceOfSatisfying(
                        Map.class,
                        changes -> {
                            assertThat(changes.get("ttl")).isEqualTo(5);
                            assertThat(changes.containsKey("pause")).isTrue();
                            assertThat(changes.get("pause")).isNull();
                        });
    }

    @Test
    void aRestartNeedsNoBodyAndACancelReachesTheMember() {
        assertThat(command("POST", "/restart", "").statusCode()).isEqualTo(200);
        assertThat(command("DELETE", "/switchover", "").statusCode()).isEqualTo(200);
        assertThat(command("DELETE", "/restart", "").statusCode()).isEqualTo(200);
        assertThat(member.asked())
                .containsExactly(
                        new RestartRequest(
                                Optional.empty(),
                                Optional.empty(),
                                false,
                                Optional.empty(),
                                Optional.empty()),
                        "cancelSwitchover",
                        "cancelRestart");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST  | /switchover | {                | the body is not JSON",
                "POST  | /switchover | {\"candidate\":3,\"leader\":\"pg1\"} | field \"candidate\": found 3",
                "POST  | /failover   | {\"foo\":\"bar\"} | Failover could be performed only to a specific candidate",
                "POST  | /restart    | {\"foo\":1}       | Unknown filter",
                "PATCH | /config     | ''                | the body is empty",
                "PUT   | /config     | [1,2]             | the body is an array",
                "POST  | /failsafe   | {\"epoch\":17}    | field \"name\" is missing",
                "POST  | /failsafe   | {\"name\":\"pg3\"} | field \"epoch\" is missing, and the store does not show pg3",
                "POST  | /failsafe   | {\"name\":\"pg1\",\"validity_ms\":0} | field \"validity_ms\": found 0",
                "POST  | /reinitialize | {\"force\":7}   | field \"force\": found 7",
            })
    void aBadBodyIsRefusedByASentenceAndNothingIsAsked(
            String method, String path, String body, String start) {
        HttpResponse<String> response = command(method, path, body);
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).startsWith(start).doesNotContain("\n");
        assertThat(member.asked()).isEmpty();
    }

    @Test
    void failsafeListsWhoMayBeElected() {
        assertThat(rest.get("/failsafe").statusCode()).as("the mode is off").isEqualTo(502);
        member.become(Members.primary().cluster(Clusters.failsafe()).status());
        assertThat(rest.get("/failsafe").body())
                .isEqualTo(
                        "{\"pg1\":\"http://10.0.0.1:8008/patroni\",\"pg2\":\"http://10.0.0.2:8008/patroni\"}");
    }

    @Test
    void aLeadersQuestionIsReadAsItIsWrittenAndPatronisMeansTheLeaderThatIsShown() {
        FailsafeFact.Question question =
                new FailsafeFact.Question(
                        Clusters.PG1,
                        new Epoch(16),
                        Duration.ofMillis(4_500),
                        Optional.of(Clusters.PG2));
        command("POST", "/failsafe", FailsafeJson.question(question));
        command(
                "POST",
                "/failsafe",
                "{\"name\":\"pg1\",\"conn_url\":\"postgres://h/\",\"api_url\":\"http://h/patroni\"}");
        assertThat(member.asked())
                .containsExactly(
                        question,
                        new FailsafeFact.Question(
                                Clusters.PG1,
                                new Epoch(17),
                                Duration.ofSeconds(10),
                                Optional.empty()));
    }

    @Test
    void aBodyIsBounded() {
        String tooLarge = "{\"x\":\"" + "a".repeat(2 << 20) + "\"}";
        HttpResponse<String> response = command("PUT", "/config", tooLarge);
        assertThat(response.statusCode()).isEqualTo(413);
        assertThat(response.body()).contains("at most 1048576 bytes");
        assertThat(member.asked()).isEmpty();
    }

    @Test
    void aBugIsAnsweredWithoutItsInsides() {
        HttpResponse<String> thrown = command("POST", "/reload", "");
        assertThat(thrown.statusCode()).isEqualTo(500);
        assertThat(thrown.body()).isEqualTo("internal error; the member's log says more");
        member.replyWith(
                CompletableFuture.failedFuture(new IllegalStateException("another secret")));
        HttpResponse<String> failed = command("POST", "/restart", "");
        assertThat(failed.statusCode()).isEqualTo(500);
        assertThat(failed.body()).doesNotContain("secret");
    }

    @Test
    void whatIsNoHttpHarmsNobody() throws IOException {
        try (Socket socket = rest.connect()) {
            socket.getOutputStream()
                    .write("\u0016\u0003\u0001 nonsense\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.");
        }
        assertThat(rest.get("/health").statusCode()).isEqualTo(200);
    }

    @Test
    void whoAsksWithoutEndAndNeverReadsIsThrownOut() throws IOException {
        byte[] requests =
                "GET /patroni HTTP/1.1\r\nHost: h\r\n\r\n"
                        .repeat(100)
                        .getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(4096);
            socket.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), rest.server().port()));
            assertThatThrownBy(
                            () -> {
                                for (int i = 0; i < 10_000; i++) {
                                    socket.getOutputStream().write(requests);
                                }
                            })
                    .isInstanceOf(IOException.class);
        }
        assertThat(rest.get("/health").statusCode()).isEqualTo(200);
    }

    /** Else a few dozen of these hold every health check up for a second. */
    @Test
    void littleIsMadeForWhoAsksOnAndNeverReads() throws IOException {
        member.journalIsLong(200);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).addAppender(log);
        byte[] requests =
                "GET /holdfast/journal HTTP/1.1\r\nHost: h\r\n\r\n"
                        .repeat(100)
                        .getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = rest.connect()) {
            assertThatThrownBy(
                            () -> {
                                for (int i = 0; i < 10_000; i++) {
                                    socket.getOutputStream().write(requests);
                                }
                            })
                    .isInstanceOf(IOException.class);
        }
        assertThat(member.journalsRead()).isLessThan(70);
        assertThat(List.copyOf(log.list)).as("a line for each of its requests").isEmpty();
    }

    @Test
    void someRequestsMayBeSentAheadAndAreAnsweredInTheirOrder() throws IOException {
        try (Socket socket = rest.connect()) {
            socket.getOutputStream()
                    .write(
                            ("GET /primary HTTP/1.1\r\nHost: h\r\n\r\n".repeat(15)
                                            + "GET /nowhere HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(all.split("HTTP/1.1 200 OK", -1)).hasSize(16);
            assertThat(all.substring(all.lastIndexOf("HTTP/1.1 "))).startsWith("HTTP/1.1 404");
        }
    }

    /** Each would be kept until its turn comes, and fifty such clients fill the agent's memory. */
    @Test
    void whoSendsALotAheadIsThrownOut() throws IOException {
        member.replyWith(new CompletableFuture<>());
        String command =
                "POST /restart HTTP/1.1\r\nHost: h\r\nAuthorization: "
                        + basic("admin:s3cret:with colon")
                        + "\r\nContent-Length: 0\r\n\r\n";
        byte[] requests =
                (command + "GET /primary HTTP/1.1\r\nHost: h\r\n\r\n".repeat(500))
                        .getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = rest.connect()) {
            socket.getOutputStream().write(requests);

            assertThat(endOf(socket)).as("answers before the end").isEmpty();
        }
        assertThat(rest.get("/health").statusCode()).isEqualTo(200);
    }

    @Test
    void thoseThatLeaveTheirAnswersLyingMakeRoomForOthers() throws IOException {
        member.journalIsLong(16_000);
        int whole = rest.get("/holdfast/journal").body().length();
        Limits one =
                new Limits(
                        Duration.ZERO,
                        0,
                        Duration.ofMinutes(1),
                        100,
                        1 << 20,
                        16,
                        whole + whole / 4);
        try (RunningServer bounded = new RunningServer(member, one, Optional.empty());
                Socket first = bounded.connect();
                Socket second = bounded.connect()) {
            for (Socket each : List.of(first, second)) {
                each.getOutputStream()
                        .write(
                                "GET /holdfast/journal HTTP/1.0\r\n\r\n"
                                        .getBytes(StandardCharsets.US_ASCII));
                await().until(() -> each.getInputStream().available() > 0);
            }

            assertThat(endOf(first).length()).isLessThan(whole);
            assertThat(endOf(second).length()).isGreaterThan(whole);
        }
    }

    /** What comes until the server closes the connection, in whatever way. */
    private static String endOf(Socket socket) {
        StringBuilder all = new StringBuilder();
        byte[] part = new byte[1 << 16];
        try {
            for (int n = 0; n >= 0; n = socket.getInputStream().read(part)) {
                all.append(new String(part, 0, n, StandardCharsets.US_ASCII));
            }
        } catch (IOException e) {
            assertThat(e).isNotInstanceOf(SocketTimeoutException.class);
        }
        return all.toString();
    }

    @Test
    void metricsAreWrittenOutOnceForAllWhoAskAtATime() {
        String first = rest.get("/metrics").body();
        for (int i = 0; i < 300; i++) {
            assertThat(rest.get("/metrics").statusCode()).isEqualTo(200);
        }
        assertThat(member.scrapes()).isLessThan(150);
        await().until(() -> !rest.get("/metrics").body().equals(first));
    }

    @Test
    void aPortInUseIsSaidInOneSentence() {
        int taken = rest.server().port();
        assertThatThrownBy(() ->
                        RunningServer.await(
                                RestServer.start(
                                        rest.vertx(),
                                        RunningServer.listenOn(
                                                "127.0.0.1", taken, Optional.empty()),
                                        member)))
                .rootCause()
                .hasStackTraceContaining("Address already in use");
        assertThatThrownBy(() ->
                        RunningServer.await(
                                RestServer.start(
                                        rest.vertx(),
                                        RunningServer.listenOn(
                                                "127.0.0.1", taken, Optional.empty()),
                                        member)))
                .hasMessageContaining(
                        "cannot listen on 127.0.0.1:"
                                + taken
                                + " (restapi.listen): another process uses this port");
    }

    @Test
    void anAddressOfAnotherHostIsSaidInOneSentence() {
        assertThatThrownBy(() ->
                        RunningServer.await(
                                RestServer.start(
                                        rest.vertx(),
                                        RunningServer.listenOn("192.0.2.1", 0, Optional.empty()),
                                        member)))
                .hasMessageContaining(
                        "cannot listen on 192.0.2.1:0 (restapi.listen): this host has no such address");
    }

    @Test
    void closingEndsTheSubscription() {
        assertThat(member.listeners()).isEqualTo(1);
        RunningServer.await(rest.server().close());
        assertThat(member.listeners()).isZero();
    }

    private HttpResponse<String> command(String method, String path, String body) {
        return command(method, path, body, basic("admin:s3cret:with colon"));
    }

    private HttpResponse<String> command(
            String method, String path, String body, String authorization) {
        return rest.send(
                rest.request(path)
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .header("Authorization", authorization)
                        .build());
    }

    private static String basic(String credentials) {
        return "Basic "
                + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }
}
