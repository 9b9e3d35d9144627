package dev.holdfast.core.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The table of decisions: what each situation leads to, in a file, so that a change of behaviour
 * shows as a diff. {@code -Dgolden.write=true} writes it anew.
 */
class GoldenDecisionsTest {
    private static final Path TABLE = Path.of("src/test/resources/decisions.txt");

    /** Codes that no decision uses now; a code that is used needs a situation in the catalogue. */
    private static final Set<Reason.Code> UNUSED = EnumSet.noneOf(Reason.Code.class);

    private static final Pattern INSTANT = Pattern.compile("MonoTime\\[nanos=(-?\\d+)]");

    private static final Pattern FILES =
            Pattern.compile(
                    "ServerFiles\\[.*?upstream=(.*?), slotName=.*?, syncNames=(.*?)](?=]|,)");

    @Test
    void everySituationLeadsToTheDecisionInTheTable() throws IOException {
        String found = String.join("\n", blocks().values());
        if (Boolean.getBoolean("golden.write")) {
            Files.writeString(TABLE, found);
        }
        String expected = Files.exists(TABLE) ? Files.readString(TABLE) : "";
        assertThat(differences(expected, found))
                .as(
                        "decisions that differ from "
                                + TABLE
                                + " (if that is wanted: mvn -pl core test -Dtest=GoldenDecisionsTest"
                                + " -Dgolden.write=true, and commit the diff)")
                .isEmpty();
        assertThat(found).as("the order of the situations in " + TABLE).isEqualTo(expected);
    }

    @Test
    void everyReasonHasASituation() {
        Set<Reason.Code> missing = EnumSet.allOf(Reason.Code.class);
        Catalogue.situations().values().forEach(s -> missing.remove(s.decide().reason().code()));
        assertThat(missing).as("reasons without a situation in the catalogue").isEqualTo(UNUSED);
    }

    @Test
    void theSameSituationAlwaysLeadsToTheSameDecision() {
        Catalogue.situations()
                .forEach((name, situation) ->
                        assertThat(rendered(name, situation)).isEqualTo(rendered(name, situation)));
    }

    private static Map<String, String> blocks() {
        Map<String, String> blocks = new LinkedHashMap<>();
        Catalogue.situations()
                .forEach((name, situation) -> blocks.put(name, rendered(name, situation)));
        return blocks;
    }

    private static List<String> differences(String expected, String found) {
        Map<String, String> wanted = split(expected);
        Map<String, String> is = split(found);
        List<String> differences = new ArrayList<>();
        is.forEach((name, block) -> {
            String before = wanted.get(name);
            if (!block.equals(before)) {
                differences.add(
                        "\n--- in the table: "
                                + Optional.ofNullable(before).orElse("nothing")
                                + "\n+++ decided:      "
                                + block);
            }
        });
        wanted.keySet().stream()
                .filter(name -> !is.containsKey(name))
                .forEach(name -> differences.add("\n--- only in the table: " + name));
        return differences;
    }

    private static Map<String, String> split(String table) {
        Map<String, String> blocks = new LinkedHashMap<>();
        for (String block : table.split("\n\n", -1)) {
            blocks.put(block.lines().findFirst().orElse(""), block.strip());
        }
        return blocks;
    }

    private static String rendered(String name, Situation situation) {
        Decision decision = situation.decide();
        StringBuilder text = new StringBuilder();
        text.append("# ").append(name).append('\n');
        text.append(decision.reason().code().text())
                .append(": ")
                .append(decision.reason().sentence())
                .append('\n');
        text.append("    clients ")
                .append(decision.service())
                .append(", probe ")
                .append(decision.probe())
                .append(", look again ")
                .append(millis(decision.lookAgain().nanos()))
                .append('\n');
        for (Action action : decision.actions()) {
            text.append("    > ").append(rendered(action)).append('\n');
        }
        return text.toString();
    }

    private static String rendered(Action action) {
        String text =
                FILES.matcher(action.toString())
                        .replaceAll(m ->
                                Matcher.quoteReplacement(
                                        "names '"
                                                + m.group(2)
                                                + "', "
                                                + (m.group(1).equals("Optional.empty")
                                                        ? "no upstream"
                                                        : m.group(1)
                                                                .replaceAll(
                                                                        ".*member=Optional\\[(\\w+)].*",
                                                                        "follows $1")
                                                                .replaceAll(
                                                                        ".*addresses=\\[(.*?)].*",
                                                                        "follows $1"))));
        return INSTANT.matcher(text)
                .replaceAll(m -> Matcher.quoteReplacement(millis(Long.parseLong(m.group(1)))));
    }

    private static String millis(long nanos) {
        return "at " + (nanos - Values.START.nanos()) / 1_000_000 + " ms";
    }
}
