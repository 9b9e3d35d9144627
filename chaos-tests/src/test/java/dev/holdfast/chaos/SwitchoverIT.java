package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A planned change of leader. */
final class SwitchoverIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void theNamedCandidateLeadsAndTheOldPrimaryFollowsWithoutRewind() throws IOException {
        Member old = live.primary();
        Member candidate = live.cluster().syncStandby();
        long rewinds = Journals.count(old, "follow.rewind");
        Object directory = Files.getAttribute(old.dataDirectory(), "unix:ino");

        Finished ctl = live.cluster().ctl("switchover", "--force", "--candidate", candidate.name());

        assertThat(ctl.status()).as(ctl.toString()).isZero();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(candidate);
        assertThat(Journals.count(old, "follow.rewind")).isEqualTo(rewinds);
        assertThat(Files.getAttribute(old.dataDirectory(), "unix:ino")).isEqualTo(directory);
        assertThat(live.cluster().key("failover")).as("the request, once it is done").isEmpty();
        assertThat(live.writers().unconfirmed(live.cluster().members(), Long.MIN_VALUE))
                .as("acknowledged before a standby had flushed them")
                .isEmpty();
    }

    @Test
    void withoutACandidateASynchronousStandbyLeads() {
        Member sync = live.cluster().syncStandby();

        Finished ctl =
                live.cluster().ctl("switchover", "--force", "--leader", live.primary().name());

        assertThat(ctl.status()).as(ctl.toString()).isZero();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(sync);
    }

    @Test
    void restDoesItToo() {
        Member candidate = live.cluster().syncStandby();

        Rest.Answer answer =
                live.primary()
                        .rest()
                        .command(
                                "POST",
                                "/switchover",
                                "{\"leader\": \"%s\", \"candidate\": \"%s\"}"
                                        .formatted(live.primary().name(), candidate.name()));

        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        Await.until(
                "its end is told by every member",
                () ->
                        live.cluster().members().stream()
                                .map(m -> m.rest().json("/holdfast/operations").path(0))
                                .allMatch(o ->
                                        o.path("state").asText().equals("done")
                                                && o.path("reason")
                                                        .asText()
                                                        .equals(candidate + " leads")));
        assertThat(live.cluster().awaitHealthy()).isEqualTo(candidate);
    }
}
