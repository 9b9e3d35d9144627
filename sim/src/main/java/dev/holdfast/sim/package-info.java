/**
 * The simulator: the agents' own loop, lease and decisions in virtual time, on models of etcd,
 * PostgreSQL, the guard, the network and the hosts, with faults chosen by a seed. The promises are
 * checked after every event. May use {@code core}, {@code dcs}'s port, codecs and store in memory,
 * and the agent's loop, lease, ports and published record; no thread, no clock and no random number
 * but its own.
 */
@NullMarked
package dev.holdfast.sim;

import org.jspecify.annotations.NullMarked;
