package dev.holdfast.dcs.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.core.Epoch;
import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.ClusterView.Initialize;
import dev.holdfast.core.cluster.EpochRecord;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.HistoryEntry;
import dev.holdfast.core.cluster.LeaderKey;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.Operation;
import dev.holdfast.core.cluster.SlotStatus;
import dev.holdfast.core.cluster.SyncState;
import dev.holdfast.core.cluster.TimelineClaim;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import dev.holdfast.core.config.ClusterConfigReader;
import dev.holdfast.core.config.Problem;
import dev.holdfast.core.postgres.Slot;
import dev.holdfast.dcs.Dcs;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The keys of a cluster to and from values. The texts are Patroni's, so that its own tools can read
 * them; what is Holdfast's own stands in keys and fields of its own. Reading never fails: who can
 * write to the store must not be able to stop an agent.
 */
public final class KeyCodec {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private KeyCodec() {}

    /**
     * A snapshot, read.
     *
     * @param view what could be read; a malformed key is absent in it, and a malformed {@code sync}
     *     entitles nobody
     * @param problems a sentence for each thing that could not be read, or does nothing
     */
    public record Decoded(ClusterView view, List<String> problems) {
        public Decoded {
            problems = List.copyOf(problems);
        }
    }

    /**
     * Reads a snapshot; where {@code config} has errors, defaults stand for what is wrong in it.
     */
    public static Decoded toView(Dcs.Snapshot snapshot) {
        return toView(snapshot, Optional.empty());
    }

    /**
     * Reads a snapshot.
     *
     * @param lastGood the configuration to go on with while the one in the store has errors
     */
    public static Decoded toView(Dcs.Snapshot snapshot, Optional<ClusterConfig> lastGood) {
        return toView(snapshot, lastGood, Optional.empty());
    }

    /** A snapshot that was read without a problem, and what it came to. */
    public record Earlier(Dcs.Snapshot snapshot, ClusterView view) {
        /** The keys that were written, made or deleted in between; none in the same entries. */
        @SuppressWarnings("ReferenceEquality")
        private Set<String> changedIn(Dcs.Snapshot now) {
            Set<String> changed = new TreeSet<>();
            if (now.entries() == snapshot.entries()) {
                return changed;
            }
            now.entries()
                    .forEach((key, entry) -> {
                        Dcs.Entry then = snapshot.entries().get(key);
                        if (then == null || then.modRevision() != entry.modRevision()) {
                            changed.add(key);
                        }
                    });
            for (String key : snapshot.entries().keySet()) {
                if (!now.entries().containsKey(key)) {
                    changed.add(key);
                }
            }
            return changed;
        }
    }

    /**
     * Reads a snapshot.
     *
     * @param lastGood the configuration to go on with while the one in the store has errors
     * @param earlier an earlier one of the same store, of which is taken over what has not changed:
     *     most snapshots differ in one key
     */
    public static Decoded toView(
            Dcs.Snapshot snapshot, Optional<ClusterConfig> lastGood, Optional<Earlier> earlier) {
        Set<String> changed = earlier.map(e -> e.changedIn(snapshot)).orElseGet(TreeSet::new);
        if (earlier.isPresent() && changed.isEmpty()) {
            return new Decoded(earlier.get().view().at(snapshot.revision()), List.of());
        }
        Decoding decoding = new Decoding(snapshot, earlier, changed, new ArrayList<>());
        ClusterView view =
                new ClusterView(
                        snapshot.revision(),
                        decoding.leader(),
                        decoding.kept(Keys.EPOCH, ClusterView::epoch)
                                .orElseGet(() -> decoding.parsed(Keys.EPOCH, KeyCodec::epoch)),
                        decoding.kept(Keys.TIMELINE, ClusterView::timeline)
                                .orElseGet(
                                        () -> decoding.parsed(Keys.TIMELINE, KeyCodec::timeline)),
                        decoding.members(),
                        decoding.kept(Keys.INITIALIZE, ClusterView::initialize)
                                .orElseGet(decoding::initialize),
                        decoding.kept(Keys.CONFIG, ClusterView::config)
                                .orElseGet(() -> decoding.config(lastGood)),
                        decoding.kept(Keys.SYNC, ClusterView::sync).orElseGet(decoding::sync),
                        decoding.kept(Keys.FAILOVER, ClusterView::failover)
                                .orElseGet(
                                        () -> decoding.parsed(Keys.FAILOVER, KeyCodec::failover)),
                        decoding.kept(Keys.STATUS, ClusterView::optime).orElseGet(decoding::optime),
                        decoding.kept(Keys.HISTORY, ClusterView::history)
                                .orElseGet(decoding::history),
                        decoding.kept(Keys.FAILSAFE, ClusterView::failsafe)
                                .orElseGet(decoding::failsafe),
                        decoding.kept(Keys.STATUS, ClusterView::slots).orElseGet(decoding::slots),
                        decoding.settings());
        return new Decoded(view, decoding.problems());
    }

    public static String write(MemberRecord member) {
        return MemberCodec.write(member);
    }

    public static String write(SyncState sync) {
        ObjectNode node = JSON.objectNode();
        node.put("leader", sync.leader().map(MemberName::value).orElse(null));
        node.put(
                "sync_standby",
                sync.standbys().isEmpty()
                        ? null
                        : sync.standbys().stream()
                                .map(MemberName::value)
                                .collect(Collectors.joining(",")));
        node.put("quorum", sync.quorum());
        return node.toString();
    }

    public static String write(FailoverRequest request) {
        ObjectNode node = JSON.objectNode();
        request.leader().ifPresent(leader -> node.put("leader", leader.value()));
        request.candidate().ifPresent(candidate -> node.put("member", candidate.value()));
        request.scheduledAt().ifPresent(time -> node.put("scheduled_at", time));
        request.operation().ifPresent(id -> node.put("operation", id));
        return node.toString();
    }

    public static String write(List<HistoryEntry> history) {
        ArrayNode lines = JSON.arrayNode();
        for (HistoryEntry entry : history) {
            ArrayNode line = lines.addArray();
            line.add(entry.timeline().id()).add(Fields.decimal(entry.lsn())).add(entry.reason());
            if (!entry.timestamp().isEmpty()) {
                line.add(entry.timestamp());
                if (!entry.newLeader().isEmpty()) {
                    line.add(entry.newLeader());
                }
            }
        }
        return lines.toString();
    }

    public static String write(EpochRecord epoch) {
        ObjectNode node = JSON.objectNode();
        node.put("leader", epoch.member().value());
        node.put("lease", epoch.lease().toString());
        node.put("released", epoch.released());
        epoch.handedOverAt().ifPresent(lsn -> node.put("handed_over_at", lsn.toString()));
        node.put("generation", epoch.generation());
        return node.toString();
    }

    public static String write(TimelineClaim claim) {
        ObjectNode node = JSON.objectNode();
        node.put("timeline", claim.timeline().id());
        node.put("leader", claim.member().value());
        node.put("epoch", claim.epoch().revision());
        node.put("switch_lsn", claim.switchLsn().toString());
        node.put("opened", claim.opened());
        return node.toString();
    }

    public static String write(Initialize initialize) {
        return initialize.system().map(SystemIdentifier::value).orElse("");
    }

    /** The key {@code leader} is the bare name. */
    public static String write(MemberName leader) {
        return leader.value();
    }

    /**
     * The key {@code status}.
     *
     * @param optime the leader's last position
     * @param slots what is to be known of its slots
     */
    public static String writeStatus(Lsn optime, SlotStatus slots) {
        ObjectNode node = JSON.objectNode();
        node.put("optime", Fields.decimal(optime));
        if (!slots.positions().isEmpty()) {
            ObjectNode positions = node.putObject("slots");
            slots.positions().forEach((name, at) -> positions.put(name, Fields.decimal(at)));
        }
        if (!slots.retained().isEmpty()) {
            ArrayNode retained = node.putArray("retain_slots");
            slots.retained().forEach(retained::add);
        }
        return node.toString();
    }

    /** The key {@code config}: the whole tree, with what is unknown here too. */
    public static String writeConfig(Map<String, Object> tree) {
        return Trees.toJson(tree);
    }

    /**
     * The key {@code failsafe}.
     *
     * @param members to the addresses of their REST interfaces
     */
    public static String writeFailsafe(SortedMap<MemberName, String> members) {
        ObjectNode node = JSON.objectNode();
        members.forEach((name, url) -> node.put(name.value(), url));
        return node.toString();
    }

    private static Optional<EpochRecord> epoch(Fields fields, JsonNode node) {
        return fields.member("leader")
                .flatMap(member ->
                        fields.lease("lease")
                                .map(lease ->
                                        new EpochRecord(
                                                member,
                                                lease,
                                                fields.flag("released").orElse(false),
                                                fields.lsn("handed_over_at"),
                                                fields.number("generation")
                                                        .filter(n -> n == n.intValue() && n >= 1)
                                                        .map(Long::intValue)
                                                        .orElse(1))));
    }

    private static Optional<TimelineClaim> timeline(Fields fields, JsonNode node) {
        Optional<Epoch> epoch =
                fields.number("epoch").filter(revision -> revision >= 1).map(Epoch::new);
        return fields.timeline("timeline")
                .flatMap(timeline ->
                        fields.member("leader")
                                .flatMap(member ->
                                        epoch.flatMap(at ->
                                                fields.lsn("switch_lsn")
                                                        .map(lsn ->
                                                                new TimelineClaim(
                                                                        timeline,
                                                                        member,
                                                                        at,
                                                                        lsn,
                                                                        fields.flag("opened")
                                                                                .orElse(false))))));
    }

    private static Optional<FailoverRequest> failover(Fields fields, JsonNode node) {
        FailoverRequest request =
                new FailoverRequest(
                        fields.member("leader"),
                        fields.member("member"),
                        fields.text("scheduled_at").filter(text -> !text.isEmpty()),
                        fields.text("operation").filter(Operation::isId));
        // A name that cannot be read must not turn a switchover into a failover, nor a wish into
        // one for anybody.
        return Optional.of(request)
                .filter(r -> fields.sound())
                .filter(r -> r.leader().isPresent() || r.candidate().isPresent());
    }

    private static Optional<SyncState> sync(Fields fields, JsonNode node) {
        List<MemberName> standbys = fields.members("sync_standby");
        SyncState sync =
                new SyncState(
                        fields.member("leader"),
                        standbys,
                        fields.number("quorum")
                                .filter(n -> n >= 0 && n <= standbys.size())
                                .orElse(0L)
                                .intValue());
        return Optional.of(sync).filter(s -> fields.sound());
    }

    /** One snapshot on its way to a view. */
    private record Decoding(
            Dcs.Snapshot snapshot,
            Optional<Earlier> earlier,
            Set<String> changed,
            List<String> problems) {

        /** What the earlier view says of a key that has not changed since. */
        <T> Optional<T> kept(String key, Function<ClusterView, T> part) {
            return changed.contains(key)
                    ? Optional.empty()
                    : earlier.map(e -> part.apply(e.view()));
        }

        Optional<Lsn> optime() {
            return parsed(Keys.STATUS, (fields, node) -> fields.position("optime"))
                    .map(Versioned::value);
        }

        /** No slot follows what cannot be read, and none is made of what is no name of a slot. */
        SlotStatus slots() {
            SortedMap<String, Lsn> positions = new TreeMap<>();
            SortedSet<String> retained = new TreeSet<>();
            entry(Keys.STATUS)
                    .map(e -> Trees.readAny(e.value()))
                    .ifPresent(node -> {
                        for (Map.Entry<String, JsonNode> slot : node.path("slots").properties()) {
                            Fields.position(slot.getValue())
                                    .ifPresent(at -> positions.put(slot.getKey(), at));
                        }
                        node.path("retain_slots").forEach(name -> retained.add(name.asText()));
                        retained.removeIf(name -> !Slot.isName(name));
                    });
            return new SlotStatus(positions, retained);
        }

        Optional<Dcs.Entry> entry(String key) {
            return Optional.ofNullable(snapshot.entries().get(key));
        }

        /** Reads a key that holds an object. */
        <T> Optional<Versioned<T>> parsed(
                String key, BiFunction<Fields, JsonNode, Optional<T>> reading) {
            return entry(key)
                    .flatMap(entry ->
                            switch (Trees.read(entry.value())) {
                                case Trees.NoNode(String sentence) -> {
                                    malformed(key, sentence);
                                    yield Optional.empty();
                                }
                                case Trees.Node(JsonNode node) -> {
                                    int before = problems.size();
                                    Optional<T> value =
                                            reading.apply(new Fields(key, node, problems), node);
                                    if (value.isEmpty()
                                            && problems.size() == before
                                            && !node.isEmpty()) {
                                        malformed(key, "a field that it needs is missing");
                                    }
                                    yield value.map(v -> new Versioned<>(v, entry.modRevision()));
                                }
                            });
        }

        Optional<LeaderKey> leader() {
            return entry(Keys.LEADER)
                    .flatMap(entry -> {
                        if (!MemberName.isValid(entry.value())) {
                            malformed(
                                    Keys.LEADER,
                                    "found \""
                                            + entry.value()
                                            + "\" where a member's name is expected");
                            return Optional.empty();
                        }
                        return Optional.of(
                                new LeaderKey(
                                        new MemberName(entry.value()),
                                        new Epoch(entry.modRevision()),
                                        entry.lease()));
                    });
        }

        SortedMap<MemberName, MemberRecord.Stored> members() {
            SortedMap<MemberName, MemberRecord.Stored> members = new TreeMap<>();
            snapshot.entries()
                    .tailMap(Keys.MEMBERS)
                    .forEach((key, entry) -> {
                        if (key.startsWith(Keys.MEMBERS)) {
                            Keys.memberOf(key)
                                    .ifPresentOrElse(
                                            name ->
                                                    member(key, name, entry)
                                                            .ifPresent(m -> members.put(name, m)),
                                            () ->
                                                    malformed(
                                                            key,
                                                            "its last part is not a member's name"));
                        }
                    });
            return members;
        }

        SortedMap<MemberName, Versioned<MemberSettings>> settings() {
            SortedMap<MemberName, Versioned<MemberSettings>> settings = new TreeMap<>();
            for (String key :
                    snapshot.entries()
                            .subMap(Keys.SETTINGS, Keys.SETTINGS + Character.MAX_VALUE)
                            .keySet()) {
                Optional<MemberName> member = Keys.settingsOf(key);
                if (member.isEmpty()) {
                    malformed(key, "its last part is not a member's name");
                } else {
                    parsed(key, (fields, _) -> Optional.of(SettingsCodec.read(fields)))
                            .ifPresent(s -> settings.put(member.get(), s));
                }
            }
            return settings;
        }

        private Optional<MemberRecord.Stored> member(String key, MemberName name, Dcs.Entry entry) {
            Optional<MemberRecord.Stored> known =
                    kept(key, ClusterView::members)
                            .flatMap(members -> Optional.ofNullable(members.get(name)));
            return known.or(() ->
                    parsed(
                                    key,
                                    (fields, node) ->
                                            Optional.of(MemberCodec.read(key, node, problems)))
                            .map(member ->
                                    new MemberRecord.Stored(
                                            name,
                                            member.value(),
                                            member.revision(),
                                            entry.lease())));
        }

        Optional<Versioned<Initialize>> initialize() {
            return entry(Keys.INITIALIZE)
                    .map(entry -> {
                        Optional<SystemIdentifier> system =
                                Optional.of(entry.value())
                                        .filter(text -> text.matches("[0-9]{1,20}"))
                                        .map(SystemIdentifier::new);
                        if (system.isEmpty() && !entry.value().isEmpty()) {
                            malformed(
                                    Keys.INITIALIZE,
                                    "found \""
                                            + entry.value()
                                            + "\" where a system identifier is expected; nobody may bootstrap over it");
                        }
                        return new Versioned<>(
                                new Initialize(system, entry.lease()), entry.modRevision());
                    });
        }

        Optional<Versioned<ClusterConfig>> config(Optional<ClusterConfig> lastGood) {
            return entry(Keys.CONFIG)
                    .flatMap(entry ->
                            switch (Trees.json(entry.value())) {
                                case ParseResult.Malformed(String sentence) -> {
                                    malformed(Keys.CONFIG, sentence);
                                    yield lastGood.map(
                                            good -> new Versioned<>(good, entry.modRevision()));
                                }
                                case ParseResult.Parsed(Map<String, Object> tree) -> {
                                    ClusterConfigReader.Read read = ClusterConfigReader.read(tree);
                                    read.problems()
                                            .forEach(p ->
                                                    problems.add(
                                                            "The store's key config: "
                                                                    + p.sentence()));
                                    boolean wrong =
                                            read.problems().stream().anyMatch(Problem::isError);
                                    ClusterConfig config =
                                            wrong ? lastGood.orElse(read.config()) : read.config();
                                    yield Optional.of(new Versioned<>(config, entry.modRevision()));
                                }
                            });
        }

        Versioned<SyncState> sync() {
            return parsed(Keys.SYNC, KeyCodec::sync)
                    .orElseGet(() ->
                            new Versioned<>(
                                    SyncState.none(),
                                    entry(Keys.SYNC).map(Dcs.Entry::modRevision).orElse(0L)));
        }

        /** What cannot be read names nobody: then nobody may be elected, and nobody may stay. */
        Optional<Versioned<SortedMap<MemberName, String>>> failsafe() {
            return entry(Keys.FAILSAFE)
                    .map(entry ->
                            parsed(Keys.FAILSAFE, (_, node) -> failsafe(node))
                                    .orElseGet(() ->
                                            new Versioned<>(
                                                    Collections.emptySortedMap(),
                                                    entry.modRevision())));
        }

        private Optional<SortedMap<MemberName, String>> failsafe(JsonNode node) {
            SortedMap<MemberName, String> members = new TreeMap<>();
            for (Map.Entry<String, JsonNode> member : node.properties()) {
                if (!MemberName.isValid(member.getKey()) || !member.getValue().isTextual()) {
                    malformed(
                            Keys.FAILSAFE,
                            "found \""
                                    + member.getKey()
                                    + "\": "
                                    + member.getValue()
                                    + " where a member's name and an address are expected");
                    return Optional.empty();
                }
                members.put(new MemberName(member.getKey()), member.getValue().textValue());
            }
            return Optional.of(Collections.unmodifiableSortedMap(members));
        }

        List<HistoryEntry> history() {
            List<HistoryEntry> history = new ArrayList<>();
            entry(Keys.HISTORY)
                    .ifPresent(entry -> {
                        JsonNode lines = Trees.readAny(entry.value());
                        if (!lines.isArray()) {
                            malformed(
                                    Keys.HISTORY,
                                    "found "
                                            + Trees.described(lines)
                                            + " where a list of lists is expected");
                        }
                        lines.forEach(line ->
                                historyLine(line)
                                        .ifPresentOrElse(
                                                history::add,
                                                () ->
                                                        malformed(
                                                                Keys.HISTORY,
                                                                "the line "
                                                                        + line
                                                                        + " is no line of a history")));
                    });
            return history;
        }

        private static Optional<HistoryEntry> historyLine(JsonNode line) {
            return Fields.timeline(line.path(0))
                    .flatMap(timeline ->
                            Fields.position(line.path(1))
                                    .map(lsn ->
                                            new HistoryEntry(
                                                    timeline,
                                                    lsn,
                                                    line.path(2).asText(""),
                                                    line.path(3).asText(""),
                                                    line.path(4).asText(""))));
        }

        private void malformed(String key, String why) {
            problems.add("The store's key " + key + " cannot be read: " + why + ".");
        }
    }
}
