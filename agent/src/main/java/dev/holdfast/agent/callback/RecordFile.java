package dev.holdfast.agent.callback;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the next agent is to know of programs that were called. */
final class RecordFile {
    private static final Logger LOG = LoggerFactory.getLogger(RecordFile.class);

    private RecordFile() {}

    /** Replaces it whole; that it cannot be written is only told. */
    static void write(Path file, String text) {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.writeString(unfinished, text);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.warn("{} cannot be written: {}", file, e.getMessage());
        }
    }
}
