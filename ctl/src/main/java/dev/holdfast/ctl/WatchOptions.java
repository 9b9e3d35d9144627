package dev.holdfast.ctl;

import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Repeats a display until it is interrupted. */
final class WatchOptions {
    private static final String CLEAR_SCREEN = "\u001b[2J\u001b[H";

    @Option(
            names = {"-w", "--watch"},
            paramLabel = "SECONDS",
            description = "Refresh every SECONDS.")
    private Optional<Double> seconds = Optional.empty();

    @Option(names = "-W", description = "Refresh every 2 seconds.")
    private boolean everyTwoSeconds;

    /** Shows once, or again and again. */
    void run(Surroundings surroundings, Runnable display) {
        Optional<Duration> interval = interval();
        if (interval.isEmpty()) {
            display.run();
            return;
        }
        do {
            if (surroundings.terminal().isAttended()) {
                surroundings.terminal().print(CLEAR_SCREEN);
            }
            display.run();
        } while (surroundings.pacer().pause(interval.get()));
    }

    private Optional<Duration> interval() {
        return seconds.map(
                        value -> {
                            if (!(value >= 0.1 && value <= 86_400)) {
                                throw new CtlException(
                                        "-w "
                                                + value
                                                + " is no interval: 0.1 to 86400 seconds are expected.");
                            }
                            return Duration.ofMillis((long) (value * 1000));
                        })
                .or(() -> everyTwoSeconds ? Optional.of(Duration.ofSeconds(2)) : Optional.empty());
    }
}
