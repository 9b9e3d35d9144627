package dev.holdfast.agent.guard;

import dev.holdfast.core.MonoTime;
import dev.holdfast.core.config.AgentConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * The agent's connection to the guard. The newest connection is the one that the guard listens to:
 * making one ends the connection of an agent that went before.
 *
 * <p>No call blocks, and requests reach the guard in the order of the calls. A request's future
 * fails with {@link GuardRefusedException} when the guard says no, and with {@link
 * GuardSilentException} when it has not answered after 2 s or the connection broke: then it is
 * unknown whether the request is carried out. Futures complete, and the listener is called, on the
 * one thread of the connection, in the order in which the guard spoke: do not block there.
 */
public final class GuardClient implements AutoCloseable {
    private final GuardConnection connection;
    private final GuardLine.Hello hello;
    private final long generation;

    private GuardClient(GuardConnection connection, GuardLine.Hello hello, long generation) {
        this.connection = connection;
        this.hello = hello;
        this.generation = generation;
    }

    /** What the guard says by itself. */
    public interface Listener {
        /**
         * The guard's state: once on connecting, even before {@code connect} returns, and at each
         * change.
         */
        void onState(GuardState state);

        /** The postmaster ended; processes of it may be left. */
        void onExited(long pid, ExitCause cause);

        /**
         * No process of that postmaster is left. The pid is 0 after a {@code kill} that found none.
         */
        void onGone(long pid);

        /** The guard ended PostgreSQL by itself; the pid is 0 when none ran at the deadline. */
        void onFenced(long pid, String why);

        /** The host's watchdog: once on connecting, and at each change. */
        void onWatchdog(WatchdogState state);

        /**
         * What became of an address: {@code probing}, {@code held}, {@code refused}, {@code free}.
         */
        void onAddress(String address, String state, String why);

        /** What an operator should know, once. */
        void onNotice(String sentence);

        /** Another agent connected; {@link #onDisconnected} follows. */
        void onReplaced();

        /**
         * The connection is over, which changes nothing for PostgreSQL. Not called after {@code
         * close}.
         */
        void onDisconnected(String why);
    }

    /**
     * Connects to the guard that listens in a directory, in place of whatever agent went before.
     * Blocks until it has answered, some seconds at most.
     *
     * @throws IOException when none answers
     */
    public static GuardClient connect(Path dir, Listener listener) throws IOException {
        return connect(dir, listener, 0);
    }

    /**
     * Connects again.
     *
     * @param lastGeneration that of this agent's last connection
     * @throws GuardReplacedException when another agent has connected in between
     * @throws IOException when none answers
     */
    public static GuardClient connect(Path dir, Listener listener, long lastGeneration)
            throws IOException {
        GuardConnection connection = GuardConnection.open(GuardSocket.in(dir), listener);
        GuardLine.Hello hello = connection.awaitHello();
        return new GuardClient(connection, hello, connection.claim(lastGeneration));
    }

    /** The guard's own process id. */
    public long guardPid() {
        return hello.guardPid();
    }

    /** Whether it speaks this agent's protocol; one that does not can only be upgraded. */
    public boolean isOfOurProtocol() {
        return hello.protocol() == GuardConnection.PROTOCOL;
    }

    /** Counts the agents that have claimed the guard. */
    public long generation() {
        return generation;
    }

    /** The kernel's boot id as the guard sees it. */
    public String bootId() {
        return hello.bootId();
    }

    /**
     * Starts a postmaster and answers with its process id once the program runs. Refused while the
     * guard holds one.
     *
     * @param dataDir the data directory, absolute, which becomes its working directory
     * @param log the file that its standard output and error are appended to, absolute
     * @param exe the program, absolute
     */
    public CompletableFuture<Long> start(Path dataDir, Path log, Path exe, List<String> args) {
        return start("start", dataDir, log, exe, args);
    }

    /** The same for a server that writes: refused by a guard that is neither armed nor paused. */
    public CompletableFuture<Long> startPrimary(
            Path dataDir, Path log, Path exe, List<String> args) {
        return start("start-primary", dataDir, log, exe, args);
    }

    private CompletableFuture<Long> start(
            String verb, Path dataDir, Path log, Path exe, List<String> args) {
        List<String> fields = new ArrayList<>(args.size() + 3);
        fields.addAll(List.of(dataDir.toString(), log.toString(), exe.toString()));
        fields.addAll(args);
        return connection.request(verb, fields).thenApply(values -> Long.valueOf(values.get(0)));
    }

    /**
     * Holds a postmaster that the guard did not start. Its exit will be {@link ExitCause.Unknown}.
     */
    public CompletableFuture<Void> adopt(Path dataDir, long pid) {
        return send("adopt", dataDir.toString(), Long.toString(pid));
    }

    /** Signals the postmaster, never a process that came after it. */
    public CompletableFuture<Void> signal(PostmasterSignal signal) {
        return send("signal", signal.name());
    }

    /**
     * Sets the instant at which the guard ends PostgreSQL unless told otherwise before; completes
     * once the timer runs. A deadline in the past ends it at once, and is refused.
     */
    public CompletableFuture<Void> arm(MonoTime deadline) {
        return send("arm", Long.toString(deadline.nanos()));
    }

    /**
     * The same, and the watchdog is fed so that it does not bite later than the lease's end.
     *
     * @param leaseEnd not before the deadline
     * @param watchdogSeconds the device's time-out
     */
    public CompletableFuture<Void> arm(MonoTime deadline, MonoTime leaseEnd, long watchdogSeconds) {
        return send(
                "arm",
                Long.toString(deadline.nanos()),
                Long.toString(leaseEnd.nanos()),
                Long.toString(watchdogSeconds));
    }

    /** Says which watchdog is to be used when the guard is armed. */
    public CompletableFuture<Void> watchdog(AgentConfig.Watchdog.Mode mode, String device) {
        return send("watchdog", mode.name().toLowerCase(Locale.ROOT), device);
    }

    /**
     * Lets the guard become another program, while PostgreSQL runs. It fails in any case: with
     * {@link GuardRefusedException} when the guard goes on as it was, and because the connection
     * ends, as that of any process that ends.
     */
    public CompletableFuture<Void> upgrade(Path program) {
        return send("upgrade", program.toString());
    }

    /**
     * Names the addresses that the host is to hold until an instant, as long as PostgreSQL runs;
     * others are given up.
     *
     * @param list {@code interface address/bits}, with commas between them; empty for none
     */
    public CompletableFuture<Void> addresses(MonoTime until, String list) {
        return send("addresses", Long.toString(until.nanos()), list);
    }

    /** Takes the deadline away: what runs is, or will be, a standby. */
    public CompletableFuture<Void> standby() {
        return send("standby");
    }

    /** Takes the deadline away by the operator's wish. */
    public CompletableFuture<Void> pause() {
        return send("pause");
    }

    /**
     * Ends PostgreSQL with every process of it, now; {@link Listener#onGone} says when it is done.
     */
    public CompletableFuture<Void> kill() {
        return send("kill");
    }

    /** Ends the guard itself. Refused while it holds a postmaster. */
    public CompletableFuture<Void> quit() {
        return send("quit");
    }

    /**
     * Ends the connection; requests without an answer fail as unknown. PostgreSQL and the deadline
     * go on.
     */
    @Override
    public void close() {
        connection.close();
    }

    private CompletableFuture<Void> send(String verb, String... args) {
        return connection.request(verb, List.of(args)).thenAccept(values -> {});
    }
}
