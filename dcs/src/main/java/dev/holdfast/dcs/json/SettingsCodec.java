package dev.holdfast.dcs.json;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.MemberSettings.Duty;
import dev.holdfast.core.cluster.MemberSettings.Recovery;

/** The keys {@code settings/<name>}, Holdfast's own. */
public final class SettingsCodec {
    private SettingsCodec() {}

    /** Only what is not as usual is written. */
    public static String write(MemberSettings settings) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        switch (settings.recovery()) {
            case AUTOMATIC -> {}
            case BY_ORDER -> node.put("auto_recovery", false);
        }
        switch (settings.duty()) {
            case FULL -> {}
            case STANDBY -> node.put("standby", "running");
            case STOPPED -> node.put("standby", "stopped");
            case REMOVED -> node.put("removed", true);
        }
        return node.toString();
    }

    /** What cannot be read is as usual, and {@code fields} complains of it. */
    static MemberSettings read(Fields fields) {
        Recovery recovery =
                fields.flag("auto_recovery").orElse(true) ? Recovery.AUTOMATIC : Recovery.BY_ORDER;
        Duty duty =
                switch (fields.text("standby").orElse("")) {
                    case "" -> Duty.FULL;
                    case "running" -> Duty.STANDBY;
                    case "stopped" -> Duty.STOPPED;
                    default -> {
                        fields.complain("standby", "running or stopped");
                        yield Duty.FULL;
                    }
                };
        return new MemberSettings(
                recovery, fields.flag("removed").orElse(false) ? Duty.REMOVED : duty);
    }
}
