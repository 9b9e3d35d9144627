package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimelineHistoryTest {
    /** {@code 3: 1@0/50 2@0/90} is timeline 3, which left 1 at 0/50 and 2 at 0/90. */
    private static TimelineHistory history(String text) {
        String[] parts = text.split(":", -1);
        List<TimelineHistory.Switch> switches = new ArrayList<>();
        for (String word :
                parts.length < 2 || parts[1].isBlank()
                        ? new String[0]
                        : parts[1].strip().split(" ", -1)) {
            String[] at = word.split("@", -1);
            switches.add(
                    new TimelineHistory.Switch(
                            new Timeline(Integer.parseInt(at[0])), Lsn.of(at[1]), ""));
        }
        return new TimelineHistory(new Timeline(Integer.parseInt(parts[0].strip())), switches);
    }

    @ParameterizedTest(name = "{0} contains {1} up to {2}: {3}")
    @CsvSource({
        // the same timeline, wherever it stands
        "1, 1, 0/FF, true",
        "2: 1@0/50, 2: 1@0/50, 0/FF, true",
        // the parent, up to the switch point and not past it
        "2: 1@0/50, 1, 0/4F, true",
        "2: 1@0/50, 1, 0/50, true",
        "2: 1@0/50, 1, 0/51, false",
        // a grandparent
        "3: 1@0/50 2@0/90, 1, 0/50, true",
        "3: 1@0/50 2@0/90, 1, 0/51, false",
        "3: 1@0/50 2@0/90, 2: 1@0/50, 0/90, true",
        "3: 1@0/50 2@0/90, 2: 1@0/50, 0/91, false",
        // equal numbers, other switch points
        "2: 1@0/50, 2: 1@0/51, 0/50, false",
        "3: 1@0/50 2@0/90, 2: 1@0/40, 0/45, false",
        "3: 1@0/50 2@0/90, 3: 1@0/50 2@0/80, 0/80, false",
        // a timeline that was skipped is not an ancestor
        "3: 1@0/50, 2: 1@0/50, 0/50, false",
        "3: 1@0/50, 1, 0/50, true",
        "3: 1@0/50, 3: 1@0/50 2@0/60, 0/50, false",
        // a child is not contained in its parent
        "1, 2: 1@0/50, 0/50, false",
        "2: 1@0/50, 3: 1@0/50 2@0/90, 0/90, false",
    })
    void containsWhatItDescendsFrom(String cluster, String mine, String end, String expected) {
        assertThat(history(cluster).contains(history(mine), Lsn.of(end)))
                .isEqualTo(Boolean.parseBoolean(expected));
    }

    @ParameterizedTest(name = "{0} excludes timeline {1} at {2}: {3}")
    @CsvSource({
        // its own timeline may be a twin: numbers alone tell nothing
        "2: 1@0/50, 2, 0/FF, false",
        // up to the switch point and past it
        "3: 1@0/50 2@0/90, 2, 0/90, false",
        "3: 1@0/50 2@0/90, 2, 0/91, true",
        "3: 1@0/50 2@0/90, 1, 0/51, true",
        // a timeline that it never went through
        "3: 1@0/50, 2, 0/50, true",
        "2: 1@0/50, 3, 0/10, true",
    })
    void excludesWhereItDoesNotLead(String cluster, int timeline, String end, boolean expected) {
        assertThat(history(cluster).excludes(new Timeline(timeline), Lsn.of(end)))
                .isEqualTo(expected);
    }

    @Test
    void isReadFromAHistoryFile() {
        TimelineHistory read =
                TimelineHistory.parse(
                        new Timeline(3),
                        "1\t0/50\tno recovery target specified\n\n# a comment\n2\t0/90\tbefore 2026-11-20 10:00:00\n");
        assertThat(read.leaves(new Timeline(1))).contains(Lsn.of("0/50"));
        assertThat(read.leaves(new Timeline(2))).contains(Lsn.of("0/90"));
        assertThat(read.leaves(new Timeline(3))).isEmpty();
        assertThat(read.switches().getLast().reason()).isEqualTo("before 2026-11-20 10:00:00");
        assertThat(TimelineHistory.parse(new Timeline(1), "")).isEqualTo(TimelineHistory.initial());
    }

    @Test
    void isRefusedWhenItDoesNotRiseOrIsNoHistory() {
        assertThatThrownBy(() -> history("2: 2@0/50")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> history("3: 2@0/50 1@0/90"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TimelineHistory.parse(new Timeline(2), "one\t0/50"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TimelineHistory.parse(new Timeline(2), "1\tnowhere"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TimelineHistory.parse(new Timeline(2), "99999999999\t0/50"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
