package dev.holdfast.ctl;

import dev.holdfast.core.config.AgentConfig.Etcd;
import dev.holdfast.dcs.Dcs;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a command finds around it. Everything it touches outside of this process comes from here, or
 * from an address that the store names.
 *
 * @param now the time of day, as shown to the operator
 */
record Surroundings(
        Map<String, String> environment,
        Path home,
        Terminal terminal,
        StoreOpener stores,
        Pacer pacer,
        Supplier<ZonedDateTime> now) {

    /** Connects to a store. */
    interface StoreOpener {
        /**
         * Prepares the connection; whether the store is there shows at the first call.
         *
         * @param prefix what every key of interest begins with
         */
        Dcs open(Etcd etcd, String prefix);
    }

    /** Lets time pass between two refreshes of a display. */
    interface Pacer {
        /** Returns whether to go on. */
        boolean pause(Duration duration);
    }
}
