package dev.holdfast.ctl;

import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What {@code pause} and {@code resume} share. */
final class PauseSwitch {

    /** What is wished. */
    enum Wish {
        PAUSE("pause", "paused"),
        RESUME("resume", "resumed");

        private final String verb;
        private final String done;

        Wish(String verb, String done) {
            this.verb = verb;
            this.done = done;
        }

        private ConfigPatch patch() {
            Map<String, Object> paused = Map.of("pause", true);
            return switch (this) {
                case PAUSE -> ConfigPatch.between(Map.of(), paused);
                case RESUME -> ConfigPatch.between(paused, Map.of());
            };
        }

        private boolean isGranted(ClusterView cluster) {
            boolean paused = cluster.config().filter(config -> config.value().pause()).isPresent();
            return paused == (this == PAUSE);
        }

        private boolean isSeenBy(MemberRecord member) {
            return member.pause() == (this == PAUSE);
        }
    }

    /** Whether to wait until every member acts on it. */
    enum Patience {
        NONE,
        UNTIL_SEEN
    }

    private PauseSwitch() {}

    static void turn(Session session, ClusterStore store, Wish wish, Patience patience) {
        ClusterView cluster = store.view();
        if (wish.isGranted(cluster)) {
            throw new CtlException(
                    "cluster \""
                            + store.scope()
                            + "\" is "
                            + (wish == Wish.PAUSE ? "paused already." : "not paused."));
        }
        try (MemberCall call =
                new MemberCall(session.surroundings(), store.dcs(), store.read(), _ -> {})) {
            new ConfigWriter(session, store).apply(cluster, wish.patch());
            switch (patience) {
                case NONE -> {}
                case UNTIL_SEEN -> awaitAll(session, call, wish);
            }
        }
        session.terminal().line("Success: cluster management is " + wish.done);
    }

    private static void awaitAll(Session session, MemberCall call, Wish wish) {
        session.terminal()
                .line(
                        "'"
                                + wish.verb
                                + "' request sent, waiting until it is recognized by all nodes");
        Duration loopWait =
                call.now()
                        .config()
                        .map(config -> config.value().loopWait())
                        .orElse(Duration.ofSeconds(10));
        Duration limit = loopWait.multipliedBy(2).plusSeconds(30);
        if (!call.until(limit, now -> unaware(now, wish).isEmpty())) {
            throw new CtlException(
                    "the cluster is "
                            + wish.done
                            + ", but these members have not recognized it within "
                            + limit.toSeconds()
                            + " s: "
                            + unaware(call.now(), wish)
                            + ".");
        }
    }

    private static List<MemberName> unaware(ClusterView cluster, Wish wish) {
        return cluster.members().values().stream()
                .filter(stored -> !wish.isSeenBy(stored.member()))
                .map(stored -> stored.name())
                .toList();
    }
}
