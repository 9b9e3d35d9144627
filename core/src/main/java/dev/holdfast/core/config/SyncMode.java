package dev.holdfast.core.config;

/** {@code synchronous_mode}. */
public enum SyncMode {
    OFF,
    ON
}
