package dev.holdfast.core.postgres;

/**
 * A replication slot of the server.
 *
 * @param active a receiver is connected to it
 * @param reserved it holds WAL back ({@code restart_lsn} is set)
 */
public record Slot(String name, boolean physical, boolean active, boolean reserved) {}
