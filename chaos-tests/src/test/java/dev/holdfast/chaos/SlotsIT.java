package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Permanent slots on real servers, through a failover and a switchover. */
final class SlotsIT {
    private static final Pattern CONTENT = Pattern.compile("content:(\\d+)");

    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    private final List<Integer> consumed = new ArrayList<>();
    private int written;

    @Test
    void aLogicalSlotLosesNothingOverAFailoverAndASwitchover() {
        assertThat(patch("{\"slots\": {\"Bad\": {}, \"half\": {\"type\": \"logical\"}}}"))
                .satisfies(a -> assertThat(a.status()).isEqualTo(400))
                .satisfies(a -> assertThat(a.body()).contains("slots.Bad", "slots.half.plugin"));
        Member first = withLogicalWal();
        assertThat(
                        patch(
                                        """
                                        {"loop_wait": 1, "member_slots_ttl": 4,
                                         "slots": {"events": {"type": "logical", "database": "postgres", "plugin": "test_decoding"},
                                                   "archive": {"type": "physical"}},
                                         "ignore_slots": [{"name": "theirs"}]}
                                        """)
                                .status())
                .isEqualTo(200);
        first.execute("SELECT pg_create_physical_replication_slot('theirs', true)");
        first.execute("SELECT pg_create_physical_replication_slot('nobodys', true)");
        awaitSlots();
        write(first, 20);
        consume(first);
        write(first, 20);
        Await.until(
                "only the slot that is nobody's is dropped",
                () ->
                        first.sql(
                                        "SELECT string_agg(slot_name, ',') FROM pg_replication_slots WHERE slot_name IN ('theirs', 'nobodys')")
                                .equals("theirs"));
        assertThat(first.rest().get("/holdfast/journal").body())
                .contains("nobody uses the replication slots [nobodys]");
        awaitFollowed(first);
        awaitMembersFollowed(first);

        first.killAll();
        Member second = live.cluster().awaitPrimaryOf(live.cluster().others(first));
        write(second, 20);
        consume(second);
        assertThat(missing()).as("not decoded over the failover").isEmpty();
        first.startAgent();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(second);
        awaitSlots();

        write(second, 20);
        awaitFollowed(second);
        Member third = live.cluster().syncStandby();
        Finished ctl = live.cluster().ctl("switchover", "--force", "--candidate", third.name());
        assertThat(ctl.status()).as(ctl.toString()).isZero();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(third);
        write(third, 20);
        consume(third);
        assertThat(missing()).as("not decoded over the switchover").isEmpty();

        assertThat(
                        patch(
                                        """
                                        {"loop_wait": 10, "member_slots_ttl": null, "slots": null, "ignore_slots": null}
                                        """)
                                .status())
                .isEqualTo(200);
        for (Member member : live.cluster().members()) {
            Await.until(
                    "the permanent slots are gone on " + member,
                    () ->
                            member.sql(
                                            "SELECT count(*) FROM pg_replication_slots WHERE slot_name IN ('events', 'archive')")
                                    .equals("0"));
        }
    }

    private Member withLogicalWal() {
        assertThat(
                        patch("{\"postgresql\": {\"parameters\": {\"wal_level\": \"logical\"}}}")
                                .status())
                .isEqualTo(200);
        for (Member member : live.cluster().members()) {
            Await.until(
                    member + " waits for a restart",
                    () -> member.patroni().path("pending_restart").asBoolean());
        }
        Finished ctl = live.cluster().ctl("restart", MemberFile.SCOPE, "--pending", "--force");
        assertThat(ctl.status()).as(ctl.toString()).isZero();
        return live.cluster().awaitHealthy();
    }

    private Rest.Answer patch(String change) {
        return live.primary().rest().command("PATCH", "/config", change);
    }

    private void awaitSlots() {
        for (Member member : live.cluster().members()) {
            Await.until(
                    "both permanent slots are on " + member,
                    () ->
                            member.sql(
                                            "SELECT string_agg(slot_name || ' ' || slot_type, ',' ORDER BY slot_name) FROM pg_replication_slots"
                                                    + " WHERE slot_name IN ('events', 'archive') AND restart_lsn IS NOT NULL")
                                    .equals("archive physical,events logical"));
        }
        live.cluster().awaitHealthy();
    }

    /** What is confirmed on the primary is so, within a moment, where it is to be read next. */
    private void awaitFollowed(Member primary) {
        String confirmed =
                "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'events'";
        String there = primary.sql(confirmed);
        for (Member member : live.cluster().others(primary)) {
            Await.until(
                    "the logical slot of " + member + " is at " + there,
                    () -> member.sql(confirmed).equals(there));
        }
    }

    /** Each standby keeps what the other one needs, should it lead next, and no more than that. */
    private void awaitMembersFollowed(Member primary) {
        List<Member> standbys = live.cluster().others(primary);
        String there = primary.sql("SELECT pg_current_wal_lsn()");
        for (int i = 0; i < 3; i++) {
            write(primary, 1);
            primary.execute("SELECT pg_switch_wal()");
        }
        for (Member standby : standbys) {
            for (Member member : live.cluster().others(standby)) {
                Await.until(
                        "the slot of " + member + " on " + standby + " goes on",
                        () ->
                                standby.sql(
                                                "SELECT restart_lsn > '%s' FROM pg_replication_slots WHERE slot_name = '%s'"
                                                        .formatted(there, member.name()))
                                        .equals("t"));
            }
        }
    }

    private void write(Member primary, int many) {
        String message =
                "SELECT count(pg_logical_emit_message(true, 'slots-it', n::text)) FROM generate_series(%d, %d) n"
                        .formatted(written + 1, written + many);
        Await.until(
                many + " messages are written",
                () -> primary.sql(message).equals(String.valueOf(many)));
        written += many;
    }

    private void consume(Member primary) {
        String changes =
                primary.sql(
                        "SELECT coalesce(string_agg(data, E'\\n'), '') FROM pg_logical_slot_get_changes('events', NULL, NULL)"
                                + " WHERE data LIKE '%slots-it%'");
        Matcher content = CONTENT.matcher(changes);
        while (content.find()) {
            consumed.add(Integer.valueOf(content.group(1)));
        }
    }

    private List<Integer> missing() {
        LinkedHashSet<Integer> missing = new LinkedHashSet<>();
        for (int i = 1; i <= written; i++) {
            missing.add(i);
        }
        consumed.forEach(missing::remove);
        return List.copyOf(missing);
    }
}
