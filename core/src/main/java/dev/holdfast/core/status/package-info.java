/**
 * What a member shows of itself, to load balancers, operators, metrics and other members. Values
 * only.
 */
@NullMarked
package dev.holdfast.core.status;

import org.jspecify.annotations.NullMarked;
