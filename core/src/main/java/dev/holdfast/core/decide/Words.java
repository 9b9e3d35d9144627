package dev.holdfast.core.decide;

import java.time.Duration;
import java.util.Locale;

/** How things are called in sentences. */
final class Words {
    private Words() {}

    static String of(Action.Lengthy action) {
        return switch (action) {
            case Action.InitDb initDb -> "initdb is running";
            case Action.StartNewCluster start -> "the new cluster's server is starting";
            case Action.StartStandby start -> "PostgreSQL is starting as a standby";
            case Action.StartPrimary start -> "PostgreSQL is starting as primary, in place";
            case Action.Stop stop -> "PostgreSQL is stopping";
            case Action.PrePromote prePromote ->
                    "the program pre_promote is asked whether to promote";
            case Action.Promote promote -> "PostgreSQL is being promoted";
            case Action.KeepAside keep ->
                    "the data directory is being copied aside before pg_rewind";
            case Action.Rewind rewind -> "pg_rewind from " + rewind.source().name() + " is running";
            case Action.Clone clone ->
                    "the data directory is being copied from " + clone.source().name();
            case Action.PlaceSlots place ->
                    "the logical slots "
                            + place.slots().keySet()
                            + " are being copied from "
                            + place.leader().name();
            case Action.Restore restore -> "the data directory is being restored from a backup";
        };
    }

    static String progress(Task.Running running) {
        return running.progress().isEmpty() ? "" : ": " + running.progress();
    }

    static String seconds(Duration span) {
        return String.format(Locale.ROOT, "%.1f s", span.toMillis() / 1000.0);
    }
}
