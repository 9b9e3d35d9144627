/**
 * What the store says of the cluster: the keys under {@code /<namespace>/<scope>/} as values. May
 * use {@code core} only.
 */
@NullMarked
package dev.holdfast.core.cluster;

import org.jspecify.annotations.NullMarked;
