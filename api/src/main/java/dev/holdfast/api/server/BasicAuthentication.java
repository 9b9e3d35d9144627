package dev.holdfast.api.server;

import dev.holdfast.core.config.AgentConfig.Credentials;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Basic authentication of commands. How long a comparison takes tells nothing about how much of a
 * guess is right.
 */
final class BasicAuthentication {
    private final Optional<byte[]> expected;

    /** Without credentials everybody may command. */
    BasicAuthentication(Optional<Credentials> credentials) {
        this.expected =
                credentials.map(known ->
                        (known.username() + ":" + known.password())
                                .getBytes(StandardCharsets.UTF_8));
    }

    /** Empty for one who may command, else the sentence that says why not. */
    Optional<String> refuse(@Nullable String authorization) {
        if (expected.isEmpty()) {
            return Optional.empty();
        }
        if (authorization == null) {
            return Optional.of("no auth header received");
        }
        return MessageDigest.isEqual(expected.get(), presented(authorization))
                ? Optional.empty()
                : Optional.of("not authenticated");
    }

    private static byte[] presented(String authorization) {
        String[] words = authorization.strip().split("\\s+", 2);
        if (words.length < 2 || !words[0].toLowerCase(Locale.ROOT).equals("basic")) {
            return new byte[0];
        }
        try {
            return Base64.getDecoder().decode(words[1]);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }
}
