package dev.holdfast.api.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.holdfast.api.MemberService.Position;
import dev.holdfast.api.MemberService.Reply;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.config.AgentConfig.ClientTls;
import dev.holdfast.core.config.AgentConfig.Credentials;
import dev.holdfast.core.config.AgentConfig.Ctl;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A member's answers arrive whole, and a member that does not answer is one clear sentence within
 * the time-out.
 */
class MemberClientTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final String POSITION =
            """
            {"name":"pg2","server_answers":true,"in_recovery":true,"timeline":3,"received":"0/3000060",\
            "replayed":"0/3000028","nofailover":false,"streaming":true}\
            """;

    private HttpServer server;
    private MemberClient client;
    private final List<String> seen = new CopyOnWriteArrayList<>();

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
        client =
                MemberClient.standalone(
                        new Ctl(
                                Optional.of(new Credentials("admin", "se:cret")),
                                ClientTls.defaults()));
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(0);
    }

    @Test
    void aPositionIsReadFieldByField() throws Exception {
        answer("/holdfast/position", 200, POSITION);

        assertThat(await(client.position(url(), TIMEOUT)))
                .isEqualTo(
                        new Position(
                                new MemberName("pg2"),
                                true,
                                true,
                                Optional.of(new Timeline(3)),
                                Lsn.of("0/3000060"),
                                Lsn.of("0/3000028"),
                                false,
                                true));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"streaming\":true | \"streaming\":1 | \"streaming\" 1, where true or false is expected",
                "\"timeline\":3 | \"timeline\":0 | \"timeline\" 0, where a number from 1, or null is expected",
                "0/3000060 | nowhere | \"received\" \"nowhere\", where an LSN such as 0/3000060 is expected",
                "\"name\":\"pg2\", | '' | \"name\" missing, where the name of a member is expected",
                "{ | [ | not JSON",
            })
    void aPositionThatIsNotWholeIsNotUsed(String part, String changed, String sentence) {
        answer("/holdfast/position", 200, POSITION.replace(part, changed));

        assertThatThrownBy(() -> await(client.position(url(), TIMEOUT)))
                .isInstanceOf(UnusableAnswerException.class)
                .hasMessageContaining(sentence)
                .hasMessageContaining(origin());
    }

    @Test
    void aPositionWithAnotherStatusIsNotUsed() {
        answer("/holdfast/position", 503, POSITION);

        assertThatThrownBy(() -> await(client.position(url(), TIMEOUT)))
                .hasMessageContaining("status 503");
    }

    @Test
    void aCommandIsSentWithItsBodyAndCredentials() throws Exception {
        answer("/switchover", 412, "candidate name does not match");

        assertThat(await(client.post(url(), "/switchover", "{\"leader\":\"pg1\"}", TIMEOUT)))
                .isEqualTo(new Reply(412, "candidate name does not match"));
        // "admin:se:cret" in base 64.
        assertThat(seen)
                .containsExactly(
                        "POST /switchover {\"leader\":\"pg1\"} Basic YWRtaW46c2U6Y3JldA==");
    }

    @Test
    void everyMethodIsTheOneItIsCalled() throws Exception {
        answer("/config", 200, "{}");

        await(client.get(url(), "/config", TIMEOUT));
        await(client.patch(url(), "/config", "{}", TIMEOUT));
        await(client.put(url(), "/config", "{}", TIMEOUT));
        await(client.delete(url(), "/config", TIMEOUT));

        assertThat(seen.stream().map(line -> line.substring(0, line.indexOf(' '))))
                .containsExactly("GET", "PATCH", "PUT", "DELETE");
    }

    @Test
    void aRefusedConnectionNamesTheAddress() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        assertThatThrownBy(() ->
                        await(client.status("http://127.0.0.1:" + free + "/patroni", TIMEOUT)))
                .isInstanceOf(UnusableAnswerException.class)
                .hasMessageContaining("http://127.0.0.1:" + free)
                .hasMessageContaining("refused")
                .extracting("delivery")
                .isEqualTo(UnusableAnswerException.Delivery.NEVER_SENT);
    }

    @Test
    void aSilentMemberFailsTheCallWithinTheTimeout() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() ->
                            await(
                                    client.status(
                                            "http://127.0.0.1:"
                                                    + silent.getLocalPort()
                                                    + "/patroni",
                                            Duration.ofMillis(200))))
                    .isInstanceOf(UnusableAnswerException.class)
                    .hasMessageContaining("no answer within 200 ms")
                    .extracting("delivery")
                    .isEqualTo(UnusableAnswerException.Delivery.UNKNOWN);
        }
    }

    @Test
    void anAnswerWithoutBoundIsNotReadToTheEnd() {
        answer("/patroni", 200, "x".repeat(MemberClient.MAX_BODY_BYTES + 1));

        assertThatThrownBy(() -> await(client.status(url(), TIMEOUT)))
                .hasMessageContaining("longer than");
    }

    @Test
    void whatIsNoAddressIsSaid() {
        assertThatThrownBy(() -> await(client.status("somewhere", TIMEOUT)))
                .hasMessage(
                        "\"somewhere\" is not the address of a member (http://host:port is expected)");
    }

    private void answer(String path, int status, String body) {
        server.createContext(
                path,
                exchange -> {
                    seen.add(
                            exchange.getRequestMethod()
                                    + " "
                                    + exchange.getRequestURI()
                                    + " "
                                    + new String(
                                            exchange.getRequestBody().readAllBytes(),
                                            StandardCharsets.UTF_8)
                                    + " "
                                    + exchange.getRequestHeaders().getFirst("Authorization"));
                    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(status, bytes.length);
                    exchange.getResponseBody().write(bytes);
                    exchange.close();
                });
    }

    private String origin() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private String url() {
        return origin() + "/patroni";
    }

    private static <T> T await(CompletionStage<T> stage) throws Exception {
        try {
            return stage.toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }
}
