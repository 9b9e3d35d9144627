package dev.holdfast.core.postgres;

import dev.holdfast.core.Lsn;
import java.util.Optional;

/**
 * A replication slot of the server that outlives sessions.
 *
 * @param logical what it decodes; empty for a physical one
 * @param active a receiver is connected to it
 * @param position how far its user is: where the WAL begins that a physical one holds back, or what
 *     the user of a logical one has confirmed. Empty for one that has not been used yet, or that
 *     has lost what it held: it holds nothing back
 * @param rows whether it keeps rows from being removed, for a standby that reads them
 * @param owner who carries it to the standbys
 */
public record Slot(
        String name,
        Optional<Logical> logical,
        boolean active,
        Optional<Lsn> position,
        Rows rows,
        Owner owner) {

    /** What a logical slot decodes, and how. */
    public record Logical(String plugin, String database) {}

    /** Rows that nobody here reads any more. */
    public enum Rows {
        FREE,
        HELD
    }

    /** Who looks after a slot. */
    public enum Owner {
        AGENT,
        /** PostgreSQL, from version 17 on, for slots that were made with {@code failover}. */
        SERVER
    }

    /** Whether PostgreSQL takes it for the name of a slot. */
    public static boolean isName(String name) {
        return name.matches("[a-z0-9_]{1,63}");
    }

    /** A physical slot of a member. */
    public static Slot physical(String name, boolean active, Optional<Lsn> position) {
        return new Slot(name, Optional.empty(), active, position, Rows.FREE, Owner.AGENT);
    }

    public boolean physical() {
        return logical.isEmpty();
    }

    /** It holds WAL back. */
    public boolean reserved() {
        return position.isPresent();
    }
}
