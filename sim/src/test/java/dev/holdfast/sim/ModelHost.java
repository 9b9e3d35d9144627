package dev.holdfast.sim;

import dev.holdfast.agent.loop.GuardPort;
import dev.holdfast.agent.postgres.Postgres;
import dev.holdfast.agent.postgres.TestHost;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.MonoTime;
import dev.holdfast.core.decide.GuardFact;
import dev.holdfast.core.postgres.ServerFiles;
import dev.holdfast.core.postgres.Upstream;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** A simulated host without an agent: the test does what one would. */
final class ModelHost implements TestHost {
    private static final long LONG = 600 * Events.SECOND;

    /** Longer than any test looks at a server whose checkpointer is stopped. */
    private static final long STOPPED = 5 * Events.SECOND;

    private final Member member;
    private final Postgres postgres;
    private final GuardLink guard;
    private boolean present;

    ModelHost(Cluster cluster, Member member, Job.Current current) {
        this.member = member;
        this.postgres =
                new ModelPostgres(
                        cluster.events(), cluster.chance(), cluster.network(), member, current);
        member.agentProgram().start();
        this.guard =
                new GuardLink(
                        cluster.events(),
                        cluster.chance(),
                        member.agentProgram(),
                        member,
                        fact -> present = fact instanceof GuardFact.Present);
        guard.seek();
    }

    boolean hasGuard() {
        return present;
    }

    private Postmaster server() {
        return member.server().orElseThrow();
    }

    @Override
    public MemberName name() {
        return member.name();
    }

    @Override
    public Postgres postgres() {
        return postgres;
    }

    @Override
    public GuardPort guard() {
        return guard;
    }

    @Override
    public MonoTime now() {
        return member.clock().now();
    }

    @Override
    public Upstream asUpstream() {
        return new Upstream(name(), name().value(), 5432);
    }

    @Override
    public ServerFiles settings() {
        return new ServerFiles(
                new TreeMap<>(), List.of(), List.of(), Optional.empty(), Optional.empty(), "");
    }

    @Override
    public void makeCluster() {
        postgres.initdb(List.of(), _ -> {});
    }

    @Override
    public Commit commit() {
        Branch branch = server().directory().branch;
        Written written = new Written(branch, branch.end() + 1);
        server().write(written);
        return written;
    }

    private static final class Written implements Commit, Postmaster.Writer {
        private final Branch branch;
        private final long begin;
        private Outcome outcome = Outcome.NOTHING_YET;

        Written(Branch branch, long begin) {
            this.branch = branch;
            this.begin = begin;
        }

        @Override
        public void committed(Postmaster server, Branch on, long at, Postmaster.Wait wait) {
            outcome =
                    switch (wait) {
                        case WHOLE, MISTAKEN -> Outcome.COMMITTED;
                        case CANCELLED -> Outcome.CANCELLED;
                    };
        }

        @Override
        public void failed() {
            outcome = Outcome.FAILED;
        }

        @Override
        public Outcome outcome() {
            return outcome;
        }
    }

    @Override
    public boolean sees(Commit commit) {
        Written written = (Written) commit;
        return member.directory().orElseThrow().branch.holds(written.branch, shown())
                >= written.begin;
    }

    /** Up to where a session is shown what was written. */
    private long shown() {
        return switch (server().state()) {
            case PRIMARY -> server().visible();
            case STANDBY, PROMOTING -> server().replayed();
            case STARTING, STOPPING, KILLED, GONE ->
                    throw new IllegalStateException("no sessions here");
        };
    }

    @Override
    public void writeMuch() {
        member.ailments().slowDisk(LONG);
    }

    @Override
    public void cancelWaits() {
        server().cancelWaits();
    }

    @Override
    public void stopCheckpointer() {
        member.ailments().checkpointerStuck(STOPPED);
    }

    @Override
    public void continueCheckpointer() {
        // It goes on by itself.
    }

    @Override
    public void holdReplay() {
        member.ailments().slowReplay(LONG);
    }

    @Override
    public void releaseReplay() {
        member.ailments().slowReplay(0);
    }
}
