package dev.holdfast.sim;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The promises, held against what is true in the models rather than what anybody believes. */
final class Promises {
    private final Cluster cluster;
    private final List<Branch> promised = new ArrayList<>();
    private final List<Postmaster> leftBehind = new ArrayList<>();
    private String broken = "";
    private long seenRevision;

    /** What a leader was last seen to have opened. */
    private @Nullable Branch lastOpened;

    private Optional<MemberName> named = Optional.empty();

    /**
     * Who was named when it took the leader key: it may be promoted when another is named since.
     */
    private Optional<MemberName> electedByName = Optional.empty();

    private Optional<MemberName> lastLeader = Optional.empty();
    private long acknowledged;
    private long openings;

    Promises(Cluster cluster) {
        this.cluster = cluster;
    }

    /** How many commits were acknowledged under a promise. */
    long acknowledged() {
        return acknowledged;
    }

    /** How often a primary opened. */
    long openings() {
        return openings;
    }

    /**
     * Kept until the event is over: whoever is in the middle of something, the agents' own code
     * too, might take an exception for its own.
     */
    private void broken(String sentence) {
        if (broken.isEmpty()) {
            broken = sentence;
        }
    }

    /** After every event. */
    void check() {
        ClusterView view = cluster.truth();
        if (view.revision() != seenRevision) {
            seenRevision = view.revision();
            storeChanged(view);
        }
        oneWriter();
        if (!broken.isEmpty()) {
            throw new BrokenPromise(broken);
        }
    }

    private void oneWriter() {
        List<Member> members = cluster.members();
        Member writer = null;
        for (int i = 0; i < members.size(); i++) {
            Member member = members.get(i);
            if (member.acceptsWrites() && member.mustNotWriteBeside()) {
                if (writer != null) {
                    broken(
                            "S1, one writer: "
                                    + writer.name()
                                    + " and "
                                    + member.name()
                                    + " both accept writes");
                }
                writer = member;
            }
        }
    }

    /** A commit was acknowledged to a client. */
    void acknowledged(Postmaster server, Branch branch, long position, Postmaster.Wait wait) {
        if (wait == Postmaster.Wait.WHOLE && isProtected(server)) {
            acknowledged++;
            cluster.note(
                    "promise",
                    () -> position + " on timeline " + branch.timeline() + " is acknowledged");
            promise(branch, position);
        }
    }

    /** A client that was sent here by {@code /primary} reads. */
    void read(Postmaster server) {
        if (isProtected(server)) {
            cluster.note(
                    "promise",
                    () ->
                            server.visible()
                                    + " on timeline "
                                    + server.timeline()
                                    + " is read at "
                                    + server.memberName());
            promise(server.directory().branch, server.visible());
        }
    }

    /**
     * While {@code /sync} is not empty: of who leads, and of a server that led before and still
     * waits for its standbys. One that was left without guard or frozen in the asynchronous mode
     * promises nothing, and neither does one whose guard an operator paused, when another outside
     * the sync set was made to lead by an operator's failover: who follows it is its standby yet.
     */
    private boolean isProtected(Postmaster server) {
        SyncState sync = cluster.truth().sync().value();
        return sync.leader().isPresent()
                && !sync.standbys().isEmpty()
                && !leftBehind.contains(server)
                && (sync.leader().get().equals(server.memberName()) || server.waits());
    }

    private void promise(Branch branch, long position) {
        Branch holding = branch.holding(position);
        if (holding.promised() == 0) {
            promised.add(holding);
        }
        holding.promise(position);
    }

    /** The store has changed. */
    private void storeChanged(ClusterView view) {
        if (view.sync().value().leader().isEmpty() && !promised.isEmpty()) {
            // The operator switched the synchronous mode off: what was promised under it is over.
            promised.forEach(b -> b.forgive(0));
            promised.clear();
        }
        view.timeline()
                .map(Versioned::value)
                .filter(TimelineClaim::opened)
                .flatMap(claim -> cluster.member(claim.member()).directory())
                .filter(d -> d.branch.timeline().equals(view.timeline().get().value().timeline()))
                .ifPresent(d -> lastOpened = d.branch);
        leaderChanged(view);
        view.failover()
                .map(Versioned::value)
                .filter(FailoverRequest::isManual)
                .flatMap(FailoverRequest::candidate)
                .filter(c -> !view.sync().value().entitles(c) || view.sync().value().needsVotes(c))
                .ifPresent(c -> named = Optional.of(c));
    }

    /** A member whose server is a primary already takes the leader key: all will follow it. */
    private void leaderChanged(ClusterView view) {
        Optional<MemberName> leader = view.leader().map(LeaderKey::member);
        if (leader.isPresent() && !leader.equals(lastLeader)) {
            lastLeader = leader;
            electedByName = named.filter(leader.get()::equals);
            Member member = cluster.member(leader.get());
            member.server()
                    .filter(s -> s.state() == Postmaster.State.PRIMARY)
                    .ifPresent(s -> {
                        nothingLost(member, s, electedByName.isPresent());
                        descends(member, s);
                    });
        }
    }

    /** A server is out of recovery and takes writes from now on. */
    void opened(Member member, Postmaster server) {
        openings++;
        cluster.note(member.name().value(), () -> "opens on timeline " + server.timeline());
        ClusterView view = cluster.truth();
        boolean leads = view.isLeader(member.name());
        boolean led =
                view.leader().isEmpty()
                        && view.epoch()
                                .map(e -> e.value().member().equals(member.name()))
                                .orElse(true);
        if (!leads && !led && member.mustNotWriteBeside()) {
            broken(
                    "S3, no proof, no promotion: "
                            + member.name()
                            + " opened as primary, and the leader key says "
                            + view.leader());
        }
        if (leads && !hasClaimed(view, member, server)) {
            broken(
                    "S3, no proof, no promotion: "
                            + member.name()
                            + " opened timeline "
                            + server.timeline()
                            + ", which it has not claimed");
        }
        boolean handedOver = view.epoch().flatMap(e -> e.value().handedOverAt()).isPresent();
        boolean byFailover =
                !handedOver
                        && (named.equals(Optional.of(member.name()))
                                || electedByName.equals(Optional.of(member.name())));
        if (cluster.setup().tags(member.name()).noFailover()
                && !byFailover
                && leads
                && !isFirst(view)) {
            broken("S3, no proof, no promotion: " + member.name() + " has the tag nofailover");
        }
        if (byFailover) {
            cluster.members().stream()
                    .flatMap(m -> m.server().stream())
                    .filter(s -> s != server && s.state() == Postmaster.State.PRIMARY)
                    .forEach(leftBehind::add);
        }
        if (member.mustNotWriteBeside() || byFailover) {
            nothingLost(member, server, byFailover);
        }
        if (member.mustNotWriteBeside()) {
            descends(member, server);
        }
    }

    /**
     * Before writes open it is recorded who opens which timeline. PostgreSQL may choose a later
     * number than was claimed; and who claimed the next one and was not promoted may go on with its
     * own.
     */
    private boolean hasClaimed(ClusterView view, Member member, Postmaster server) {
        return server.timeline().id() == 1
                || continuesOwn(server)
                || view.timeline()
                        .map(Versioned::value)
                        .filter(c -> c.member().equals(member.name()))
                        .filter(c -> !c.timeline().isAfter(server.timeline()))
                        .isPresent();
    }

    private boolean continuesOwn(Postmaster server) {
        Directory directory = server.directory();
        return lastOpened != null
                && lastOpened.timeline().equals(server.timeline())
                && directory.branch.holds(lastOpened, directory.flushed) > lastOpened.begin();
    }

    /**
     * Whoever opens goes on from what was last seen to be open. Two timelines of one number, of
     * which neither or only the second was recorded, are not told apart by who followed one of
     * them.
     */
    private void descends(Member member, Postmaster server) {
        Directory directory = server.directory();
        if (lastOpened != null
                && !directory.branch.hasNamesakeOf(lastOpened)
                && directory.branch.holds(lastOpened, directory.flushed) <= lastOpened.begin()) {
            broken(
                    "S3, no proof, no promotion: "
                            + member.name()
                            + " is primary on timeline "
                            + server.timeline()
                            + ", which does not descend from timeline "
                            + lastOpened.timeline()
                            + ", which the cluster has been on");
        }
    }

    private static boolean isFirst(ClusterView view) {
        return view.epoch().isEmpty();
    }

    private void nothingLost(Member member, Postmaster server, boolean byFailover) {
        Directory directory = server.directory();
        for (Branch branch : promised) {
            long holds = Math.max(0, directory.branch.holds(branch, directory.flushed));
            if (holds < branch.promised()) {
                if (byFailover) {
                    // An operator named a member outside the sync set, and was told what it costs.
                    branch.forgive(holds);
                    continue;
                }
                broken(
                        "S2, nothing acknowledged is lost: "
                                + member.name()
                                + " is primary with timeline "
                                + branch.timeline()
                                + " up to "
                                + holds
                                + ", and up to "
                                + branch.promised()
                                + " was acknowledged there or shown");
            }
        }
        named = Optional.empty();
        electedByName = Optional.empty();
    }

    /**
     * A new cluster is begun: only while nobody has one yet. One that was begun in time and ended
     * late is a directory that nobody serves.
     */
    void initializes(Member member, Directory made) {
        if (cluster.truth().system().isPresent()) {
            broken(
                    "S4, nothing is destroyed: "
                            + member.name()
                            + " made a second cluster, "
                            + made.system);
        }
    }

    /** A data directory is set aside to be copied anew: nobody may need it. */
    void setAside(Member member, Directory old) {
        for (Branch branch : promised) {
            boolean elsewhere =
                    cluster.members().stream()
                            .filter(m -> m != member)
                            .flatMap(m -> m.directory().stream())
                            .anyMatch(d -> d.branch.holds(branch, d.flushed) >= branch.promised());
            if (!elsewhere && old.branch.holds(branch, old.flushed) >= branch.promised()) {
                broken(
                        "S4, nothing is destroyed: "
                                + member.name()
                                + " sets aside the only copy of what was acknowledged");
            }
        }
    }
}
