/**
 * A store in memory that keeps etcd's rules (revisions, leases, transactions, watches, compaction)
 * on a clock that is handed to it: for the simulation and for tests of whatever uses the port. May
 * use {@code core} and the port.
 */
@NullMarked
package dev.holdfast.dcs.memory;

import org.jspecify.annotations.NullMarked;
