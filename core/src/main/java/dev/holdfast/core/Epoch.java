package dev.holdfast.core;

/**
 * The mod revision of the leader key: grows with every change of leader. Travels with whatever
 * could arrive late.
 */
public record Epoch(long revision) implements Comparable<Epoch> {
    public Epoch {
        if (revision < 1) {
            throw new IllegalArgumentException(
                    "an epoch is an etcd revision of at least 1, found " + revision);
        }
    }

    @Override
    public int compareTo(Epoch other) {
        return Long.compare(revision, other.revision);
    }

    @Override
    public String toString() {
        return Long.toString(revision);
    }
}
