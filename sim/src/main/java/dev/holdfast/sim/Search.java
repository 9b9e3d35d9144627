package dev.holdfast.sim;

import java.util.function.LongFunction;

/** One seed, and what broke in its run: empty when every promise held. */
public final class Search implements LongFunction<String> {
    @Override
    public String apply(long seed) {
        return Simulation.run(seed, Trace.none()).broken();
    }
}
