package dev.holdfast.agent.observe;

import dev.holdfast.agent.loop.VitalsPort;
import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.decide.Vital;
import dev.holdfast.core.postgres.Server;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Tries the door and the disks of this host, each on a thread of its own: a disk that hangs hangs
 * that thread and nothing else.
 */
public final class VitalsProbe implements VitalsPort {
    private final Map<Vital.Kind, Executor> threads = new EnumMap<>(Vital.Kind.class);
    private final Supplier<Optional<Server.Silent>> knock;
    private final DiskProbe data;
    private final DiskProbe wal;

    private VitalsProbe(Supplier<Optional<Server.Silent>> knock, DiskProbe data, DiskProbe wal) {
        this.knock = knock;
        this.data = data;
        this.wal = wal;
        for (Vital.Kind kind : Vital.Kind.values()) {
            threads.put(
                    kind,
                    Executors.newSingleThreadExecutor(
                            Thread.ofPlatform()
                                    .daemon()
                                    .name("holdfast-try-" + kind.name().toLowerCase(Locale.ROOT))
                                    .factory()));
        }
    }

    /**
     * Tries this member's own server and directories.
     *
     * @param knock opens a connection just far enough to get an answer
     */
    public static VitalsProbe of(
            AgentConfig.Postgres config, Supplier<Optional<Server.Silent>> knock) {
        Path data = Path.of(config.dataDir());
        return new VitalsProbe(knock, DiskProbe.ofData(data), DiskProbe.ofWal(data));
    }

    @Override
    public CompletionStage<Optional<String>> ask(Vital.Kind kind) {
        return CompletableFuture.supplyAsync(
                () ->
                        switch (kind) {
                            case DOOR -> knock.get().map(Server.Silent::message);
                            case DATA -> data.complaint();
                            case WAL -> wal.complaint();
                        },
                threads.get(kind));
    }
}
