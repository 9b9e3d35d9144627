package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A standby that streams from another standby, through what happens to that one and the leader. */
final class CascadeIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void aStandbyOfAStandbyGoesOnThroughFailoversAndFallsBackToTheLeader() {
        Member primary = live.primary();
        // The one that commits wait for: it has to be let go first.
        Member last = live.cluster().syncStandby();
        Member between = live.cluster().others(primary, last).getFirst();

        tag(last, "replicatefrom: " + between.name());
        tag(between, "clonefrom: true");
        awaitCascade(primary, between, last);
        assertThat(live.cluster().syncStandby()).isEqualTo(between);
        assertShown(between, last);
        Await.until(
                "who streams from the one between uses its slot there",
                () ->
                        between.sql(
                                        "SELECT string_agg(slot_name, ',' ORDER BY slot_name)"
                                                + " FROM pg_replication_slots WHERE active")
                                .equals(last.name()));

        copyAnew(between, last);
        awaitCascade(primary, between, last);

        // Nobody tells it that it has nobody to stream from but the leader: it finds out itself.
        long pid = between.postmasterPid().orElseThrow();
        Signal.STOP.send(between.agentPid());
        between.serverPids().forEach(Signal.KILL::send);
        awaitStreams(primary, last);
        between.signalAgent(Signal.CONT);
        awaitCascade(primary, between, last);
        assertThat(between.postmasterPid()).isPresent().get().isNotEqualTo(pid);

        primary.killAll();
        assertThat(live.cluster().awaitPrimaryOf(List.of(between, last))).isEqualTo(between);
        awaitStreams(between, last);
        live.writers().awaitProgress();
        primary.startAgent();
        live.cluster().awaitHealthy();
        // It stands outside the sync set, which a switchover would refuse.
        Finished ctl = live.cluster().ctl("failover", "--force", "--candidate", primary.name());
        assertThat(ctl.status()).as(ctl.toString()).isZero();
        awaitCascade(primary, between, last);

        tag(last);
        tag(between);
        assertThat(live.cluster().awaitHealthy()).isEqualTo(primary);
    }

    private void assertShown(Member between, Member last) {
        for (Finished shown :
                List.of(
                        live.cluster().ctl("topology"),
                        live.cluster().patronictl("topology", MemberFile.SCOPE))) {
            List<String> lines = shown.out().lines().toList();
            int above =
                    lines.indexOf(
                            lines.stream()
                                    .filter(l -> l.contains("+ " + between.name()))
                                    .findFirst()
                                    .orElseThrow(() -> new AssertionError(shown.toString())));
            assertThat(lines.get(above + 1)).as(shown.toString()).contains("  + " + last.name());
        }
    }

    /** From the standby that offers itself. */
    private void copyAnew(Member between, Member last) {
        Finished ctl =
                live.cluster().ctl("reinit", MemberFile.SCOPE, last.name(), "--force", "--wait");
        assertThat(ctl.status()).as(ctl.toString()).isZero();
        assertThat(last.rest().get("/holdfast/journal").body())
                .contains("the data directory is copied from " + between);
    }

    /** Gives the running member these tags, and no others. */
    private static void tag(Member member, String... tags) {
        try {
            String yaml = Files.readString(member.yamlFile());
            String bare = yaml.replaceFirst("(?s)\ntags:\n.*", "\n");
            String lines = tags.length == 0 ? "" : "tags:\n  " + String.join("\n  ", tags) + "\n";
            Files.writeString(member.yamlFile(), bare + lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Rest.Answer answer = member.rest().command("POST", "/reload", "");
        assertThat(answer.status()).as(answer.toString()).isEqualTo(202);
    }

    private static void awaitCascade(Member primary, Member between, Member last) {
        Await.until(
                last + " streams from " + between + ", and that from " + primary,
                () ->
                        primary.isPrimary()
                                && primary.streaming().keySet().equals(Set.of(between.name()))
                                && between.streaming().containsKey(last.name()));
    }

    private static void awaitStreams(Member from, Member standby) {
        Await.until(
                standby + " streams from " + from,
                () -> from.streaming().containsKey(standby.name()));
    }
}
