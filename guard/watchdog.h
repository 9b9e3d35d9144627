/*
 * The kernel's watchdog: a device that resets the host unless somebody writes to it in time. It ends a PostgreSQL that the
 * guard cannot end: because the kernel hangs, the guard is stopped or dead, or a process does not die.
 *
 * It is fed only while the guard is armed, and never so that it could bite later than the lease's end.
 */
#ifndef HOLDFAST_WATCHDOG_H
#define HOLDFAST_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

enum watchdog_mode { WATCHDOG_OFF, WATCHDOG_AUTOMATIC, WATCHDOG_REQUIRED };

/* The device that is meant from now on; another one that is open is disarmed. False when the name is too long. */
bool watchdog_configure(enum watchdog_mode mode, const char *device);

enum activation {
    WATCHDOG_ACTIVE, /* or not wanted */
    WATCHDOG_LATE,   /* not this time: the lease ends before the time-out; the next renewal may do */
    WATCHDOG_FAILED  /* not at all, see watchdog_failure */
};

/*
 * Sees to it that the device is open and has the time-out, in seconds, and feeds it. Opening one starts it, so that is not
 * done unless the lease lasts longer than the time-out.
 */
enum activation watchdog_activate(int seconds, int64_t now, int64_t lease_nanos);

/* Feeds the device if it is open and would not bite after the lease's end. */
void watchdog_feed(int64_t now, int64_t lease_nanos);

/* When to feed next: 0 for not at all. */
int64_t watchdog_next(int64_t now, int64_t lease_nanos);

/* Closes the device so that it stops. To be called only when no PostgreSQL runs that its lease must end. */
void watchdog_disarm(void);

/* Why the device cannot be used; empty when it can, or none is wanted. Looks at one that is not open without opening it. */
const char *watchdog_failure(void);

enum watchdog_mode watchdog_mode(void);
const char *watchdog_device(void);

/* The time-out of the device that is open, else 0. */
int watchdog_seconds(void);

/* The descriptor, to be kept across an exec, and taken up after it; -1 while the device is not open. */
int watchdog_fd(void);
void watchdog_resume(int fd, int seconds);

#endif
