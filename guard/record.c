#define _GNU_SOURCE
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { LINE = 2048, LINES = 2, FILE_BYTES = LINE * LINES, CHECKSUM_CHARS = 16 };

static char path[PATH_MAX];
static int fd = -1;

/* FNV-1a, 64 bits: it is to find a torn or foreign line, not an attacker, who could end PostgreSQL anyway. */
static uint64_t checksum(const char *text, size_t length)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        sum = (sum ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static bool in_memory(int directory)
{
    struct statfs found;
    return fstatfs(directory, &found) == 0
           && ((unsigned long)found.f_type == TMPFS_MAGIC || (unsigned long)found.f_type == RAMFS_MAGIC);
}

/* One line: fields separated by TAB, blanks up to its checksum, and a newline. */
static void format_line(const struct record *r, char line[LINE + 1])
{
    int length =
        snprintf(line, LINE,
                 "holdfast-guard\t%d\t%s\t%" PRIu64 "\t%" PRIu64 "\t%d\t%d\t%" PRId64 "\t%" PRId64 "\t%d\t%" PRIu64
                 "\t%d\t%ju\t%ju\t%ju\t%ju\t%d\t%d\t%s\t",
                 RECORD_FORMAT, r->boot_id, r->sequence, r->generation, r->mode, r->phase, r->deadline_nanos,
                 r->lease_nanos, r->postmaster, r->postmaster_start, r->adopted, (uintmax_t)r->data_dir.dev,
                 (uintmax_t)r->data_dir.ino, (uintmax_t)r->exe.dev, (uintmax_t)r->exe.ino, r->watchdog_mode,
                 r->watchdog_seconds, r->watchdog_device);
    if (r->addresses[0] != '\0') /* Else the line is as guards wrote it that knew of none. */
        length += snprintf(line + length, (size_t)(LINE - length), "%" PRId64 "\t%s\t", r->addresses_until_nanos, r->addresses);
    int sum_at = LINE - 1 - CHECKSUM_CHARS;
    memset(line + length, ' ', (size_t)(sum_at - length));
    snprintf(line + sum_at, CHECKSUM_CHARS + 2, "%016" PRIx64 "\n", checksum(line, (size_t)sum_at));
}

static bool parse_line(const char *line, struct record *r)
{
    char expected[LINE + 1];
    int format, adopted, length = 0;
    uintmax_t data_dev, data_ino, exe_dev, exe_ino;
    *r = (struct record){0};
    int fields = sscanf(line,
                        "holdfast-guard\t%d\t%39[0-9a-f-]\t%" SCNu64 "\t%" SCNu64 "\t%d\t%d\t%" SCNd64 "\t%" SCNd64
                        "\t%d\t%" SCNu64 "\t%d\t%ju\t%ju\t%ju\t%ju\t%d\t%d%n",
                        &format, r->boot_id, &r->sequence, &r->generation, &r->mode, &r->phase, &r->deadline_nanos,
                        &r->lease_nanos, &r->postmaster, &r->postmaster_start, &adopted, &data_dev, &data_ino, &exe_dev,
                        &exe_ino, &r->watchdog_mode, &r->watchdog_seconds, &length);
    if (fields != 17 || format != RECORD_FORMAT || line[length] != '\t')
        return false;
    /* The device's name may hold blanks, and may be empty. */
    size_t device = strcspn(line + length + 1, "\t");
    if (device >= sizeof r->watchdog_device)
        return false;
    memcpy(r->watchdog_device, line + length + 1, device);
    /* Where there are no addresses the blanks before the checksum follow, whose digits are none of theirs. */
    const char *addresses = line + length + 1 + device + 1;
    if (*addresses != ' '
        && sscanf(addresses, "%" SCNd64 "\t%191[^\t]", &r->addresses_until_nanos, r->addresses) != 2)
        return false;
    r->adopted = adopted != 0;
    r->data_dir = (struct file_id){(dev_t)data_dev, (ino_t)data_ino};
    r->exe = (struct file_id){(dev_t)exe_dev, (ino_t)exe_ino};
    /* Written again it is the same to the last byte, checksum included, or it was not ours. */
    format_line(r, expected);
    return memcmp(expected, line, LINE) == 0;
}

static enum found read_lines(const char *boot_id, struct record *held)
{
    static char text[FILE_BYTES + 1];
    ssize_t length = pread(fd, text, FILE_BYTES, 0);
    enum found found = length == 0 ? RECORD_NONE : RECORD_BROKEN;
    bool empty = length == FILE_BYTES;
    for (ssize_t i = 0; i < length; i++)
        empty = empty && text[i] == '\0';
    if (empty) /* Its maker was killed before it had written anything, so before it listened. */
        return RECORD_NONE;
    for (int i = 0; i < LINES && length == FILE_BYTES; i++) {
        struct record one;
        if (!parse_line(text + i * LINE, &one))
            continue;
        if (strcmp(one.boot_id, boot_id) != 0) {
            found = found == RECORD_WHOLE ? found : RECORD_OTHER_BOOT;
        } else if (found != RECORD_WHOLE || one.sequence > held->sequence) {
            *held = one;
            found = RECORD_WHOLE;
        }
    }
    return found;
}

/* Makes the file with all its bytes, or opens the one that is there if nobody else can have made or changed it. */
static const char *open_file(void)
{
    struct stat stat;
    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0 || fstat(fd, &stat) != 0)
        return strerror(errno);
    if (!S_ISREG(stat.st_mode) || stat.st_uid != geteuid() || (stat.st_mode & 077) != 0)
        return "it is there, and is not a file of the guard's own user with mode 0600; find out who made it, and remove it";
    int failure = posix_fallocate(fd, 0, FILE_BYTES);
    errno = failure;
    if (failure != 0)
        return strerror(failure);
    /* Where memory may be locked, this keeps the page from being out in swap space when it is needed. */
    (void)mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    return NULL;
}

const char *record_open(int dir_fd, const char *dir, const char *boot_id, struct record *held, enum found *found)
{
    static char problem[PATH_MAX + 256];
    struct stat own;
    if (fstat(dir_fd, &own) != 0)
        return strerror(errno);
    if (in_memory(dir_fd)) {
        snprintf(path, sizeof path, "%.*s/guard.state", PATH_MAX - 16, dir);
    } else {
        int shared = open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool fit = shared >= 0 && in_memory(shared);
        if (shared >= 0)
            close(shared);
        if (!fit) {
            snprintf(problem, sizeof problem,
                     "neither %.*s nor /dev/shm is on a tmpfs, and a guard that waits for a disk cannot fence; set "
                     "guard.dir to a directory on a tmpfs",
                     PATH_MAX - 1, dir);
            return problem;
        }
        snprintf(path, sizeof path, "/dev/shm/holdfast-guard.%u.%jx-%jx", (unsigned)geteuid(), (uintmax_t)own.st_dev,
                 (uintmax_t)own.st_ino);
    }
    const char *failure = open_file();
    if (failure != NULL) {
        snprintf(problem, sizeof problem, "the state file %.*s cannot be used: %s", PATH_MAX - 1, path, failure);
        return problem;
    }
    *found = read_lines(boot_id, held);
    return NULL;
}

bool record_write(struct record *held)
{
    char line[LINE + 1];
    struct stat there;
    /* A file that somebody removed records nothing for whoever comes after us. */
    if (fd >= 0 && (fstat(fd, &there) != 0 || there.st_nlink == 0)) {
        close(fd);
        fd = -1;
    }
    if (fd < 0 && open_file() != NULL) {
        if (fd >= 0)
            close(fd);
        fd = -1;
        return false;
    }
    held->sequence++;
    format_line(held, line);
    return pwrite(fd, line, LINE, (off_t)(held->sequence % LINES) * LINE) == LINE;
}

const char *record_path(void)
{
    return path;
}

void record_remove(void)
{
    unlink(path);
}
