package dev.holdfast.agent.postgres;

import dev.holdfast.core.cluster.KnownStore;

/** Where the newest state of the store that was seen outlives the agent. */
public interface StoreMemory {
    /** What was kept last; {@link KnownStore#NONE} when nothing was. */
    KnownStore read();

    /** Returns once it would survive a loss of power. */
    void keep(KnownStore known);
}
