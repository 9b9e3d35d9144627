package dev.holdfast.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Commands of the machine that must succeed, run as who runs the harness. */
final class Commands {
    private Commands() {}

    /** Its output. */
    static String run(List<String> command) {
        Finished finished = Finished.run(Account.unchanged(), located(command));
        if (finished.status() != 0) {
            throw new IllegalStateException(
                    String.join(" ", command)
                            + " ended with status "
                            + finished.status()
                            + ": "
                            + finished.err().strip());
        }
        return finished.out();
    }

    static String run(List<String> program, List<String> arguments) {
        List<String> all = new ArrayList<>(program);
        all.addAll(arguments);
        return run(all);
    }

    /**
     * Gives nftables these rules, all in one instant.
     *
     * @param prefix what is put before a command to run it in the network that they are for
     */
    static void loadRules(List<String> prefix, String rules) {
        try {
            Path file = Files.createTempFile("holdfast-rules", ".nft");
            try {
                Files.writeString(file, rules);
                String _ =
                        run(
                                prefix,
                                List.of(
                                        Programs.named("nft").toString(),
                                        "--file",
                                        file.toString()));
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Some of them are where only root's PATH leads. */
    private static List<String> located(List<String> command) {
        List<String> all = new ArrayList<>(command);
        if (command.getFirst().startsWith("/")) {
            return all;
        }
        all.set(0, Programs.named(command.getFirst()).toString());
        return all;
    }
}
