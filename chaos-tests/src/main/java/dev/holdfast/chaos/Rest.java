package dev.holdfast.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** HTTP against one address, as {@code curl} would. */
final class Rest {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    /** A restart and the like answer when they are done. */
    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(60);

    private final HttpClient client = HttpClient.newBuilder().connectTimeout(LIMIT).build();
    private final JsonMapper mapper = JsonMapper.builder().build();
    private final String origin;

    /** An answer: its status, 0 when there was none. */
    record Answer(int status, String body) {}

    Rest(Address address) {
        this.origin = "http://" + address;
    }

    Answer get(String path) {
        try {
            return send(HttpRequest.newBuilder(uri(path)).timeout(LIMIT).GET().build());
        } catch (IOException e) {
            return new Answer(0, String.valueOf(e));
        }
    }

    /** Without authentication. */
    Answer command(String method, String path, String body) {
        try {
            return send(
                    HttpRequest.newBuilder(uri(path))
                            .timeout(COMMAND_LIMIT)
                            .method(method, HttpRequest.BodyPublishers.ofString(body))
                            .build());
        } catch (IOException e) {
            throw new UncheckedIOException(method + " " + uri(path), e);
        }
    }

    /** What GET answers, whatever its status. */
    JsonNode json(String path) {
        return parse(get(path).body());
    }

    JsonNode parse(String text) {
        try {
            return mapper.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException("no JSON from " + origin + ": " + text, e);
        }
    }

    private URI uri(String path) {
        return URI.create(origin + path);
    }

    private Answer send(HttpRequest request) throws IOException {
        try {
            HttpResponse<String> response =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
