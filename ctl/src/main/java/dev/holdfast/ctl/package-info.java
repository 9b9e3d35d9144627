/**
 * The command-line client. May depend on the REST client and wire records of api, and on the
 * reading side of dcs.
 */
@NullMarked
package dev.holdfast.ctl;

import org.jspecify.annotations.NullMarked;
