package dev.holdfast.agent.callback;

import dev.holdfast.core.decide.Callbacks.Call;
import dev.holdfast.core.decide.Callbacks.Event;
import dev.holdfast.core.decide.Callbacks.Role;
import dev.holdfast.core.decide.Callbacks.Told;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What outlives the agent: what the scripts were told, or will have been once the calls that wait
 * were made.
 */
record CallbackRecord(Told told, List<Call> waiting) {
    private static final String UNKNOWN = "-";

    CallbackRecord {
        waiting = List.copyOf(waiting);
    }

    static CallbackRecord empty() {
        return new CallbackRecord(new Told.Nothing(), List.of());
    }

    /** One line for what was told, one for each call. */
    String text() {
        StringBuilder text =
                new StringBuilder(
                        switch (told) {
                            case Told.Nothing _ -> "nothing";
                            case Told.Stopped(Role role) -> "stopped " + role.text();
                            case Told.Running running ->
                                    "running "
                                            + running.role().text()
                                            + " "
                                            + running.startMicros()
                                            + " "
                                            + running.settings()
                                                    .map(String::valueOf)
                                                    .orElse(UNKNOWN);
                        });
        text.append('\n');
        for (Call call : waiting) {
            text.append(call.event().text()).append(' ').append(call.role().text()).append('\n');
        }
        return text.toString();
    }

    /** Empty where the text is not one of ours. */
    static Optional<CallbackRecord> parse(String text) {
        List<String> lines = text.lines().toList();
        try {
            List<Call> waiting = new ArrayList<>();
            for (String line : lines.subList(1, lines.size())) {
                String[] words = line.split(" ", -1);
                waiting.add(new Call(Event.valueOf(upper(words[0])), role(words[1])));
            }
            return Optional.of(new CallbackRecord(told(lines.getFirst().split(" ", -1)), waiting));
        } catch (RuntimeException e) {
            return Optional.empty();
        }
    }

    private static Told told(String[] words) {
        return switch (words[0]) {
            case "nothing" -> new Told.Nothing();
            case "stopped" -> new Told.Stopped(role(words[1]));
            case "running" ->
                    new Told.Running(
                            Long.parseLong(words[2]),
                            role(words[1]),
                            words[3].equals(UNKNOWN)
                                    ? Optional.empty()
                                    : Optional.of(Integer.valueOf(words[3])));
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    private static Role role(String word) {
        return Role.valueOf(upper(word));
    }

    private static String upper(String word) {
        return word.toUpperCase(Locale.ROOT);
    }
}
