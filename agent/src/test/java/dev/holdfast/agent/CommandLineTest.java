package dev.holdfast.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.agent.file.Validation;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The agent's options are Patroni's. */
final class CommandLineTest {
    private static CommandLine parse(String line) {
        return CommandLine.parse(line.isEmpty() ? List.of() : List.of(line.split(" ")));
    }

    @Test
    void aFileOrNothingRunsTheMember() {
        assertThat(parse("/etc/pg1.yml"))
                .isEqualTo(new CommandLine.Run(Optional.of(Path.of("/etc/pg1.yml"))));
        assertThat(parse("")).isEqualTo(new CommandLine.Run(Optional.empty()));
    }

    @Test
    void aConfigurationIsValidatedInAnyOrderOfTheOptions() {
        CommandLine all =
                new CommandLine.Validate(
                        Optional.of(Path.of("/etc/pg1.yml")),
                        Validation.Ports.IGNORED,
                        Validation.Print.CONFIGURATION);
        assertThat(parse("--validate-config /etc/pg1.yml -i -p")).isEqualTo(all);
        assertThat(parse("--print --validate-config --ignore-listen-port /etc/pg1.yml"))
                .isEqualTo(all);
        assertThat(parse("--validate-config"))
                .isEqualTo(
                        new CommandLine.Validate(
                                Optional.empty(),
                                Validation.Ports.MUST_BE_FREE,
                                Validation.Print.NOTHING));
    }

    @Test
    void aConfigurationIsMadeFromExamplesOrAServer() {
        assertThat(parse("--generate-sample-config"))
                .isEqualTo(
                        new CommandLine.Generate(
                                new CommandLine.Generate.Source.Sample(), Optional.empty()));
        CommandLine.Generate.Source server =
                new CommandLine.Generate.Source.Server(Optional.of("host=db1"));
        assertThat(parse("--generate-config --dsn host=db1 /etc/pg1.yml"))
                .isEqualTo(new CommandLine.Generate(server, Optional.of(Path.of("/etc/pg1.yml"))));
        assertThat(parse("--generate-config --dsn=host=db1"))
                .isEqualTo(new CommandLine.Generate(server, Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a.yml b.yml",
                "-i a.yml",
                "--validat-config a.yml",
                "-p",
                "--dsn host=db1 a.yml"
            })
    void whatMakesNoSenseIsWrongUsage(String line) {
        assertThat(parse(line)).isInstanceOf(CommandLine.Wrong.class);
    }
}
