package dev.holdfast.dcs.json;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.LeaseId;
import dev.holdfast.dcs.Dcs;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What has not changed is taken over from the view before, and comes to the same. */
class UnchangedKeysTest {
    private static final String RECORD =
            "{\"conn_url\":\"postgres://%s:5432/postgres\",\"api_url\":\"http://%s:8008/patroni\","
                    + "\"state\":\"running\",\"role\":\"replica\",\"version\":\"1\",\"timeline\":%d}";

    private static final List<Dcs.Snapshot> SNAPSHOTS =
            List.of(
                    snapshot(1, Map.of()),
                    snapshot(9, Map.of("leader", entry("pg1", 3), "sync", entry("{}", 4))),
                    snapshot(
                            20,
                            Map.of(
                                    "leader", entry("pg1", 3),
                                    "sync",
                                            entry(
                                                    "{\"leader\":\"pg1\",\"sync_standby\":\"pg2\"}",
                                                    12),
                                    "status", entry("{\"optime\":77}", 13),
                                    "config", entry("{\"ttl\":20}", 14),
                                    "history", entry("[[1,67108864,\"r\"]]", 15),
                                    "members/pg1", entry(RECORD.formatted("a", "a", 1), 16),
                                    "members/pg2", entry(RECORD.formatted("b", "b", 1), 17))),
                    snapshot(
                            30,
                            Map.of(
                                    "leader", entry("pg2", 25),
                                    "sync",
                                            entry(
                                                    "{\"leader\":\"pg1\",\"sync_standby\":\"pg2\"}",
                                                    12),
                                    "failover", entry("{\"member\":\"pg2\"}", 26),
                                    "config", entry("{\"ttl\":30}", 27),
                                    "initialize", entry("7", 28),
                                    "members/pg2", entry(RECORD.formatted("b", "b", 2), 29))));

    @Test
    void everyViewIsTheSameWhateverWasReadBefore() {
        for (Dcs.Snapshot before : SNAPSHOTS) {
            var earlier = Optional.of(new KeyCodec.Earlier(before, KeyCodec.toView(before).view()));
            for (Dcs.Snapshot now : SNAPSHOTS) {
                assertThat(KeyCodec.toView(now, Optional.empty(), earlier))
                        .isEqualTo(KeyCodec.toView(now));
            }
        }
    }

    @Test
    void whatHasNotChangedIsNotReadAgain() {
        Dcs.Snapshot last = SNAPSHOTS.getLast();
        KeyCodec.Earlier earlier = new KeyCodec.Earlier(last, KeyCodec.toView(last).view());

        var again = KeyCodec.toView(last, Optional.empty(), Optional.of(earlier)).view();

        assertThat(again.config().orElseThrow()).isSameAs(earlier.view().config().orElseThrow());
        assertThat(again.members().values().iterator().next())
                .isSameAs(earlier.view().members().values().iterator().next());
    }

    private static Dcs.Snapshot snapshot(long revision, Map<String, Dcs.Entry> entries) {
        return new Dcs.Snapshot(revision, new TreeMap<>(entries));
    }

    private static Dcs.Entry entry(String value, long revision) {
        return new Dcs.Entry(value, revision, revision, Optional.of(new LeaseId(5)));
    }
}
