/**
 * Configuration as values: the cluster's dynamic one and a member's own. Reading is pure: a tree
 * in, values or problems out. May use {@code core}, and its words for tags and slots.
 */
@NullMarked
package dev.holdfast.core.config;

import org.jspecify.annotations.NullMarked;
