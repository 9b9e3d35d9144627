package dev.holdfast.ctl;

import dev.holdfast.api.wire.ClusterRows;
import dev.holdfast.api.wire.MemberRow;
import dev.holdfast.api.wire.MemberRow.Place;
import dev.holdfast.core.SystemIdentifier;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.ClusterView.Initialize;
import dev.holdfast.core.cluster.FailoverRequest;
import dev.holdfast.core.cluster.MemberSettings;
import dev.holdfast.core.cluster.ScheduledRestart;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.ctl.Table.Align;
import dev.holdfast.ctl.Table.Column;
import dev.holdfast.ctl.Table.Shown;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The table of a cluster's members, with Patroni's columns, and the lines under it. */
final class MemberTable {
    private static final int POSTGRES_PORT = 5432;

    /** Which columns appear. */
    enum Detail {
        /** The last ones only where they say something. */
        USUAL,
        EXTENDED
    }

    /** In which order the members stand. */
    enum Order {
        BY_NAME,
        /** Each below the one that it follows, and indented. */
        BY_UPSTREAM
    }

    private final String scope;
    private final ClusterView cluster;
    private final List<MemberRow> rows;

    MemberTable(String scope, ClusterView cluster) {
        this.scope = scope;
        this.cluster = cluster;
        this.rows = ClusterRows.rows(cluster);
    }

    /** The table as people read it, with what else they have to know below it. */
    String pretty(Detail detail, Order order) {
        StringBuilder text =
                new StringBuilder(Format.PRETTY.write(table(Format.PRETTY, detail, order)));
        for (String line : footer()) {
            text.append(' ').append(line).append('\n');
        }
        return text.toString();
    }

    String write(Format format, Detail detail, Order order) {
        return switch (format) {
            case PRETTY -> pretty(detail, order);
            case TSV, JSON, YAML -> format.write(table(format, detail, order));
        };
    }

    private Table table(Format format, Detail detail, Order order) {
        List<Column> columns =
                new ArrayList<>(
                        List.of(
                                new Column("Cluster", "Cluster", Align.LEFT, Shown.FOR_MACHINES),
                                Column.left("Member"),
                                Column.left("Host"),
                                Column.left("Role"),
                                Column.left("State"),
                                Column.right("TL"),
                                Column.right("Receive LSN"),
                                new Column("Receive Lag", "Lag", Align.RIGHT, Shown.EVERYWHERE),
                                Column.right("Replay LSN"),
                                new Column("Replay Lag", "Lag", Align.RIGHT, Shown.EVERYWHERE)));
        boolean all = detail == Detail.EXTENDED;
        boolean pending = all || rows.stream().anyMatch(row -> !row.pendingRestart().isEmpty());
        boolean tagged = all || rows.stream().anyMatch(row -> !row.tags().values().isEmpty());
        if (pending) {
            columns.add(Column.left("Pending restart"));
            columns.add(Column.left("Pending restart reason"));
        }
        boolean scheduled =
                all || rows.stream().anyMatch(row -> row.scheduledRestart().isPresent());
        if (scheduled) {
            columns.add(Column.left("Scheduled restart"));
        }
        if (tagged) {
            columns.add(Column.left("Tags"));
        }
        boolean decided = all || rows.stream().anyMatch(row -> !settings(row.settings()).isEmpty());
        if (decided) {
            columns.add(Column.left("Settings"));
        }
        boolean serving = all || rows.stream().anyMatch(row -> !row.services().isEmpty());
        if (serving) {
            columns.add(Column.left("Services"));
        }
        boolean withPort = portsMatter();
        List<List<Object>> cells = new ArrayList<>();
        for (Placed placed : ordered(order)) {
            MemberRow row = placed.row();
            List<Object> line =
                    new ArrayList<>(
                            List.of(
                                    scope,
                                    placed.shownName(),
                                    withPort ? row.address() : row.host(),
                                    row.role().title(),
                                    row.state()));
            line.add(row.timeline().<Object>map(timeline -> timeline.id()).orElse(""));
            line.addAll(positions(row));
            if (pending) {
                line.add(row.pendingRestart().isEmpty() ? "" : "*");
                line.add(reasons(row, format));
            }
            if (scheduled) {
                line.add(row.scheduledRestart().map(ScheduledRestart::text).orElse(""));
            }
            if (tagged) {
                line.add(row.tags().values().isEmpty() ? "" : typed(row.tags().values()));
            }
            if (decided) {
                line.add(settings(row.settings()));
            }
            if (serving) {
                line.add(
                        row.services().entrySet().stream()
                                .map(each -> each.getKey() + ": " + each.getValue())
                                .collect(Collectors.joining("\n")));
            }
            cells.add(line);
        }
        return new Table("Cluster: " + scope + " (" + identity() + ")", columns, cells);
    }

    /** The port is of interest once a member has an unusual one, or two share a host. */
    private boolean portsMatter() {
        return rows.stream()
                        .anyMatch(
                                row -> row.port().filter(port -> port != POSTGRES_PORT).isPresent())
                || rows.stream().map(MemberRow::host).distinct().count() < rows.size();
    }

    private static List<Object> positions(MemberRow row) {
        if (row.leads()) {
            return List.of("", "", "", "");
        }
        Optional<Place> received = row.received();
        Optional<Place> replayed = row.replayed();
        if (received.isEmpty() && replayed.isEmpty()) {
            // Older agents publish one position only: a streaming standby's is what it received.
            if (row.state().equals("streaming")) {
                received = row.located();
            } else {
                replayed = row.located();
            }
        }
        return List.of(lsn(received), lag(received), lsn(replayed), lag(replayed));
    }

    private static Object lsn(Optional<Place> place) {
        return place.<Object>map(known -> known.lsn().toString()).orElse("unknown");
    }

    /** In MB, as a number. */
    private static Object lag(Optional<Place> place) {
        return place.<Object>map(known -> (long) Math.rint(known.lagBytes() / 1024.0 / 1024.0))
                .orElse("");
    }

    /** What an operator has decided about a member. */
    private static String settings(MemberSettings settings) {
        String duty =
                switch (settings.duty()) {
                    case FULL, REMOVED -> "";
                    case STANDBY -> "standby";
                    case STOPPED -> "standby, stopped";
                };
        return switch (settings.recovery()) {
            case AUTOMATIC -> duty;
            case BY_ORDER -> duty + (duty.isEmpty() ? "" : ", ") + "auto-recovery off";
        };
    }

    private static String reasons(MemberRow row, Format format) {
        return row.pendingRestart().entrySet().stream()
                .map(entry -> entry.getKey() + ": " + entry.getValue())
                .map(reason ->
                        format != Format.PRETTY || reason.length() <= 50
                                ? reason
                                : reason.substring(0, reason.indexOf(':'))
                                        + ": [hidden - too long]")
                .collect(Collectors.joining("\n"));
    }

    /** Tags are kept as text; what was a boolean or a number is shown as one. */
    private static Map<String, Object> typed(Map<String, String> tags) {
        Map<String, Object> typed = new TreeMap<>();
        tags.forEach((name, value) ->
                typed.put(
                        name,
                        switch (value) {
                            case "true" -> true;
                            case "false" -> false;
                            default ->
                                    value.matches("-?\\d{1,9}")
                                            ? (Object) Integer.valueOf(value)
                                            : value;
                        }));
        return typed;
    }

    private String identity() {
        Optional<Initialize> initialize = cluster.initialize().map(Versioned::value);
        return initialize
                .map(known -> known.system().map(SystemIdentifier::value).orElse("initializing"))
                .orElse("uninitialized");
    }

    private List<String> footer() {
        List<String> lines = new ArrayList<>();
        if (cluster.config().filter(config -> config.value().pause()).isPresent()) {
            lines.add("Maintenance mode: on");
        }
        cluster.failover()
                .map(Versioned::value)
                .ifPresent(request -> lines.addAll(scheduled(request)));
        for (MemberRow row : rows) {
            if (!row.note().isEmpty()) {
                lines.add(row.name() + ": " + row.note());
            }
        }
        return lines;
    }

    private static List<String> scheduled(FailoverRequest request) {
        List<String> lines = new ArrayList<>();
        request.scheduledAt()
                .ifPresent(time -> {
                    lines.add("Switchover scheduled at: " + time);
                    request.leader()
                            .ifPresent(
                                    leader -> lines.add(String.format("%23s: %s", "from", leader)));
                    request.candidate()
                            .ifPresent(candidate ->
                                    lines.add(String.format("%23s: %s", "to", candidate)));
                });
        return lines;
    }

    private record Placed(MemberRow row, int depth) {
        String shownName() {
            return depth == 0 ? row.name().value() : "  ".repeat(depth - 1) + "+ " + row.name();
        }
    }

    private List<Placed> ordered(Order order) {
        return switch (order) {
            case BY_NAME -> rows.stream().map(row -> new Placed(row, 0)).toList();
            case BY_UPSTREAM -> tree();
        };
    }

    /**
     * A standby follows the leader unless its tag {@code replicatefrom} names another standby that
     * is there.
     */
    private List<Placed> tree() {
        Map<String, List<MemberRow>> below = new LinkedHashMap<>();
        List<String> standbys =
                rows.stream().filter(row -> !row.leads()).map(row -> row.name().value()).toList();
        for (MemberRow row : rows) {
            if (!row.leads()) {
                String from = row.tags().values().getOrDefault("replicatefrom", "");
                boolean cascades = standbys.contains(from) && !from.equals(row.name().value());
                below.computeIfAbsent(cascades ? from : "", _ -> new ArrayList<>()).add(row);
            }
        }
        List<Placed> placed = new ArrayList<>();
        rows.stream().filter(MemberRow::leads).forEach(leader -> placed.add(new Placed(leader, 0)));
        addBelow("", 1, below, placed);
        // Two that name each other are below nobody, and are shown all the same.
        rows.stream()
                .filter(row -> placed.stream().noneMatch(each -> each.row().equals(row)))
                .forEach(row -> placed.add(new Placed(row, 1)));
        return placed;
    }

    private static void addBelow(
            String upstream, int depth, Map<String, List<MemberRow>> below, List<Placed> placed) {
        for (MemberRow row : below.getOrDefault(upstream, List.of())) {
            placed.add(new Placed(row, depth));
            addBelow(row.name().value(), depth + 1, below, placed);
        }
    }
}
