package dev.holdfast.core;

/** The identity of an etcd lease. 0 means "no lease" in etcd's own records and is not a lease. */
public record LeaseId(long value) {
    public LeaseId {
        if (value == 0) {
            throw new IllegalArgumentException("0 is not a lease");
        }
    }

    @Override
    public String toString() {
        return Long.toHexString(value);
    }
}
