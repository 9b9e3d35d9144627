package dev.holdfast.sim;

import java.util.List;

/** All that is random in a run comes from here, and so from the seed. */
final class Chance {
    /** The constants of SplitMix64. */
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private static final long MIX_1 = 0xBF58476D1CE4E5B9L;
    private static final long MIX_2 = 0x94D049BB133111EBL;

    private long state;

    Chance(long seed) {
        this.state = seed * MIX_2 + GAMMA;
        next();
    }

    private long next() {
        state += GAMMA;
        long mixed = state;
        mixed = (mixed ^ (mixed >>> 30)) * MIX_1;
        mixed = (mixed ^ (mixed >>> 27)) * MIX_2;
        return mixed ^ (mixed >>> 31);
    }

    /** From 0 up to, and without, {@code bound}. */
    int below(int bound) {
        return (int) Math.floorMod(next() >>> 1, (long) bound);
    }

    /** From {@code least} to {@code most}, evenly. */
    long between(long least, long most) {
        return least + Math.floorMod(next() >>> 1, most - least + 1);
    }

    /** The same, but short ones are as likely as long ones: evenly over the magnitudes. */
    long skewed(long least, long most) {
        return Math.round(least * Math.pow((double) most / least, fraction()));
    }

    double fraction() {
        return (next() >>> 11) * 0x1.0p-53;
    }

    boolean oneIn(int many) {
        return below(many) == 0;
    }

    boolean happens(double probability) {
        return fraction() < probability;
    }

    <T> T of(List<T> all) {
        return all.get(below(all.size()));
    }
}
