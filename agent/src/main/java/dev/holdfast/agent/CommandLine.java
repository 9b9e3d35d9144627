package dev.holdfast.agent;

import dev.holdfast.agent.file.Validation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** What the agent is asked for on its command line; the options are Patroni's. */
sealed interface CommandLine {
    String USAGE =
            """
            usage: holdfast-agent [CONFIG]
                   holdfast-agent --validate-config [CONFIG] [--ignore-listen-port | -i] [--print | -p]
                   holdfast-agent --generate-sample-config [FILE]
                   holdfast-agent --generate-config [--dsn DSN] [FILE]
                   holdfast-agent --version
            CONFIG is a YAML file, or a directory of them. Without it the configuration is taken from the environment.\
            """;

    /** Runs the member. */
    record Run(Optional<Path> config) implements CommandLine {}

    /** Says what is wrong with a configuration. */
    record Validate(Optional<Path> config, Validation.Ports ports, Validation.Print print)
            implements CommandLine {}

    /** Makes a configuration, for {@code dsn} or libpq's variables, or a sample. */
    record Generate(Source source, Optional<Path> target) implements CommandLine {
        /** Where the values come from. */
        sealed interface Source {
            /** They are examples. */
            record Sample() implements Source {}

            /** From a server that runs. */
            record Server(Optional<String> dsn) implements Source {}
        }
    }

    record Version() implements CommandLine {}

    record Help() implements CommandLine {}

    /** Wrong usage, in a sentence. */
    record Wrong(String sentence) implements CommandLine {}

    static CommandLine parse(List<String> arguments) {
        List<String> options = new ArrayList<>();
        List<Path> places = new ArrayList<>();
        Optional<String> dsn = Optional.empty();
        for (Iterator<String> left = arguments.iterator(); left.hasNext(); ) {
            String argument = left.next();
            if (argument.equals("--dsn") && left.hasNext()) {
                dsn = Optional.of(left.next());
            } else if (argument.startsWith("--dsn=")) {
                dsn = Optional.of(argument.substring("--dsn=".length()));
            } else if (argument.startsWith("-")) {
                options.add(argument);
            } else {
                places.add(Path.of(argument).toAbsolutePath());
            }
        }
        if (places.size() > 1) {
            return new Wrong("more than one configuration is named: " + places);
        }
        Optional<Path> place = places.stream().findFirst();
        if (options.removeAll(List.of("--help", "-h"))) {
            return new Help();
        }
        if (options.removeAll(List.of("--version"))) {
            return new Version();
        }
        if (options.removeAll(List.of("--validate-config"))) {
            boolean ignored = options.removeAll(List.of("--ignore-listen-port", "-i"));
            boolean printed = options.removeAll(List.of("--print", "-p"));
            return orUnknown(
                    options,
                    new Validate(
                            place,
                            ignored ? Validation.Ports.IGNORED : Validation.Ports.MUST_BE_FREE,
                            printed ? Validation.Print.CONFIGURATION : Validation.Print.NOTHING));
        }
        if (options.removeAll(List.of("--generate-sample-config"))) {
            return orUnknown(options, new Generate(new Generate.Source.Sample(), place));
        }
        if (options.removeAll(List.of("--generate-config"))) {
            return orUnknown(options, new Generate(new Generate.Source.Server(dsn), place));
        }
        return dsn.isPresent()
                ? new Wrong("--dsn goes with --generate-config")
                : orUnknown(options, new Run(place));
    }

    private static CommandLine orUnknown(List<String> left, CommandLine meant) {
        return left.isEmpty() ? meant : new Wrong(left.getFirst() + " is not an option here");
    }
}
