package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code synchronous_mode: quorum} on three real servers. */
final class QuorumIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void anyOneOfTwoConfirmsAndNothingIsLostWhoeverDies() {
        Member first = live.primary();
        synchronousMode(first, "\"quorum\"");
        awaitVoters(first);
        assertShownAsVoters(first);

        Member second = live.cluster().others(first).getLast();
        Finished ctl = live.cluster().ctl("switchover", "--force", "--candidate", second.name());
        assertThat(ctl.status()).as(ctl.toString()).isZero();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(second);
        awaitVoters(second);

        second.killAll();
        Member third = live.cluster().awaitPrimaryOf(live.cluster().others(second));
        live.writers().awaitProgress();
        second.startAgent();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(third);
        awaitVoters(third);
        assertThat(live.writers().unconfirmed(live.cluster().members(), Long.MIN_VALUE))
                .as("acknowledged before a standby had flushed them")
                .isEmpty();

        synchronousMode(third, "true");
        Await.until(
                "/sync asks for no quorum",
                () -> live.cluster().key("sync").orElse("").contains("\"quorum\":0"));
        assertThat(live.cluster().awaitHealthy()).isEqualTo(third);
    }

    private static void synchronousMode(Member member, String mode) {
        Rest.Answer answer =
                member.rest().command("PATCH", "/config", "{\"synchronous_mode\": " + mode + "}");
        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    }

    /** Both others vote, one of them confirms, so each needs the word of the other. */
    private void awaitVoters(Member primary) {
        List<String> others =
                live.cluster().others(primary).stream().map(Member::name).sorted().toList();
        String sync =
                "{\"leader\":\"%s\",\"sync_standby\":\"%s\",\"quorum\":1}"
                        .formatted(primary.name(), String.join(",", others));
        Await.until("/sync is " + sync, () -> live.cluster().key("sync").orElse("").equals(sync));
        // A voter stands in /sync before PostgreSQL waits for it.
        String names = "ANY 1 (\"%s\", \"%s\")".formatted(others.getFirst(), others.getLast());
        Await.until(
                "PostgreSQL waits for " + names,
                () -> primary.sql("SHOW synchronous_standby_names").equals(names));
        Await.until(
                "both stand as voters in pg_stat_replication",
                () ->
                        List.copyOf(primary.streaming().values())
                                .equals(List.of("quorum", "quorum")));
    }

    private void assertShownAsVoters(Member primary) {
        for (Member voter : live.cluster().others(primary)) {
            Await.until(voter + " answers /quorum", () -> voter.health("/quorum") == 200);
            assertThat(Stream.of("/read-only-quorum", "/sync", "/async").map(voter::health))
                    .containsExactly(200, 503, 503);
            assertThat(voter.patroni().path("quorum_standby").asBoolean()).isTrue();
        }
        assertThat(primary.health("/read-only-quorum")).isEqualTo(200);
        assertThat(primary.health("/quorum")).isEqualTo(503);
        Finished list = live.cluster().ctl("list");
        assertThat(list.toString()).contains("Quorum Standby").doesNotContain("Sync Standby");
    }
}
