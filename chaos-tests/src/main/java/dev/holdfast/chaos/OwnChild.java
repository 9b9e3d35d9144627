package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One of the harness' own children. */
final class OwnChild implements Child {
    private final String name;
    private final Process process;

    private OwnChild(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    static OwnChild start(List<String> prefix, Path log, List<String> command) {
        List<String> all = new ArrayList<>(prefix);
        all.addAll(command);
        String name = String.valueOf(Path.of(command.getFirst()).getFileName());
        try {
            Process process =
                    new ProcessBuilder(all)
                            .directory(Path.of("/").toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                            .start();
            process.getOutputStream().close();
            return new OwnChild(name, process);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public int awaitExit(Duration atMost) {
        try {
            if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException(
                        name
                                + " (pid "
                                + pid()
                                + ") did not end within "
                                + atMost.toSeconds()
                                + " s");
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + name, e);
        }
    }
}
