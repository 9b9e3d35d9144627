package dev.holdfast.agent.file;

import dev.holdfast.core.config.AgentConfigReader;
import dev.holdfast.core.config.Problem;
import dev.holdfast.dcs.json.Trees;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code holdfast-agent --validate-config}: says all that is wrong at once, and touches nothing.
 */
public final class Validation {
    private Validation() {}

    /** What is made of a port that somebody listens on already. */
    public enum Ports {
        MUST_BE_FREE,
        IGNORED
    }

    /** Whether a sound configuration is printed. */
    public enum Print {
        NOTHING,
        CONFIGURATION
    }

    /**
     * Validates.
     *
     * @param out gets the configuration, passwords hidden
     * @param errors gets a line for each problem
     * @return the exit status: 0, or 1 where something is an error
     */
    public static int run(
            ConfigFile file, Ports ports, Print print, PrintStream out, PrintStream errors) {
        return switch (file.text()) {
            case ConfigFile.Text.None(String sentence) -> {
                errors.println("ERROR   " + sentence + ".");
                yield 1;
            }
            case ConfigFile.Text.Tree tree -> run(tree, ports, print, out, errors);
        };
    }

    private static int run(
            ConfigFile.Text.Tree tree,
            Ports ports,
            Print print,
            PrintStream out,
            PrintStream errors) {
        AgentConfigReader.Read read = AgentConfigReader.read(tree.values(), tree.variables());
        List<Problem> problems = new ArrayList<>(read.problems());
        problems.addAll(HostChecks.of(read.draft(), read.problems(), ports));
        problems.forEach(problem -> errors.println(line(problem)));
        if (problems.stream().anyMatch(Problem::isError)) {
            return 1;
        }
        Map<String, Object> shown = AgentConfigReader.shown(tree.values(), tree.variables());
        switch (print) {
            case NOTHING -> {}
            case CONFIGURATION -> out.print(Trees.toYaml(shown));
        }
        return 0;
    }

    private static String line(Problem problem) {
        return switch (problem.severity()) {
                    case ERROR -> "ERROR   ";
                    case WARNING -> "WARNING ";
                }
                + problem.sentence();
    }
}
