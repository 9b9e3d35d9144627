package dev.holdfast.agent.guard;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import java.io.IOException;
import java.util.List;

/**
 * One line from the guard, understood. The protocol itself is described in {@code
 * guard/holdfast-guard.c}.
 */
sealed interface GuardLine {

    record Hello(int protocol, long guardPid, String bootId, long generation)
            implements GuardLine {}

    record State(GuardState state) implements GuardLine {}

    record Exited(long pid, ExitCause cause) implements GuardLine {}

    record Gone(long pid) implements GuardLine {}

    record Fenced(long pid, String why) implements GuardLine {}

    record Watchdog(WatchdogState state) implements GuardLine {}

    record Address(String address, String state, String why) implements GuardLine {}

    record Notice(String sentence) implements GuardLine {}

    record Replaced() implements GuardLine {}

    record Done(String id, List<String> values) implements GuardLine {}

    record Refused(String id, String sentence) implements GuardLine {}

    /** A line of a newer guard, which a client of this protocol may pass over. */
    record Unheard(String line) implements GuardLine {}

    /**
     * Understands one line, given without its newline.
     *
     * @throws IOException when a known line lacks a field or holds a wrong one
     */
    static GuardLine parse(String line) throws IOException {
        List<String> fields = List.of(line.split("\t", -1));
        try {
            return fields.get(0).equals("event") ? event(line, fields) : answer(line, fields);
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new IOException(
                    "\"%s\" is no line of the guard's protocol 2; do agent and guard come from one version?"
                            .formatted(line.replace('\t', ' ')),
                    e);
        }
    }

    private static GuardLine answer(String line, List<String> fields) {
        return switch (fields.get(1)) {
            case "ok" -> new Done(fields.get(0), fields.subList(2, fields.size()));
            case "error" -> new Refused(fields.get(0), fields.get(2));
            default -> new Unheard(line);
        };
    }

    private static GuardLine event(String line, List<String> fields) {
        return switch (fields.get(1)) {
            case "hello" ->
                    new Hello(
                            Integer.parseInt(fields.get(2)),
                            Long.parseLong(fields.get(3)),
                            fields.get(4),
                            Long.parseLong(fields.get(5)));
            case "watchdog" ->
                    new Watchdog(
                            new WatchdogState(
                                    watchdogMode(fields.get(2)),
                                    Integer.parseInt(fields.get(3)),
                                    fields.get(4)));
            case "state" ->
                    new State(
                            new GuardState(
                                    mode(fields.get(2), Long.parseLong(fields.get(3))),
                                    Long.parseLong(fields.get(4)),
                                    phase(fields.get(5))));
            case "exited" ->
                    new Exited(
                            Long.parseLong(fields.get(2)),
                            cause(fields.get(3), Integer.parseInt(fields.get(4))));
            case "gone" -> new Gone(Long.parseLong(fields.get(2)));
            case "fenced" -> new Fenced(Long.parseLong(fields.get(2)), fields.get(3));
            case "address" -> new Address(fields.get(2), fields.get(3), fields.get(4));
            case "notice" -> new Notice(fields.get(2));
            case "replaced" -> new Replaced();
            default -> new Unheard(line);
        };
    }

    private static GuardState.Mode mode(String name, long deadlineNanos) {
        return switch (name) {
            case "standby" -> new GuardState.Standby();
            case "armed" -> new GuardState.Armed(new MonoTime(deadlineNanos));
            case "paused" -> new GuardState.Paused();
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static AgentConfig.Watchdog.Mode watchdogMode(String name) {
        return switch (name) {
            case "off" -> AgentConfig.Watchdog.Mode.OFF;
            case "automatic" -> AgentConfig.Watchdog.Mode.AUTOMATIC;
            case "required" -> AgentConfig.Watchdog.Mode.REQUIRED;
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static GuardState.Phase phase(String name) {
        return switch (name) {
            case "none" -> GuardState.Phase.NONE;
            case "running" -> GuardState.Phase.RUNNING;
            case "ending" -> GuardState.Phase.ENDING;
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static ExitCause cause(String name, int number) {
        return switch (name) {
            case "exit" -> new ExitCause.Status(number);
            case "signal" -> new ExitCause.Signalled(number);
            case "unknown" -> new ExitCause.Unknown();
            default -> throw new IllegalArgumentException(name);
        };
    }
}
