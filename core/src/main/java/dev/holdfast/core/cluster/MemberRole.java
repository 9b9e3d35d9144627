package dev.holdfast.core.cluster;

import java.util.Optional;

/** Patroni's words for PostgreSQL's role on a member. Never the same thing as holding the lease. */
public enum MemberRole {
    PRIMARY("primary"),
    REPLICA("replica"),
    STANDBY_LEADER("standby_leader"),
    UNINITIALIZED("uninitialized"),
    DEMOTED("demoted"),
    PROMOTED("promoted");

    private final String text;

    MemberRole(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }

    /** Reads a role; {@code master}, which old releases of Patroni write, is read as primary. */
    public static Optional<MemberRole> of(String text) {
        for (MemberRole role : values()) {
            if (role.text.equals(text)) {
                return Optional.of(role);
            }
        }
        return text.equals("master") ? Optional.of(PRIMARY) : Optional.empty();
    }
}
