package dev.holdfast.agent;

import dev.holdfast.core.config.AgentConfig;
import dev.holdfast.core.config.AgentConfigReader;
import dev.holdfast.core.config.Problem;
import dev.holdfast.dcs.json.ParseResult;
import dev.holdfast.dcs.json.Trees;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The member's configuration file, read and checked. */
final class ConfigFile {
    private ConfigFile() {}

    /** What reading came to. */
    sealed interface Result {
        /** It can be used; the warnings are worth a line each. */
        record Usable(AgentConfig config, List<String> warnings) implements Result {}

        /** It cannot; every reason, a sentence each. */
        record Unusable(List<String> errors) implements Result {}
    }

    static Result read(Path file, Map<String, String> environment) {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            return unusable("there is no configuration file " + file);
        } catch (AccessDeniedException e) {
            return unusable(
                    "the configuration file "
                            + file
                            + " may not be read by this user ("
                            + System.getProperty("user.name")
                            + ")");
        } catch (MalformedInputException e) {
            return unusable("the configuration file " + file + " is not UTF-8 text");
        } catch (IOException e) {
            return unusable(
                    "the configuration file " + file + " cannot be read: " + e.getMessage());
        }
        return switch (Trees.yaml(text)) {
            case ParseResult.Malformed(String sentence) ->
                    unusable("the configuration file " + file + " is not YAML: " + sentence);
            case ParseResult.Parsed(Map<String, Object> tree) ->
                    check(file, AgentConfigReader.read(tree, environment));
        };
    }

    private static Result check(Path file, AgentConfigReader.Read read) {
        return read.config()
                .<Result>map(config -> new Result.Usable(config, sentences(file, read.problems())))
                .orElseGet(() ->
                        new Result.Unusable(
                                sentences(
                                        file,
                                        read.problems().stream()
                                                .filter(Problem::isError)
                                                .toList())));
    }

    private static List<String> sentences(Path file, List<Problem> problems) {
        return problems.stream().map(p -> file + ": " + p.sentence()).toList();
    }

    private static Result unusable(String sentence) {
        return new Result.Unusable(List.of(sentence));
    }
}
