package dev.holdfast.agent.postgres;

import dev.holdfast.dcs.json.ParseResult;
import dev.holdfast.dcs.json.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dynamic configuration as etcd had it last, in the data directory under Patroni's name. An
 * agent that starts while etcd is away knows from it how long leases are, which mode holds and
 * which parameters, and nothing else: who leads stands only in etcd.
 */
public final class ConfigCopy {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigCopy.class);

    private final Path dataDir;
    private final UnfinishedWork unfinished;

    public ConfigCopy(Path dataDir, Path guardDirectory) {
        this.dataDir = dataDir;
        this.unfinished = new UnfinishedWork(guardDirectory);
    }

    private Path file() {
        return dataDir.resolve("patroni.dynamic.json");
    }

    /**
     * Writes, unless it stands there already. Not into a directory that is being filled or rewound:
     * what does that wants to be alone in it, and the next call comes soon.
     */
    public void keep(String json) {
        try {
            if (Files.exists(dataDir.resolve("PG_VERSION")) && unfinished.what().isEmpty()) {
                DurableFiles.write(file(), json);
            }
        } catch (IOException | PostgresException e) {
            LOG.warn(
                    "the local copy of the dynamic configuration, {}, is not new: {}",
                    file(),
                    e.toString());
        }
    }

    /** What was kept; empty where there is none, or none that can be read, which is said. */
    public Optional<Map<String, Object>> read() {
        try {
            return DurableFiles.read(file())
                    .flatMap(text ->
                            switch (Trees.json(text)) {
                                case ParseResult.Parsed(Map<String, Object> tree) ->
                                        Optional.of(tree);
                                case ParseResult.Malformed(String sentence) -> {
                                    LOG.warn("{} is not used: {}", file(), sentence);
                                    yield Optional.empty();
                                }
                            });
        } catch (IOException e) {
            LOG.warn("{} is not used: {}", file(), e.toString());
            return Optional.empty();
        }
    }
}
