package dev.holdfast.agent.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * WAL that a server had finished, and not archived when it ended. A rewind throws it away, and no
 * other member archives it, since a standby leaves that to its primary: without it a backup from
 * before leads no further. So it is archived first, as the server would have done.
 */
final class UnarchivedWal {
    private static final Logger LOG = LoggerFactory.getLogger(UnarchivedWal.class);
    private static final String READY = ".ready";
    private static final Duration ONE_FILE = Duration.ofSeconds(60);

    /** An archive that is away must not keep the member from coming back. */
    private static final int FAILURES = 3;

    private final Path dataDir;
    private final OperatorPrograms operators;

    UnarchivedWal(Path dataDir, OperatorPrograms operators) {
        this.dataDir = dataDir;
        this.operators = operators;
    }

    /**
     * Archives what waits for it, the oldest first. What cannot be archived is said and passed
     * over.
     *
     * @param command {@code archive_command}
     */
    void archive(String command, Consumer<String> progress) throws IOException {
        int failures = 0;
        for (Path mark : marks()) {
            String file = mark.getFileName().toString();
            file = file.substring(0, file.length() - READY.length());
            if (!Files.exists(dataDir.resolve("pg_wal").resolve(file))) {
                continue;
            }
            progress.accept("archiving " + file);
            try {
                operators.run(
                        "archive_command",
                        List.of("env", "--chdir=" + dataDir, "sh", "-c", expanded(command, file)),
                        Optional.of(ONE_FILE),
                        Map.of(),
                        _ -> {},
                        _ -> {});
                Files.move(
                        mark, mark.resolveSibling(file + ".done"), StandardCopyOption.ATOMIC_MOVE);
            } catch (PostgresException e) {
                failures++;
                LOG.warn(
                        "{} was not archived before the rewind, which may remove it: {}",
                        file,
                        e.getMessage());
                if (failures == FAILURES) {
                    return;
                }
            }
        }
    }

    private List<Path> marks() throws IOException {
        Path status = dataDir.resolve("pg_wal/archive_status");
        if (!Files.isDirectory(status)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(status)) {
            return files.filter(file -> file.getFileName().toString().endsWith(READY))
                    .sorted()
                    .toList();
        }
    }

    /** As PostgreSQL does: the path from the data directory, the name, and the sign itself. */
    static String expanded(String command, String file) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < command.length(); i++) {
            char next = i + 1 < command.length() ? command.charAt(i + 1) : 0;
            String meant =
                    command.charAt(i) != '%'
                            ? ""
                            : switch (next) {
                                case 'p' -> "pg_wal/" + file;
                                case 'f' -> file;
                                case '%' -> "%";
                                default -> "";
                            };
            if (meant.isEmpty()) {
                text.append(command.charAt(i));
            } else {
                text.append(meant);
                i++;
            }
        }
        return text.toString();
    }
}
