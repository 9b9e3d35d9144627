package dev.holdfast.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a timeline came about: the timelines it descends from, each with the position at which it was
 * left, oldest first, as PostgreSQL keeps it in {@code 0000000N.history}. Equal timeline numbers
 * prove nothing; equal switch points do.
 */
public record TimelineHistory(Timeline timeline, List<Switch> switches) {

    /** {@code parent} was left at {@code at}. */
    public record Switch(Timeline parent, Lsn at, String reason) {}

    public TimelineHistory {
        switches = List.copyOf(switches);
        for (int i = 0; i < switches.size(); i++) {
            Timeline next = i + 1 < switches.size() ? switches.get(i + 1).parent() : timeline;
            if (!next.isAfter(switches.get(i).parent())) {
                throw new IllegalArgumentException(
                        "the history of timeline "
                                + timeline
                                + " does not rise at line "
                                + (i + 1));
            }
        }
    }

    /** The history of a cluster that was never promoted. */
    public static TimelineHistory initial() {
        return new TimelineHistory(new Timeline(1), List.of());
    }

    /**
     * Reads a history file's text.
     *
     * @throws IllegalArgumentException when a line is not {@code timeline TAB lsn TAB reason}
     */
    public static TimelineHistory parse(Timeline timeline, String text) {
        List<Switch> switches = new ArrayList<>();
        for (String line :
                text.lines()
                        .map(String::strip)
                        .filter(l -> !l.isEmpty() && !l.startsWith("#"))
                        .toList()) {
            String[] fields = line.split("\\s+", 3);
            if (fields.length < 2 || !fields[0].chars().allMatch(Character::isDigit)) {
                throw new IllegalArgumentException(
                        "the history of timeline " + timeline + " has the line \"" + line + "\"");
            }
            switches.add(
                    new Switch(
                            new Timeline(Integer.parseInt(fields[0])),
                            Lsn.of(fields[1]),
                            fields.length > 2 ? fields[2] : ""));
        }
        return new TimelineHistory(timeline, switches);
    }

    /**
     * Where this history leaves {@code ancestor}; empty when it is not an ancestor, or is the
     * timeline itself.
     */
    public Optional<Lsn> leaves(Timeline ancestor) {
        return switches.stream()
                .filter(s -> s.parent().equals(ancestor))
                .map(Switch::at)
                .findFirst();
    }

    /**
     * Whether a server that has replayed {@code other} up to {@code end} has gone where this
     * history does not lead. That is certain by numbers alone, without the server's own history;
     * the opposite is not.
     */
    public boolean excludes(Timeline other, Lsn end) {
        return !other.equals(timeline) && leaves(other).filter(at -> !end.isAfter(at)).isEmpty();
    }

    /**
     * Whether a server that has WAL up to {@code end} on {@code mine.timeline()} holds nothing that
     * this history does not: each switch it went through is one of this history's, at the same
     * position, and it has not gone past the next one.
     */
    public boolean contains(TimelineHistory mine, Lsn end) {
        if (mine.switches.size() > switches.size()) {
            return false;
        }
        for (int i = 0; i < mine.switches.size(); i++) {
            Switch here = switches.get(i);
            Switch there = mine.switches.get(i);
            if (!here.parent().equals(there.parent()) || !here.at().equals(there.at())) {
                return false;
            }
        }
        if (mine.timeline.equals(timeline)) {
            return mine.switches.size() == switches.size();
        }
        return mine.switches.size() < switches.size()
                && switches.get(mine.switches.size()).parent().equals(mine.timeline)
                && !end.isAfter(switches.get(mine.switches.size()).at());
    }
}
