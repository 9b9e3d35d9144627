package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that the harness started. Its output goes to a file, which it appends to. */
final class Child {
    private final String name;
    private final Process process;

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    static Child start(Account account, Path log, List<String> command) {
        List<String> all = new ArrayList<>(account.prefix());
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
            return new Child(name, process);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    void send(Signal signal) {
        if (process.isAlive()) {
            signal.send(process.pid());
        }
    }

    /**
     * Waits until it ends, and returns its exit status; 128 and the signal's number where a signal
     * ended it
     */
    int awaitExit(Duration atMost) {
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
