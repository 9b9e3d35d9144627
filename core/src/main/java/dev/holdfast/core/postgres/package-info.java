/**
 * What is known and wanted of the PostgreSQL server of one member. Values only; may use {@code
 * core}.
 */
@NullMarked
package dev.holdfast.core.postgres;

import org.jspecify.annotations.NullMarked;
