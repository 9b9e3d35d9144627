package dev.holdfast.core.decide;

import static dev.holdfast.core.decide.Values.HERE;
import static dev.holdfast.core.decide.Values.at;
import static dev.holdfast.core.decide.Values.primaryServer;
import static dev.holdfast.core.decide.Values.standbyServer;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.config.SlotSettings;
import dev.holdfast.core.config.SlotSettings.Permanent;
import dev.holdfast.core.postgres.Server;
import dev.holdfast.core.postgres.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Slots that outlive their leader, and slots that are nobody's. */
class PermanentSlotsTest {
    private static final Lsn BEFORE = Lsn.of("0/4000000");
    private static final Slot.Logical DECODES = new Slot.Logical("pgoutput", "shop");

    /** {@code archive} and {@code pg2} are physical, {@code events} is logical. */
    static final SlotSettings SETTINGS =
            new SlotSettings(
                    new TreeMap<>(
                            Map.of(
                                    "archive",
                                    new Permanent.Physical(SlotSettings.Place.EVERYWHERE),
                                    "pg2",
                                    new Permanent.Physical(SlotSettings.Place.EVERYWHERE),
                                    "far",
                                    new Permanent.Physical(SlotSettings.Place.STANDBY_CLUSTER),
                                    "events",
                                    new Permanent.Logical(DECODES))),
                    List.of(
                            new SlotSettings.Matcher(
                                    Optional.of("theirs"),
                                    Optional.empty(),
                                    Optional.empty(),
                                    Optional.empty())));

    static Situation primary(Slot... more) {
        return Situation.ofPrimary()
                .config(c -> c.slots(SETTINGS))
                .server(with(primaryServer("\"pg2\""), more));
    }

    static Server.Primary with(Server.Primary whole, Slot... more) {
        return new Server.Primary(
                whole.common(),
                whole.timeline(),
                whole.flushed(),
                whole.senders(),
                with(whole.slots(), more));
    }

    /** pg3, to which the leader has told where the users of its slots are. */
    static Situation standby(Slot... more) {
        Server.Standby whole = standbyServer(HERE);
        return Situation.ofAsyncStandby()
                .config(c -> c.slots(SETTINGS))
                .slots(
                        new SlotStatus(
                                new TreeMap<>(Map.of("events", BEFORE, "archive", BEFORE)),
                                new TreeSet<>()))
                .server(
                        new Server.Standby(
                                whole.common(),
                                whole.timeline(),
                                whole.received(),
                                whole.replayed(),
                                whole.replayTimestamp(),
                                whole.replay(),
                                whole.receiver(),
                                whole.primaryConninfo(),
                                whole.senders(),
                                with(whole.slots(), more)));
    }

    private static List<Slot> with(List<Slot> slots, Slot... more) {
        List<Slot> all = new ArrayList<>(slots);
        for (Slot slot : more) {
            all.removeIf(s -> s.name().equals(slot.name()));
            all.add(slot);
        }
        return all;
    }

    static Slot physical(String name, Lsn position) {
        return Slot.physical(name, false, Optional.of(position));
    }

    static Slot logical(String name, Slot.Logical decodes, Lsn position) {
        return logical(name, decodes, Optional.of(position), Slot.Owner.AGENT);
    }

    private static Slot logical(
            String name, Slot.Logical decodes, Optional<Lsn> position, Slot.Owner owner) {
        return new Slot(name, Optional.of(decodes), false, position, Slot.Rows.FREE, owner);
    }

    @Test
    void theLeaderMakesWhatTheConfigurationNames() {
        List<Action> actions = primary().decide().actions();
        assertThat(of(actions, Action.CreateSlots.class))
                .containsExactly(new Action.CreateSlots(new TreeSet<>(List.of("archive"))));
        assertThat(of(actions, Action.CreateLogicalSlots.class))
                .containsExactly(
                        new Action.CreateLogicalSlots(new TreeMap<>(Map.of("events", DECODES))));
    }

    @Test
    void aSlotOfTheSameNameAndAnotherKindMakesWay() {
        Slot other = logical("events", new Slot.Logical("wal2json", "shop"), HERE);
        assertThat(dropped(primary(physical("archive", HERE), other))).containsExactly("events");
    }

    @Test
    void aMemberHasNoSlotForItself() {
        assertThat(
                        PermanentSlots.here(
                                Situation.ofSyncStandby().config(c -> c.slots(SETTINGS)).observe()))
                .doesNotContainKey("pg2");
        assertThat(PermanentSlots.here(primary().observe()))
                .containsOnlyKeys("archive", "events", "pg2");
    }

    @Test
    void aMemberThatMayNotLeadHasNone() {
        Situation never =
                standby(physical("archive", HERE), logical("events", DECODES, HERE))
                        .myTag("nofailover");
        Memory seen = never.decide().memory();
        assertThat(PermanentSlots.here(never.observe())).isEmpty();
        assertThat(dropped(never.memory(_ -> seen))).contains("archive", "events");
    }

    @Test
    void aStandbyClusterHasThePhysicalOnesThatAreForIt() {
        Situation leads =
                Situation.ofStandbyLeader()
                        .config(c -> c.slots(SETTINGS))
                        .slots(logical("events", DECODES, HERE));
        assertThat(PermanentSlots.here(leads.observe())).containsOnlyKeys("archive", "far", "pg2");
        assertThat(
                        of(leads.decide().actions(), Action.CreateSlots.class).stream()
                                .flatMap(c -> c.names().stream()))
                .containsExactlyInAnyOrder("archive", "far", "pg2", "pg3");
        Memory seen = leads.decide().memory();
        assertThat(dropped(leads.memory(_ -> seen))).containsExactly("events");
    }

    @Test
    void itsOtherMembersFollowWhatItsLeaderTells() {
        Situation follows =
                Situation.ofAsyncStandby()
                        .inStandbyCluster()
                        .config(c -> c.slots(SETTINGS))
                        .slots(
                                new SlotStatus(
                                        new TreeMap<>(Map.of("far", BEFORE)), new TreeSet<>()))
                        .slots(
                                physical("archive", BEFORE),
                                physical("far", Lsn.of("0/3000000")),
                                physical("pg1", HERE),
                                physical("pg2", HERE));
        List<Action> actions = follows.decide().actions();
        assertThat(of(actions, Action.AdvanceSlots.class))
                .containsExactly(
                        new Action.AdvanceSlots(
                                new TreeMap<>(
                                        Map.of(
                                                "far",
                                                new Action.Advance(Optional.empty(), BEFORE)))));
        assertThat(of(actions, Action.PlaceSlots.class)).isEmpty();
    }

    @Test
    void aStandbyFollowsTheUsersAndNeverGoesPastThem() {
        List<Action> actions =
                standby(
                                physical("archive", Lsn.of("0/3000000")),
                                physical("pg2", HERE),
                                logical("events", DECODES, Lsn.of("0/3000000")))
                        .decide()
                        .actions();
        assertThat(of(actions, Action.AdvanceSlots.class))
                .containsExactly(
                        new Action.AdvanceSlots(
                                new TreeMap<>(
                                        Map.of(
                                                "archive",
                                                new Action.Advance(Optional.empty(), BEFORE),
                                                "events",
                                                new Action.Advance(Optional.of("shop"), BEFORE)))));
        assertThat(
                        of(
                                standby(
                                                physical("archive", BEFORE),
                                                physical("pg2", HERE),
                                                logical("events", DECODES, HERE))
                                        .decide()
                                        .actions(),
                                Action.AdvanceSlots.class))
                .isEmpty();
    }

    @Test
    void aLogicalSlotIsCopiedFromTheLeaderOnceAndNotAgainSoon() {
        Situation lacking = standby(physical("archive", BEFORE), physical("pg2", HERE));
        Decision decision = lacking.decide();
        assertThat(decision.reason().code()).isEqualTo(Reason.Code.FOLLOW_SLOTS);
        assertThat(of(decision.actions(), Action.PlaceSlots.class))
                .singleElement()
                .satisfies(p -> assertThat(p.slots()).containsOnlyKeys("events"));

        Situation again = lacking.memory(_ -> decision.memory());
        assertThat(of(again.decide().actions(), Action.PlaceSlots.class)).isEmpty();
        assertThat(of(again.freshAt(at(301_000)).decide().actions(), Action.PlaceSlots.class))
                .hasSize(1);
    }

    @Test
    void oneThatHasLostWhatItHeldMakesWayForAnotherCopy() {
        Slot lost = logical("events", DECODES, Optional.empty(), Slot.Owner.AGENT);
        Situation useless = standby(physical("archive", BEFORE), physical("pg2", HERE), lost);
        assertThat(dropped(useless)).containsExactly("events");
        // The leader's has lost it as well, or it is PostgreSQL that carries it here.
        assertThat(dropped(useless.slots(SlotStatus.NONE))).isEmpty();
        assertThat(
                        dropped(
                                standby(
                                        physical("archive", BEFORE),
                                        physical("pg2", HERE),
                                        logical(
                                                "events",
                                                DECODES,
                                                Optional.empty(),
                                                Slot.Owner.SERVER))))
                .isEmpty();
        // Its user alone can say whether it may begin anew.
        assertThat(dropped(primary(physical("archive", HERE), lost))).isEmpty();
    }

    @Test
    void itIsNotCopiedBeforeTheLeaderHasItNorFromNobody() {
        Situation lacking = standby(physical("archive", BEFORE), physical("pg2", HERE));
        assertThat(of(lacking.slots(SlotStatus.NONE).decide().actions(), Action.PlaceSlots.class))
                .isEmpty();
        assertThat(
                        of(
                                standby(physical("archive", BEFORE), physical("pg2", HERE))
                                        .server(standbyServer(HERE, 1, Values.Receiving.NOTHING))
                                        .decide()
                                        .actions(),
                                Action.PlaceSlots.class))
                .isEmpty();
    }

    @Test
    void standbysTellThePrimaryWhichRowsTheirSlotsNeed() {
        Observation o = standby().observe();
        assertThat(Files.forStandby(o, o.cluster().orElseThrow(), Optional.empty()).parameters())
                .containsEntry("hot_standby_feedback", "on");
        Observation plain = Situation.ofAsyncStandby().observe();
        assertThat(
                        Files.forStandby(plain, plain.cluster().orElseThrow(), Optional.empty())
                                .parameters())
                .doesNotContainKey("hot_standby_feedback");
    }

    @Test
    void whatIsNobodysIsNamedAndDroppedLater() {
        Situation found = primary(permanent(physical("nobodys", HERE), physical("theirs", HERE)));
        Decision first = found.decide();
        assertThat(of(first.actions(), Action.Tell.class))
                .singleElement()
                .satisfies(t -> assertThat(t.sentence()).contains("[nobodys]"));
        assertThat(dropped(found)).isEmpty();

        Situation later = found.memory(_ -> first.memory()).freshAt(at(60_000));
        assertThat(of(later.decide().actions(), Action.Tell.class)).isEmpty();
        assertThat(dropped(later)).isEmpty();
        assertThat(dropped(later.freshAt(at(31 * 60_000L)))).containsExactly("nobodys");
        assertThat(dropped(later.paused())).isEmpty();
    }

    @Test
    void whatIsInUseOrThePropertyOfTheServerIsLeftAlone() {
        Slot used = Slot.physical("backup", true, Optional.of(HERE));
        Slot synced =
                new Slot(
                        "sub",
                        Optional.of(DECODES),
                        false,
                        Optional.of(HERE),
                        Slot.Rows.FREE,
                        Slot.Owner.SERVER);
        Situation found = primary(permanent(used, synced));
        Memory seen = found.decide().memory();
        Situation later = found.memory(_ -> seen).freshAt(at(31 * 60_000L));
        assertThat(later.decide().actions())
                .noneMatch(a -> a instanceof Action.Tell || a instanceof Action.DropSlots);
    }

    @Test
    void whatIsNoLongerNamedGoesAtOnce() {
        Situation named = primary(permanent());
        Memory seen = named.decide().memory();
        Situation now =
                primary(permanent()).memory(_ -> seen).config(c -> c.slots(SlotSettings.NONE));
        assertThat(dropped(now)).containsExactly("archive", "events");
    }

    @Test
    void theLeaderPublishesWhereUsersAreAndWhatIsRetained() {
        Situation leads = primary(permanent());
        Observation o = leads.observe().withMemory(leads.decide().memory());
        SlotStatus published =
                SlotOwners.published(o, ((Server.Primary) o.server().orElseThrow()).slots(), HERE);
        assertThat(published.positions())
                .containsOnlyKeys("archive", "events", "pg1", "pg2", "pg3")
                .containsEntry("events", BEFORE);
        assertThat(published.retained()).containsExactly("pg1", "pg2", "pg3");
    }

    /** The permanent ones are there, and these beside them. */
    private static Slot[] permanent(Slot... more) {
        return Stream.concat(
                        Stream.of(physical("archive", BEFORE), logical("events", DECODES, BEFORE)),
                        Stream.of(more))
                .toArray(Slot[]::new);
    }

    private static List<String> dropped(Situation situation) {
        return of(situation.decide().actions(), Action.DropSlots.class).stream()
                .flatMap(d -> d.names().stream())
                .toList();
    }

    private static <A extends Action> List<A> of(List<Action> actions, Class<A> kind) {
        return actions.stream().filter(kind::isInstance).map(kind::cast).toList();
    }
}
