package dev.holdfast.ctl;

import dev.holdfast.ctl.ClusterMembers.RoleFilter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** All commands, and what becomes of what they throw: one sentence, and an exit status. */
final class CommandTree {
    /** Done. */
    static final int DONE = 0;

    /** Refused or failed. */
    static final int REFUSED = 1;

    /** Wrong usage. */
    static final int USAGE = 2;

    private CommandTree() {}

    /** Runs one command and returns its exit status. */
    static int run(Surroundings surroundings, String... args) {
        Terminal terminal = surroundings.terminal();
        try (Options options = new Options(surroundings)) {
            CommandLine line = new CommandLine(options);
            for (Object command : commands(options)) {
                line.addSubcommand(command);
            }
            addHelp(line);
            line.getSubcommands().values().forEach(CommandTree::addHelp);
            CommandLine generate = new CommandLine(new GenerateCommand());
            generate.addSubcommand(new GenerateHaproxyCommand(options));
            generate.addSubcommand(new GenerateKeepalivedCommand(options));
            addHelp(generate);
            generate.getSubcommands().values().forEach(CommandTree::addHelp);
            line.addSubcommand(generate);
            line.registerConverter(Format.class, text -> oneOf(Format.values(), text))
                    .registerConverter(RoleFilter.class, text -> oneOf(RoleFilter.values(), text))
                    .setOut(terminal.out())
                    .setErr(terminal.err())
                    .setParameterExceptionHandler(usage(terminal))
                    .setExecutionExceptionHandler(
                            (e, _, _) -> failure(terminal, surroundings.environment(), e));
            return line.execute(args);
        }
    }

    private static List<Object> commands(Options options) {
        return List.of(
                new ListCommand(options),
                new TopologyCommand(options),
                new DoctorCommand(options),
                new SwitchoverCommand(options),
                new FailoverCommand(options),
                new RestartCommand(options),
                new ReloadCommand(options),
                new ReinitCommand(options),
                new StandbyCommand(options),
                new UnstandbyCommand(options),
                new AutoRecoveryCommand(options),
                new RemoveMemberCommand(options),
                new FlushCommand(options),
                new RemoveCommand(options),
                new DsnCommand(options),
                new QueryCommand(options),
                new PauseCommand(options),
                new ResumeCommand(options),
                new HistoryCommand(options),
                new ShowConfigCommand(options),
                new DemoteClusterCommand(options),
                new PromoteClusterCommand(options),
                new EditConfigCommand(options),
                new VersionCommand(options));
    }

    /** By the names that the values have for people, which are not those that Java gives them. */
    private static <T> T oneOf(T[] values, String text) {
        return Arrays.stream(values)
                .filter(value -> value.toString().equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() ->
                        new TypeConversionException(
                                "found \""
                                        + text
                                        + "\", expected one of "
                                        + Arrays.stream(values)
                                                .map(Object::toString)
                                                .collect(Collectors.joining(", "))));
    }

    private static void addHelp(CommandLine line) {
        line.getCommandSpec()
                .addOption(
                        OptionSpec.builder("-h", "--help")
                                .usageHelp(true)
                                .description("Show this help.")
                                .build());
    }

    private static IParameterExceptionHandler usage(Terminal terminal) {
        return (ParameterException e, String[] args) -> {
            String command = e.getCommandLine().getCommandSpec().qualifiedName();
            terminal.warn(command + ": " + e.getMessage());
            List<String> similar =
                    e instanceof CommandLine.UnmatchedArgumentException unmatched
                            ? unmatched.getSuggestions()
                            : List.of();
            if (!similar.isEmpty()) {
                terminal.warn("Did you mean " + String.join(" or ", similar) + "?");
            }
            terminal.warn("See '" + command + " --help'.");
            return USAGE;
        };
    }

    private static int failure(Terminal terminal, Map<String, String> environment, Exception e) {
        terminal.out().flush();
        boolean debug = "1".equals(environment.get("HOLDFAST_DEBUG"));
        terminal.warn(
                e instanceof CtlException
                        ? "Error: " + e.getMessage()
                        : "Error: a fault of this program ("
                                + e
                                + ")"
                                + (debug
                                        ? "."
                                        : "; run it again with HOLDFAST_DEBUG=1 and report what it shows."));
        if (debug) {
            e.printStackTrace(terminal.err());
            terminal.err().flush();
        }
        return REFUSED;
    }
}
