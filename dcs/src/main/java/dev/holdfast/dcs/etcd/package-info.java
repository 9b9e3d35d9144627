/**
 * The port on a real etcd, through jetcd, which appears nowhere else. May use {@code core}, the
 * port, jetcd and what jetcd is made of (gRPC). Only the programs' wiring may use this package.
 */
@NullMarked
package dev.holdfast.dcs.etcd;

import org.jspecify.annotations.NullMarked;
