package dev.holdfast.api.wire;

import dev.holdfast.core.Lsn;
import dev.holdfast.core.MemberName;
import dev.holdfast.core.cluster.ClusterView;
import dev.holdfast.core.cluster.MemberRecord;
import dev.holdfast.core.cluster.MemberRole;
import dev.holdfast.core.cluster.Versioned;
import dev.holdfast.core.config.ClusterConfig;
import java.util.List;
import java.util.Optional;

/**
 * Computes the rows that {@code /cluster}, {@code list} and {@code topology} show, so that no two
 * of them can disagree. Lag is counted from the position that the leader published last, as Patroni
 * does: it may be {@code loop_wait} old, and a standby that is past it has no lag.
 */
public final class ClusterRows {
    private ClusterRows() {}

    /** A row for each member that the store lists, in ascending order of their names. */
    public static List<MemberRow> rows(ClusterView cluster) {
        Lsn published = cluster.published();
        return cluster.members().values().stream()
                .map(stored -> row(cluster, stored.name(), stored.member(), published))
                .toList();
    }

    private static MemberRow row(
            ClusterView cluster, MemberName name, MemberRecord member, Lsn published) {
        MemberRow.Role role = role(cluster, name, member);
        boolean leads = cluster.isLeader(name);
        Address address = Address.ofUrl(member.connUrl());
        return new MemberRow(
                name,
                address.host(),
                address.port(),
                member.apiUrl(),
                role,
                leads
                        ? member.state().text()
                        : member.replicationState().orElse(member.state().text()),
                member.timeline(),
                leads ? Optional.empty() : place(member.xlogLocation(), published),
                leads ? Optional.empty() : place(member.receiveLsn(), published),
                leads ? Optional.empty() : place(member.replayLsn(), published),
                member.pendingRestartReason(),
                member.scheduledRestart(),
                member.tags(),
                member.pause(),
                member.note(),
                cluster.settingsOf(name),
                member.services());
    }

    private static MemberRow.Role role(ClusterView cluster, MemberName name, MemberRecord member) {
        if (cluster.isLeader(name)) {
            return member.role() == MemberRole.STANDBY_LEADER
                    ? MemberRow.Role.STANDBY_LEADER
                    : MemberRow.Role.LEADER;
        }
        ClusterConfig config =
                cluster.config().map(Versioned::value).orElse(ClusterConfig.defaults());
        if (!cluster.sync().value().standbys().contains(name)) {
            return MemberRow.Role.REPLICA;
        }
        return switch (config.syncMode()) {
            case OFF -> MemberRow.Role.REPLICA;
            case ON -> MemberRow.Role.SYNC_STANDBY;
            case QUORUM -> MemberRow.Role.QUORUM_STANDBY;
        };
    }

    /** A member that has lost its server publishes 0/0 or nothing: both mean that nobody knows. */
    private static Optional<MemberRow.Place> place(Optional<Lsn> at, Lsn published) {
        return at.filter(lsn -> !lsn.equals(Lsn.ZERO))
                .map(lsn -> new MemberRow.Place(lsn, published.bytesPast(lsn)));
    }

    /**
     * Host and port of a URL. {@code java.net.URI} is no use here: it finds no host in {@code
     * postgres://pg_1:5432/}.
     */
    private record Address(String host, Optional<Integer> port) {
        static Address ofUrl(String url) {
            int scheme = url.indexOf("://");
            String rest = scheme < 0 ? url : url.substring(scheme + 3);
            String authority = rest.split("[/?#]", 2)[0];
            String hostPort = authority.substring(authority.lastIndexOf('@') + 1);
            int colon = hostPort.lastIndexOf(':');
            boolean hasPort = colon > hostPort.lastIndexOf(']');
            String host = hasPort ? hostPort.substring(0, colon) : hostPort;
            return new Address(
                    host.startsWith("[") && host.endsWith("]")
                            ? host.substring(1, host.length() - 1)
                            : host,
                    hasPort ? port(hostPort.substring(colon + 1)) : Optional.empty());
        }

        private static Optional<Integer> port(String text) {
            return text.matches("\\d{1,5}")
                    ? Optional.of(Integer.parseInt(text))
                    : Optional.empty();
        }
    }
}
