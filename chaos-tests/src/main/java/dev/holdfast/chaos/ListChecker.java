package dev.holdfast.chaos;

import dev.holdfast.chaos.ListHistory.Port;
import dev.holdfast.chaos.ListHistory.Result;
import dev.holdfast.chaos.ListHistory.Step;
import dev.holdfast.chaos.ListHistory.Transaction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Whether a history of lists is one that a database may have which loses nothing, does nothing
 * twice, and runs transactions as if one after the other.
 *
 * <p>A list shows the order in which it was appended to, so that every read shows all writes before
 * it. By the last state of a list each transaction that was read or appended to it has its place,
 * and from the places follows which transaction must have come before which. If that is a circle,
 * they did not run one after the other.
 *
 * <p>A read through the readers' port may be late, and may show what nobody was told is kept; it
 * may not be out of order otherwise.
 */
final class ListChecker {
    private static final int MOST_NAMED = 6;

    private final ListHistory history;
    private final List<Anomaly> anomalies = new ArrayList<>();

    /** Whose append a number is. */
    private final TreeMap<Long, Transaction> appends = new TreeMap<>();

    /** Where a number is in the last state of its list. */
    private final TreeMap<Long, Integer> places = new TreeMap<>();

    private ListChecker(ListHistory history) {
        this.history = history;
    }

    /** What was found. */
    record Anomaly(Kind kind, String what) {}

    /** What may not be. */
    enum Kind {
        /** It was acknowledged or shown by the primary, and is not there in the end. */
        LOST,
        DUPLICATED,
        REORDERED,
        /** It is there, and nobody appended it, or the one who did was refused. */
        FROM_NOWHERE,
        /** The writers' port showed less than it had acknowledged or shown before. */
        STALE,
        NOT_SERIALIZABLE
    }

    static List<Anomaly> check(ListHistory history) {
        ListChecker checker = new ListChecker(history);
        checker.index();
        checker.last();
        checker.reads();
        checker.staleness();
        checker.circles();
        return List.copyOf(checker.anomalies);
    }

    private void found(Kind kind, String what) {
        anomalies.add(new Anomaly(kind, what));
    }

    private void index() {
        for (Transaction transaction : history.transactions()) {
            for (Step step : transaction.steps()) {
                if (step instanceof Step.Append(int _, long element)) {
                    appends.put(element, transaction);
                }
            }
        }
        history.last()
                .values()
                .forEach(elements -> {
                    for (int place = 0; place < elements.size(); place++) {
                        places.putIfAbsent(elements.get(place), place);
                    }
                });
    }

    private List<Long> last(int list) {
        return history.last().getOrDefault(list, List.of());
    }

    /** The last state has all that was acknowledged, once, and nothing else. */
    private void last() {
        history.last().forEach((list, elements) -> plausible("in the end list " + list, elements));
        appends.forEach((element, transaction) -> {
            if (transaction.result() == Result.ACKNOWLEDGED && !places.containsKey(element)) {
                found(
                        Kind.LOST,
                        "%d was acknowledged to transaction %d and is not there in the end"
                                .formatted(element, transaction.number()));
            }
        });
    }

    private void plausible(String where, List<Long> elements) {
        HashSet<Long> seen = new HashSet<>();
        for (Long element : elements) {
            if (!seen.add(element)) {
                found(Kind.DUPLICATED, "%s has %d twice".formatted(where, element));
            }
            Transaction by = appends.get(element);
            if (by == null) {
                found(Kind.FROM_NOWHERE, "%s has %d, of nobody".formatted(where, element));
            } else if (by.result() == Result.REFUSED) {
                found(
                        Kind.FROM_NOWHERE,
                        "%s has %d, whose transaction %d was refused"
                                .formatted(where, element, by.number()));
            }
        }
    }

    private void reads() {
        for (Transaction transaction : acknowledged(history.transactions())) {
            for (Step step : transaction.steps()) {
                if (step instanceof Step.Read(int list, List<Long> elements)) {
                    String where = "transaction " + transaction.number() + " read: list " + list;
                    plausible(where, elements);
                    agrees(where, transaction.port(), list, elements);
                }
            }
        }
    }

    /** What was read is how the last state begins. */
    private void agrees(String where, Port port, int list, List<Long> elements) {
        List<Long> kept = new ArrayList<>();
        for (Long element : elements) {
            boolean there = places.containsKey(element);
            if (there) {
                kept.add(element);
            } else if (port == Port.WRITER) {
                found(
                        Kind.LOST,
                        "%s showed %d on the writers' port, and it is not there in the end"
                                .formatted(where, element));
            }
        }
        List<Long> last = last(list);
        if (kept.size() > last.size() || !kept.equals(last.subList(0, kept.size()))) {
            found(
                    Kind.REORDERED,
                    "%s is %s, which is not how it begins in the end: %s"
                            .formatted(
                                    where,
                                    kept,
                                    last.subList(0, Math.min(last.size(), kept.size()))));
        }
    }

    private static List<Transaction> acknowledged(List<Transaction> transactions) {
        return transactions.stream().filter(t -> t.result() == Result.ACKNOWLEDGED).toList();
    }

    /** Through the writers' port everything is seen that had been acknowledged or seen before. */
    private void staleness() {
        // By list: from which moment on it has at least so many elements.
        SortedMap<Integer, NavigableMap<Long, Integer>> known = new TreeMap<>();
        List<Transaction> balanced =
                acknowledged(history.transactions()).stream()
                        .filter(t -> t.port() == Port.WRITER)
                        .sorted(Comparator.comparingLong(Transaction::endedNanos))
                        .toList();
        for (Transaction transaction : balanced) {
            for (Step step : transaction.steps()) {
                int length = length(step);
                NavigableMap<Long, Integer> list =
                        known.computeIfAbsent(step.list(), _ -> new TreeMap<>());
                int before = Optional.ofNullable(list.lastEntry()).map(e -> e.getValue()).orElse(0);
                list.put(transaction.endedNanos(), Math.max(before, length));
            }
        }
        for (Transaction transaction : balanced) {
            for (Step step : transaction.steps()) {
                if (step instanceof Step.Read(int list, List<Long> elements)) {
                    int least =
                            Optional.ofNullable(
                                            known.getOrDefault(list, new TreeMap<>())
                                                    .lowerEntry(transaction.beganNanos()))
                                    .map(e -> e.getValue())
                                    .orElse(0);
                    if (elements.size() < least) {
                        found(
                                Kind.STALE,
                                "transaction %d read %d elements of list %d, and %d had been acknowledged or read before it began"
                                        .formatted(
                                                transaction.number(),
                                                elements.size(),
                                                list,
                                                least));
                    }
                }
            }
        }
    }

    /** How long the list is at least once this has been done. */
    private int length(Step step) {
        return switch (step) {
            case Step.Append(int _, long element) -> places.getOrDefault(element, -1) + 1;
            case Step.Read(int _, List<Long> elements) -> elements.size();
        };
    }

    // --- serializability

    /** Of the transactions that took effect, which must have come before which. */
    private void circles() {
        Precedence precedence = new Precedence();
        history.last()
                .forEach((_, elements) -> {
                    for (int i = 1; i < elements.size(); i++) {
                        before(precedence, elements.get(i - 1), elements.get(i));
                    }
                });
        for (Transaction transaction : acknowledged(history.transactions())) {
            if (transaction.port() == Port.WRITER) {
                for (Step step : transaction.steps()) {
                    if (step instanceof Step.Read(int list, List<Long> elements)) {
                        around(precedence, transaction, list, elements);
                    }
                }
            }
        }
        for (List<Long> circle : precedence.circles()) {
            found(
                    Kind.NOT_SERIALIZABLE,
                    "each of these %d transactions must have come before another of them: %s"
                            .formatted(
                                    circle.size(),
                                    circle.subList(0, Math.min(MOST_NAMED, circle.size()))));
        }
    }

    private void before(Precedence precedence, long earlier, long later) {
        Transaction first = appends.get(earlier);
        Transaction second = appends.get(later);
        if (first != null && second != null) {
            precedence.add(first.number(), second.number());
        }
    }

    /** A reader comes after whose append it saw last, and before the next. */
    private void around(Precedence precedence, Transaction reader, int list, List<Long> elements) {
        if (!elements.isEmpty()) {
            Transaction writer = appends.get(elements.getLast());
            if (writer != null) {
                precedence.add(writer.number(), reader.number());
            }
        }
        List<Long> last = last(list);
        if (elements.size() < last.size()) {
            Transaction next = appends.get(last.get(elements.size()));
            if (next != null) {
                precedence.add(reader.number(), next.number());
            }
        }
    }

    /** Numbers of transactions, and before which others each must have been. */
    private static final class Precedence {
        private final TreeMap<Long, TreeSet<Long>> after = new TreeMap<>();

        void add(long first, long second) {
            if (first != second) {
                after.computeIfAbsent(first, _ -> new TreeSet<>()).add(second);
                after.computeIfAbsent(second, _ -> new TreeSet<>());
            }
        }

        private SortedSet<Long> after(long number) {
            return after.getOrDefault(number, new TreeSet<>());
        }

        /**
         * Groups in which each must have come before every other. Numbers that need not come before
         * any that is left are taken away until there is none to take, the last first: what remains
         * are circles and what lies between them.
         */
        List<List<Long>> circles() {
            TreeSet<Long> left = new TreeSet<>(after.keySet());
            while (left.descendingSet()
                    .removeIf(number -> after(number).stream().noneMatch(left::contains))) {
                // Taking some away lets others go.
            }
            List<List<Long>> found = new ArrayList<>();
            while (!left.isEmpty()) {
                long one = left.first();
                TreeSet<Long> circle = new TreeSet<>(reachable(one, left));
                circle.removeIf(number -> !reachable(number, left).contains(one));
                if (circle.contains(one)) {
                    found.add(List.copyOf(circle));
                    left.removeAll(circle);
                }
                left.remove(one);
            }
            return found;
        }

        private Set<Long> reachable(long from, Set<Long> within) {
            TreeSet<Long> reached = new TreeSet<>();
            List<Long> open = new ArrayList<>(List.of(from));
            while (!open.isEmpty()) {
                for (Long next : after(open.removeLast())) {
                    if (within.contains(next) && reached.add(next)) {
                        open.add(next);
                    }
                }
            }
            return reached;
        }
    }
}
