package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.Watchdog;
import java.time.Duration;
import java.util.Optional;

/** Reads {@code watchdog}, whose keys and defaults are Patroni's. */
final class WatchdogReader {
    private static final String DEVICE = "/dev/watchdog";
    private static final int MARGIN_SECONDS = 5;

    /** Patroni's way to say: half of the TTL. */
    private static final int HALF = -1;

    private WatchdogReader() {}

    /**
     * @param ttl the one that the cluster begins with; another may come with its configuration
     */
    static Watchdog read(ConfigTree watchdog, Duration ttl) {
        Optional<Watchdog.Mode> mode =
                watchdog.read("mode", "off, automatic or required", WatchdogReader::mode);
        String device = watchdog.absolutePath("device").orElse(DEVICE);
        Optional<Integer> margin = watchdog.integer("safety_margin", HALF, 86_400);
        Optional<Duration> asked = margin.filter(m -> m != HALF).map(Duration::ofSeconds);
        if (!mode.equals(Optional.of(Watchdog.Mode.OFF))
                && asked.filter(m -> !Watchdog.fits(m, ttl)).isPresent()) {
            watchdog.error(
                    "safety_margin",
                    String.valueOf(asked.get().toSeconds()),
                    "at least an eighth of ttl ("
                            + ttl.toSeconds()
                            + " s) and at least a second less than it, or -1 for half of it");
        }
        return new Watchdog(
                mode,
                device,
                margin.isPresent() ? asked : Optional.of(Duration.ofSeconds(MARGIN_SECONDS)));
    }

    private static Optional<Watchdog.Mode> mode(Object value) {
        // YAML reads an off without quotes as false.
        return Scalars.flag(value).filter(on -> !on).isPresent()
                ? Optional.of(Watchdog.Mode.OFF)
                : Scalars.text(value)
                        .flatMap(text ->
                                switch (text.strip()) {
                                    case "automatic" -> Optional.of(Watchdog.Mode.AUTOMATIC);
                                    case "required" -> Optional.of(Watchdog.Mode.REQUIRED);
                                    default -> Optional.empty();
                                });
    }
}
