package dev.holdfast.agent.postgres;

import dev.holdfast.agent.postgres.PostgresPrograms.Outcome;
import dev.holdfast.agent.postgres.PostgresPrograms.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;

/**
 * Which parameters this PostgreSQL takes, and with which values: nobody knows better than the
 * program itself, so it is asked. {@code postgres -C} reads the parameters that it is given like a
 * server that starts, and ends; it needs no data directory and no server.
 */
final class ParameterCheck {
    /** Known to every version; what it is said to be does not matter. */
    private static final String ANY = "server_version";

    private static final Pattern TROUBLE = Pattern.compile(".*?(?:FATAL|ERROR): +(.*)");

    private final PostgresPrograms programs;
    private final AtomicReference<Optional<Asked>> last = new AtomicReference<>(Optional.empty());

    private record Asked(Map<String, String> parameters, Checked answer) {}

    /**
     * What came of it.
     *
     * @param taken with these a server starts
     * @param refused the others, and why, as PostgreSQL says it
     */
    record Checked(SortedMap<String, String> taken, SortedMap<String, String> refused) {
        /** A sentence for each that is left out. */
        List<String> notes(PgVersion version) {
            return refused.entrySet().stream()
                    .map(each ->
                            "the parameter "
                                    + each.getKey()
                                    + " is left out, because PostgreSQL "
                                    + version.full()
                                    + " does not take it: "
                                    + each.getValue())
                    .toList();
        }
    }

    ParameterCheck(PostgresPrograms programs) {
        this.programs = programs;
    }

    /** Asks, unless it was asked the same before. */
    Checked of(SortedMap<String, String> parameters) {
        Optional<Asked> known = last.get().filter(a -> a.parameters().equals(parameters));
        if (known.isPresent()) {
            return known.get().answer();
        }
        Checked answer = ask(parameters);
        last.set(Optional.of(new Asked(Map.copyOf(parameters), answer)));
        return answer;
    }

    /** All at once first: as a rule nothing is wrong, and one run tells. */
    private Checked ask(SortedMap<String, String> parameters) {
        SortedMap<String, String> refused = new TreeMap<>();
        if (!run(parameters).succeeded() && run(Map.of()).succeeded()) {
            parameters.forEach((name, value) -> {
                Outcome alone = run(Map.of(name, value));
                if (!alone.succeeded()) {
                    refused.put(name, trouble(alone));
                }
            });
        }
        SortedMap<String, String> taken = new TreeMap<>(parameters);
        taken.keySet().removeAll(refused.keySet());
        return new Checked(taken, refused);
    }

    private Outcome run(Map<String, String> parameters) {
        List<String> arguments = new ArrayList<>();
        // The first argument has to be this one, or the program refuses to run for root.
        arguments.addAll(List.of("-C", ANY, "-D", "/", "--config_file=/dev/null"));
        parameters.forEach((name, value) -> arguments.add("--" + name + "=" + value));
        return programs.run(
                Program.POSTGRES, arguments, Map.of("LC_ALL", "C"), process -> {}, line -> {});
    }

    private static String trouble(Outcome outcome) {
        return outcome.lines().stream()
                .map(TROUBLE::matcher)
                .filter(java.util.regex.Matcher::matches)
                .map(line -> line.group(1))
                .findFirst()
                .orElseGet(outcome::lastWords);
    }
}
