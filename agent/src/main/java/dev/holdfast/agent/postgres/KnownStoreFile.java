package dev.holdfast.agent.postgres;

import dev.holdfast.core.cluster.KnownStore;
import dev.holdfast.dcs.json.ParseResult;
import dev.holdfast.dcs.json.Trees;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A small file in the guard's directory, so beside the data directory and not in it. */
public final class KnownStoreFile implements StoreMemory {
    private static final String GENERATION = "generation";
    private static final String EPOCH = "epoch";
    private static final String TIMELINE = "timeline";
    private static final String SYNC = "sync";

    private final Path file;

    public KnownStoreFile(Path guardDirectory) {
        this.file = guardDirectory.resolve("store");
    }

    /**
     * One that does not hold the four numbers is an error: going on without would believe a
     * restored store.
     */
    @Override
    public KnownStore read() {
        try {
            return DurableFiles.read(file).map(this::parsed).orElse(KnownStore.NONE);
        } catch (IOException e) {
            throw new PostgresException(
                    "the file "
                            + file
                            + " (in guard.dir) cannot be read: "
                            + e
                            + "; correct its permissions",
                    e);
        }
    }

    @Override
    public void keep(KnownStore known) {
        try {
            DurableFiles.writeWithDirectory(
                    file,
                    Trees.toJson(
                                    Map.of(
                                            GENERATION, known.generation(),
                                            EPOCH, known.epoch(),
                                            TIMELINE, known.timeline(),
                                            SYNC, known.sync()))
                            + "\n");
        } catch (IOException e) {
            throw new PostgresException(
                    "the file " + file + " (in guard.dir) cannot be written: " + e, e);
        }
    }

    private KnownStore parsed(String text) {
        Optional<KnownStore> parsed =
                switch (Trees.json(text)) {
                    case ParseResult.Malformed _ -> Optional.empty();
                    case ParseResult.Parsed(Map<String, Object> tree) -> known(tree);
                };
        return parsed.orElseThrow(() ->
                new PostgresException(
                        "the file "
                                + file
                                + " (in guard.dir) holds \""
                                + text.strip()
                                + "\" and should hold the newest state of the store that was seen here, as JSON with the numbers generation, epoch, timeline and sync; remove it unless etcd was restored from a backup"));
    }

    private static Optional<KnownStore> known(Map<String, Object> tree) {
        long generation = number(tree, GENERATION);
        long epoch = number(tree, EPOCH);
        long timeline = number(tree, TIMELINE);
        long sync = number(tree, SYNC);
        return Math.min(Math.min(generation, epoch), Math.min(timeline, sync)) < 0
                        || generation > Integer.MAX_VALUE
                ? Optional.empty()
                : Optional.of(new KnownStore((int) generation, epoch, timeline, sync));
    }

    /** Below 0 where there is none. */
    private static long number(Map<String, Object> tree, String name) {
        return tree.get(name) instanceof Number number ? number.longValue() : -1;
    }
}
