package dev.holdfast.chaos;

import java.nio.file.Path;
import java.util.List;

/** Somebody, somewhere, who runs programs. */
interface Runner {
    /** Its output is appended to the file. */
    Child start(Path log, List<String> command);

    /** To its end, with nothing to read. */
    Finished run(List<String> command);

    /** Gives a file, or a directory and all in it, to whoever it is. */
    void own(Path path);
}
