#define _GNU_SOURCE
#include "watchdog.h"

#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NANOS INT64_C(1000000000)

static struct {
    enum watchdog_mode mode;
    char device[DEVICE_BYTES];
    int fd;
    int seconds, wanted; /* the time-out that the device has, and the one that it was asked for */
    bool left_running;   /* by a guard before this one: the device counts, and is not open here */
    bool unfit; /* it was tried and cannot do what is needed, as `failure` says; until it is configured anew */
    char failure[DEVICE_BYTES + 256];
} dog = {.fd = -1};

enum watchdog_mode watchdog_mode(void)
{
    return dog.mode;
}

const char *watchdog_device(void)
{
    return dog.device;
}

int watchdog_seconds(void)
{
    return dog.fd < 0 ? 0 : dog.seconds;
}

int watchdog_fd(void)
{
    return dog.fd;
}

void watchdog_resume(int fd, int seconds)
{
    dog.fd = fd;
    dog.seconds = seconds;
    dog.wanted = 0; /* Asked for again at the next chance. */
    dog.left_running = fd < 0 && seconds > 0;
}

void watchdog_disarm(void)
{
    if (dog.left_running)
        dog.fd = open(dog.device, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    dog.left_running = false;
    if (dog.fd < 0)
        return;
    /* The kernel takes a close without this letter for a guard that died, and goes on counting. */
    ssize_t unused = write(dog.fd, "V", 1);
    (void)unused;
    close(dog.fd);
    dog.fd = -1;
    dog.seconds = dog.wanted = 0;
}

bool watchdog_configure(enum watchdog_mode mode, const char *device)
{
    if (strlen(device) >= sizeof dog.device)
        return false;
    if (mode == WATCHDOG_OFF || strcmp(device, dog.device) != 0)
        watchdog_disarm();
    dog.mode = mode;
    dog.unfit = false;
    snprintf(dog.device, sizeof dog.device, "%s", device);
    return true;
}

const char *watchdog_failure(void)
{
    if (dog.mode == WATCHDOG_OFF)
        return "";
    if (!dog.unfit) {
        dog.failure[0] = '\0';
        if (dog.fd < 0 && access(dog.device, W_OK) != 0)
            snprintf(dog.failure, sizeof dog.failure, "the watchdog device %s cannot be written: %s", dog.device,
                     strerror(errno));
    }
    return dog.failure;
}

/* Sets the device's time-out. A driver may set another one than it was asked for, or have one that cannot be changed. */
static bool set_timeout(int wanted)
{
    int given = wanted;
    if (ioctl(dog.fd, WDIOC_SETTIMEOUT, &given) != 0 && ioctl(dog.fd, WDIOC_GETTIMEOUT, &given) != 0) {
        snprintf(dog.failure, sizeof dog.failure, "the watchdog device %s does not tell its time-out: %s", dog.device,
                 strerror(errno));
        return false;
    }
    if (given > wanted || given < 1) {
        snprintf(dog.failure, sizeof dog.failure,
                 "the watchdog device %s has a time-out of %d s, and it must bite within %d s (ttl less safety_margin)",
                 dog.device, given, wanted);
        return false;
    }
    dog.seconds = given;
    dog.wanted = wanted;
    return true;
}

enum activation watchdog_activate(int seconds, int64_t now, int64_t lease_nanos)
{
    bool in_time = now + seconds * NANOS <= lease_nanos;
    if (dog.mode == WATCHDOG_OFF)
        return WATCHDOG_ACTIVE;
    if (dog.unfit)
        return WATCHDOG_FAILED;
    if (dog.fd < 0) {
        if (!in_time)
            return WATCHDOG_LATE;
        dog.fd = open(dog.device, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (dog.fd < 0) {
            snprintf(dog.failure, sizeof dog.failure, "the watchdog device %s cannot be opened: %s", dog.device,
                     strerror(errno));
            dog.unfit = true;
            return WATCHDOG_FAILED;
        }
        dog.left_running = false;
    }
    /* The kernel takes a new time-out for a feed too, so that it has to wait until it may be fed so far. */
    if (in_time && dog.wanted != seconds && !set_timeout(seconds)) {
        dog.unfit = true; /* What it can do does not change, and each attempt would start it. */
        watchdog_disarm();
        return WATCHDOG_FAILED;
    }
    watchdog_feed(now, lease_nanos);
    return WATCHDOG_ACTIVE;
}

void watchdog_feed(int64_t now, int64_t lease_nanos)
{
    if (dog.fd < 0 || now + dog.seconds * NANOS > lease_nanos)
        return;
    ssize_t unused = write(dog.fd, "1", 1); /* One that takes no more is tried again; it counts on meanwhile. */
    (void)unused;
}

int64_t watchdog_next(int64_t now, int64_t lease_nanos)
{
    if (dog.fd < 0)
        return 0;
    /* The last feed is as late as may be, so that what bites is the lease's end, after the guard had its time to kill. */
    int64_t last = lease_nanos - dog.seconds * NANOS - NANOS / 50;
    int64_t next = now + dog.seconds * NANOS / 4;
    return now >= last ? 0 : next < last ? next : last;
}
