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
                            1,
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
                            7,
                            core(
                                    "PromotionRules",
                                    "if (!isArmed(o)) {",
                                    "if (o.now().nanos() < 0) {"),
                            core("PrimaryRules", "arm(o).ifPresent(actions::add);", "")),
                    Mutation.of(
                            "who was promoted last is not asked whether it has what was opened",
                            31,
                            core(
                                    "RaceRules",
                                    "if (answer.filter(PredecessorFact::goneForSure).isPresent()) {",
                                    "if (answer.isPresent()) {")),
                    Mutation.of(
                            "the guard's deadline lies behind the lease's end",
                            21,
                            core(
                                    "Deadlines",
                                    "return goodUntil.minus(ttl.dividedBy(10));",
                                    "return goodUntil.plus(ttl.dividedBy(10));")),
                    Mutation.of(
                            "the winner does not wait for the loser",
                            12,
                            core(
                                    "RaceRules",
                                    "if (last.released() || last.member().equals(o.me())) {",
                                    "if (o.now().isAfter(MonoTime.BEGINNING)) {")),
                    Mutation.of(
                            "the guard is never armed anew",
                            11,
                            core("Always", "return behind && !spoken", "return behind && spoken"),
                            core("PrimaryRules", "arm(o).ifPresent(actions::add);", "")),
                    Mutation.of(
                            "the guard is armed beyond the lease",
                            2,
                            core(
                                    "Deadlines",
                                    "return goodUntil.minus(ttl.dividedBy(10));",
                                    "return goodUntil.plus(ttl);")),
                    Mutation.of(
                            "promoted before /sync and the timeline are written",
                            27,
                            core(
                                    "PromotionRules",
                                    "} else if (!isPrepared(o, cluster, epoch, standby)) {",
                                    "} else if (epoch.revision() < 0) {")),
                    Mutation.of(
                            "whoever is not in /sync may lead",
                            107,
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
                            54,
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
                            "a standby is added to /sync before it has confirmed",
                            45,
                            core(
                                    "SyncSet",
                                    ".filter(s -> s.syncState().equals(\"sync\") &&"
                                            + " s.syncPriority() > 0)",
                                    ""),
                            core("SyncSet", ".filter(s -> s.flushed().isAfter(needed))", "")),
                    Mutation.of(
                            "a base backup is begun over what lies there",
                            4,
                            agent(
                                    "loop/ServerActions",
                                    "if (!(postgres.inspect() instanceof DataDirectory.Missing)) {",
                                    "if (postgres.inspect() instanceof DataDirectory.Broken) {")),
                    Mutation.of(
                            "what contradicts the leader's history is followed all the same",
                            17,
                            core(
                                    "FollowerRules",
                                    "wake.count() >= LONG &&",
                                    "wake.count() < 0 &&")),
                    Mutation.of(
                            "a lease that is gone is not asked for again",
                            10,
                            agent(
                                    "lease/LeaseKeeper",
                                    "                        MonoTime.BEGINNING));\n"
                                            + "        grant();",
                                    "                        MonoTime.BEGINNING));")),
                    Mutation.of(
                            "a standby is never pointed at another primary",
                            1,
                            core(
                                    "FollowerRules",
                                    "if (!o.applied().equals(Optional.of(wanted))) {",
                                    "if (o.applied().isEmpty()) {")),
                    Mutation.of(
                            "an old primary is never told of the new one's history",
                            4,
                            core(
                                    "RejoinRules",
                                    "boolean promoted = source.filter(s -> !s.inRecovery()).isPresent();",
                                    "boolean promoted = source.filter(s -> s.leader().revision() < 0).isPresent();")));
}
