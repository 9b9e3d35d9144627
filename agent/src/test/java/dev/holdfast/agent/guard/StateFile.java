package dev.holdfast.agent.guard;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The file that the guard writes down what it holds in, to be changed as no guard would. */
final class StateFile {
    static final int BOOT = 2;
    static final int PID = 9;
    private static final int SEQUENCE = 3;
    private static final int LINE = 2048;
    private static final int CHECKSUM = 16;

    private final Path path;
    private final List<String> lines;

    private StateFile(Path path, List<String> lines) {
        this.path = path;
        this.lines = lines;
    }

    static StateFile of(Path path) throws IOException {
        return new StateFile(path, Files.readAllLines(path));
    }

    /** Changes a field of both lines, and their checksums. */
    StateFile set(int field, String value) {
        List<String> changed = new ArrayList<>();
        for (String line : lines) {
            String[] fields = line.split("\t", -1);
            fields[field] = value;
            fields[fields.length - 1] = "";
            String padded = String.join("\t", fields) + " ".repeat(LINE);
            padded = padded.substring(0, LINE - 1 - CHECKSUM);
            changed.add(padded + checksum(padded));
        }
        return new StateFile(path, changed);
    }

    /** Breaks the newer line, as if the guard had been killed while it wrote it. */
    StateFile tear() {
        List<String> torn = new ArrayList<>(lines);
        int newer = sequence(lines.get(0)) > sequence(lines.get(1)) ? 0 : 1;
        torn.set(newer, torn.get(newer).substring(0, LINE / 2) + "x".repeat(LINE / 2 - 1));
        return new StateFile(path, torn);
    }

    void write() throws IOException {
        Files.write(path, lines, StandardCharsets.US_ASCII);
    }

    private static long sequence(String line) {
        return Long.parseLong(line.split("\t", -1)[SEQUENCE]);
    }

    private static String checksum(String text) {
        long sum = 0xcbf29ce484222325L;
        for (byte b : text.getBytes(StandardCharsets.US_ASCII)) {
            sum = (sum ^ (b & 0xff)) * 0x100000001b3L;
        }
        return "%016x".formatted(sum);
    }
}
