package dev.holdfast.core.config;

import dev.holdfast.core.config.AgentConfig.DatabaseUser;
import java.util.ArrayList;
import java.util.List;

/** Whose lines of {@code pg_hba.conf} count, and what they are where nobody wrote any. */
public final class PgHba {
    private PgHba() {}

    /**
     * A member's own lines, else the cluster's, else those of {@code bootstrap}, which are never
     * empty.
     */
    public static List<String> effective(AgentConfig member, ClusterConfig cluster) {
        if (!member.postgresql().pgHba().isEmpty()) {
            return member.postgresql().pgHba();
        }
        return cluster.pgHba().isEmpty() ? member.bootstrap().pgHba() : cluster.pgHba();
    }

    /**
     * Everybody who knows a password may connect from anywhere, standbys included, since a member's
     * address can change; nobody without. Only a superuser to whom the file gives no password is
     * let in by the name of the operating system's user, through the local socket.
     */
    public static List<String> defaultLines(DatabaseUser superuser, DatabaseUser replication) {
        List<String> lines = new ArrayList<>();
        if (superuser.password().isEmpty()) {
            lines.add("local all " + quoted(superuser.username()) + " peer");
        }
        lines.add("local all all scram-sha-256");
        lines.add("local replication " + quoted(replication.username()) + " scram-sha-256");
        lines.add("host all all all scram-sha-256");
        lines.add("host replication " + quoted(replication.username()) + " all scram-sha-256");
        return List.copyOf(lines);
    }

    /**
     * In quotes a name is only a name: {@code all} and {@code +group} lose their special meaning.
     */
    private static String quoted(String user) {
        return '"' + user.replace("\"", "\"\"") + '"';
    }
}
