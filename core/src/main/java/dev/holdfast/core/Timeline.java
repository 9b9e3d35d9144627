package dev.holdfast.core;

/** A PostgreSQL timeline: 1 for a new cluster, one more with every promotion. */
public record Timeline(int id) implements Comparable<Timeline> {
    public Timeline {
        if (id < 1) {
            throw new IllegalArgumentException("a timeline starts at 1, found " + id);
        }
    }

    public Timeline next() {
        return new Timeline(id + 1);
    }

    public boolean isAfter(Timeline other) {
        return id > other.id;
    }

    @Override
    public int compareTo(Timeline other) {
        return Integer.compare(id, other.id);
    }

    @Override
    public String toString() {
        return Integer.toString(id);
    }
}
