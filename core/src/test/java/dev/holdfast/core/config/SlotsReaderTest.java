package dev.holdfast.core.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.config.SlotSettings.Permanent;
import dev.holdfast.core.config.SlotSettings.Place;
import dev.holdfast.core.postgres.Slot;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** {@code slots} and {@code ignore_slots}, as Patroni's users write them. */
class SlotsReaderTest {
    private static final Slot.Logical EVENTS = new Slot.Logical("pgoutput", "shop");

    @Test
    void bothKindsOfSlotsAreReadAndATypeThatIsLeftOutIsGuessed() {
        ClusterConfigReader.Read read =
                read(
                        """
                        postgresql: {parameters: {wal_level: logical}}
                        slots:
                          archive: {type: physical}
                          bare:
                          far: {type: physical, cluster_type: primary}
                          events: {type: logical, database: shop, plugin: pgoutput}
                          guessed: {database: shop, plugin: pgoutput}
                        """);

        assertThat(read.problems()).isEmpty();
        assertThat(read.config().slots().permanent())
                .containsEntry("archive", new Permanent.Physical(Place.EVERYWHERE))
                .containsEntry("bare", new Permanent.Physical(Place.EVERYWHERE))
                .containsEntry("far", new Permanent.Physical(Place.PRIMARY_CLUSTER))
                .containsEntry("events", new Permanent.Logical(EVENTS))
                .containsEntry("guessed", new Permanent.Logical(EVENTS));
    }

    @Test
    void whatIsWrongIsSaidWithItsPlace() {
        ClusterConfigReader.Read read =
                read(
                        """
                        postgresql: {parameters: {wal_level: logical}}
                        slots:
                          "Bad-Name": {type: physical}
                          odd: {type: temporary}
                          half: {type: logical, database: shop}
                          text: yes
                        ignore_slots:
                          - theirs
                          - {type: other, nam: x}
                        """);

        assertThat(Yaml.sentences(read.problems()))
                .containsExactly(
                        "ERROR slots.Bad-Name: found a name that PostgreSQL takes for no slot, expected lower-case letters,"
                                + " digits and underscores, 63 of them at most.",
                        "ERROR slots.odd.type: found \"temporary\", expected physical or logical.",
                        "ERROR slots.half.plugin: found nothing, expected the plugin that decodes, such as pgoutput.",
                        "ERROR slots.text: found true, expected a map of keys and values.",
                        "ERROR ignore_slots[0]: found \"theirs\", expected a map of keys and values.",
                        "ERROR ignore_slots[1].type: found \"other\", expected physical or logical.",
                        "WARNING ignore_slots[1].nam: found a key that Holdfast does not know, which is ignored.");
    }

    @Test
    void aSlotThatCannotBeMadeIsAWarning() {
        assertThat(
                        Yaml.sentences(
                                read("slots: {e: {type: logical, database: d, plugin: p}}")
                                        .problems()))
                .containsExactly(
                        "WARNING slots: found a logical slot, which cannot be made before postgresql.parameters.wal_level"
                                + " is logical and PostgreSQL was restarted with it.");
        assertThat(
                        Yaml.sentences(
                                read("{postgresql: {use_slots: off}, slots: {a: {type: physical}}}")
                                        .problems()))
                .containsExactly(
                        "WARNING slots: found a map with the keys [a], which has no effect while postgresql.use_slots is off.");
    }

    @Test
    void anIgnoredSlotIsOneThatAgreesInAllThatIsSaid() {
        SlotSettings slots =
                read("""
                ignore_slots:
                  - {name: theirs}
                  - {type: logical, plugin: wal2json}
                """)
                        .config()
                        .slots();

        assertThat(slots.ignores(Slot.physical("theirs", false, Optional.empty()))).isTrue();
        assertThat(slots.ignores(Slot.physical("ours", false, Optional.empty()))).isFalse();
        assertThat(slots.ignores(logical(new Slot.Logical("wal2json", "any")))).isTrue();
        assertThat(slots.ignores(logical(EVENTS))).isFalse();
    }

    private static Slot logical(Slot.Logical decodes) {
        return new Slot(
                "events",
                Optional.of(decodes),
                false,
                Optional.empty(),
                Slot.Rows.FREE,
                Slot.Owner.AGENT);
    }

    private static ClusterConfigReader.Read read(String yaml) {
        return ClusterConfigReader.read(Yaml.tree(yaml));
    }
}
