package dev.holdfast.api.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.api.MemberService.Reply;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeldAnswersTest {
    private static final Duration LONGER_THAN_THE_TEST = Duration.ofMinutes(5);

    private static final Limits IMPATIENT =
            new Limits(
                    LONGER_THAN_THE_TEST, 256, Duration.ofMillis(100), 512, 1 << 20, 16, 8 << 20);

    @ParameterizedTest
    @ValueSource(strings = {"/", "/primary", "/read-write", "/master"})
    void aCheckForWritersIsAnsweredWhenThePrimaryBeginsToServe(String path) {
        try (RunningServer rest = holding(LONGER_THAN_THE_TEST, 256)) {
            CompletableFuture<HttpResponse<String>> check = begin(rest, path);
            awaitHeld(rest, 1);
            assertThat(check).isNotDone();
            rest.member().become(Members.primary().status());
            assertThat(check.join().statusCode()).isEqualTo(200);
            assertThat(rest.server().heldCount()).isZero();
        }
    }

    @Test
    void aCheckForTheLeaderIsAnsweredWhenTheLeaseIsWon() {
        try (RunningServer rest = holding(LONGER_THAN_THE_TEST, 256)) {
            rest.member().become(Members.standby().settlesBy(Members.SOON).status());
            CompletableFuture<HttpResponse<String>> check = begin(rest, "/leader");
            awaitHeld(rest, 1);
            rest.member().become(Members.promoting().status());
            assertThat(check.join().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aChangeThatDecidesNothingAnswersNothing() {
        try (RunningServer rest = holding(LONGER_THAN_THE_TEST, 256)) {
            CompletableFuture<HttpResponse<String>> check = begin(rest, "/primary");
            awaitHeld(rest, 1);
            rest.member().become(Members.promoting().pauseSeen().status());
            // The next check passes through the same event loop after that change, so it has been
            // looked at by then.
            assertThat(rest.get("/health").statusCode()).isEqualTo(200);
            assertThat(check).isNotDone();
            assertThat(rest.server().heldCount()).isEqualTo(1);
            rest.member().become(Members.standby().status());
            assertThat(check.join().statusCode()).isEqualTo(503);
        }
    }

    @Test
    void aCheckIsAnsweredNoWhenItsTimeIsUp() {
        try (RunningServer rest = holding(Duration.ofMillis(50), 256)) {
            assertThat(rest.get("/primary").statusCode()).isEqualTo(503);
            assertThat(rest.server().heldCount()).isZero();
        }
    }

    @Test
    void aCheckIsAnsweredNoWhenTheMemberShouldHaveSettled() {
        try (RunningServer rest = holding(LONGER_THAN_THE_TEST, 256)) {
            rest.member().timeIs(Members.SOON.minus(Duration.ofMillis(50)));
            assertThat(rest.get("/primary").statusCode()).isEqualTo(503);
        }
    }

    @Test
    void aCheckIsNotHeldOnceTheMemberShouldHaveSettled() {
        try (RunningServer rest = holding(LONGER_THAN_THE_TEST, 256)) {
            rest.member().timeIs(Members.SOON);
            assertThat(rest.get("/primary").statusCode()).isEqualTo(503);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/leader",
                "/replica",
                "/read-only",
                "/health",
                "/liveness",
                "/readiness",
                "/sync"
            })
    void whatIsDecidedOrDoesNotRouteWritersIsNeverHeld(String path) {
        try (RunningServer rest = holding(LONGER_THAN_THE_TEST, 256)) {
            assertThat(rest.get(path).statusCode()).isIn(200, 503);
            assertThat(rest.server().heldCount()).isZero();
        }
    }

    @Test
    void noMoreAreHeldThanTheBound() {
        try (RunningServer rest = holding(LONGER_THAN_THE_TEST, 3)) {
            List<CompletableFuture<HttpResponse<String>>> held = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                held.add(begin(rest, "/primary"));
            }
            awaitHeld(rest, 3);
            assertThat(rest.get("/primary").statusCode()).isEqualTo(503);
            rest.member().become(Members.primary().status());
            assertThat(held)
                    .allSatisfy(check -> assertThat(check.join().statusCode()).isEqualTo(200));
        }
    }

    @Test
    void aClientThatLeavesIsForgotten() throws IOException {
        try (RunningServer rest = holding(LONGER_THAN_THE_TEST, 256)) {
            try (Socket client = rest.connect()) {
                client.getOutputStream()
                        .write(
                                "OPTIONS /primary HTTP/1.0\r\n\r\n"
                                        .getBytes(StandardCharsets.US_ASCII));
                awaitHeld(rest, 1);
            }
            awaitHeld(rest, 0);
        }
    }

    @Test
    void closingAnswersWhatIsHeld() {
        CompletableFuture<HttpResponse<String>> check;
        try (RunningServer rest = holding(LONGER_THAN_THE_TEST, 256)) {
            check = begin(rest, "/primary");
            awaitHeld(rest, 1);
            RunningServer.await(rest.server().close());
            assertThat(check.join().statusCode()).isEqualTo(503);
        }
    }

    @Test
    void aConnectionThatKeepsUsWaitingIsClosed() throws IOException {
        try (RunningServer rest = serving(IMPATIENT);
                Socket silent = rest.connect();
                Socket slow = rest.connect()) {
            slow.getOutputStream()
                    .write(
                            "POST /restart HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"
                                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(silent.getInputStream().read()).isEqualTo(-1);
            assertThat(new String(slow.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 400 ");
            assertThat(rest.member().asked()).isEmpty();
        }
    }

    @Test
    void aClientThatWaitsForACommandIsNotClosed() {
        try (RunningServer rest = serving(IMPATIENT)) {
            CompletableFuture<Reply> reply = new CompletableFuture<>();
            rest.member().replyWith(reply);
            CompletableFuture<HttpResponse<String>> command =
                    rest.begin(
                            rest.request("/restart")
                                    .POST(HttpRequest.BodyPublishers.noBody())
                                    .build());
            await().atMost(RunningServer.PATIENCE).until(() -> rest.member().asked().size() == 1);
            rest.vertx().setTimer(300, _ -> reply.complete(new Reply(200, "late")));
            assertThat(command.join().body()).isEqualTo("late");
        }
    }

    @Test
    void silentConnectionsMakeWayForTheNextClient() throws IOException {
        Limits limits =
                new Limits(
                        LONGER_THAN_THE_TEST, 256, LONGER_THAN_THE_TEST, 2, 1 << 20, 16, 8 << 20);
        try (RunningServer rest = serving(limits);
                Socket first = rest.connect();
                Socket second = rest.connect()) {
            assertThat(rest.get("/health").statusCode()).isEqualTo(200);
            assertThat(first.getInputStream().read()).isEqualTo(-1);
            second.getOutputStream()
                    .write("GET /health HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.0 200");
        }
    }

    private static RunningServer holding(Duration hold, int maxHeld) {
        return new RunningServer(
                new FakeMember(Members.promoting().settlesBy(Members.SOON).status()),
                new Limits(hold, maxHeld, Duration.ofSeconds(10), 512, 1 << 20, 16, 8 << 20),
                Optional.empty());
    }

    private static RunningServer serving(Limits limits) {
        return new RunningServer(
                new FakeMember(Members.primary().status()), limits, Optional.empty());
    }

    private static CompletableFuture<HttpResponse<String>> begin(RunningServer rest, String path) {
        return rest.begin(rest.request(path).GET().build());
    }

    private static void awaitHeld(RunningServer rest, int count) {
        await().atMost(RunningServer.PATIENCE).until(() -> rest.server().heldCount() == count);
    }
}
