package dev.holdfast.ctl;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code generate}. */
@Command(
        name = "generate",
        description = "Write a configuration of what routes clients to the live cluster.",
        synopsisSubcommandLabel = "haproxy | keepalived")
final class GenerateCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs anything.
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "it was not said for what: haproxy or keepalived is expected");
    }
}
