/**
 * The keys of the store and the texts under them, in Patroni's layout, to and from the values of
 * {@code core}. May use {@code core}, the port and Jackson with the YAML reader beneath it.
 */
@NullMarked
package dev.holdfast.dcs.json;

import org.jspecify.annotations.NullMarked;
