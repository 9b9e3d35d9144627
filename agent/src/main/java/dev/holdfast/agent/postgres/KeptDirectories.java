package dev.holdfast.agent.postgres;

import dev.holdfast.core.status.HostStatus.Kept;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every minute, on a thread of its own, how much room the data directories take that were set
 * aside. What is in them does not change any more, so that each is counted once.
 */
public final class KeptDirectories {
    private static final Logger LOG = LoggerFactory.getLogger(KeptDirectories.class);
    private static final Duration EVERY = Duration.ofMinutes(1);

    private final Path configured;
    private final Map<Path, Long> counted = new HashMap<>();

    KeptDirectories(Path dataDir) {
        this.configured = dataDir;
    }

    /**
     * Begins to look.
     *
     * @param news is told what was found, each time
     */
    public static void watch(Path dataDir, Consumer<Optional<Kept>> news) {
        KeptDirectories looking = new KeptDirectories(dataDir);
        ScheduledExecutorService thread =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("holdfast-kept").factory());
        var _ =
                thread.scheduleWithFixedDelay(
                        () -> looking.tell(news), 0, EVERY.toSeconds(), TimeUnit.SECONDS);
    }

    private void tell(Consumer<Optional<Kept>> news) {
        try {
            news.accept(look());
        } catch (IOException e) {
            // Nothing depends on it but a hint to the operator.
            LOG.debug("what was set aside beside {} was not counted", configured, e);
        }
    }

    /** Empty where nothing is kept. */
    Optional<Kept> look() throws IOException {
        if (!Files.isDirectory(configured)) {
            return Optional.empty();
        }
        Path dataDir = configured.toRealPath();
        List<Path> kept = SetAside.kept(dataDir);
        counted.keySet().retainAll(kept);
        long bytes = 0;
        for (Path each : kept) {
            Long known = counted.get(each);
            long now = known == null ? CopyAside.bytes(each) : known;
            counted.put(each, now);
            bytes += now;
        }
        return kept.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Kept(kept.size(), bytes, Files.getFileStore(dataDir).getUsableSpace()));
    }
}
