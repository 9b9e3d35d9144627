package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The checkpointer, which switches waiting for standbys on, is stopped when {@code
 * synchronous_standby_names} is set: PostgreSQL calls a standby synchronous and commits do not
 * wait.
 */
final class CheckpointerStoppedIT {
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(5);

    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    private void synchronousMode(String value) {
        assertThat(
                        live.primary()
                                .rest()
                                .command(
                                        "PATCH", "/config", "{\"synchronous_mode\": " + value + "}")
                                .status())
                .isEqualTo(200);
    }

    private static long checkpointer(Member member) {
        return Long.parseLong(
                member.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"));
    }

    private static String names(Member member) {
        return member.sql("SELECT current_setting('synchronous_standby_names')");
    }

    private boolean isRecorded() {
        return live.cluster()
                .key("sync")
                .map(text -> live.primary().rest().parse(text).path("sync_standby"))
                .filter(JsonNode::isTextual)
                .filter(standbys -> !standbys.asText().isEmpty())
                .isPresent();
    }

    /** What /primary would say; that itself is held back while it is about to change. */
    private static boolean isServing(Member member) {
        return member.patroni().path("holdfast").path("serves_as_primary").asBoolean(true);
    }

    private void switchOff() {
        synchronousMode("false");
        for (Member member : live.cluster().members()) {
            Await.until(member + " has no names", () -> names(member).isEmpty());
        }
        Await.until("/sync names nobody", () -> !isRecorded());
    }

    @Test
    void whoIsOnlyCalledSynchronousDoesNotEnterSync() {
        switchOff();
        long checkpointer = checkpointer(live.primary());
        Signal.STOP.send(checkpointer);
        try {
            synchronousMode("true");
            Await.until(
                    "PostgreSQL calls a standby synchronous",
                    () -> live.primary().streaming().containsValue("sync"));
            Await.holds("/sync names nobody", LONG_ENOUGH, () -> !isRecorded());
        } finally {
            Signal.CONT.send(checkpointer);
        }
        live.cluster().syncStandby();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
    }

    @Test
    void aPromotedPrimaryDoesNotOpenWhileItsNamesDoNotCount() {
        switchOff();
        Member old = live.primary();
        for (Member standby : live.cluster().others(old)) {
            Signal.STOP.send(checkpointer(standby));
        }
        synchronousMode("true");
        Member next = live.cluster().syncStandby();
        Await.until(next + " has the names that it will need", () -> !names(next).isEmpty());
        long checkpointer = checkpointer(next);

        old.killAll();

        Await.until(
                next + " runs as a primary that calls a standby synchronous",
                () ->
                        next.sql("SELECT pg_is_in_recovery()").equals("f")
                                && next.streaming().containsValue("sync"));
        Await.holds(
                next + " is closed and /sync names nobody",
                LONG_ENOUGH,
                () -> !isServing(next) && !isRecorded());
        for (Member standby : live.cluster().others(old)) {
            Signal.CONT.send(checkpointer(standby));
        }
        Signal.CONT.send(checkpointer);
        assertThat(live.cluster().awaitPrimaryOf(live.cluster().others(old))).isEqualTo(next);
        live.writers().awaitProgress();
    }
}
