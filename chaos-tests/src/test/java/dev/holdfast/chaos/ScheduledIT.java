package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an operator orders for later happens then, or is forgotten at a word. */
@Tag("long")
final class ScheduledIT {
    private static final String STARTED = "SELECT pg_postmaster_start_time()";

    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void aSwitchoverHappensAtItsTimeAndNotWhenItWasFlushed() {
        Member old = live.primary();
        Member candidate = live.cluster().syncStandby();
        ctl(
                "switchover",
                "--force",
                "--candidate",
                candidate.name(),
                "--scheduled",
                inSeconds(600));
        JsonNode shown = candidate.rest().json("/cluster").path("scheduled_switchover");
        assertThat(shown.path("from").asText()).isEqualTo(old.name());
        assertThat(shown.path("to").asText()).isEqualTo(candidate.name());
        assertThat(ctl("flush", MemberFile.SCOPE, "switchover", "--force").out())
                .contains("Success: scheduled switchover deleted");
        assertThat(ctl("flush", MemberFile.SCOPE, "switchover", "--force").out())
                .contains("No pending scheduled switchover");

        Rest.Answer answer =
                candidate
                        .rest()
                        .command(
                                "POST",
                                "/switchover",
                                "{\"leader\": \"%s\", \"candidate\": \"%s\", \"scheduled_at\": \"%s\"}"
                                        .formatted(old.name(), candidate.name(), inSeconds(3)));

        assertThat(answer).isEqualTo(new Rest.Answer(202, "Switchover scheduled"));
        Await.until(candidate + " leads", candidate::isPrimary);
        assertThat(live.cluster().awaitHealthy()).isEqualTo(candidate);
        assertThat(live.cluster().key("failover")).isEmpty();
    }

    @Test
    void aRestartHappensAtItsTimeAndNotWhenItWasFlushed() {
        Member standby = live.cluster().others(live.primary()).getFirst();
        Member primary = live.primary();
        String before = standby.sql(STARTED);
        String primaryBefore = primary.sql(STARTED);
        ctl("restart", MemberFile.SCOPE, primary.name(), "--force", "--scheduled", inSeconds(600));
        Await.until(
                "the list shows it",
                () -> live.cluster().ctl("list").out().contains("Scheduled restart"));
        assertThat(primary.rest().command("POST", "/restart", schedule(600)))
                .isEqualTo(new Rest.Answer(409, "Another restart is already scheduled"));
        assertThat(ctl("flush", MemberFile.SCOPE, primary.name(), "restart", "--force").out())
                .contains("Success: flush scheduled restart for member " + primary.name());
        assertThat(primary.rest().command("DELETE", "/restart", "").status()).isEqualTo(404);

        assertThat(standby.rest().command("POST", "/restart", schedule(3)))
                .isEqualTo(new Rest.Answer(202, "Restart scheduled"));

        Await.until("it was restarted", () -> hasRestarted(standby, before));
        assertThat(live.cluster().awaitHealthy()).isEqualTo(primary);
        assertThat(primary.sql(STARTED)).isEqualTo(primaryBefore);
        assertThat(standby.rest().json("/patroni").has("scheduled_restart")).isFalse();
    }

    @Test
    void sqlGoesToTheMemberThatIsMeant() {
        assertThat(ctl("dsn", "-m", live.primary().name()).out())
                .isEqualTo("host=127.0.0.1 port=" + live.primary().relay().port() + "\n");
        assertThat(query("-r", "replica", "-c", "SELECT pg_is_in_recovery()").out())
                .isEqualTo("pg_is_in_recovery\ntrue\n");
        assertThat(query("-c", "SELECT 1 AS a, NULL AS b, 'x' AS c", "--delimiter", "|").out())
                .isEqualTo("a|b|c\n1||x\n");
        Finished wrong = query("-c", "SELECT nothing");
        assertThat(wrong.status()).isEqualTo(1);
        assertThat(wrong.err()).contains("SQLSTATE: 42703");
    }

    private Finished query(String... arguments) {
        List<String> all = new ArrayList<>(List.of("query", "-U", Sql.USER));
        all.addAll(List.of(arguments));
        return live.cluster().ctlWithPassword(all);
    }

    private static boolean hasRestarted(Member member, String before) {
        try {
            return !member.sql(STARTED).equals(before);
        } catch (RuntimeException stopped) {
            return false;
        }
    }

    private static String schedule(int seconds) {
        return "{\"schedule\": \"%s\"}".formatted(inSeconds(seconds));
    }

    private static String inSeconds(int seconds) {
        return OffsetDateTime.now(ZoneOffset.UTC)
                .plusSeconds(seconds)
                .truncatedTo(ChronoUnit.SECONDS)
                .toString();
    }

    private Finished ctl(String... arguments) {
        Finished ctl = live.cluster().ctl(arguments);
        assertThat(ctl.status()).as(ctl.toString()).isZero();
        return ctl;
    }
}
