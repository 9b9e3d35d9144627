package dev.holdfast.core.config;

import dev.holdfast.core.postgres.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads {@code slots} and {@code ignore_slots} of the dynamic configuration. */
final class SlotsReader {
    private SlotsReader() {}

    static SlotSettings read(ConfigTree tree) {
        SortedMap<String, SlotSettings.Permanent> permanent = new TreeMap<>();
        ConfigTree slots = tree.section("slots");
        for (String name : slots.keys()) {
            ConfigTree slot = slots.section(name);
            if (Slot.isName(name)) {
                permanent.put(name, permanent(slot));
            } else {
                slots.error(
                        name,
                        "a name that PostgreSQL takes for no slot",
                        "lower-case letters, digits and underscores, 63 of them at most");
                slot.leaveToOthers();
            }
        }
        List<SlotSettings.Matcher> ignored = new ArrayList<>();
        for (ConfigTree matcher : tree.maps("ignore_slots")) {
            ignored.add(
                    new SlotSettings.Matcher(
                            matcher.text("name"),
                            type(matcher),
                            matcher.text("database"),
                            matcher.text("plugin")));
        }
        return new SlotSettings(permanent, ignored);
    }

    /** Without a type it is logical where it says what is decoded, as in Patroni. */
    private static SlotSettings.Permanent permanent(ConfigTree slot) {
        boolean decodes = slot.has("database") && slot.has("plugin");
        boolean wrong = slot.has("type");
        Optional<SlotSettings.Type> type = type(slot);
        if (type.isEmpty() && wrong) {
            slot.leaveToOthers();
            return new SlotSettings.Permanent.Physical(SlotSettings.Place.EVERYWHERE);
        }
        return switch (type.orElse(
                decodes ? SlotSettings.Type.LOGICAL : SlotSettings.Type.PHYSICAL)) {
            case PHYSICAL -> {
                slot.without(
                        "has no meaning for a physical slot and is ignored", "database", "plugin");
                yield new SlotSettings.Permanent.Physical(
                        slot.read("cluster_type", "primary or standby", SlotsReader::place)
                                .orElse(SlotSettings.Place.EVERYWHERE));
            }
            case LOGICAL -> {
                slot.without("has no meaning for a logical slot and is ignored", "cluster_type");
                yield new SlotSettings.Permanent.Logical(
                        new Slot.Logical(
                                slot.requiredText(
                                        "plugin", "the plugin that decodes, such as pgoutput"),
                                slot.requiredText(
                                        "database", "the database whose changes are decoded")));
            }
        };
    }

    private static Optional<SlotSettings.Type> type(ConfigTree slot) {
        return slot.read("type", "physical or logical", SlotsReader::type);
    }

    private static Optional<SlotSettings.Type> type(Object value) {
        return word(value)
                .flatMap(word ->
                        switch (word) {
                            case "physical" -> Optional.of(SlotSettings.Type.PHYSICAL);
                            case "logical" -> Optional.of(SlotSettings.Type.LOGICAL);
                            default -> Optional.empty();
                        });
    }

    private static Optional<SlotSettings.Place> place(Object value) {
        return word(value)
                .flatMap(word ->
                        switch (word) {
                            case "primary" -> Optional.of(SlotSettings.Place.PRIMARY_CLUSTER);
                            case "standby" -> Optional.of(SlotSettings.Place.STANDBY_CLUSTER);
                            default -> Optional.empty();
                        });
    }

    private static Optional<String> word(Object value) {
        return Scalars.text(value).map(text -> text.strip().toLowerCase(Locale.ROOT));
    }

    /** What keeps slots that are configured from being made. */
    static void check(ConfigTree tree, ClusterConfig config) {
        if (config.slots().permanent().isEmpty()) {
            return;
        }
        if (!config.useSlots()) {
            tree.warning(
                    "slots",
                    Problem.show(tree.raw("slots").orElse(null)),
                    "has no effect while postgresql.use_slots is off");
        }
        if (config.slots().hasLogical()
                && !"logical".equals(SharedParameter.effective(config).get("wal_level"))) {
            tree.warning(
                    "slots",
                    "a logical slot",
                    "cannot be made before postgresql.parameters.wal_level is logical and PostgreSQL was restarted with it");
        }
    }
}
