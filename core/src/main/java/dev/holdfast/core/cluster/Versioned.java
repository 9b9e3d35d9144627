package dev.holdfast.core.cluster;

/**
 * A key's value with the store's mod revision at which it was read, which a compare-and-set names.
 */
public record Versioned<T>(T value, long revision) {}
