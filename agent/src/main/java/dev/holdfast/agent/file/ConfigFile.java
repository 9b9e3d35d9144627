package dev.holdfast.agent.file;

import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfigReader;
import dev.holdfast.core.config.Problem;
import dev.holdfast.dcs.json.ConfigFiles;
import dev.holdfast.dcs.json.ParseResult;
import dev.holdfast.dcs.json.Trees;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Where a member's configuration is: a file, a directory of files, or, where none is named, the
 * environment. There {@code PATRONI_CONFIGURATION} may hold a whole file; then no other variable
 * counts.
 */
public record ConfigFile(Optional<Path> place, Map<String, String> environment) {
    private static final List<String> WHOLE =
            List.of("HOLDFAST_CONFIGURATION", "PATRONI_CONFIGURATION");

    /** What reading came to. */
    public sealed interface Result {
        /** It can be used; the warnings are worth a line each. */
        record Usable(AgentConfig config, List<String> warnings) implements Result {}

        /** It cannot; every reason, a sentence each. */
        record Unusable(List<String> errors) implements Result {}
    }

    /** What stands there, before anybody judged it. */
    sealed interface Text {
        /** Values, and the variables that are to be laid over them. */
        record Tree(Map<String, Object> values, Map<String, String> variables) implements Text {}

        /** Nothing that could be judged, and why. */
        record None(String sentence) implements Text {}
    }

    /** Whether the environment alone says something, so that no file need be named. */
    public static boolean isIn(Map<String, String> environment) {
        return AgentConfigReader.saysAnything(environment);
    }

    public Result read() {
        return switch (text()) {
            case Text.None(String sentence) -> new Result.Unusable(List.of(sentence));
            case Text.Tree(Map<String, Object> values, Map<String, String> variables) ->
                    check(AgentConfigReader.read(values, variables));
        };
    }

    Text text() {
        if (place.isPresent()) {
            return parsed(ConfigFiles.read(place.get()), "", environment);
        }
        return WHOLE.stream()
                .filter(name -> !environment.getOrDefault(name, "").isBlank())
                .findFirst()
                .map(name ->
                        parsed(
                                Trees.yaml(environment.getOrDefault(name, "")),
                                "the variable " + name + " is not YAML: ",
                                new TreeMap<>()))
                .orElseGet(() -> new Text.Tree(new LinkedHashMap<>(), environment));
    }

    private static Text parsed(ParseResult result, String prefix, Map<String, String> variables) {
        return switch (result) {
            case ParseResult.Malformed(String sentence) -> new Text.None(prefix + sentence);
            case ParseResult.Parsed(Map<String, Object> tree) -> new Text.Tree(tree, variables);
        };
    }

    private Result check(AgentConfigReader.Read read) {
        return read.config()
                .<Result>map(
                        config -> new Result.Usable(config, sentences(read.problems().stream())))
                .orElseGet(() ->
                        new Result.Unusable(
                                sentences(read.problems().stream().filter(Problem::isError))));
    }

    private List<String> sentences(Stream<Problem> problems) {
        return problems.map(p -> this + ": " + p.sentence()).toList();
    }

    /** As a sentence names it. */
    @Override
    public String toString() {
        return place.map(Path::toString).orElse("the environment");
    }
}
