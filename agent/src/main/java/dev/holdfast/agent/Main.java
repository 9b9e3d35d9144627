package dev.holdfast.agent;

import dev.holdfast.agent.file.ConfigFile;
import dev.holdfast.agent.file.Generation;
import dev.holdfast.agent.file.Validation;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * {@code holdfast-agent CONFIG}: reads the configuration and runs the member until it is told to
 * stop. {@link CommandLine} has what else it can do.
 */
public final class Main {
    private static final int WRONG_USAGE = 2;

    private Main() {}

    public static void main(String[] arguments) {
        LogSetup.begin();
        switch (CommandLine.parse(List.of(arguments))) {
            case CommandLine.Help _ -> System.out.println(CommandLine.USAGE);
            case CommandLine.Version _ -> System.out.println("holdfast-agent " + Version.text());
            case CommandLine.Wrong(String sentence) -> wrongUsage(sentence + "\n");
            case CommandLine.Validate(
                            Optional<Path> place,
                            Validation.Ports ports,
                            Validation.Print print) ->
                    System.exit(
                            Validation.run(
                                    configuration(place), ports, print, System.out, System.err));
            case CommandLine.Generate(
                            CommandLine.Generate.Source source,
                            Optional<Path> target) -> {
                Generation generation =
                        new Generation(System.getenv(), target, System.out, System.err);
                System.exit(
                        switch (source) {
                            case CommandLine.Generate.Source.Sample _ -> generation.sample();
                            case CommandLine.Generate.Source.Server(Optional<String> dsn) ->
                                    generation.fromServer(dsn);
                        });
            }
            case CommandLine.Run(Optional<Path> place) -> run(configuration(place));
        }
    }

    private static ConfigFile configuration(Optional<Path> place) {
        Map<String, String> environment = System.getenv();
        if (place.isEmpty() && !ConfigFile.isIn(environment)) {
            wrongUsage("");
        }
        return new ConfigFile(place, environment);
    }

    private static void run(ConfigFile file) {
        switch (file.read()) {
            case ConfigFile.Result.Unusable(List<String> problems) -> {
                problems.forEach(System.err::println);
                System.exit(1);
            }
            case ConfigFile.Result.Usable usable -> {
                LogSetup.problem(usable.config().log())
                        .ifPresent(problem -> {
                            System.err.println(file + ": " + problem);
                            System.exit(1);
                        });
                LogSetup.apply(usable.config().log(), usable.config().name().value());
                usable.warnings().forEach(w -> LoggerFactory.getLogger(Main.class).warn("{}", w));
                new Agent(usable.config(), file).run();
            }
        }
    }

    private static void wrongUsage(String sentence) {
        System.err.println(sentence + CommandLine.USAGE);
        System.exit(WRONG_USAGE);
    }
}
