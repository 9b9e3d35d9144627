package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What came of a program that ran to its end.
 *
 * @param out its standard output
 * @param err its standard error
 */
record Finished(int status, String out, String err) {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    /** Runs it with nothing to read. */
    static Finished run(Account account, List<String> command) {
        List<String> all = new ArrayList<>(account.prefix());
        all.addAll(command);
        try {
            Path out = Files.createTempFile("holdfast-out", null);
            Path err = Files.createTempFile("holdfast-err", null);
            try {
                Process process =
                        new ProcessBuilder(all)
                                .directory(Path.of("/").toFile())
                                .redirectOutput(out.toFile())
                                .redirectError(err.toFile())
                                .start();
                process.getOutputStream().close();
                if (!process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                    process.destroyForcibly();
                    throw new IllegalStateException(
                            command
                                    + " did not end within "
                                    + LIMIT.toSeconds()
                                    + " s: "
                                    + text(out)
                                    + text(err));
                }
                return new Finished(process.exitValue(), text(out), text(err));
            } finally {
                Files.delete(out);
                Files.delete(err);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while running " + command, e);
        }
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }
}
