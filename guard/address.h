/*
 * The addresses by which clients find this host's PostgreSQL: taken when nobody else answers for them, announced, and
 * given up together with the connections that came by them.
 *
 * Giving up is two messages to the kernel on sockets that are open already. Everything else goes on by a timer, so that
 * the guard never waits for a network.
 */
#ifndef HOLDFAST_ADDRESS_H
#define HOLDFAST_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum { ADDRESSES = 2, ADDRESS_LIST_BYTES = 192 };

/* How a change is told: the address as `10.0.0.100/24`, `probing`, `held` or `refused`, and why. */
typedef void address_listener(const char *address, const char *state, const char *why);

/*
 * From now on exactly those of a list (`eth0 10.0.0.100/24`, separated by commas) are held: others are given up, those that
 * are not held yet are taken. NULL, or why nothing was changed.
 */
const char *addresses_hold(const char *list, int64_t now_nanos, address_listener *listener);

/* Takes up those that a guard before this one held; they are not asked for again. */
void addresses_resume(const char *list, address_listener *listener);

/* Ends the connections that came by them, and removes all. */
void addresses_drop(void);

/* Tells of each. */
void addresses_tell(void);

/* What addresses_hold was last given, empty for none. */
const char *addresses_list(void);

/* To be waited for, -1 for nothing; and what to do then. */
int addresses_timer_fd(void);
void addresses_on_timer(int64_t now_nanos);
int addresses_netlink_fd(void);
int addresses_arp_fd(void);
void addresses_on_message(int64_t now_nanos);

#endif
