package dev.holdfast.agent;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code holdfast-agent CONFIG.yml}: reads the configuration and runs the member until it is told
 * to stop.
 */
public final class Main {
    private static final int WRONG_USAGE = 2;

    private Main() {}

    public static void main(String[] arguments) {
        LogSetup.begin();
        PrintStream errors = System.err;
        if (arguments.length == 1 && arguments[0].equals("--version")) {
            System.out.println("holdfast-agent " + Version.text());
            return;
        }
        if (arguments.length != 1 || arguments[0].startsWith("-")) {
            errors.println("usage: holdfast-agent CONFIG.yml");
            System.exit(WRONG_USAGE);
        }
        Path file = Path.of(arguments[0]).toAbsolutePath();
        switch (ConfigFile.read(file, System.getenv())) {
            case ConfigFile.Result.Unusable(List<String> problems) -> {
                problems.forEach(errors::println);
                System.exit(1);
            }
            case ConfigFile.Result.Usable usable -> {
                LogSetup.apply(usable.config().log(), usable.config().name().value());
                usable.warnings()
                        .forEach(w -> org.slf4j.LoggerFactory.getLogger(Main.class).warn("{}", w));
                new Agent(usable.config(), file).run();
            }
        }
    }
}
