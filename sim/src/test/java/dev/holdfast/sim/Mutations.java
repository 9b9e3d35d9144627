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
                            3,
                            core(
                                    "FenceRules",
                                    "return (underWay ? say : say.act(new Action.Kill())).decision();",
                                    "return say.decision();"),
                            core(
                                    "Deadlines",
                                    "return goodUntil.minus(part(1, 10));",
                                    "return goodUntil.plus(ttl.multipliedBy(9));")),
                    Mutation.of(
                            "a promotion needs no guard",
                            5,
                            core(
                                    "PromotionRules",
                                    "if (!isArmed(o)) {",
                                    "if (o.now().nanos() < 0) {"),
                            core("PrimaryRules", "arm(o).ifPresent(actions::add);", "")),
                    Mutation.of(
                            "who was promoted last is not asked whether it has what was opened",
                            23,
                            core(
                                    "RaceRules",
                                    "if (answer.filter(PredecessorFact::goneForSure).isPresent()) {",
                                    "if (answer.isPresent()) {")),
                    Mutation.of(
                            "the guard's deadline lies behind the lease's end",
                            3,
                            core(
                                    "Deadlines",
                                    "return goodUntil.minus(part(1, 10));",
                                    "return goodUntil.plus(ttl.dividedBy(10));")),
                    Mutation.of(
                            "the winner does not wait for the loser",
                            23,
                            core(
                                    "RaceRules",
                                    "if (last.released() || last.member().equals(o.me())) {",
                                    "if (o.now().isAfter(MonoTime.BEGINNING)) {")),
                    Mutation.of(
                            "the guard is never armed anew",
                            19,
                            core("Always", "return other && !spoken", "return other && spoken"),
                            core("PrimaryRules", "arm(o).ifPresent(actions::add);", "")),
                    Mutation.of(
                            "the guard is armed beyond the lease",
                            6,
                            core(
                                    "Deadlines",
                                    "return goodUntil.minus(part(1, 10));",
                                    "return goodUntil.plus(ttl);")),
                    Mutation.of(
                            "promoted before /sync and the timeline are written",
                            2,
                            core(
                                    "PromotionRules",
                                    "} else if (!isPrepared(o, cluster, epoch, standby)) {",
                                    "} else if (epoch.revision() < 0) {")),
                    Mutation.of(
                            "the timeline is not compared",
                            38,
                            core(
                                    "RaceRules",
                                    "if (reached.filter(r -> r.isAfter(timeline)).isPresent()) {",
                                    "if (reached.filter(r -> r.id() < 0).isPresent()) {"),
                            core(
                                    "PromotionRules",
                                    ".filter(c -> c.reached().isAfter(standby.timeline()));",
                                    ".filter(c -> c.timeline().id() < 0);")),
                    Mutation.of(
                            "the tag nofailover is ignored",
                            33,
                            core(
                                    "RaceRules",
                                    "if (o.self().tags().noFailover()) {",
                                    "if (o.me().value().isEmpty()) {"),
                            core("PromotionRules", "if (o.self().tags().noFailover() || ", "if (")),
                    Mutation.of(
                            "a base backup is begun over what lies there",
                            2,
                            agent(
                                    "loop/ServerActions",
                                    "if (!(postgres.inspect() instanceof DataDirectory.Missing)) {",
                                    "if (postgres.inspect() instanceof DataDirectory.Broken) {")),
                    Mutation.of(
                            "what contradicts the leader's history is followed all the same",
                            8,
                            core(
                                    "FollowerRules",
                                    "wake.count() >= LONG &&",
                                    "wake.count() < 0 &&")),
                    Mutation.of(
                            "a lease that is gone is not asked for again",
                            3,
                            agent(
                                    "lease/LeaseKeeper",
                                    "                        MonoTime.BEGINNING));\n"
                                            + "        grant();",
                                    "                        MonoTime.BEGINNING));")),
                    Mutation.of(
                            "a standby is never pointed at another primary",
                            2,
                            core(
                                    "FollowerRules",
                                    "if (!o.applied().equals(Optional.of(wanted))) {",
                                    "if (o.applied().isEmpty()) {")),
                    Mutation.of(
                            "an old primary is never told of the new one's history",
                            3,
                            core(
                                    "RejoinRules",
                                    "boolean promoted = source.filter(s -> !s.inRecovery()).isPresent();",
                                    "boolean promoted = source.filter(s -> s.leader().revision() < 0).isPresent();")),
                    Mutation.of(
                            "a renewal counts from its answer",
                            48,
                            agent(
                                    "lease/LeaseKeeper",
                                    "renewed(lease, sent, renewed.ttl(), answer.epoch());",
                                    "renewed(lease, clock.get(), renewed.ttl(), answer.epoch());")),
                    Mutation.of(
                            "a living lease is proof enough, and the leader key is not read",
                            75,
                            agent(
                                    "lease/LeaseKeeper",
                                    "counts ? Deadlines.goodUntil(sent, ttl) : fact.leaderUntil()",
                                    "fact.leaderEpoch().isPresent() ? until : fact.leaderUntil()")),
                    Mutation.of(
                            "a lease that may be on its way to somebody else is relied on",
                            96,
                            core(
                                    "LeaderRules",
                                    ".filter(l -> l.standing() == Memory.Standing.FIRM)",
                                    "")),
                    Mutation.of(
                            "clients are let in before the standbys have what they are shown",
                            3,
                            core(
                                    "Serving",
                                    "boolean open = gate.open() || isSafe(o, cluster, primary, gate);",
                                    "boolean open = gate.open() || isSafe(o, cluster, primary, gate) || gate.epoch().revision() > 0;")),
                    Mutation.of(
                            "a primary starts again in place without the names",
                            3,
                            core(
                                    "LeaderRules",
                                    "        return names.render();",
                                    "        return SyncNames.NONE.render() + names.render().substring(0, 0);")),
                    Mutation.of(
                            "the lease is given back while PostgreSQL is being ended",
                            5,
                            core(
                                    "GuardFact",
                                    "return postmaster == 0 && !ending;",
                                    "return postmaster == 0 || ending;"),
                            core(
                                    "Decide",
                                    "case GuardFact.Present present when present.ending() ->",
                                    "case GuardFact.Present present when present.ending() && present.isEmpty() && present.postmaster() < 0 ->")),
                    Mutation.of(
                            "a voter goes on confirming after its vote",
                            2_524,
                            core(
                                    "Votes",
                                    ".filter(_ -> isDetached(seen.server()) && isDetached(told))",
                                    ""),
                            core("Votes", "|| detached", "|| !detached || detached")),
                    Mutation.of(
                            "a standby is added to /sync before the names",
                            31,
                            core(
                                    "SyncSet",
                                    "SyncNames wanted = SyncNames.all(target);",
                                    "if (!target.equals(recorded)) { return new"
                                            + " Step.Write(SyncState.of(in.self(), target)); }"
                                            + " SyncNames wanted = SyncNames.all(target);")),
                    Mutation.of(
                            "a standby is taken out of the names before /sync",
                            55,
                            core(
                                    "SyncSet",
                                    "if (!names.enforced().containsAll(recorded)) {",
                                    "if (in.count() < 0) {"),
                            core(
                                    "SyncSet",
                                    "return new Step.Write(SyncState.of(in.self(), kept));",
                                    "if (!names(in).equals(SyncNames.all(target))) { return new"
                                            + " Step.SetNames(SyncNames.all(target)); } return new"
                                            + " Step.Write(SyncState.of(in.self(), kept));"),
                            core(
                                    "SyncSet",
                                    "    static Step withoutStandby(",
                                    "    private static SyncNames names(Input in) { return"
                                            + " in.names().orElseThrow(); }"
                                            + " static Step withoutStandby(")),
                    Mutation.of(
                            "whoever is not in /sync may lead",
                            14,
                            core(
                                    "RaceRules",
                                    "&& !cluster.sync().value().entitles(o.me())",
                                    "&& o.me().value().isEmpty()"),
                            core(
                                    "PromotionRules",
                                    "|| sync.entitles(o.me())",
                                    "|| !o.me().value().isEmpty()")),
                    Mutation.of(
                            "a standby is added to /sync before it has confirmed",
                            31,
                            core(
                                    "SyncSet",
                                    ".filter(s -> s.syncState().equals(\"sync\") &&"
                                            + " s.syncPriority() > 0)",
                                    ""),
                            core(
                                    "SyncSet",
                                    ".filter(s -> s.flushed().isAfter(needed) && s.hasFlushed(needed))",
                                    "")),
                    Mutation.of(
                            "in failsafe mode whoever has confirmed another leader may lead",
                            8,
                            core(
                                    "FailsafeAnswers",
                                    "filter(g -> o.now().isBefore(g.until()))",
                                    "filter(g -> g.until().nanos() < 0)")),
                    Mutation.of(
                            "in failsafe mode an agent that has just begun may lead",
                            8,
                            core(
                                    "FailsafeAnswers",
                                    "return key.isPresent() && o.now().isBefore(free) &&",
                                    "return key.isPresent() && free.nanos() < 0 &&")),
                    Mutation.of(
                            "in failsafe mode whoever was not asked may lead",
                            151,
                            core(
                                    "FailsafeAnswers",
                                    "if (key.filter(k -> !k.containsKey(o.me())).isPresent()) {",
                                    "if (key.filter(k -> k.isEmpty()).isPresent()) {")));
}
