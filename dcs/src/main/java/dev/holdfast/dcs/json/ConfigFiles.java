package dev.holdfast.dcs.json;

import dev.holdfast.dcs.json.ParseResult.Malformed;
import dev.holdfast.dcs.json.ParseResult.Parsed;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The tree of a configuration: one YAML file, or all of a directory ({@code *.yml} and {@code
 * *.yaml}) in the order of their names. What a later file says wins; maps are merged key by key,
 * anything else is replaced whole.
 */
public final class ConfigFiles {
    private ConfigFiles() {}

    /** Reads; where it cannot, the sentence names the file. */
    public static ParseResult read(Path place) {
        if (!Files.isDirectory(place)) {
            return file(place);
        }
        List<Path> files;
        try (Stream<Path> entries = Files.list(place)) {
            files = entries.filter(ConfigFiles::isYaml).sorted().toList();
        } catch (IOException e) {
            return unreadable(place, e);
        }
        if (files.isEmpty()) {
            return new Malformed(
                    "the configuration directory "
                            + place
                            + " holds no file whose name ends in .yml or .yaml");
        }
        Map<String, Object> all = new LinkedHashMap<>();
        for (Path file : files) {
            switch (file(file)) {
                case Malformed malformed -> {
                    return malformed;
                }
                case Parsed(Map<String, Object> tree) -> merge(all, tree);
            }
        }
        return new Parsed(all);
    }

    private static boolean isYaml(Path file) {
        String name = String.valueOf(file.getFileName());
        return (name.endsWith(".yml") || name.endsWith(".yaml")) && !Files.isDirectory(file);
    }

    private static ParseResult file(Path file) {
        try {
            return switch (Trees.yaml(Files.readString(file))) {
                case Parsed parsed -> parsed;
                case Malformed(String sentence) ->
                        new Malformed(
                                "the configuration file " + file + " is not YAML: " + sentence);
            };
        } catch (IOException e) {
            return unreadable(file, e);
        }
    }

    private static Malformed unreadable(Path file, IOException failure) {
        String why =
                switch (failure) {
                    case NoSuchFileException _ -> " does not exist";
                    case AccessDeniedException _ ->
                            " may not be read by this user ("
                                    + Optional.ofNullable(System.getProperty("user.name"))
                                            .orElse("unknown")
                                    + ")";
                    case CharacterCodingException _ -> " is not text in UTF-8";
                    default -> " cannot be read: " + failure.getMessage();
                };
        return new Malformed("the configuration file " + file + why);
    }

    private static void merge(Map<String, Object> into, Map<?, ?> from) {
        from.forEach((key, value) -> {
            String name = String.valueOf(key);
            if (into.get(name) instanceof Map<?, ?> below && value instanceof Map<?, ?> above) {
                Map<String, Object> both = new LinkedHashMap<>();
                merge(both, below);
                merge(both, above);
                into.put(name, both);
            } else {
                into.put(name, value);
            }
        });
    }
}
