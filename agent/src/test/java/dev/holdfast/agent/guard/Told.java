package dev.holdfast.agent.guard;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** Writes down what the guard told one client, in order. */
final class Told implements GuardClient.Listener {
    /** Long enough for a busy machine; nothing here is about speed. */
    static final Duration PATIENCE = Duration.ofSeconds(20);

    sealed interface Event {}

    record State(GuardState state) implements Event {}

    record Exited(long pid, ExitCause cause) implements Event {}

    record Gone(long pid) implements Event {}

    record Fenced(long pid, String why) implements Event {}

    record Watchdog(WatchdogState state) implements Event {}

    record Address(String address, String state, String why) implements Event {}

    record Notice(String sentence) implements Event {}

    record Replaced() implements Event {}

    record Disconnected(String why) implements Event {}

    private final List<Event> events = new CopyOnWriteArrayList<>();

    List<Event> events() {
        return List.copyOf(events);
    }

    /** The last state told. */
    GuardState state() {
        return events.stream()
                .filter(State.class::isInstance)
                .map(State.class::cast)
                .reduce((first, second) -> second)
                .orElseThrow()
                .state();
    }

    void awaitEvent(Event wanted) {
        await(wanted.toString())
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> events.contains(wanted));
    }

    /** What the guard said last of the watchdog. */
    WatchdogState watchdog() {
        return events.stream()
                .filter(Watchdog.class::isInstance)
                .map(Watchdog.class::cast)
                .reduce((first, second) -> second)
                .orElseThrow()
                .state();
    }

    List<String> notices() {
        return events.stream()
                .filter(Notice.class::isInstance)
                .map(event -> ((Notice) event).sentence())
                .toList();
    }

    void awaitDisconnected() {
        await().atMost(PATIENCE)
                .until(() -> events.stream().anyMatch(Disconnected.class::isInstance));
    }

    void awaitState(Predicate<GuardState> wanted) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> !events.isEmpty() && wanted.test(state()));
    }

    @Override
    public void onState(GuardState state) {
        events.add(new State(state));
    }

    @Override
    public void onExited(long pid, ExitCause cause) {
        events.add(new Exited(pid, cause));
    }

    @Override
    public void onGone(long pid) {
        events.add(new Gone(pid));
    }

    @Override
    public void onFenced(long pid, String why) {
        events.add(new Fenced(pid, why));
    }

    @Override
    public void onWatchdog(WatchdogState state) {
        events.add(new Watchdog(state));
    }

    @Override
    public void onAddress(String address, String state, String why) {
        events.add(new Address(address, state, why));
    }

    @Override
    public void onNotice(String sentence) {
        events.add(new Notice(sentence));
    }

    @Override
    public void onReplaced() {
        events.add(new Replaced());
    }

    @Override
    public void onDisconnected(String why) {
        events.add(new Disconnected(why));
    }
}
