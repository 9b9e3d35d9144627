package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.PG2;
import static dev.holdfast.core.decide.Values.PG3;
import static dev.holdfast.core.decide.Values.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.MemberSettings.Duty;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.postgres.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Whoever leads next has kept what the others need. */
class MemberSlotsTest {
    private static final Lsn LONG_AGO = Lsn.of("0/3000000");

    private static Slot unused(String name, Lsn position) {
        return Slot.physical(name, false, Optional.of(position));
    }

    private static Slot used(String name, Lsn position) {
        return Slot.physical(name, true, Optional.of(position));
    }

    private static Slot holdingRows(String name) {
        return new Slot(
                name, Optional.empty(), false, Optional.of(HERE), Slot.Rows.HELD, Slot.Owner.AGENT);
    }

    private static SlotStatus published(Map<String, Lsn> positions, String... retained) {
        return new SlotStatus(new TreeMap<>(positions), new TreeSet<>(List.of(retained)));
    }

    private static List<String> created(Situation situation) {
        List<String> names = new ArrayList<>();
        for (Action action : situation.decide().actions()) {
            if (action instanceof Action.CreateSlots create) {
                names.addAll(create.names());
            }
        }
        return names;
    }

    private static List<String> dropped(Situation situation) {
        List<String> names = new ArrayList<>();
        for (Action action : situation.decide().actions()) {
            if (action instanceof Action.DropSlots drop) {
                names.addAll(drop.names());
            }
        }
        return names;
    }

    private static SortedMap<String, Lsn> advanced(Situation situation) {
        SortedMap<String, Lsn> to = new TreeMap<>();
        for (Action action : situation.decide().actions()) {
            if (action instanceof Action.AdvanceSlots advance) {
                advance.slots().forEach((name, a) -> to.put(name, a.to()));
            }
        }
        return to;
    }

    @Test
    void whoMayLeadHasASlotForEachOther() {
        assertThat(created(Situation.ofPrimary().slots(new Slot[0]))).containsExactly("pg2", "pg3");
        assertThat(
                        created(
                                Situation.ofPrimary()
                                        .slots(new Slot[0])
                                        .memberTag(PG3, "replicatefrom", "pg2")))
                .containsExactly("pg2", "pg3");
        assertThat(created(Situation.ofSyncStandby().slots(new Slot[0])))
                .containsExactly("pg1", "pg3");
        assertThat(created(Situation.ofStandbyLeader().slots(new Slot[0])))
                .containsExactly("pg2", "pg3");
    }

    @Test
    void whoTakesItsWalFromTheArchiveNeedsNone() {
        Situation archived = Situation.ofPrimary().memberTag(PG3, "nostream");
        assertThat(created(archived.slots(new Slot[0]))).containsExactly("pg2");
        assertThat(dropped(archived.slots(used("pg2", HERE), unused("pg3", HERE))))
                .containsExactly("pg3");
    }

    @Test
    void whoMayNotLeadHasThoseOfWhoStreamsFromIt() {
        Situation never =
                Situation.ofSyncStandby()
                        .myTag("nofailover")
                        .slots(unused("pg1", HERE), unused("pg3", HERE));
        assertThat(dropped(never)).containsExactly("pg1", "pg3");
        assertThat(dropped(never.memberTag(PG3, "replicatefrom", "pg2"))).containsExactly("pg1");
        assertThat(created(never.slots(new Slot[0]))).containsExactly("pg3");
    }

    @Test
    void whoIsOutForMaintenanceKeepsThem() {
        Slot[] all = {unused("pg1", HERE), unused("pg3", HERE)};
        assertThat(
                        dropped(
                                Situation.ofSyncStandby()
                                        .settings(PG2, MemberSettings.USUAL.with(Duty.STANDBY))
                                        .slots(all)))
                .isEmpty();
        assertThat(dropped(Situation.ofSyncStandby().barred("no watchdog").slots(all))).isEmpty();
    }

    @Test
    void whatIsUnusedFollowsItsMemberAndNeverGoesPastIt() {
        Lsn leader = Lsn.of("0/4800000");
        Situation standby =
                Situation.ofAsyncStandby()
                        .slots(published(Map.of("pg1", leader)))
                        .slots(unused("pg1", LONG_AGO), unused("pg2", LONG_AGO));
        assertThat(advanced(standby)).isEqualTo(new TreeMap<>(Map.of("pg1", leader, "pg2", HERE)));

        assertThat(advanced(standby.slots(used("pg1", LONG_AGO), unused("pg2", HERE))))
                .as("one in use, and one that is there")
                .isEmpty();
        assertThat(advanced(standby.without(PG2).slots(used("pg1", HERE), unused("pg2", LONG_AGO))))
                .as("nobody says where pg2 is")
                .isEmpty();
    }

    @Test
    void noSlotGoesPastWhatIsHere() {
        Situation behind =
                Situation.ofAsyncStandby()
                        .slots(published(Map.of("pg1", Lsn.of("0/9000000"))))
                        .slots(unused("pg1", LONG_AGO), used("pg2", HERE));
        assertThat(advanced(behind)).isEqualTo(new TreeMap<>(Map.of("pg1", HERE)));
    }

    @Test
    void lessThanASegmentIsNotWorthASession() {
        Situation standby = Situation.ofAsyncStandby().slots(used("pg1", HERE));
        assertThat(advanced(standby.slots(used("pg1", HERE), unused("pg2", Lsn.of("0/4000001")))))
                .isEmpty();
        assertThat(advanced(standby.slots(used("pg1", HERE), unused("pg2", Lsn.of("0/4000000")))))
                .containsOnlyKeys("pg2");
    }

    @Test
    void whoStreamsFromAnotherIsFollowedOnTheLeaderToo() {
        Situation primary =
                Situation.ofPrimary()
                        .memberTag(PG3, "replicatefrom", "pg2")
                        .slots(used("pg2", HERE), unused("pg3", LONG_AGO));
        assertThat(advanced(primary)).isEqualTo(new TreeMap<>(Map.of("pg3", HERE)));
        assertThat(dropped(primary)).isEmpty();
    }

    @Test
    void aSlotThatHoldsRowsForWhoStreamsElsewhereNowIsMadeAnew() {
        assertThat(
                        dropped(
                                Situation.ofSyncStandby()
                                        .slots(unused("pg1", HERE), holdingRows("pg3"))))
                .containsExactly("pg3");
        assertThat(dropped(Situation.ofPrimary().slots(used("pg2", HERE), holdingRows("pg3"))))
                .as("pg3 is away for a moment")
                .isEmpty();
    }

    @Test
    void oneThatHoldsNothingBackIsMadeAnew() {
        Slot never = Slot.physical("pg3", false, Optional.empty());
        assertThat(dropped(Situation.ofSyncStandby().slots(unused("pg1", HERE), never)))
                .containsExactly("pg3");
    }

    @Test
    void whatTheLeaderRetainsForWhoHasGoneIsOnAllAndGoesWithIt() {
        Situation gone =
                Situation.ofSyncStandby()
                        .without(PG3)
                        .slots(published(Map.of(), "pg1", "pg2", "pg3"))
                        .slots(unused("pg1", HERE));
        assertThat(created(gone)).containsExactly("pg3");

        gone.slots(unused("pg1", HERE), unused("pg3", HERE));
        Memory seen = gone.decide().memory();
        gone.memory(_ -> seen).freshAt(at(31 * 60_000L));
        assertThat(dropped(gone)).as("the leader keeps it").isEmpty();
        assertThat(dropped(gone.slots(SlotStatus.NONE))).containsExactly("pg3");
    }

    @Test
    void whileTheLeadersKeyIsLostSlotsAreKept() {
        Situation two = Situation.ofSyncStandby().slots(unused("pg1", HERE), unused("pg3", HERE));
        Memory seen = two.decide().memory();
        two.memory(_ -> seen).without(PG3).slots(SlotStatus.NONE);
        assertThat(dropped(two)).isEmpty();
        assertThat(dropped(two.freshAt(at(31 * 60_000L)))).contains("pg3");
    }

    @Test
    void whoIsNotToComeBackIsNotKeptFor() {
        Situation left =
                Situation.ofSyncStandby()
                        .without(PG3)
                        .settings(PG3, MemberSettings.USUAL.with(Duty.REMOVED))
                        .slots(published(Map.of(), "pg1", "pg2", "pg3"));
        assertThat(dropped(left.slots(unused("pg1", HERE), unused("pg3", HERE))))
                .containsExactly("pg3");
        assertThat(created(left.slots(unused("pg1", HERE)))).isEmpty();
    }
}
