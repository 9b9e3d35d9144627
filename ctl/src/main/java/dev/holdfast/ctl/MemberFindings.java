package dev.holdfast.ctl;

import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.Timeline;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.MemberState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is wrong with members, one after the other. */
final class MemberFindings {
    /** From this many on it is a loop, not an accident. */
    private static final int LOOP = 2;

    /** What PostgreSQL itself lets gather before it makes a checkpoint, unless told otherwise. */
    private static final long MUCH_WAL = 1L << 30;

    private final Checkup checkup;
    private final ClusterView cluster;
    private final List<Finding> findings = new ArrayList<>();

    private MemberFindings(Checkup checkup) {
        this.checkup = checkup;
        this.cluster = checkup.cluster();
    }

    static List<Finding> of(Checkup checkup) {
        MemberFindings all = new MemberFindings(checkup);
        for (MemberRow row : checkup.rows()) {
            all.about(row, all.cluster.member(row.name()).orElseThrow());
        }
        return all.findings;
    }

    private void add(MemberName member, String code, String what, String advice) {
        findings.add(new Finding(member.value(), code, what, advice));
    }

    private void about(MemberRow row, MemberRecord member) {
        int before = findings.size();
        switch (checkup.reports().get(row.name())) {
            case MemberReport.Silent(String why) ->
                    add(
                            row.name(),
                            "agent.silent",
                            "its agent keeps its record, but does not answer over REST ("
                                    + why
                                    + ")",
                            "look at restapi.connect_address, the network between, and the certificates");
            case MemberReport.Told told -> told(row, told);
            case null -> {}
        }
        decided(row);
        server(row, member);
        if (!row.pendingRestart().isEmpty()) {
            add(
                    row.name(),
                    "restart.pending",
                    "parameters wait for a restart (" + row.pendingRestart() + ")",
                    "restart --pending");
        }
        if (member.pause() != checkup.config().pause()) {
            add(
                    row.name(),
                    "pause.unseen",
                    "it does not act on the cluster's "
                            + (member.pause() ? "end of the pause" : "pause"),
                    "look at its agent's log");
        }
        if (findings.size() == before && !row.note().isEmpty()) {
            add(row.name(), "member.note", row.note(), "look at its agent's log");
        }
    }

    private void told(MemberRow row, MemberReport.Told told) {
        MemberName name = row.name();
        if (told.guard().equals("unreachable")) {
            add(
                    name,
                    "guard.away",
                    "its guard cannot be reached, so it may not lead",
                    "look at the agent's log and guard.dir");
        }
        told.barred()
                .ifPresent(why ->
                        add(
                                name,
                                "member.barred",
                                "it may not lead: " + why,
                                "mend it, then reload; or set watchdog.mode to automatic"));
        if (!told.unwell().isEmpty()) {
            add(
                    name,
                    "member.unwell",
                    told.unwell(),
                    "look at the host: its disks, stopped processes");
        }
        if (told.endsInARow() >= LOOP) {
            add(
                    name,
                    "postgres.loop",
                    "PostgreSQL ended "
                            + told.endsInARow()
                            + " times in a row soon after its start"
                            + checkup.because(name),
                    "PostgreSQL's log says why");
        }
        host(name, told);
        for (String weaker : told.weakerCommits()) {
            add(
                    name,
                    "commits.weak",
                    weaker,
                    "what is committed so may be lost: ALTER ... RESET synchronous_commit");
        }
        boolean up = cluster.member(name).orElseThrow().state().isRunning();
        for (String failure : told.failedServices()) {
            add(
                    name,
                    "service.failed",
                    failure,
                    "it is tried again; look at the service on that host");
        }
        boolean follows = row.role() == MemberRow.Role.STANDBY_LEADER;
        if (row.leads() && up && !follows && !told.servesAsPrimary() && !checkup.config().pause()) {
            add(
                    name,
                    "leader.closed",
                    "it leads, and does not serve as primary" + checkup.because(name),
                    "the code stands in OPERATIONS.md");
        }
        boolean toStream =
                checkup.config().standbyCluster().filter(s -> !s.hosts().isEmpty()).isPresent();
        if (follows && up && toStream && !streams(name)) {
            add(
                    name,
                    "standby.starved",
                    "it leads a standby cluster, and does not stream from the other one"
                            + checkup.because(name),
                    "the code stands in OPERATIONS.md");
        }
        if (row.leads()) {
            told.idleSlots().forEach(slot -> idle(name, slot));
        }
    }

    private void host(MemberName name, MemberReport.Told told) {
        told.unwatched()
                .ifPresent(why ->
                        add(
                                name,
                                "watchdog.unused",
                                "watchdog.mode is automatic, and none is used: " + why,
                                "mend it, then reload; or set watchdog.mode to off"));
        told.kept()
                .filter(kept -> kept.bytes() > kept.freeBytes())
                .ifPresent(kept ->
                        add(
                                name,
                                "kept.large",
                                "data directories that were set aside ("
                                        + kept.directories()
                                        + ") take "
                                        + mebibytes(kept.bytes())
                                        + ", and "
                                        + mebibytes(kept.freeBytes())
                                        + " are free beside them",
                                "remove those that nobody needs any more, or lower postgresql.keep_directories"));
        told.heldWal()
                .forEach((slot, bytes) -> {
                    if (bytes > MUCH_WAL) {
                        add(
                                name,
                                "slot.holds",
                                "the slot " + slot + " holds " + mebibytes(bytes) + " of WAL back",
                                "look why its receiver does not fetch; max_slot_wal_keep_size bounds it");
                    }
                });
    }

    private static String mebibytes(long bytes) {
        return bytes / (1 << 20) + " MiB";
    }

    /** A slot without its receiver is what is left to see of a member that is gone. */
    private void idle(MemberName leader, String slot) {
        Optional<MemberRecord.Stored> there = cluster.userOfSlot(slot);
        if (there.isPresent()) {
            // Said of the member itself, unless it looks well; not of one that uses another's slot.
            MemberRecord member = there.get().member();
            if (member.state().isRunning()
                    && member.replicationState().isPresent()
                    && member.tags().replicateFrom().isEmpty()) {
                add(
                        leader,
                        "slot.idle",
                        "the slot of " + slot + " is not used, though that streams",
                        "if it stays, WAL fills the disk: look at primary_slot_name there");
            }
            return;
        }
        add(
                leader,
                "member.gone",
                "nobody fetches from the slot "
                        + slot
                        + ", which holds WAL back, and no agent of that name is there",
                "start the agent of that standby if it is to come back, else remove-member; a slot that is no member's is yours"
                        + " to drop");
    }

    private boolean streams(MemberName name) {
        return cluster.member(name).flatMap(MemberRecord::replicationState).isPresent();
    }

    /** What somebody has decided and may have forgotten. */
    private void decided(MemberRow row) {
        if (row.settings().isOut()) {
            add(
                    row.name(),
                    "member.out",
                    row.leads()
                            ? "an operator took it out, and it leads, since nobody else is fit"
                            : "an operator took it out for maintenance",
                    "unstandby when that is done");
        }
        switch (row.settings().recovery()) {
            case AUTOMATIC -> {}
            case BY_ORDER ->
                    add(
                            row.name(),
                            "recovery.off",
                            "an operator switched its automatic recovery off: it is neither rewound nor copied by itself",
                            "auto-recovery on when that is done");
        }
    }

    private void server(MemberRow row, MemberRecord member) {
        MemberName name = row.name();
        if (row.settings().duty() == MemberSettings.Duty.STOPPED
                && member.state() == MemberState.STOPPED) {
            return;
        }
        if (!member.state().isRunning()) {
            add(
                    name,
                    "postgres.down",
                    "PostgreSQL is not running, it is "
                            + quoted(member.state())
                            + checkup.because(name),
                    "the code stands in OPERATIONS.md; PostgreSQL's log has more");
            return;
        }
        if (row.leads() || checkup.leader().isEmpty()) {
            return;
        }
        Optional<Timeline> leaders =
                checkup.leader().flatMap(cluster::member).flatMap(MemberRecord::timeline);
        if (leaders.isPresent() && row.timeline().isPresent() && !row.timeline().equals(leaders)) {
            add(
                    name,
                    "timeline.differs",
                    "it is on timeline "
                            + row.timeline().get()
                            + ", the leader on "
                            + leaders.get()
                            + checkup.because(name),
                    "it catches up by itself, or is rewound; if it stays, its agent's log says why");
            return;
        }
        if (member.replicationState().isEmpty() && !member.tags().noStream()) {
            add(
                    name,
                    "standby.cut",
                    "PostgreSQL runs, and does not stream from the leader" + checkup.because(name),
                    "look at its PostgreSQL's log, pg_hba.conf and the network to the leader");
        }
        long lag = row.lagBytes().orElse(0L);
        if (lag > checkup.config().maximumLagOnFailover()) {
            add(
                    name,
                    "standby.lags",
                    "it is "
                            + lag
                            + " bytes behind the leader, more than maximum_lag_on_failover ("
                            + checkup.config().maximumLagOnFailover()
                            + ")",
                    "look at its disk, its replay and the network");
        }
    }

    private static String quoted(MemberState state) {
        return "\"" + state.text() + "\"";
    }
}
