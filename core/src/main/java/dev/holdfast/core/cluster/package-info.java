/**
 * What the store says of the cluster: the keys under {@code /<namespace>/<scope>/} as values. May
 * use {@code core}, its configuration, and the addresses of servers.
 */
@NullMarked
package dev.holdfast.core.cluster;

import org.jspecify.annotations.NullMarked;
