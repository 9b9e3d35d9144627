package dev.holdfast.sim;

import static dev.holdfast.sim.Mutation.agent;
import static dev.holdfast.sim.Mutation.core;

import java.util.List;

/** The rules made wrong, one at a time. */
final class Mutations {
    private Mutations() {}

    static final List<Mutation> ALL =
            List.of(
                    Mutation.of(
                            "a primary is not fenced when its lease ends, nor by its guard",
                            core(
                                    "FenceRules",
                                    "return (underWay ? say : say.act(new Action.Kill())).decision();",
                                    "return say.decision();"),
                            core(
                                    "Deadlines",
                                    "return goodUntil.minus(ttl.dividedBy(10));",
                                    "return goodUntil.plus(ttl.multipliedBy(9));")),
                    Mutation.of(
                            "a promotion needs no guard",
                            core(
                                    "PromotionRules",
                                    "if (!isArmed(o)) {",
                                    "if (o.now().nanos() < 0) {"),
                            core("PrimaryRules", "arm(o).ifPresent(actions::add);", "")),
                    Mutation.of(
                            "who was promoted last is not asked whether it has what was opened",
                            core(
                                    "RaceRules",
                                    "if (answer.filter(PredecessorFact::goneForSure).isPresent()) {",
                                    "if (answer.isPresent()) {")),
                    Mutation.of(
                            "a server that was started as a primary keeps no lease",
                            core(
                                    "LeaderRules",
                                    "if (!control.wasPrimary() || !isOfThisEpoch(o, cluster, control)) {",
                                    "if (control.newestTimeline().id() < 0) {")),
                    Mutation.of(
                            "the mirror goes back to what is older",
                            new Mutation.Edit(
                                    "dcs/src/main/java/dev/holdfast/dcs/MirroredState.java",
                                    "if (snapshot.revision() < completeTo) {",
                                    "if (snapshot.revision() < 0) {")),
                    Mutation.of(
                            "the guard's deadline lies behind the lease's end",
                            core(
                                    "Deadlines",
                                    "return goodUntil.minus(ttl.dividedBy(10));",
                                    "return goodUntil.plus(ttl.dividedBy(10));")),
                    Mutation.of(
                            "the lease is counted from the reply",
                            agent(
                                    "lease/LeaseKeeper",
                                    "renewed(lease, sent, renewed.ttl(), answer.epoch());",
                                    "renewed(lease, clock.get(), renewed.ttl(), answer.epoch());")),
                    Mutation.of(
                            "the winner does not wait for the loser",
                            core(
                                    "RaceRules",
                                    "if (last.released() || last.member().equals(o.me())) {",
                                    "if (o.now().isAfter(MonoTime.BEGINNING)) {")),
                    Mutation.of(
                            "the lease is given back while PostgreSQL is being ended",
                            core(
                                    "GuardFact",
                                    "return postmaster == 0 && !ending;",
                                    "return postmaster == 0 || ending;"),
                            core(
                                    "Decide",
                                    "case GuardFact.Present present when present.ending() ->",
                                    "case GuardFact.Present present when present.postmaster() < 0"
                                            + " ->")),
                    Mutation.of(
                            "the guard is never armed anew",
                            core("Always", "return behind && !spoken", "return behind && spoken"),
                            core("PrimaryRules", "arm(o).ifPresent(actions::add);", "")),
                    Mutation.of(
                            "the guard is armed beyond the lease",
                            core(
                                    "Deadlines",
                                    "return goodUntil.minus(ttl.dividedBy(10));",
                                    "return goodUntil.plus(ttl);")),
                    Mutation.of(
                            "promoted before /sync and the timeline are written",
                            core(
                                    "PromotionRules",
                                    "} else if (!isPrepared(o, cluster, epoch, standby)) {",
                                    "} else if (epoch.revision() < 0) {")),
                    Mutation.of(
                            "whoever is not in /sync may lead",
                            core(
                                    "RaceRules",
                                    "&& !cluster.sync().value().entitles(o.me())",
                                    "&& o.me().value().isEmpty()"),
                            core(
                                    "PromotionRules",
                                    "|| sync.entitles(o.me())",
                                    "|| !o.me().value().isEmpty()")),
                    Mutation.of(
                            "the timeline is not compared",
                            core(
                                    "RaceRules",
                                    "if (opened.filter(c ->"
                                            + " c.timeline().isAfter(timeline)).isPresent()) {",
                                    "if (opened.filter(c -> c.timeline().id() < 0).isPresent()) {"),
                            core(
                                    "PromotionRules",
                                    ".filter(c -> c.opened() &&"
                                            + " c.timeline().isAfter(standby.timeline()));",
                                    ".filter(c -> c.timeline().id() < 0);")),
                    Mutation.of(
                            "the tag nofailover is ignored",
                            core(
                                    "RaceRules",
                                    "if (o.self().tags().noFailover()) {",
                                    "if (o.me().value().isEmpty()) {"),
                            core("PromotionRules", "if (o.self().tags().noFailover() || ", "if (")),
                    Mutation.of(
                            "a standby is added to /sync before it has confirmed",
                            core(
                                    "SyncSet",
                                    ".filter(s -> s.syncState().equals(\"sync\") &&"
                                            + " s.syncPriority() > 0)",
                                    ""),
                            core("SyncSet", ".filter(s -> s.flushed().isAfter(needed))", "")),
                    Mutation.of(
                            "a standby is added to /sync before the names",
                            core(
                                    "SyncSet",
                                    "if (!names.equals(wanted)) {",
                                    "if (!names.equals(wanted) && recorded.containsAll(target)) {"),
                            core(
                                    "SyncSet",
                                    ".filter(s -> s.syncState().equals(\"sync\") &&"
                                            + " s.syncPriority() > 0)",
                                    "")),
                    Mutation.of(
                            "a standby is taken out of the names before /sync",
                            core(
                                    "SyncSet",
                                    "if (!names.enforced().containsAll(recorded)) {",
                                    "if (!target.isEmpty() && !target.containsAll(recorded) &&"
                                            + " !names.equals(SyncNames.all(target))) { return new"
                                            + " Step.SetNames(SyncNames.all(target)); } if"
                                            + " (target.containsAll(recorded) &&"
                                            + " !names.enforced().containsAll(recorded)) {")),
                    Mutation.of(
                            "a late write of /sync is not excluded before a name is dropped",
                            core(
                                    "SyncSet",
                                    "&& in.late() == LateWrite.POSSIBLE",
                                    "&& in.count() < 0")),
                    Mutation.of(
                            "names count before the checkpointer has seen them",
                            agent(
                                    "loop/Performer",
                                    "facts.namesCount = counts[0];",
                                    "facts.namesCount = true;")),
                    Mutation.of(
                            "some of the names are taken for all of them",
                            core(
                                    "SyncNames",
                                    "return number >= names.size() ?",
                                    "return number >= 0 ?")),
                    Mutation.of(
                            "a new leader keeps in /sync whom its server does not wait for",
                            core("PromotionRules", "kept.retainAll(enforced(o, standby));", ""),
                            core(
                                    "PromotionRules",
                                    "&& enforced(o, standby).containsAll(sync.standbys())",
                                    "")),
                    Mutation.of(
                            "a primary starts again in place without the names",
                            core(
                                    "LeaderRules",
                                    "Files.forPrimary(o, restartNames(o, cluster))",
                                    "Files.forPrimary(o, \"\")")),
                    Mutation.of(
                            "clients are let in before the synchronous standbys have all",
                            core(
                                    "Serving",
                                    "boolean open = gate.open() || isSafe(o, cluster, primary,"
                                            + " gate);",
                                    "boolean open = true;")),
                    Mutation.of(
                            "the lease is handed over before the candidate has replayed",
                            core(
                                    "SwitchoverRules",
                                    "&& answered.replayed().isAfter(checkpoint);",
                                    "&& !checkpoint.equals(answered.replayed());"),
                            core(
                                    "PromotionRules",
                                    ".filter(checkpoint ->"
                                            + " !standby.replayed().isAfter(checkpoint))",
                                    ".filter(checkpoint ->"
                                            + " checkpoint.equals(standby.replayed()))")),
                    Mutation.of(
                            "/sync is written by who does not lead any more",
                            agent(
                                    "loop/StoreActions",
                                    "leaderAt(write.epoch()),\n"
                                            + "                                   "
                                            + " Compare.unchanged(Keys.SYNC, write.expectedRevision())",
                                    "")),
                    Mutation.of(
                            "two members may make the cluster",
                            agent("loop/StoreActions", "new Compare.Absent(Keys.INITIALIZE),", "")),
                    Mutation.of(
                            "a base backup is begun over what lies there",
                            agent(
                                    "loop/ServerActions",
                                    "if (!(postgres.inspect() instanceof DataDirectory.Missing)) {",
                                    "if (postgres.inspect() instanceof DataDirectory.Broken) {")),
                    Mutation.of(
                            "what contradicts the leader's history is followed all the same",
                            core("FollowerRules", "wake.count() < 2", "wake.count() >= 0")),
                    Mutation.of(
                            "a lease that is gone is not asked for again",
                            agent(
                                    "lease/LeaseKeeper",
                                    "                        MonoTime.BEGINNING));\n"
                                            + "        grant();",
                                    "                        MonoTime.BEGINNING));")));
}
