package dev.holdfast.ctl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The operator's own editor. */
final class Editor {
    private Editor() {}

    /**
     * Lets the operator change {@code text}, in the program that {@code command} starts ({@code vi}
     * where none is set).
     */
    static String edit(Optional<String> command, String text) {
        String program = command.filter(name -> !name.isBlank()).orElse("vi");
        Path file;
        try {
            // Readable by its owner only, as createTempFile makes it: a configuration may hold
            // secrets.
            file = Files.createTempFile("holdfast-config-", ".yaml");
        } catch (IOException e) {
            throw new CtlException(
                    "no file to edit could be made in "
                            + System.getProperty("java.io.tmpdir")
                            + ": "
                            + e.getMessage()
                            + ".",
                    e);
        }
        try {
            Files.writeString(file, text);
            // Through a shell, since the variable may hold options.
            Process editor =
                    new ProcessBuilder("sh", "-c", program + " \"$1\"", "sh", file.toString())
                            .inheritIO()
                            .start();
            int status = editor.waitFor();
            if (status != 0) {
                throw new CtlException(
                        "the editor \""
                                + program
                                + "\" ended with status "
                                + status
                                + ", and nothing was changed: set EDITOR to one that works, or use -s, -p, --apply or --replace.");
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new CtlException(
                    "the editor \"" + program + "\" could not be used: " + e.getMessage() + ".", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CtlException("interrupted; nothing was changed.", e);
        } finally {
            delete(file);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // What is left is in the directory of temporary files, and the change itself is not
            // concerned.
        }
    }
}
