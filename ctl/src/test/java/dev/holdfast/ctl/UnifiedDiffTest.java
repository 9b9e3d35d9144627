package dev.holdfast.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The expected texts are those of {@code diff -u}, without the names of files. */
class UnifiedDiffTest {

    @Test
    void equalTextsDifferInNothing() {
        assertThat(UnifiedDiff.of("a\nb\n", "a\nb\n")).isEmpty();
    }

    @Test
    void changesFarApartStandInHunksOfTheirOwn() {
        assertThat(
                        UnifiedDiff.of(
                                numbers(),
                                numbers().replace("\n2\n", "\nII\n").replace("\n18\n", "\n")))
                .isEqualTo(
                        """
                        ---
                        +++
                        @@ -1,5 +1,5 @@
                         1
                        -2
                        +II
                         3
                         4
                         5
                        @@ -15,6 +15,5 @@
                         15
                         16
                         17
                        -18
                         19
                         20
                        """);
    }

    @Test
    void changesThatShareContextStandTogether() {
        assertThat(
                        UnifiedDiff.of(
                                        numbers(),
                                        numbers().replace("\n8\n", "\n").replace("\n15\n", "\n"))
                                .lines())
                .filteredOn(line -> line.startsWith("@@"))
                .containsExactly("@@ -5,14 +5,12 @@");
    }

    @Test
    void allIsNewOrGone() {
        assertThat(UnifiedDiff.of("", "a\n").lines()).containsAll(List.of("@@ -0,0 +1,1 @@", "+a"));
        assertThat(UnifiedDiff.of("a\n", "").lines()).containsAll(List.of("@@ -1,1 +0,0 @@", "-a"));
    }

    private static String numbers() {
        return IntStream.rangeClosed(1, 20).mapToObj(i -> i + "\n").collect(Collectors.joining());
    }
}
