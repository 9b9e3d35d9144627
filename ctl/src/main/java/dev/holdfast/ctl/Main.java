package dev.holdfast.ctl;

import dev.holdfast.dcs.etcd.EtcdDcs;
import java.io.BufferedReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;

/**
 * Starts the control command in the process it was called in. The only class of it that knows the
 * etcd adapter.
 */
public final class Main {
    private static final EtcdDcs.Options DEADLINES =
            new EtcdDcs.Options(Duration.ofSeconds(5), Duration.ofSeconds(5));

    private Main() {}

    /** Runs one command and ends the process with its exit status. */
    public static void main(String[] args) {
        Terminal terminal =
                new Terminal(
                        writer(FileDescriptor.out),
                        writer(FileDescriptor.err),
                        new BufferedReader(
                                new InputStreamReader(System.in, charset("stdin.encoding"))),
                        Main::isAttended);
        Surroundings surroundings =
                new Surroundings(
                        System.getenv(),
                        Path.of(System.getProperty("user.home")),
                        terminal,
                        (etcd, prefix) -> EtcdDcs.connect(etcd, prefix, DEADLINES),
                        Main::pause,
                        ZonedDateTime::now);
        int status = CommandTree.run(surroundings, args);
        terminal.out().flush();
        terminal.err().flush();
        System.exit(status);
    }

    /**
     * There is no console where input or output is redirected, whatever newer releases of Java do.
     */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isAttended() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(
                new OutputStreamWriter(
                        new FileOutputStream(descriptor), charset("stdout.encoding")),
                false);
    }

    private static Charset charset(String property) {
        String name = System.getProperty(property, "UTF-8");
        return Charset.isSupported(name) ? Charset.forName(name) : StandardCharsets.UTF_8;
    }

    private static boolean pause(Duration duration) {
        try {
            Thread.sleep(duration);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
