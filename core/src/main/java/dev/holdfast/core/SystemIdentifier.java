package dev.holdfast.core;

/**
 * The number that initdb gives a cluster, unsigned 64 bits in decimal. Two clusters with different
 * ones never mix.
 */
public record SystemIdentifier(String value) {
    public SystemIdentifier {
        if (value.isEmpty()
                || value.length() > 20
                || !value.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException(
                    "\""
                            + value
                            + "\" is not a system identifier: a decimal number of up to 20 digits");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
