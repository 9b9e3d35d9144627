package dev.holdfast.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A host is taken out and in again, and a failed one is repaired when its operator says so. */
@Tag("long")
final class RepairIT {
    @RegisterExtension final LiveCluster live = new LiveCluster(ClusterPlan.usual());

    @Test
    void aLeaderThatIsTakenOutHandsOverWithItsServicesAndStaysOutWhenItsAgentIsAnother()
            throws IOException {
        Member old = live.primary();
        for (Member member : live.cluster().members()) {
            member.writeFile(
                    Files.readString(member.yamlFile())
                            + "follow_leader:\n  beacon:\n    start: touch %1$s\n    stop: rm %1$s\n"
                                    .formatted(beacon(member)));
        }
        ctl("reload", MemberFile.SCOPE, "--force");
        awaitBeacon(old);
        assertThat(doctor()).isEqualTo(MemberFile.SCOPE + ": all is well\n");

        ctl("standby", MemberFile.SCOPE, old.name(), "--force");

        Member now = live.cluster().awaitPrimaryOf(live.cluster().others(old));
        live.writers().awaitProgress();
        awaitBeacon(now);
        assertThat(live.cluster().ctl("list", MemberFile.SCOPE).out())
                .contains("| beacon: started |");
        assertThat(live.cluster().syncStandby()).isNotEqualTo(old);
        old.signalAgent(Signal.KILL);
        int _ = old.awaitAgentExit();
        old.startAgent();
        Await.until(old + " streams", () -> now.streaming().containsKey(old.name()));
        Await.until(old + " answers again", () -> old.health("/liveness") == 200);
        assertThat(old.health("/replica")).isEqualTo(503);
        assertThat(doctor()).contains(old + ": an operator took it out for maintenance");
        assertThat(live.cluster().ctl("switchover", "--force", "--candidate", old.name()).status())
                .isEqualTo(1);

        ctl("unstandby", MemberFile.SCOPE, old.name(), "--force");
        assertThat(live.cluster().awaitHealthy()).isEqualTo(now);

        // Its agent goes on, as after a fence.
        Signal.KILL.send(now.postmasterPid().orElseThrow());
        live.writers().awaitProgress();
        awaitBeacon(live.cluster().awaitHealthy());
    }

    private static Path beacon(Member member) {
        return member.directory().resolve("beacon");
    }

    /** The service runs there, and nowhere else. */
    private void awaitBeacon(Member leader) {
        Await.until(
                "the beacon is on " + leader + " alone",
                () ->
                        live.cluster().members().stream()
                                .allMatch(member ->
                                        Files.exists(beacon(member)) == member.equals(leader)));
    }

    @Test
    void aPostgresqlThatIsStoppedForMaintenanceStaysDown() {
        Member sync = live.cluster().syncStandby();

        ctl("standby", MemberFile.SCOPE, sync.name(), "--stop", "--force");

        assertThat(sync.postmasterPid()).isEmpty();
        assertThat(live.cluster().awaitPrimary()).isEqualTo(live.primary());
        live.writers().awaitProgress();
        sync.signalAgent(Signal.KILL);
        int _ = sync.awaitAgentExit();
        sync.startAgent();
        Await.until(
                sync + " says why it is down",
                () -> Journals.count(sync, "maintenance.stopped") > 0);
        assertThat(sync.postmasterPid()).isEmpty();

        ctl("unstandby", MemberFile.SCOPE, sync.name(), "--force");
        assertThat(live.cluster().awaitHealthy()).isEqualTo(live.primary());
    }

    @Test
    void aFailedPrimaryIsLeftAloneUntilItsOperatorLetsItBeRepairedAndKeptAsItWas()
            throws IOException {
        Member old = live.primary();
        String yaml = Files.readString(old.yamlFile());
        ctl("auto-recovery", MemberFile.SCOPE, old.name(), "off", "--force");

        old.killAll();

        Member now = live.cluster().awaitPrimaryOf(live.cluster().others(old));
        live.writers().awaitProgress();
        Await.until(
                "doctor misses " + old,
                () ->
                        doctor().lines()
                                .anyMatch(line ->
                                        line.contains(old.name())
                                                && line.contains(
                                                        "no agent of that name is there")));
        old.writeFile(yaml.replace("  bin_dir:", "  keep_aside: copy\n  bin_dir:"));
        old.startAgent();
        Await.until(
                old + " waits for its operator",
                () ->
                        doctor().contains(
                                        "PostgreSQL is not running, it is \"crashed\" (rejoin.switched_off: "));

        ctl("auto-recovery", MemberFile.SCOPE, old.name(), "on", "--force");
        assertThat(live.cluster().awaitHealthy()).isEqualTo(now);
        assertThat(Journals.count(old, "follow.rewind")).as("rewinds").isPositive();
        try (Stream<Path> all = Files.list(old.directory())) {
            assertThat(all.filter(path -> path.toString().endsWith(".before-rewind")))
                    .singleElement()
                    .satisfies(
                            kept -> assertThat(kept.resolve("global/pg_control")).isRegularFile());
        }
        old.writeFile(yaml);
    }

    @Test
    void aReadOnlyMemberLeavesAndJoinsByItsOwnFileAlone() throws IOException {
        Member primary = live.primary();
        Member leaver = live.cluster().others(primary, live.cluster().syncStandby()).getFirst();
        String slots = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '%s'";
        String yaml = Files.readString(leaver.yamlFile());

        leaver.signalAgent(Signal.TERM);
        assertThat(leaver.awaitAgentExit()).isZero();
        assertThat(primary.sql(slots.formatted(leaver.name()))).isEqualTo("1");
        ctl("remove-member", MemberFile.SCOPE, leaver.name(), "--force");
        assertThat(primary.sql(slots.formatted(leaver.name()))).isEqualTo("0");
        assertThat(doctor()).isEqualTo(MemberFile.SCOPE + ": all is well\n");

        Files.move(leaver.dataDirectory(), leaver.directory().resolve("left"));
        leaver.writeFile(yaml + "tags:\n  nofailover: true\n  nosync: true\n");
        leaver.startAgent();
        assertThat(live.cluster().awaitHealthy()).isEqualTo(primary);
        assertThat(live.cluster().syncStandby()).isNotEqualTo(leaver);
        assertThat(
                        live.cluster()
                                .ctl("switchover", "--force", "--candidate", leaver.name())
                                .status())
                .isEqualTo(1);
        assertThat(doctor()).isEqualTo(MemberFile.SCOPE + ": all is well\n");
        leaver.writeFile(yaml);
        ctl("reload", MemberFile.SCOPE, leaver.name(), "--force");
    }

    private String doctor() {
        return live.cluster().ctl("doctor", MemberFile.SCOPE).out();
    }

    private void ctl(String... arguments) {
        Finished ctl = live.cluster().ctl(arguments);
        assertThat(ctl.status()).as(ctl.toString()).isZero();
    }
}
