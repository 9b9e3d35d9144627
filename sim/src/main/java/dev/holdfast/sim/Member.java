package dev.holdfast.sim;

import dev.holdfast.agent.postgres.PostgresException;
import dev.holdfast.agent.postgres.StoreMemory;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.KnownStore;
import dev.holdfast.core.decide.GuardFact;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A host with its clock, its data directory, and the three programs that run on it. */
final class Member implements Postmaster.Around {
    private final Cluster cluster;
    private final int node;
    private final MemberName name;
    private final HostClock clock;
    private final Program guardProgram;

    /** Each life of an agent and each start of a server is a process of its own. */
    private Program agentProgram;

    private Program serverProgram;
    private final List<Program> frozen = new ArrayList<>();
    private boolean agentDue;
    private final Ailments ailments;
    private final Guard guard;
    private Optional<Directory> directory = Optional.empty();
    private Optional<Postmaster> server = Optional.empty();
    private Optional<AgentLife> agent = Optional.empty();
    private long lastPid = 1_000;
    private long wakesUntil;
    private boolean unguarded;
    private final StoreMemory storeMemory = new Kept();

    Member(Cluster cluster, int node, MemberName name, HostClock clock) {
        this.cluster = cluster;
        this.node = node;
        this.name = name;
        this.clock = clock;
        this.agentProgram = cluster.program(name + " agent");
        this.guardProgram = cluster.program(name + " guard");
        this.serverProgram = cluster.program(name + " postgres");
        this.ailments = new Ailments(cluster.events());
        this.guard = new Guard(cluster.chance(), guardProgram, clock, ailments);
    }

    int node() {
        return node;
    }

    MemberName name() {
        return name;
    }

    HostClock clock() {
        return clock;
    }

    Ailments ailments() {
        return ailments;
    }

    Guard guard() {
        return guard;
    }

    StoreMemory storeMemory() {
        return storeMemory;
    }

    /** A file on the host's disk. */
    private static final class Kept implements StoreMemory {
        private KnownStore kept = KnownStore.NONE;

        @Override
        public KnownStore read() {
            return kept;
        }

        @Override
        public void keep(KnownStore known) {
            kept = known;
        }
    }

    Optional<Directory> directory() {
        return directory;
    }

    Optional<Postmaster> server() {
        return server;
    }

    Optional<AgentLife> agent() {
        return agent;
    }

    Program agentProgram() {
        return agentProgram;
    }

    Program serverProgram() {
        return serverProgram;
    }

    boolean acceptsWrites() {
        return server.isPresent() && server.get().acceptsWrites();
    }

    /**
     * Whether the promise of one writer stands here: not where an operator paused it, nor without a
     * guard, nor in the moments in which a host that was frozen wakes.
     */
    boolean mustNotWriteBeside() {
        return !(guard.mode() instanceof GuardFact.Mode.Paused)
                && !unguarded
                && cluster.events().nowNanos() >= wakesUntil;
    }

    // --- the data directory

    void place(Optional<Directory> next) {
        directory = next;
    }

    void initializes(Directory made) {
        cluster.promises().initializes(this, made);
    }

    void keepAside() {
        cluster.promises().setAside(this, directory.orElseThrow());
        directory = Optional.empty();
    }

    // --- the server

    /** The guard starts a postmaster in the directory as it was prepared. */
    Postmaster startServer() {
        if (server.isPresent()) {
            throw new PostgresException("a postmaster is held already");
        }
        Directory in =
                directory
                        .filter(d -> d.broken.isEmpty() && d.files.isPresent())
                        .orElseThrow(() -> new PostgresException("there is nothing to start"));
        serverProgram = cluster.program(name + " postgres");
        serverProgram.start();
        Postmaster started =
                new Postmaster(
                        cluster.events(),
                        cluster.chance(),
                        cluster.network(),
                        serverProgram,
                        name,
                        in,
                        ailments,
                        this,
                        ++lastPid);
        server = Optional.of(started);
        guard.hold(started);
        started.start();
        return started;
    }

    /** Its postmaster is killed: half of the time its backends live on for a moment. */
    void postmasterDies() {
        Postmaster dying = server.orElse(null);
        if (dying == null || dying.isOrphaned()) {
            return;
        }
        if (guardProgram.isAlive() && cluster.chance().oneIn(2)) {
            orphan(dying);
        } else {
            dying.kill();
        }
    }

    /** Its postmaster is killed, and its backends live on until the guard has ended them. */
    void orphanServer() {
        if (guardProgram.isAlive()) {
            server.filter(s -> !s.isOrphaned()).ifPresent(this::orphan);
        }
    }

    private void orphan(Postmaster dying) {
        dying.orphan();
        guard.onPostmasterDeath(dying);
    }

    @Override
    public Optional<Postmaster> serverOf(MemberName other) {
        return cluster.member(other).server;
    }

    @Override
    public int nodeOf(MemberName other) {
        return cluster.member(other).node;
    }

    @Override
    public void opened(Postmaster opened) {
        cluster.promises().opened(this, opened);
    }

    @Override
    public void ended(Postmaster ended) {
        if (server.filter(s -> s == ended).isPresent()) {
            server = Optional.empty();
            unguarded = false;
            guardProgram.after(
                    cluster.chance().skewed(100, 3_000) * Events.MICRO,
                    "reaps",
                    () -> guard.onExit(ended));
        }
    }

    // --- the agent

    void startAgent() {
        if (!frozen.isEmpty()) {
            agentDue = true;
        } else if (!agentProgram.isAlive()) {
            agentProgram = cluster.program(name + " agent");
            agentProgram.start();
            AgentLife life = new AgentLife(cluster, this);
            agent = Optional.of(life);
            life.start();
        }
    }

    void startAgentIn(long nanos) {
        cluster.events().after(nanos, name + " init", "starts the agent", this::startAgent);
    }

    void killAgent() {
        agent.ifPresent(AgentLife::die);
        agent = Optional.empty();
        agentProgram.kill();
    }

    // --- the guard

    void startGuard() {
        guard.begin(server);
    }

    void killGuard() {
        if (guardProgram.isAlive()) {
            guardProgram.kill();
            unguarded = server.isPresent();
            agent.ifPresent(a -> a.guardLink().onDisconnected());
        }
    }

    /**
     * A server that ran in a pause may be beside another primary when its agent comes to hear that
     * the pause is over: that is not held against it before it has a lease again.
     */
    void guardChanges() {
        if (guard.mode() instanceof GuardFact.Mode.Paused) {
            unguarded = server.isPresent();
        }
    }

    /** The guard is armed under a lease again, or what it holds is no primary. */
    void guardedAgain() {
        if (guardProgram.isAlive() && guard.mode() instanceof GuardFact.Mode.Armed) {
            unguarded = false;
        }
    }

    // --- the host

    void powerOff() {
        killAgent();
        guardProgram.kill();
        server.ifPresent(Postmaster::lose);
    }

    void powerOn() {
        startAgent();
    }

    void freeze() {
        if (frozen.isEmpty()) {
            frozen.addAll(List.of(guardProgram, serverProgram, agentProgram));
            frozen.forEach(Program::stop);
        }
    }

    void thaw() {
        if (frozen.isEmpty()) {
            return;
        }
        wakesUntil = cluster.events().nowNanos() + 300 * Events.MILLI;
        frozen.forEach(Program::resume);
        frozen.clear();
        if (agentDue) {
            agentDue = false;
            startAgent();
        }
    }
}
