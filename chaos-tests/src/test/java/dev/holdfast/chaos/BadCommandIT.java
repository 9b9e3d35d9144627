package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A command that cannot be carried out is refused with the reason, and changes nothing. */
final class BadCommandIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    PATCH | /config       | {"ttl": 10
                    PATCH | /config       | ["ttl"]
                    PATCH | /config       | {"ttl": "soon"}
                    PATCH | /config       | {"ttl": 1}
                    PUT   | /config       | nonsense
                    POST  | /switchover   | {"leader": "pg1"
                    POST  | /switchover   | {"candidate": "pg1"}
                    POST  | /failover     | {}
                    POST  | /restart      | {"role": "queen"}
                    POST  | /reinitialize | {"force": "perhaps"}
                    """)
    void aBodyThatMakesNoSenseGets400AndASentence(String method, String path, String body) {
        String before = live.cluster().key("config").orElseThrow();

        Rest.Answer answer = live.primary().rest().command(method, path, body);

        assertThat(answer.status()).as(answer.toString()).isEqualTo(400);
        assertThat(answer.body()).isNotBlank().doesNotContain("Exception");
        assertNothingChanged(before);
    }

    @Test
    void aSwitchoverToNobodyKnown() {
        assertSwitchoverRefused("pg9", 412);
    }

    @Test
    void aSwitchoverToAMemberThatMayMissWhatWasAcknowledged() {
        Member sync = live.cluster().syncStandby();
        Member async = live.cluster().others(live.primary(), sync).getFirst();

        assertSwitchoverRefused(async.name(), 412);
    }

    @Test
    void aSwitchoverToTheLeaderItself() {
        assertSwitchoverRefused(live.primary().name(), 400);
    }

    private void assertSwitchoverRefused(String candidate, int status) {
        String before = live.cluster().key("config").orElseThrow();

        Finished ctl = live.cluster().ctl("switchover", "--force", "--candidate", candidate);
        Rest.Answer answer =
                live.primary()
                        .rest()
                        .command(
                                "POST",
                                "/switchover",
                                "{\"leader\": \"%s\", \"candidate\": \"%s\"}"
                                        .formatted(live.primary().name(), candidate));

        assertThat(ctl.status()).as(ctl.toString()).isEqualTo(1);
        assertThat(ctl.err()).as(ctl.toString()).contains(candidate).doesNotContain("Exception");
        assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
        assertThat(answer.body()).isNotBlank();
        assertNothingChanged(before);
    }

    @Test
    void aControlCommandForAClusterThatIsNotThere() {
        Finished ctl = live.cluster().ctl("list", "elsewhere");

        assertThat(ctl.err() + ctl.out()).as(ctl.toString()).contains("elsewhere");
        assertThat(ctl.err()).doesNotContain("Exception");
    }

    @Test
    void aControlCommandThatDoesNotExistIsWrongUsage() {
        Finished ctl = live.cluster().ctl("swichover");

        assertThat(ctl.status()).as(ctl.toString()).isEqualTo(2);
        assertThat(ctl.err()).contains("swichover");
    }

    private void assertNothingChanged(String configBefore) {
        assertThat(live.cluster().key("config")).contains(configBefore);
        assertThat(live.cluster().key("failover")).isEqualTo(Optional.empty());
        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
    }
}
