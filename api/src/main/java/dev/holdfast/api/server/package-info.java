/**
 * The REST server of a member: which answer a health check gets, when it is held back, what a
 * command's body may say, and the limits that keep a client from harming the member. May depend on
 * core, the wire package, {@code MemberService}, Vert.x Web and Jackson; Vert.x appears only in the
 * classes that serve.
 */
@NullMarked
package dev.holdfast.api.server;

import org.jspecify.annotations.NullMarked;
