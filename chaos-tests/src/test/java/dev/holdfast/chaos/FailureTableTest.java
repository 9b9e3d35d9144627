package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of failures in {@code docs/FAILURES.md} names tests that there are. */
final class FailureTableTest {
    private static final Pattern CLASS = Pattern.compile("`([A-Z]\\w*(?:IT|Test))`");
    private static final Pattern SCENARIO = Pattern.compile("`([A-Z]+(?:_[A-Z]+)+)`");
    private static final Path CHECKOUT = Path.of(System.getProperty("holdfast.checkout", ""));

    @Test
    void everyFailureHasATest() {
        assertThat(rows()).hasSizeGreaterThan(30).allMatch(row -> CLASS.matcher(tests(row)).find());
    }

    @Test
    void everyTestThatIsNamedIsThere() throws IOException {
        assertThat(testClasses()).containsAll(named(CLASS));
    }

    @Test
    void everyScenarioStandsInTheTableAndNoOther() {
        assertThat(named(SCENARIO))
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(Scenario.values()).map(Scenario::name).toList());
    }

    /** The last column. */
    private static String tests(String row) {
        return row.substring(row.lastIndexOf(" | "));
    }

    private static Set<String> named(Pattern what) {
        return rows().stream()
                .flatMap(row -> what.matcher(tests(row)).results().map(FailureTableTest::inside))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String inside(MatchResult quoted) {
        return quoted.group(1);
    }

    /** Those of the first table, whose heading and rule are left out. */
    private static List<String> rows() {
        return lines().stream()
                .dropWhile(line -> !line.startsWith("|"))
                .takeWhile(line -> line.startsWith("|"))
                .skip(2)
                .toList();
    }

    private static List<String> lines() {
        try {
            return Files.readAllLines(CHECKOUT.resolve("docs/FAILURES.md"));
        } catch (IOException e) {
            throw new IllegalStateException("the table cannot be read", e);
        }
    }

    private static Set<String> testClasses() throws IOException {
        Set<String> found = new TreeSet<>();
        for (String module :
                List.of("core", "dcs", "api", "agent", "ctl", "tls", "sim", "chaos-tests")) {
            try (Stream<Path> files = Files.walk(CHECKOUT.resolve(module).resolve("src/test"))) {
                files.map(file -> file.getFileName().toString())
                        .filter(name -> name.endsWith(".java"))
                        .forEach(name -> found.add(name.substring(0, name.length() - 5)));
            }
        }
        return found;
    }
}
