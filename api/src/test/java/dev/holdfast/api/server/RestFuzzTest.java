package dev.holdfast.api.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.AgentConfig.Credentials;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Whatever is sent to the server, it answers soon, with a sentence where it refuses, and the member
 * hears only of what is granted. What fails prints its seed: put that into {@link #SEED}.
 */
class RestFuzzTest {
    private static final long SEED = 20_261_126;
    private static final int REQUESTS = 3000;
    private static final int RAW = 150;
    private static final Duration SOON = Duration.ofSeconds(5);
    private static final String SIGNED =
            "Basic "
                    + Base64.getEncoder()
                            .encodeToString("admin:secret".getBytes(StandardCharsets.UTF_8));

    private static final List<String> METHODS =
            List.of("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "BREW");

    /** All but {@code /reload}, which the fake member answers with a bug. */
    private static final List<String> PATHS =
            List.of(
                    "/",
                    "/primary",
                    "/replica",
                    "/leader",
                    "/health",
                    "/readiness",
                    "/liveness",
                    "/sync",
                    "/patroni",
                    "/cluster",
                    "/history",
                    "/config",
                    "/metrics",
                    "/failsafe",
                    "/switchover",
                    "/failover",
                    "/restart",
                    "/reinitialize",
                    "/holdfast/position",
                    "/holdfast/journal");

    private static final List<String> KEYS =
            List.of(
                    "leader",
                    "candidate",
                    "member",
                    "scheduled_at",
                    "schedule",
                    "role",
                    "restart_pending",
                    "postgres_version",
                    "timeout",
                    "force",
                    "from-leader",
                    "ttl",
                    "pause",
                    "name",
                    "conn_url",
                    "api_url",
                    "epoch",
                    "validity_ms",
                    "to",
                    "slots",
                    "lag",
                    "replication_state",
                    "mode",
                    "tag_x",
                    "\u0000",
                    "");

    private final Random random = new Random(SEED);
    private final FakeMember member = new FakeMember(Members.primary().status());
    private final RunningServer rest =
            new RunningServer(
                    member,
                    new Limits(
                            Duration.ofMillis(50),
                            16,
                            Duration.ofMillis(500),
                            64,
                            4096,
                            16,
                            8 << 20),
                    Optional.of(new Credentials("admin", "secret")));

    @AfterEach
    void stop() {
        rest.close();
    }

    @Test
    void everyRequestIsAnsweredAndOnlyWhatIsGrantedReachesTheMember() {
        for (int i = 0; i < REQUESTS; i++) {
            String method = one(METHODS);
            String uri = one(PATHS) + (random.nextInt(20) == 0 ? "/x" : "") + query();
            String body = body();
            boolean signed = random.nextBoolean();
            int before = member.asked().size();
            HttpRequest.Builder request =
                    rest.request(uri)
                            .timeout(SOON)
                            .method(method, HttpRequest.BodyPublishers.ofString(body));
            if (signed) {
                request.header("Authorization", SIGNED);
            }

            HttpResponse<String> answer = rest.send(request.build());

            String what =
                    "seed %d, request %d: %s %s %s -> %d %s"
                            .formatted(
                                    SEED, i, method, uri, body, answer.statusCode(), answer.body());
            assertThat(answer.statusCode()).as(what).isBetween(200, 503).isNotEqualTo(500);
            if (answer.statusCode() >= 400 && answer.statusCode() < 500 && !method.equals("HEAD")) {
                assertThat(answer.body()).as(what).isNotBlank().doesNotContain("\n");
            }
            int heard = member.asked().size() - before;
            boolean granted = signed && answer.statusCode() == 200 && !isRead(method);
            assertThat(heard).as(what).isEqualTo(granted ? 1 : 0);
        }
    }

    private static boolean isRead(String method) {
        return List.of("GET", "HEAD", "OPTIONS").contains(method);
    }

    @Test
    void whatIsNoHttpHarmsNobody() throws IOException {
        for (int i = 0; i < RAW; i++) {
            byte[] bytes = mangled();
            try (Socket socket = rest.connect()) {
                socket.getOutputStream().write(bytes);
                socket.shutdownOutput();
                // Until the server closes it, which its limit of half a second bounds.
                byte[] answer = socket.getInputStream().readAllBytes();
                assertThat(new String(answer, StandardCharsets.ISO_8859_1))
                        .as("seed %d, number %d", SEED, i)
                        .doesNotContain("HTTP/1.1 500");
            } catch (IOException _) {
                // Thrown out before all was sent, which is as good.
            }
        }
        assertThat(rest.get("/primary").statusCode()).isEqualTo(200);
        assertThat(member.asked()).isEmpty();
    }

    /** A request with some of its bytes changed, left out, or said again; never signed. */
    private byte[] mangled() {
        StringBuilder text =
                new StringBuilder(
                        "%s %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s"
                                .formatted(
                                        one(METHODS), one(PATHS), random.nextInt(40) - 5, body()));
        for (int i = random.nextInt(8); i >= 0; i--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(4)) {
                case 0 -> text.setCharAt(at, (char) random.nextInt(256));
                case 1 -> text.deleteCharAt(at);
                case 2 -> text.insert(at, text.substring(0, at));
                default -> text.insert(at, "\r\n");
            }
        }
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private String query() {
        if (random.nextInt(3) > 0) {
            return "";
        }
        return "?"
                + encoded(one(KEYS))
                + "="
                + encoded(
                        one(
                                List.of(
                                        "", "1", "-1", "1MB", "9e99", "apply", "\u00e4", "%",
                                        "null", "a\nb")));
    }

    private static String encoded(String text) {
        return java.net.URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private String body() {
        return switch (random.nextInt(8)) {
            case 0 -> "";
            case 1 -> "x".repeat(random.nextInt(9000));
            case 2 -> json(0).substring(1);
            case 3 -> "[".repeat(2000);
            default -> json(0);
        };
    }

    private String json(int depth) {
        return switch (random.nextInt(depth > 3 ? 6 : 9)) {
            case 0 -> "null";
            case 1 -> String.valueOf(random.nextBoolean());
            case 2 -> String.valueOf(random.nextLong());
            case 3 -> "1e999";
            case 4 -> "\"" + one(List.of("pg1", "pg2", "nobody", "", "2030-01-01T00:00Z")) + "\"";
            case 5 -> "\"\\u0000\\ud800 two\\nlines\"";
            case 6 ->
                    IntStream.range(0, random.nextInt(3))
                            .mapToObj(_ -> json(depth + 1))
                            .collect(java.util.stream.Collectors.joining(",", "[", "]"));
            default ->
                    IntStream.range(0, random.nextInt(4))
                            .mapToObj(_ ->
                                    "\""
                                            + one(KEYS).replace("\u0000", "\\u0000")
                                            + "\":"
                                            + json(depth + 1))
                            .collect(java.util.stream.Collectors.joining(",", "{", "}"));
        };
    }

    private String one(List<String> of) {
        return of.get(random.nextInt(of.size()));
    }
}
