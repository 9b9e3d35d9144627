/*
 * What the guard holds, written down on tmpfs, so that a guard that takes a killed one's place knows it at once.
 *
 * The guard that holds the lock of its directory is the only writer. The file is two lines of fixed length, written in
 * turn: a guard that is killed in the middle of one leaves the other, which says what was so before, and nobody was told
 * of more. Every byte of the file is allocated when it is made, so that a tmpfs that fills up later takes nothing away.
 */
#ifndef HOLDFAST_RECORD_H
#define HOLDFAST_RECORD_H

#include "address.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { RECORD_FORMAT = 1, BOOT_ID_BYTES = 40, DEVICE_BYTES = 256 };

struct file_id {
    dev_t dev;
    ino_t ino;
};

struct record {
    char boot_id[BOOT_ID_BYTES];
    uint64_t sequence;   /* of the writing, to tell the newer line */
    uint64_t generation; /* counts the agents that claimed the guard */
    int mode, phase;
    int64_t deadline_nanos, lease_nanos;
    pid_t postmaster;
    uint64_t postmaster_start; /* clock ticks: with the boot id and the pid no two processes are the same */
    bool adopted;
    struct file_id data_dir, exe;
    int watchdog_mode, watchdog_seconds; /* seconds: of a device that was open, else 0 */
    char watchdog_device[DEVICE_BYTES];
    int64_t addresses_until_nanos;      /* and what follows: only where there are any */
    char addresses[ADDRESS_LIST_BYTES]; /* as addresses_hold takes them */
};

enum found { RECORD_NONE, RECORD_OTHER_BOOT, RECORD_BROKEN, RECORD_WHOLE };

/*
 * Opens or makes the file of a directory (an absolute path) and reads what it holds. It is in the directory itself if that
 * is on a tmpfs, else in /dev/shm. NULL, or why the guard cannot do with what it found.
 */
const char *record_open(int dir_fd, const char *dir, const char *boot_id, struct record *held, enum found *found);

/* Writes it down; it is there when this returns true. Never waits for a disk. */
bool record_write(struct record *held);

/* Where the file is, for those who want to look at it. */
const char *record_path(void);

/* Removes the file of a guard that holds nothing. */
void record_remove(void);

#endif
