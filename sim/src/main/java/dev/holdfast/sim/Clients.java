package dev.holdfast.sim;

import java.util.List;

/** Clients that write: some where {@code /primary} sends them, some straight to a server. */
final class Clients {
    private final Cluster cluster;
    private final Chance chance;
    private final Program program;
    private final long paceNanos;
    private boolean busy;

    Clients(Cluster cluster) {
        this.cluster = cluster;
        this.chance = cluster.chance();
        this.program = cluster.program("clients");
        this.paceNanos =
                switch (cluster.setup().pace()) {
                    case DENSE -> chance.skewed(20, 3_000) * Events.MILLI;
                    case LONG -> chance.skewed(3_000, 30_000) * Events.MILLI;
                };
        program.start();
    }

    void start() {
        program.after(next(), "write", this::write);
    }

    /** More is going on for a while, so that faults meet commits under way. */
    void busyFor(long nanos) {
        busy = true;
        program.after(nanos, "calm down", () -> busy = false);
    }

    /** Many write here at once, and read what {@code /primary} has them read. */
    void storm(Member member) {
        for (int i = 0; i < 12; i++) {
            program.after(
                    chance.skewed(100, 300_000) * Events.MICRO, "write", () -> send(member, true));
        }
    }

    private long next() {
        return busy ? chance.skewed(2, 400) * Events.MILLI : chance.between(1, 2 * paceNanos);
    }

    private void write() {
        program.after(next(), "write", this::write);
        List<Member> members = cluster.members();
        boolean routed = chance.below(10) < 7;
        for (Member member : members) {
            boolean wanted =
                    routed
                            ? member.agent().filter(AgentLife::servesAsPrimary).isPresent()
                            : chance.below(members.size()) == 0;
            if (wanted) {
                send(member, routed);
                return;
            }
        }
    }

    private void send(Member member, boolean routed) {
        cluster.network()
                .send(
                        cluster.clientNode(),
                        member.node(),
                        member.serverProgram(),
                        "a client writes",
                        () -> member.server().ifPresent(server -> arrive(member, server, routed)),
                        () -> {});
    }

    private void arrive(Member member, Postmaster server, boolean routed) {
        if (routed
                && server.acceptsWrites()
                && member.agent().filter(AgentLife::servesAsPrimary).isPresent()) {
            cluster.promises().read(server);
        }
        server.write(new Told());
    }

    private final class Told implements Postmaster.Writer {
        @Override
        public void committed(
                Postmaster server, Branch branch, long position, Postmaster.Wait wait) {
            cluster.promises().acknowledged(server, branch, position, wait);
        }

        @Override
        public void failed() {
            // It tries again with its next write, as a client does.
        }
    }
}
