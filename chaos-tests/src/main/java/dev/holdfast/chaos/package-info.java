/**
 * The harness that starts real etcd, PostgreSQL, agents and HAProxy and breaks them, and the
 * benchmark that is made with it. Sees Holdfast from outside, as an operator does: processes,
 * files, HTTP, SQL and etcd's keys. Depends on no module of Holdfast.
 */
@NullMarked
package dev.holdfast.chaos;

import org.jspecify.annotations.NullMarked;
