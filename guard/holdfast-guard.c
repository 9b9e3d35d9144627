/*
 * holdfast-guard holds PostgreSQL for the agent, and ends it when the lease's deadline passes.
 *
 * The agent thinks, the guard holds. The guard is the postmaster's parent and a child subreaper, so every
 * process that PostgreSQL leaves behind becomes the guard's child, whichever session or process group it made for
 * itself. It outlives the agent: a client that goes away changes nothing, and the deadline goes on.
 *
 * One poll loop, one client, static buffers, no thread, no allocation after start-up. Nothing in the loop waits
 * for a disk or for the client: a guard that waits cannot fence. Every deadline is on CLOCK_BOOTTIME, which no one
 * can set and which goes on while the host is suspended.
 *
 * The protocol is lines of fields separated by TAB; it is described beside the verbs at the end of this file.
 */
#define _GNU_SOURCE
#include "address.h"
#include "record.h"
#include "watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PROTOCOL = 2,
    LINE_BYTES = 64 * 1024,   /* the longest request, its newline included */
    OUT_BYTES = 64 * 1024,    /* what may wait for a slow client before it is dropped */
    FIELDS = 1024,            /* fields of one request */
    ID_BYTES = 64,            /* a request's id, its end included */
    CLAIM_BYTES = 128,        /* the first line of a connection */
    WEAKNESSES = 4,           /* what a host may not allow the guard */
    CANDIDATES = 32 * 1024,   /* processes looked at in one pass; a later pass sees the rest */
    TICK_MILLIS = 2,          /* between two passes while processes are ending */
    SLOW_TICK_MILLIS = 50,    /* the same once it has taken long: a process in a disk's hands may take minutes */
    QUICK_PASSES = 100,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_HELD = 3
};
#define NANOS_PER_SECOND INT64_C(1000000000)
/* A deadline further away than a day is a wrong unit or a wrong clock, and would never fence. */
#define FURTHEST_NANOS (INT64_C(86400) * NANOS_PER_SECOND)

enum mode { STANDBY, ARMED, PAUSED };
static const char *const mode_names[] = {"standby", "armed", "paused"};

/* STARTING: forked, but exec has not answered yet. ENDING: the postmaster exited or was killed, not all are gone. */
enum phase { NONE, STARTING, RUNNING, ENDING };
static const char *const phase_names[] = {"none", "running", "running", "ending"};

/* A process that a pass found: as a child of `parent`, or, when that is 0, by its working directory. */
struct candidate {
    pid_t pid;
    pid_t parent;
};

static struct {
    enum mode mode;
    int64_t deadline_nanos; /* CLOCK_BOOTTIME; 0 unless armed */
    int64_t lease_nanos;    /* when the lease ends, which is when the watchdog may bite; 0 unless armed */
    enum phase phase;
    struct record record;   /* as it was written down last */
    int64_t addresses_until_nanos; /* CLOCK_BOOTTIME; 0 while no address is held */
    bool unclaimed;         /* nothing is known of the agents before, so that none can be told from another */
    bool lost;              /* a guard before this one may have been armed, and what it wrote down is gone */

    pid_t postmaster;
    int postmaster_fd;     /* a pidfd: a number alone may belong to someone else tomorrow */
    uint64_t postmaster_start;
    bool postmaster_lives; /* its end has not been seen yet */
    bool adopted;          /* it is not our child */
    struct file_id data_dir;
    struct file_id exe;
    int exec_fd;             /* the new child reports a failed exec here, and closes it by a successful one */
    char start_id[ID_BYTES]; /* the start request that still waits for its answer, or empty */
    unsigned passes;
    bool complained;

    char dir[PATH_MAX], cgroup[PATH_MAX];
    int dir_fd, lock_fd, listen_fd, signal_fd, deadline_fd, tick_fd, feed_fd, addresses_fd;
    int cgroup_kill_fd, cgroup_procs_fd;
    bool oom_protected;
    bool without_children_files; /* a kernel built so shows children only by their parent's number */
    pid_t self;
    char boot_id[BOOT_ID_BYTES];
    char weaknesses[WEAKNESSES][256];

    int newcomer_fd; /* connected, and has not claimed the guard yet */
    int client_fd;
    size_t in_length, out_length;
    char in[LINE_BYTES];
    char out[OUT_BYTES];
} guard;

static struct candidate candidates[CANDIDATES];
static int candidate_count;

/* ---- small things -------------------------------------------------------------------------------------------- */

static int64_t now_nanos(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * NANOS_PER_SECOND + now.tv_nsec;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int send_signal(int pidfd, int number)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

/* Reads a small file of /proc whole and ends it with a NUL. Returns its length, or -1. */
static ssize_t read_small(const char *path, char *buffer, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, buffer, size - 1);
    close(fd);
    if (length >= 0)
        buffer[length] = '\0';
    return length;
}

static bool write_small(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return written;
}

static bool parse_int64(const char *text, int64_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool identify(const char *path, struct file_id *id)
{
    struct stat found;
    if (stat(path, &found) != 0)
        return false;
    *id = (struct file_id){found.st_dev, found.st_ino};
    return true;
}

static bool same_file(struct file_id one, struct file_id other)
{
    return one.ino != 0 && one.ino == other.ino && one.dev == other.dev;
}

/* Identifies what /proc/PID/NAME points at: the file itself, even when it was renamed or removed meanwhile. */
static bool identify_of_process(pid_t pid, const char *name, struct file_id *id)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return identify(path, id);
}

static void set_timer(int fd, int flags, int64_t nanos)
{
    struct itimerspec at = {.it_value = {.tv_sec = nanos / NANOS_PER_SECOND, .tv_nsec = nanos % NANOS_PER_SECOND}};
    timerfd_settime(fd, flags, &at, NULL);
}

/* ---- the client ---------------------------------------------------------------------------------------------- */

static void drop_client(void)
{
    close_fd(&guard.client_fd);
    guard.in_length = guard.out_length = 0;
    guard.start_id[0] = '\0';
}

static void flush_client(void)
{
    while (guard.client_fd >= 0 && guard.out_length > 0) {
        ssize_t sent = send(guard.client_fd, guard.out, guard.out_length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            if (errno != EAGAIN)
                drop_client();
            return;
        }
        guard.out_length -= (size_t)sent;
        memmove(guard.out, guard.out + sent, guard.out_length);
    }
}

/* Sends one line, or keeps it for later. A client too slow for the bounded queue is dropped: it may connect again
   and is told the state then, while a guard that waited for it could not fence. */
__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    if (guard.client_fd < 0)
        return;
    size_t room = OUT_BYTES - guard.out_length;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(guard.out + guard.out_length, room, format, values);
    va_end(values);
    if (length < 0 || (size_t)length + 1 >= room) {
        drop_client();
        return;
    }
    guard.out_length += (size_t)length;
    guard.out[guard.out_length++] = '\n';
    flush_client();
}

static void tell_state(void)
{
    tell("event\tstate\t%s\t%" PRId64 "\t%d\t%s", mode_names[guard.mode], guard.deadline_nanos,
         guard.phase == NONE ? 0 : guard.postmaster, phase_names[guard.phase]);
}

static void tell_watchdog(void)
{
    static const char *const names[] = {"off", "automatic", "required"};
    tell("event\twatchdog\t%s\t%d\t%s", names[watchdog_mode()], watchdog_seconds(), watchdog_failure());
}

/* ---- what is written down ------------------------------------------------------------------------------------ */

/* Writes down what the guard holds. Where that fails, what was written before stands. */
static bool remember(void)
{
    struct record *r = &guard.record;
    r->mode = guard.mode;
    r->phase = guard.phase;
    r->deadline_nanos = guard.deadline_nanos;
    r->lease_nanos = guard.lease_nanos;
    r->postmaster = guard.phase == NONE ? 0 : guard.postmaster;
    r->postmaster_start = guard.phase == NONE ? 0 : guard.postmaster_start;
    r->adopted = guard.adopted;
    r->data_dir = guard.data_dir;
    r->exe = guard.exe;
    r->watchdog_mode = watchdog_mode();
    r->watchdog_seconds = watchdog_seconds();
    snprintf(r->watchdog_device, sizeof r->watchdog_device, "%s", watchdog_device());
    r->addresses_until_nanos = guard.addresses_until_nanos;
    snprintf(r->addresses, sizeof r->addresses, "%s", addresses_list());
    return record_write(r);
}

static void tell_address(const char *address, const char *state, const char *why)
{
    tell("event\taddress\t%s\t%s\t%s", address, state, why);
}

/* Where no PostgreSQL serves there is no reason to be found. True if any address was held. */
static bool drop_addresses(void)
{
    if (guard.addresses_until_nanos == 0)
        return false;
    guard.addresses_until_nanos = 0;
    set_timer(guard.addresses_fd, TFD_TIMER_ABSTIME, 0);
    addresses_drop();
    return true;
}

/* Also called before each request, as fence_if_due is. */
static void drop_addresses_if_due(void)
{
    if (guard.addresses_until_nanos != 0 && now_nanos() >= guard.addresses_until_nanos && drop_addresses())
        remember();
}

/* The watchdog is stopped only when nothing runs that the lease's end must end. */
static void settle_watchdog(void)
{
    if (guard.mode != ARMED && guard.phase != ENDING)
        watchdog_disarm();
}

static void plan_feeding(void)
{
    set_timer(guard.feed_fd, TFD_TIMER_ABSTIME,
              guard.mode == ARMED ? watchdog_next(now_nanos(), guard.lease_nanos) : 0);
}

static void feed_watchdog(void)
{
    if (guard.mode == ARMED)
        watchdog_feed(now_nanos(), guard.lease_nanos);
    plan_feeding();
}

/* ---- finding and ending processes ---------------------------------------------------------------------------- */

/* Reads a process's state letter, its parent and the clock tick of its start. False once it has been reaped. */
static bool read_process(pid_t pid, char *state, pid_t *parent, uint64_t *start)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (read_small(path, text, sizeof text) <= 0)
        return false;
    /* The command's name stands in parentheses and may hold anything, parentheses too. */
    const char *after_name = strrchr(text, ')');
    return after_name != NULL
           && sscanf(after_name + 1,
                     " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64, state,
                     parent, start)
                  == 3;
}

/* Whether a process runs the postmaster's program in the postmaster's data directory. It finds the processes of a
   postmaster that is not our child: when it dies its orphans go to init. The directory alone would not do: an
   operator's shell, or the agent, may stand there too, and a program that was exec'ed shares no memory with
   PostgreSQL any more. What such processes run (archive_command) is found as their descendants. */
static bool belongs_by_directory(pid_t pid)
{
    struct file_id cwd, exe;
    return pid != guard.self && pid > 1 && identify_of_process(pid, "cwd", &cwd)
           && same_file(cwd, guard.data_dir) && identify_of_process(pid, "exe", &exe)
           && same_file(exe, guard.exe);
}

static void add_candidate(pid_t pid, pid_t parent)
{
    if (pid > 1 && pid != guard.self && candidate_count < CANDIDATES)
        candidates[candidate_count++] = (struct candidate){pid, parent};
}

/* Calls visit(number, context) for each entry of a directory in /proc whose name is a number. */
static void each_number(const char *path, void (*visit)(pid_t number, pid_t context), pid_t context)
{
    /* opendir would allocate. Never entered twice at a time, so that the buffer can be static. */
    static _Alignas(8) char entries[16 * 1024];
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    long length;
    while ((length = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
        for (long at = 0; at < length;) {
            unsigned short size;
            memcpy(&size, entries + at + 16, sizeof size); /* struct linux_dirent64: d_reclen, d_name at 19 */
            int64_t number;
            if (parse_int64(entries + at + 19, &number) && number <= INT_MAX)
                visit((pid_t)number, context);
            at += size;
        }
    }
    close(fd);
}

static void add_children_of_thread(pid_t thread, pid_t process)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", process, thread);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    pid_t child = 0; /* A number may be cut in two by the end of the buffer. */
    ssize_t length;
    while ((length = read(fd, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                child = child * 10 + (text[i] - '0');
            } else if (child != 0) {
                add_candidate(child, process);
                child = 0;
            }
        }
    }
    close(fd);
}

static void add_children_of(pid_t process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", process);
    each_number(path, add_children_of_thread, process);
}

static void add_by_directory(pid_t pid, pid_t unused)
{
    (void)unused;
    char state;
    pid_t parent;
    uint64_t start;
    if (belongs_by_directory(pid))
        add_candidate(pid, 0);
    else if (guard.without_children_files && read_process(pid, &state, &parent, &start)
             && (parent == guard.self || parent == guard.postmaster))
        add_candidate(pid, parent);
}

/* Ends one candidate. The pidfd is opened first and what it stands for is looked at afterwards: if the number has
   changed hands in between, the pidfd's process is dead and the signal reaches nobody. True if it still lived. */
static bool end_candidate(struct candidate found)
{
    int pidfd = open_pidfd(found.pid);
    if (pidfd < 0)
        return errno != ESRCH; /* Out of descriptors or memory: it may live, the next pass tries again. */
    char state;
    pid_t parent;
    uint64_t start;
    bool ours = read_process(found.pid, &state, &parent, &start) && state != 'Z' && state != 'X'
                && ((found.parent != 0 && (parent == found.parent || parent == guard.self))
                    || belongs_by_directory(found.pid));
    int failure = ours && send_signal(pidfd, SIGKILL) != 0 ? errno : 0;
    close(pidfd);
    if (failure == EPERM && !guard.complained) {
        guard.complained = true;
        tell("event\tnotice\tprocess %d is a descendant of PostgreSQL, and the guard (uid %d) may not end it; end it "
             "by hand, \"gone\" waits for it",
             found.pid, (int)geteuid());
    }
    return ours && failure != ESRCH;
}

/* Ends the candidates and all their descendants. Returns how many still lived. */
static int end_candidates(void)
{
    for (int i = 0; i < candidate_count; i++)
        add_children_of(candidates[i].pid);
    /* Leaves first: once a parent is dead, nothing shows any more whose child an orphan was. */
    int living = 0;
    for (int i = candidate_count - 1; i >= 0; i--)
        living += end_candidate(candidates[i]);
    return living;
}

/* True when there is no child left. As all orphans come to the subreaper, there is no descendant left then. */
static bool childless(void)
{
    siginfo_t unused;
    return waitid(P_ALL, 0, &unused, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
}

static void finish_ending(void)
{
    pid_t pid = guard.postmaster;
    close_fd(&guard.postmaster_fd);
    set_timer(guard.tick_fd, 0, 0);
    guard.phase = NONE;
    guard.postmaster = 0;
    settle_watchdog();
    remember();
    tell("event\tgone\t%d", pid);
    tell_state();
}

/*
 * One pass of ending everything. The postmaster is first: a process with SIGKILL pending cannot complete a fork, so it
 * makes no backend behind our back. (SIGSTOP first would bar it no better, and would leave a stopped PostgreSQL
 * behind if we were interrupted.) Backends that the pass missed while they changed parents are children of ours in the
 * next one. A pass reaps nothing, so that the number of a child of ours stays its own.
 */
static void ending_pass(void)
{
    candidate_count = 0;
    if (guard.adopted && guard.postmaster_lives) /* Once it is dead, nothing shows any more whose its children were. */
        add_children_of(guard.postmaster);
    if (guard.postmaster_lives)
        send_signal(guard.postmaster_fd, SIGKILL);
    if (guard.cgroup_kill_fd >= 0 && pwrite(guard.cgroup_kill_fd, "1", 1, 0) != 1)
        close_fd(&guard.cgroup_kill_fd); /* The control group has gone; the walk below does it alone. */

    add_children_of(guard.self);
    if (guard.adopted && guard.postmaster_lives)
        add_children_of(guard.postmaster);
    int living = end_candidates();
    if (living == 0 || guard.adopted) {
        candidate_count = 0;
        each_number("/proc", add_by_directory, 0);
        living += end_candidates();
    }
    guard.passes++;
    if (living == 0 && !guard.postmaster_lives && childless())
        finish_ending();
    else
        set_timer(guard.tick_fd, 0, (guard.passes < QUICK_PASSES ? TICK_MILLIS : SLOW_TICK_MILLIS) * INT64_C(1000000));
}

static void begin_ending(void)
{
    if (guard.start_id[0] != '\0') {
        tell("%s\terror\tprocess %d was ended before it became a postmaster", guard.start_id, guard.postmaster);
        guard.start_id[0] = '\0';
    }
    close_fd(&guard.exec_fd);
    guard.phase = ENDING;
    guard.passes = 0;
    guard.complained = false;
    /* A change of an address can wait for another program's, so the kill is first. It ends processes sooner than the
       addresses are gone, and the connections with either. */
    ending_pass();
    bool dropped = drop_addresses();
    if (guard.phase == ENDING || dropped)
        remember();
}

/* Ends PostgreSQL because its lease can no longer be proved. It kills first and talks afterwards. */
static void fence(const char *why)
{
    pid_t pid = guard.phase == NONE ? 0 : guard.postmaster;
    guard.mode = STANDBY;
    guard.deadline_nanos = guard.lease_nanos = 0;
    set_timer(guard.deadline_fd, TFD_TIMER_ABSTIME, 0);
    if (guard.phase == STARTING || guard.phase == RUNNING)
        begin_ending();
    else
        remember();
    settle_watchdog();
    plan_feeding();
    tell("event\tfenced\t%d\t%s", pid, why);
    tell_state();
}

/* Also called before each request: a word that comes after the deadline must not outrun the timer. */
static void fence_if_due(void)
{
    if (guard.mode == ARMED && now_nanos() >= guard.deadline_nanos)
        fence("deadline");
}

/* ---- the postmaster's life ----------------------------------------------------------------------------------- */

static void postmaster_exited(const char *how, int number)
{
    guard.postmaster_lives = false;
    tell("event\texited\t%d\t%s\t%d", guard.postmaster, how, number);
    if (guard.phase != ENDING)
        begin_ending();
}

/* What the child says when it could not become the postmaster. */
struct exec_failure {
    int number;
    enum { NO_NULL, NO_LOG, NO_DIRECTORY, NO_EXEC } step;
};

/* Reads the answer of a new child: nothing and the end of the file is a successful exec. */
static void exec_answered(void)
{
    struct exec_failure failure;
    ssize_t length = read(guard.exec_fd, &failure, sizeof failure);
    if (length < 0)
        return;
    close_fd(&guard.exec_fd);
    if (guard.phase != STARTING)
        return;
    if (length == (ssize_t)sizeof failure) {
        static const char *const what[] = {"open /dev/null", "open the log file", "enter the data directory",
                                           "execute the program"};
        if (guard.start_id[0] != '\0')
            tell("%s\terror\tcannot %s to start PostgreSQL: %s", guard.start_id, what[failure.step],
                 strerror(failure.number));
        guard.start_id[0] = '\0';
        /* The child was never a postmaster: it ends by itself, and no one is told that a postmaster exited. */
        guard.postmaster = 0;
        guard.postmaster_lives = false;
        guard.phase = NONE;
        close_fd(&guard.postmaster_fd);
        remember();
    } else {
        guard.phase = RUNNING;
        identify_of_process(guard.postmaster, "exe", &guard.exe);
        /* If this fails, what stands there is that it starts: a guard that comes after would end it. */
        remember();
        tell_state(); /* The state comes before every ok: whoever has the answer knows the state that it made. */
        if (guard.start_id[0] != '\0')
            tell("%s\tok\t%d", guard.start_id, guard.postmaster);
        guard.start_id[0] = '\0';
        return;
    }
    tell_state();
}

static void reap(void)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != guard.postmaster || !guard.postmaster_lives)
            continue;
        if (guard.exec_fd >= 0) /* What became of exec is told before its exit is. */
            exec_answered();
        if (!guard.postmaster_lives)
            continue;
        if (WIFSIGNALED(status))
            postmaster_exited("signal", WTERMSIG(status));
        else
            postmaster_exited("exit", WEXITSTATUS(status));
    }
    if (guard.phase == ENDING && !guard.postmaster_lives && childless())
        ending_pass();
}

/* The child's half of `start`. Everything that the guard made special about itself is undone first. */
static _Noreturn void become_postmaster(int report_fd, int go_fd, char **args)
{
    struct exec_failure failure = {0};
    char go;
    if (read(go_fd, &go, 1) != 1)
        _exit(127); /* The guard was killed before it had written down that there is this process. */
    setsid();
    umask(077);
    /* The bare call, because libc's would leave out the two signals that it keeps for itself. All zeroes: SIG_DFL. */
    static const char as_from_the_start[64];
    for (int number = 1; number < NSIG; number++)
        syscall(SYS_rt_sigaction, number, as_from_the_start, NULL, (NSIG - 1) / 8);
    /* Real-time priority and memory locks are not inherited (SCHED_RESET_ON_FORK, mlockall). */
    if (guard.oom_protected)
        write_small("/proc/self/oom_score_adj", "0");
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* Addresses are the guard's business. */
    /* Outside its control group it is still found as a descendant, so that a failure here is no reason not to start. */
    if (guard.cgroup_procs_fd >= 0 && write(guard.cgroup_procs_fd, "0", 1) != 1)
        close_fd(&guard.cgroup_procs_fd);
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log_fd = -1;
    if (null_fd < 0) {
        failure = (struct exec_failure){errno, NO_NULL};
    } else if ((log_fd = open(args[1], O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0600)) < 0) {
        failure = (struct exec_failure){errno, NO_LOG};
    } else if (chdir(args[0]) != 0) {
        failure = (struct exec_failure){errno, NO_DIRECTORY};
    } else {
        sigset_t none;
        sigemptyset(&none);
        dup2(null_fd, STDIN_FILENO);
        dup2(log_fd, STDOUT_FILENO);
        dup2(log_fd, STDERR_FILENO);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execv(args[2], args + 2);
        failure = (struct exec_failure){errno, NO_EXEC};
    }
    ssize_t unused = write(report_fd, &failure, sizeof failure);
    (void)unused;
    _exit(127);
}

static void start(const char *id, char **args)
{
    for (int i = 0; i < 3; i++) {
        if (args[i][0] != '/') {
            tell("%s\terror\t\"%s\" is not an absolute path, which start needs", id, args[i]);
            return;
        }
    }
    if (!identify(args[0], &guard.data_dir)) {
        tell("%s\terror\tcannot look at the data directory %s: %s", id, args[0], strerror(errno));
        return;
    }
    int ends[2], go[2];
    bool piped = pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0;
    if (!piped || pipe2(go, O_CLOEXEC) != 0) {
        if (piped) {
            close(ends[0]);
            close(ends[1]);
        }
        tell("%s\terror\tcannot make a pipe to start PostgreSQL: %s", id, strerror(errno));
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(go[1]);
        become_postmaster(ends[1], go[0], args);
    }
    int failure = errno;
    close(ends[1]);
    close(go[0]);
    int pidfd = pid < 0 ? -1 : open_pidfd(pid);
    if (pidfd < 0) {
        failure = pid < 0 ? failure : errno;
        if (pid > 0) {
            kill(pid, SIGKILL); /* Not reaped yet, so the number is still its own. */
            waitpid(pid, NULL, 0);
        }
        close(ends[0]);
        close(go[1]);
        tell("%s\terror\tcannot make a process for PostgreSQL: %s", id, strerror(failure));
        return;
    }
    guard.postmaster = pid;
    guard.postmaster_fd = pidfd;
    guard.postmaster_lives = true;
    guard.adopted = false;
    guard.exe = (struct file_id){0};
    guard.exec_fd = ends[0];
    guard.phase = STARTING;
    guard.lost = false;
    char state;
    pid_t parent;
    bool recorded = read_process(pid, &state, &parent, &guard.postmaster_start) && remember();
    if (recorded) {
        snprintf(guard.start_id, sizeof guard.start_id, "%s", id);
        ssize_t unused = write(go[1], "", 1); /* If it has ended meanwhile, that is told as its exit. */
        (void)unused;
    } else {
        tell("%s\terror\tthe start cannot be written down in %s; make room there", id, record_path());
        begin_ending();
    }
    close(go[1]);
}

/* Says why a process is not the postmaster of a data directory, or NULL if it may well be. */
static const char *adoption_refused(const char *data_dir, pid_t pid, int pidfd, struct file_id *dir, struct file_id *exe)
{
    char path[PATH_MAX + 32], text[64];
    struct file_id cwd;
    if (!identify(data_dir, dir))
        return "the data directory cannot be looked at";
    if (!identify_of_process(pid, "cwd", &cwd) || !identify_of_process(pid, "exe", exe))
        return "the process cannot be looked at: it has gone, or belongs to another user than the guard";
    if (!same_file(cwd, *dir))
        return "the process's working directory is not the data directory";
    snprintf(path, sizeof path, "%s/postmaster.pid", data_dir);
    if (read_small(path, text, sizeof text) > 0 && atoi(text) != pid)
        return "postmaster.pid names another process";
    if (send_signal(pidfd, 0) != 0)
        return "the process has gone, or the guard may not signal it";
    return NULL;
}

static void adopt(const char *id, char **args)
{
    int64_t pid;
    if (!parse_int64(args[1], &pid) || pid <= 1 || pid > INT_MAX) {
        tell("%s\terror\t\"%s\" is no process id to adopt", id, args[1]);
        return;
    }
    int pidfd = open_pidfd((pid_t)pid);
    if (pidfd < 0) {
        tell("%s\terror\tcannot adopt process %d: %s", id, (int)pid, strerror(errno));
        return;
    }
    const char *refused = adoption_refused(args[0], (pid_t)pid, pidfd, &guard.data_dir, &guard.exe);
    if (refused != NULL) {
        close(pidfd);
        tell("%s\terror\tprocess %d is not adopted as the postmaster of %s: %s", id, (int)pid, args[0], refused);
        return;
    }
    guard.postmaster = (pid_t)pid;
    guard.postmaster_fd = pidfd;
    guard.postmaster_lives = true;
    guard.adopted = true;
    guard.phase = RUNNING;
    char state;
    pid_t parent;
    if (!read_process(guard.postmaster, &state, &parent, &guard.postmaster_start) || !remember()) {
        guard.phase = NONE;
        guard.postmaster = 0;
        close_fd(&guard.postmaster_fd);
        tell("%s\terror\tprocess %d is not adopted: that cannot be written down in %s; make room there", id, (int)pid,
             record_path());
        return;
    }
    if (guard.lost) {
        guard.lost = false;
        fence("state lost");
        tell("%s\terror\tprocess %d is being ended: a guard before this one may have been armed, and what it wrote down "
             "in %s is gone or broken",
             id, (int)pid, record_path());
        return;
    }
    tell_state();
    tell("%s\tok", id);
}

/* ---- requests ------------------------------------------------------------------------------------------------ */

/*
 * A request is `<id> <verb> <argument>...`, its answer `<id> ok [...]` or `<id> error <sentence>`; what the guard says by
 * itself is `event <name> ...`:
 *   hello <protocol> <guard's pid> <boot id> <generation>   first line on each connection
 *   state <standby|armed|paused> <deadline or 0> <postmaster's pid or 0> <running|ending|none>
 *   exited <pid> <exit|signal|unknown> <number>         the postmaster's end, at once
 *   gone <pid>                                          after it: no process of it is left
 *   fenced <pid or 0> <why>                             the guard ended it by itself
 *   watchdog <off|automatic|required> <seconds or 0> <why there is none, or nothing>
 *   address <address/bits> <probing|held|refused|free> <why, or nothing>
 *   notice <sentence>, replaced
 *
 * The first request of a connection is `<id> claim <generation>`: 0 by an agent that starts, which replaces whoever was
 * there, else the generation of its own last claim; if somebody claimed the guard since, that agent was replaced, and is
 * refused. `ok <generation>` makes it the one that the guard listens to. The forms of hello, claim and upgrade stay as
 * they are in later protocols, so that an agent can upgrade a guard that speaks another one.
 */

/* Starting and adopting need a guard that holds nothing. */
static bool refuse_held(const char *id)
{
    if (guard.phase == NONE)
        return false;
    tell("%s\terror\tthe guard still holds process %d (%s); wait until it is gone", id, guard.postmaster,
         phase_names[guard.phase]);
    return true;
}

static void on_start(const char *id, char **args)
{
    if (!refuse_held(id))
        start(id, args);
}

/* A start that was decided under a lease may come when that has run out: an agent can hang in between, and a deadline that
   passed while nothing was held leaves no trace but the mode. */
static void on_start_primary(const char *id, char **args)
{
    if (guard.mode == STANDBY)
        tell("%s\terror\tthe guard is not armed, so nothing would end the primary; arm it and start again", id);
    else
        on_start(id, args);
}

static void on_adopt(const char *id, char **args)
{
    if (!refuse_held(id))
        adopt(id, args);
}

static void on_signal(const char *id, char **args)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"HUP", SIGHUP}, {"TERM", SIGTERM}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"USR1", SIGUSR1}};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (strcmp(args[0], signals[i].name) != 0)
            continue;
        if (signals[i].number != SIGHUP && signals[i].number != SIGUSR1 && drop_addresses())
            remember(); /* Clients leave before the server does. */
        if (guard.phase != RUNNING)
            tell("%s\terror\tno postmaster runs that could get %s (state: %s)", id, args[0], phase_names[guard.phase]);
        else if (send_signal(guard.postmaster_fd, signals[i].number) != 0)
            tell("%s\terror\tcannot send %s to process %d: %s", id, args[0], guard.postmaster, strerror(errno));
        else
            tell("%s\tok", id);
        return;
    }
    tell("%s\terror\t\"%s\" is no signal for a postmaster; HUP, TERM, INT, QUIT and USR1 are", id, args[0]);
}

/*
 * Changes the mode, and answers. It is written down before it is so. Where it cannot be, nothing changes: a deadline
 * that was not renewed fences, while one that is not written down would be lost with this process.
 */
static void set_mode(const char *id, enum mode mode, int64_t deadline_nanos, int64_t lease_nanos)
{
    enum mode mode_before = guard.mode;
    int64_t deadline_before = guard.deadline_nanos, lease_before = guard.lease_nanos;
    guard.mode = mode;
    guard.deadline_nanos = deadline_nanos;
    guard.lease_nanos = lease_nanos;
    if (!remember()) {
        int failure = errno;
        guard.mode = mode_before;
        guard.deadline_nanos = deadline_before;
        guard.lease_nanos = lease_before;
        settle_watchdog();
        tell("%s\terror\tit cannot be written down in %s (%s), so nothing was changed; make room there", id,
             record_path(), strerror(failure));
        return;
    }
    set_timer(guard.deadline_fd, TFD_TIMER_ABSTIME, deadline_nanos);
    settle_watchdog();
    plan_feeding();
    tell_state();
    tell("%s\tok", id);
}

/* Opens or feeds the watchdog for a new deadline, and tells what that changed. NULL, or why the guard is not armed. */
static const char *activate_watchdog(int64_t now, int64_t seconds, int64_t lease)
{
    int seconds_before = watchdog_seconds();
    bool failed_before = watchdog_failure()[0] != '\0';
    enum activation activation = watchdog_activate((int)seconds, now, lease);
    if (watchdog_seconds() != seconds_before || (activation == WATCHDOG_FAILED) != failed_before)
        tell_watchdog();
    if (activation == WATCHDOG_ACTIVE || watchdog_mode() != WATCHDOG_REQUIRED)
        return NULL;
    return activation == WATCHDOG_LATE ? "the lease ends before the watchdog's time-out" : watchdog_failure();
}

static void on_arm(const char *id, char **args)
{
    int64_t deadline, lease, seconds = 0, now = now_nanos();
    if (!parse_int64(args[0], &deadline) || deadline > now + FURTHEST_NANOS) {
        tell("%s\terror\t\"%s\" is no deadline in nanoseconds of CLOCK_BOOTTIME within a day of now, %" PRId64, id,
             args[0], now);
        return;
    }
    if (deadline <= now) {
        fence("armed in the past");
        tell("%s\terror\tthe deadline %" PRId64 " passed %" PRId64 " ns ago; PostgreSQL is being ended", id, deadline,
             now - deadline);
        return;
    }
    lease = deadline;
    if (args[1] != NULL
        && (!parse_int64(args[1], &lease) || lease < deadline || lease > deadline + FURTHEST_NANOS || args[2] == NULL
            || !parse_int64(args[2], &seconds) || seconds < 1 || seconds > FURTHEST_NANOS / NANOS_PER_SECOND)) {
        tell("%s\terror\tafter the deadline come the lease's end, which is not earlier, and the watchdog's seconds", id);
        return;
    }
    const char *failure = activate_watchdog(now, seconds, lease);
    if (failure != NULL) {
        tell("%s\terror\twatchdog.mode is required, and it does not run: %s", id, failure);
        return;
    }
    set_mode(id, ARMED, deadline, lease);
}

static void on_standby(const char *id, char **args)
{
    (void)args;
    set_mode(id, STANDBY, 0, 0);
}

static void on_pause(const char *id, char **args)
{
    (void)args;
    set_mode(id, PAUSED, 0, 0);
}

static void on_watchdog(const char *id, char **args)
{
    static const struct {
        const char *name;
        enum watchdog_mode mode;
    } modes[] = {{"off", WATCHDOG_OFF}, {"automatic", WATCHDOG_AUTOMATIC}, {"required", WATCHDOG_REQUIRED}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(args[0], modes[i].name) != 0)
            continue;
        if (watchdog_configure(modes[i].mode, args[1])) {
            plan_feeding();
            remember();
            tell_watchdog();
            tell("%s\tok", id);
        } else {
            tell("%s\terror\tthe watchdog's device has a name longer than %d bytes", id, DEVICE_BYTES - 1);
        }
        return;
    }
    tell("%s\terror\t\"%s\" is no way to use a watchdog; off, automatic and required are", id, args[0]);
}

static void on_kill(const char *id, char **args)
{
    (void)args;
    enum phase before = guard.phase;
    if (before == STARTING || before == RUNNING)
        begin_ending();
    tell("%s\tok", id);
    if (before == NONE)
        tell("event\tgone\t0"); /* Whoever asked waits for this event. */
    else
        tell_state();
}

/* Held until an instant, and not longer than a server runs here. Each call names all of them, and a later instant. */
static void on_addresses(const char *id, char **args)
{
    int64_t until, now = now_nanos();
    if (!parse_int64(args[0], &until) || until > now + FURTHEST_NANOS) {
        tell("%s\terror\t\"%s\" is no instant in nanoseconds of CLOCK_BOOTTIME within a day of now, %" PRId64, id, args[0],
             now);
        return;
    }
    if (args[1][0] == '\0') {
        if (drop_addresses())
            remember();
        tell("%s\tok", id);
        return;
    }
    if (guard.phase != RUNNING || until <= now) {
        if (drop_addresses())
            remember();
        tell("%s\terror\t%s is not held: %s", id, args[1],
             until <= now ? "that instant has passed" : "no PostgreSQL runs here");
        return;
    }
    /* Written down first: what is on the interface is known to whoever comes after this process. */
    int64_t until_before = guard.addresses_until_nanos;
    guard.addresses_until_nanos = until;
    snprintf(guard.record.addresses, sizeof guard.record.addresses, "%s", args[1]);
    guard.record.addresses_until_nanos = until;
    const char *failure = record_write(&guard.record) ? addresses_hold(args[1], now, tell_address)
                                                      : "it cannot be written down";
    if (failure != NULL) {
        guard.addresses_until_nanos = until_before;
        remember();
        tell("%s\terror\t%s", id, failure);
        return;
    }
    set_timer(guard.addresses_fd, TFD_TIMER_ABSTIME, until);
    tell("%s\tok", id);
}

static _Noreturn void leave(void)
{
    watchdog_disarm();
    unlinkat(guard.dir_fd, "guard.sock", 0);
    record_remove();
    int unused = ftruncate(guard.lock_fd, 0);
    (void)unused;
    exit(EXIT_SUCCESS);
}

static void on_quit(const char *id, char **args)
{
    (void)args;
    if (guard.phase == NONE) {
        tell("%s\tok", id);
        leave();
    }
    tell("%s\terror\tthe guard stays as long as it holds process %d (%s)", id, guard.postmaster,
         phase_names[guard.phase]);
}

/*
 * Becomes another program of this kind, in place: the same process, so that PostgreSQL stays its child, with the lock,
 * the socket, the pidfd and the watchdog open, and the rest in the record. The client has to connect again. A program
 * that cannot be executed changes nothing.
 */
static void on_upgrade(const char *id, char **args)
{
    if (guard.phase == STARTING || guard.phase == ENDING) {
        tell("%s\terror\tnot while PostgreSQL is being started or ended; ask again", id);
        return;
    }
    if (!remember()) {
        tell("%s\terror\tnot while %s cannot be written; make room there", id, record_path());
        return;
    }
    int kept[] = {guard.lock_fd, guard.listen_fd, guard.postmaster_fd, watchdog_fd()};
    const size_t count = sizeof kept / sizeof *kept;
    char resume[64];
    snprintf(resume, sizeof resume, "%d:%d:%d:%d", kept[0], kept[1], kept[2], kept[3]);
    char *const with_cgroup[] = {args[0], "--dir", guard.dir, "--resume", resume, "--cgroup", guard.cgroup, NULL};
    char *const without[] = {args[0], "--dir", guard.dir, "--resume", resume, NULL};
    for (size_t i = 0; i < count; i++)
        if (kept[i] >= 0)
            fcntl(kept[i], F_SETFD, 0);
    execv(args[0], guard.cgroup[0] != '\0' ? with_cgroup : without);
    int failure = errno;
    for (size_t i = 0; i < count; i++)
        if (kept[i] >= 0)
            fcntl(kept[i], F_SETFD, FD_CLOEXEC);
    tell("%s\terror\tcannot execute %s: %s; this guard goes on", id, args[0], strerror(failure));
}

static const struct {
    const char *name;
    int least, most; /* arguments */
    void (*run)(const char *id, char **args);
} verbs[] = {
    {"start", 3, FIELDS, on_start}, /* <data dir> <log file> <program> <argument>... -> ok <pid> */
    {"start-primary", 3, FIELDS, on_start_primary}, /* the same, and only while armed or paused */
    {"adopt", 2, 2, on_adopt},      /* <data dir> <pid>: holds a postmaster that is not our child */
    {"signal", 1, 1, on_signal},    /* <HUP|TERM|INT|QUIT|USR1> */
    {"arm", 1, 3, on_arm},          /* <CLOCK_BOOTTIME in ns> [<lease's end, likewise> <watchdog's seconds>] */
    {"standby", 0, 0, on_standby},  /* no deadline: what runs is a standby */
    {"pause", 0, 0, on_pause},      /* no deadline: the operator wishes so */
    {"kill", 0, 0, on_kill},        /* ends everything now; `gone` follows */
    {"watchdog", 2, 2, on_watchdog}, /* <off|automatic|required> <device> */
    {"addresses", 2, 2, on_addresses}, /* <CLOCK_BOOTTIME in ns> <interface address/bits, commas between them, or nothing> */
    {"upgrade", 1, 1, on_upgrade},  /* <program>: answered only if it fails */
    {"quit", 0, 0, on_quit},
};

static void handle_line(char *line)
{
    static char *fields[FIELDS + 1]; /* One more: exec needs a NULL after the last. */
    int count = 0;
    for (char *rest = line; rest != NULL && count < FIELDS;)
        fields[count++] = strsep(&rest, "\t");
    fields[count] = NULL;
    if (fields[0][0] == '\0' || strlen(fields[0]) >= ID_BYTES || count < 2 || count == FIELDS) {
        tell("event\tnotice\ta request is an id of 1 to %d bytes, a verb and fewer than %d arguments, separated by TAB",
             ID_BYTES - 1, FIELDS - 2);
        drop_client();
        return;
    }
    fence_if_due();
    drop_addresses_if_due();
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(fields[1], verbs[i].name) != 0)
            continue;
        if (count - 2 < verbs[i].least || count - 2 > verbs[i].most)
            tell("%s\terror\t%s came with %d arguments, which is not what it takes", fields[0], fields[1], count - 2);
        else
            verbs[i].run(fields[0], fields + 2);
        return;
    }
    tell("%s\terror\t\"%.32s\" is no request that protocol %d knows", fields[0], fields[1], PROTOCOL);
}

static void read_client(void)
{
    ssize_t length = recv(guard.client_fd, guard.in + guard.in_length, LINE_BYTES - guard.in_length, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0) {
        drop_client();
        return;
    }
    guard.in_length += (size_t)length;
    size_t from = 0;
    char *end;
    while (guard.client_fd >= 0 && (end = memchr(guard.in + from, '\n', guard.in_length - from)) != NULL) {
        *end = '\0';
        char *line = guard.in + from;
        from = (size_t)(end - guard.in) + 1;
        if (strlen(line) != (size_t)(end - line)) {
            tell("event\tnotice\ta request holds a NUL byte; the connection is closed");
            drop_client();
        } else {
            handle_line(line);
        }
    }
    if (guard.client_fd < 0)
        return;
    guard.in_length -= from;
    memmove(guard.in, guard.in + from, guard.in_length);
    if (guard.in_length == LINE_BYTES) {
        tell("event\tnotice\ta request is longer than %d bytes; the connection is closed", LINE_BYTES);
        drop_client();
    }
}

static void drop_newcomer(const char *id, const char *why)
{
    char line[CLAIM_BYTES + 256];
    int length = snprintf(line, sizeof line, "%s\terror\t%s\n", id, why);
    send(guard.newcomer_fd, line, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
    close_fd(&guard.newcomer_fd);
}

static void accept_newcomer(void)
{
    int fd = accept4(guard.listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || (peer.uid != 0 && peer.uid != geteuid())) {
        close(fd);
        return;
    }
    close_fd(&guard.newcomer_fd);
    guard.newcomer_fd = fd;
    char hello[256];
    int length = snprintf(hello, sizeof hello, "event\thello\t%d\t%d\t%s\t%" PRIu64 "\n", PROTOCOL, guard.self,
                          guard.boot_id, guard.record.generation);
    send(fd, hello, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Makes the newcomer the client. The agent that was is told, and cannot write any more. */
static void take_newcomer(const char *id, bool is_new)
{
    tell("event\treplaced");
    drop_client();
    guard.client_fd = guard.newcomer_fd;
    guard.newcomer_fd = -1;
    guard.record.generation++;
    guard.unclaimed = false;
    if (!remember())
        tell("event\tnotice\tthe guard cannot write to %s (%s), so it refuses to be armed; make room there",
             record_path(), strerror(errno));
    for (int i = 0; is_new && i < WEAKNESSES; i++)
        if (guard.weaknesses[i][0] != '\0')
            tell("event\tnotice\t%s", guard.weaknesses[i]);
    if (guard.lost)
        tell("event\tnotice\twhat a guard before this one wrote down in %s is gone or broken; a PostgreSQL that it left "
             "will be ended",
             record_path());
    tell_watchdog();
    addresses_tell();
    tell_state();
    tell("%s\tok\t%" PRIu64, id, guard.record.generation);
}

/* A first line comes whole or not at all: it is short, and sent at once. */
static void read_newcomer(void)
{
    char line[CLAIM_BYTES], id[ID_BYTES] = "0";
    ssize_t length = recv(guard.newcomer_fd, line, sizeof line - 1, MSG_PEEK | MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    char *end = length <= 0 ? NULL : memchr(line, '\n', (size_t)length);
    if (end == NULL) {
        drop_newcomer(id, "a connection begins with a line: an id, \"claim\" and a generation");
        return;
    }
    recv(guard.newcomer_fd, line, (size_t)(end - line) + 1, MSG_DONTWAIT);
    *end = '\0';
    uint64_t generation;
    int read = 0;
    if (sscanf(line, "%63[^\t]\tclaim\t%" SCNu64 "%n", id, &generation, &read) != 2 || line[read] != '\0')
        drop_newcomer(id, "the first request of a connection is \"claim\" and a generation");
    else if (generation != 0 && generation != guard.record.generation && !guard.unclaimed)
        drop_newcomer(id, "another agent has claimed the guard since");
    else
        take_newcomer(id, generation == 0 || guard.unclaimed);
}

/* ---- the loop ------------------------------------------------------------------------------------------------ */

static void read_signals(void)
{
    struct signalfd_siginfo caught;
    while (read(guard.signal_fd, &caught, sizeof caught) == (ssize_t)sizeof caught) {
        if (caught.ssi_signo == SIGCHLD)
            continue;
        if (guard.phase == NONE)
            leave();
        tell("event\tnotice\tthe guard was asked to end (signal %u) and stays, because it holds process %d (%s); stop "
             "PostgreSQL first",
             caught.ssi_signo, guard.postmaster, phase_names[guard.phase]);
    }
    reap();
}

static void drain(int fd)
{
    uint64_t expirations;
    ssize_t unused = read(fd, &expirations, sizeof expirations);
    (void)unused;
}

static _Noreturn void loop(void)
{
    enum {
        DEADLINE, SIGNALS, ADOPTED, TICK, FEED, EXEC, ADDRESSES_UNTIL, ADDRESSES_TIMER, NETLINK, ARP, LISTEN, NEWCOMER, CLIENT, SOURCES
    };
    for (;;) {
        struct pollfd sources[SOURCES] = {
            [DEADLINE] = {guard.deadline_fd, POLLIN, 0},
            [SIGNALS] = {guard.signal_fd, POLLIN, 0},
            [ADOPTED] = {guard.adopted && guard.postmaster_lives ? guard.postmaster_fd : -1, POLLIN, 0},
            [TICK] = {guard.tick_fd, POLLIN, 0},
            [FEED] = {guard.feed_fd, POLLIN, 0},
            [EXEC] = {guard.exec_fd, POLLIN, 0},
            [ADDRESSES_UNTIL] = {guard.addresses_fd, POLLIN, 0},
            [ADDRESSES_TIMER] = {addresses_timer_fd(), POLLIN, 0},
            [NETLINK] = {addresses_netlink_fd(), POLLIN, 0},
            [ARP] = {addresses_arp_fd(), POLLIN, 0},
            [NEWCOMER] = {guard.newcomer_fd, POLLIN, 0},
            [LISTEN] = {guard.listen_fd, POLLIN, 0},
            [CLIENT] = {guard.client_fd, (short)(POLLIN | (guard.out_length > 0 ? POLLOUT : 0)), 0},
        };
        if (poll(sources, SOURCES, -1) < 0)
            continue;
        /* The deadline is first and the client last: what the client says may rest on what it has not read yet. */
        if (sources[DEADLINE].revents) {
            drain(guard.deadline_fd);
            fence_if_due();
        }
        if (sources[SIGNALS].revents)
            read_signals();
        if (sources[ADOPTED].revents && guard.adopted && guard.postmaster_lives)
            postmaster_exited("unknown", 0);
        if (sources[TICK].revents) {
            drain(guard.tick_fd);
            if (guard.phase == ENDING)
                ending_pass();
        }
        if (sources[FEED].revents) {
            drain(guard.feed_fd);
            feed_watchdog();
        }
        if (sources[EXEC].revents && guard.exec_fd >= 0)
            exec_answered();
        if (sources[ADDRESSES_UNTIL].revents) {
            drain(guard.addresses_fd);
            drop_addresses_if_due();
        }
        /* What others on the network say is read before the pause for it is over. */
        if (sources[NETLINK].revents || sources[ARP].revents)
            addresses_on_message(now_nanos());
        if (sources[ADDRESSES_TIMER].revents)
            addresses_on_timer(now_nanos());
        if (sources[CLIENT].revents && sources[CLIENT].fd == guard.client_fd) {
            flush_client();
            if (guard.client_fd >= 0 && (sources[CLIENT].revents & (POLLIN | POLLHUP | POLLERR)))
                read_client();
        }
        if (sources[NEWCOMER].revents && sources[NEWCOMER].fd == guard.newcomer_fd)
            read_newcomer();
        if (sources[LISTEN].revents)
            accept_newcomer();
    }
}

/* ---- start-up ------------------------------------------------------------------------------------------------ */

static int report_fd = -1; /* The parent that waits for a detached guard, or -1 in the foreground. */

/* Ends a guard that cannot start, with its reason on the standard error of whoever started it. */
__attribute__((format(printf, 2, 3))) static _Noreturn void die(int status, const char *format, ...)
{
    char text[PATH_MAX + 512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (report_fd >= 0)
        dprintf(report_fd, "%c%s", status, text);
    else
        fprintf(stderr, "holdfast-guard: %s\n", text);
    exit(status);
}

/* Leaves the caller's session. The caller ends only once the guard listens, or repeats why it does not. */
static void detach(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        die(EXIT_FAILED, "cannot make a pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        die(EXIT_FAILED, "cannot make a process: %s", strerror(errno));
    if (pid > 0) {
        char text[PATH_MAX + 512];
        size_t length = 0;
        ssize_t more;
        close(ends[1]);
        while (length < sizeof text - 1 && (more = read(ends[0], text + length, sizeof text - 1 - length)) > 0)
            length += (size_t)more;
        text[length] = '\0';
        if (length > 0 && text[0] == EXIT_SUCCESS)
            exit(EXIT_SUCCESS);
        fprintf(stderr, "holdfast-guard: %s\n", length > 1 ? text + 1 : "ended before it listened, without a word");
        exit(length > 0 ? text[0] : EXIT_FAILED);
    }
    close(ends[0]);
    report_fd = ends[1];
    setsid();
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0)
        die(EXIT_FAILED, "cannot open /dev/null: %s", strerror(errno));
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null_fd, fd);
    close(null_fd);
}

static void open_directory(const char *dir)
{
    struct stat found;
    guard.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (guard.dir_fd < 0 || fstat(guard.dir_fd, &found) != 0)
        die(EXIT_FAILED, "cannot open the directory %s: %s; make it with mode 0700", dir, strerror(errno));
    if ((found.st_mode & 077) != 0)
        die(EXIT_FAILED, "the directory %s has mode %04o, so that others could steer PostgreSQL; make it 0700", dir,
            (unsigned)(found.st_mode & 07777));
    if (found.st_uid != geteuid() && geteuid() != 0)
        die(EXIT_FAILED, "the directory %s belongs to uid %d, the guard runs as uid %d; make it the guard's own", dir,
            (int)found.st_uid, (int)geteuid());
    if (realpath(dir, guard.dir) == NULL)
        die(EXIT_FAILED, "cannot resolve the directory %s: %s", dir, strerror(errno));
}

static bool lock(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_SETLK, &whole) == 0;
}

/* Whether the lock's file is the one that the directory shows: a lock on one that was removed would bind nobody. */
static bool is_named(int fd)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && fstatat(guard.dir_fd, "guard.lock", &named, 0) == 0 && held.st_ino == named.st_ino
           && held.st_dev == named.st_dev;
}

/* The lock says which guard holds the directory. It goes with the process, unlike a socket's name, and it is the process's
   own, unlike that of flock: a child that has not executed its program yet does not hold it, and an upgrade keeps it. */
static void take_lock(const char *dir)
{
    for (;;) {
        guard.lock_fd = openat(guard.dir_fd, "guard.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (guard.lock_fd < 0)
            die(EXIT_FAILED, "cannot open %s/guard.lock: %s", dir, strerror(errno));
        if (!lock(guard.lock_fd))
            die(EXIT_HELD, "another guard holds %s already; it goes on, nothing was started", dir);
        if (is_named(guard.lock_fd)) /* Someone may have removed it between open and lock. */
            return;
        close(guard.lock_fd);
    }
}

static void open_socket(const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/guard.sock", dir);
    if (length >= (int)sizeof address.sun_path)
        die(EXIT_FAILED, "the socket's path %s/guard.sock has %d bytes, the system takes %zu; set guard.dir to a shorter one",
            dir, length, sizeof address.sun_path - 1);
    guard.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (guard.listen_fd < 0)
        die(EXIT_FAILED, "cannot make a socket: %s", strerror(errno));
    /* With the lock in hand an answer can only come from a guard whose lock file was removed; or from a dead one's child that
       has the socket for a moment longer. */
    struct ucred peer;
    socklen_t size = sizeof peer;
    char state;
    pid_t parent;
    uint64_t start;
    if (connect(guard.listen_fd, (struct sockaddr *)&address, sizeof address) == 0
        && getsockopt(guard.listen_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
        && read_process(peer.pid, &state, &parent, &start) && state != 'Z' && state != 'X')
        die(EXIT_HELD, "another guard answers on %s; it goes on, nothing was started", address.sun_path);
    close(guard.listen_fd);
    guard.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlinkat(guard.dir_fd, "guard.sock", 0);
    umask(077);
    if (guard.listen_fd < 0 || bind(guard.listen_fd, (struct sockaddr *)&address, sizeof address) != 0
        || listen(guard.listen_fd, 16) != 0)
        die(EXIT_FAILED, "cannot listen on %s: %s", address.sun_path, strerror(errno));
}

/* Whether this process is in a control group or below it. The group's own name is its path below the mount, which ends
   where the device changes. */
static bool inside_cgroup(const char *cgroup)
{
    char path[PATH_MAX], own[PATH_MAX];
    struct stat here, above;
    if (realpath(cgroup, path) == NULL || stat(path, &here) != 0
        || read_small("/proc/self/cgroup", own, sizeof own) <= 0)
        return true; /* Not knowing is no reason to risk it. */
    char *name = path + strlen(path);
    for (char *slash = name; slash > path;) {
        while (slash > path && *--slash != '/')
            ;
        char parent[PATH_MAX];
        snprintf(parent, sizeof parent, "%.*s/", (int)(slash - path), path);
        if (stat(parent, &above) != 0 || above.st_dev != here.st_dev)
            break;
        name = slash;
    }
    char *mine = strstr(own, "0::/");
    if (mine == NULL)
        return false; /* This process is in no unified control group at all. */
    mine += strlen("0::");
    mine[strcspn(mine, "\n")] = '\0';
    size_t length = strlen(name);
    return strncmp(mine, name, length) == 0 && (mine[length] == '/' || mine[length] == '\0');
}

/* Takes a control group that is PostgreSQL's alone. One that holds the guard too would end the guard with it. */
static void open_cgroup(const char *cgroup)
{
    char path[PATH_MAX];
    if (strlen(cgroup) > sizeof guard.cgroup - 32)
        die(EXIT_FAILED, "the control group's path has %zu bytes, which is too long", strlen(cgroup));
    snprintf(guard.cgroup, sizeof guard.cgroup, "%s", cgroup);
    mkdir(cgroup, 0755); /* If it is there already, or cannot be made, shows below. */
    snprintf(path, sizeof path, "%.*s/cgroup.procs", PATH_MAX - 32, cgroup);
    guard.cgroup_procs_fd = open(path, O_WRONLY | O_CLOEXEC);
    if (guard.cgroup_procs_fd < 0)
        die(EXIT_FAILED, "cannot open %s: %s; --cgroup needs a control group that the guard may write", path,
            strerror(errno));
    if (inside_cgroup(cgroup))
        die(EXIT_FAILED, "the control group %s holds the guard itself; give PostgreSQL one of its own", cgroup);
    snprintf(path, sizeof path, "%.*s/cgroup.kill", PATH_MAX - 32, cgroup);
    guard.cgroup_kill_fd = open(path, O_WRONLY | O_CLOEXEC); /* Linux before 5.14 has none; the walk does it alone. */
}

static void open_sources(void)
{
    sigset_t all, wanted;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* Nothing that can be sent ends the guard, but SIGKILL. */
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    guard.signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    guard.deadline_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    guard.tick_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    guard.feed_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    guard.addresses_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (guard.signal_fd < 0 || guard.deadline_fd < 0 || guard.tick_fd < 0 || guard.feed_fd < 0 || guard.addresses_fd < 0)
        die(EXIT_FAILED, "cannot make a timer or a signal descriptor: %s", strerror(errno));
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        die(EXIT_FAILED, "cannot become a child subreaper: %s", strerror(errno));
    int probe = open_pidfd(guard.self);
    if (probe < 0 || send_signal(probe, 0) != 0)
        die(EXIT_FAILED, "this kernel has no pidfd (%s); Linux 5.3 or later is needed", strerror(errno));
    close(probe);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", guard.self);
    guard.without_children_files = access(path, R_OK) != 0;
}

/* What makes the guard quicker and harder to lose. None of it is allowed everywhere, it works without, and says so. */
static void harden(void)
{
#ifndef __SANITIZE_ADDRESS__ /* The sanitizer's shadow memory is terabytes of address space. */
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        snprintf(guard.weaknesses[0], sizeof *guard.weaknesses,
                 "the guard may not lock its memory (%s), so it may fence late on a host that swaps; allow it with "
                 "LimitMEMLOCK=infinity",
                 strerror(errno));
#endif
    struct sched_param lowest = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
    if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) != 0)
        snprintf(guard.weaknesses[1], sizeof *guard.weaknesses,
                 "the guard may not have real-time priority (%s), so it may fence late on a busy host; allow it with "
                 "LimitRTPRIO=1",
                 strerror(errno));
    guard.oom_protected = write_small("/proc/self/oom_score_adj", "-1000");
    if (!guard.oom_protected)
        snprintf(guard.weaknesses[2], sizeof *guard.weaknesses,
                 "the guard may not exempt itself from being killed when memory is short (%s); with OOMScoreAdjust=-1000 in "
                 "its unit it need not",
                 strerror(errno));
}

/* Takes up the process that a guard before this one held, or, when that has gone, ends what it left. */
static void hold_again(const struct record *held, bool same_process, int pidfd)
{
    char state = 'X';
    pid_t parent;
    uint64_t start = 0;
    guard.postmaster = held->postmaster;
    guard.postmaster_start = held->postmaster_start;
    guard.data_dir = held->data_dir;
    guard.exe = held->exe;
    guard.adopted = held->adopted || !same_process;
    guard.postmaster_fd = pidfd >= 0 ? pidfd : open_pidfd(held->postmaster);
    /* The pidfd first, what it stands for afterwards: as the pidfd's process, or not at all. */
    guard.postmaster_lives = guard.postmaster_fd >= 0 && read_process(held->postmaster, &state, &parent, &start)
                             && (pidfd >= 0 || (start == held->postmaster_start && state != 'Z' && state != 'X'));
    if (!guard.postmaster_lives)
        close_fd(&guard.postmaster_fd);
    guard.phase = held->phase == NONE ? RUNNING : (enum phase)held->phase;
    /* A start that nobody was told of is undone. */
    if (guard.phase != RUNNING || !guard.postmaster_lives)
        begin_ending();
}

/* Takes up what is written down. `same_process`: an upgrade, with these descriptors; else another guard was killed. */
static void restore(bool same_process, int pidfd, int watchdog)
{
    enum found found;
    struct record held = {0};
    char last_boot[BOOT_ID_BYTES] = "";
    if (pread(guard.lock_fd, last_boot, sizeof last_boot - 1, 0) < 0)
        last_boot[0] = '\0';
    const char *failure = record_open(guard.dir_fd, guard.dir, guard.boot_id, &held, &found);
    if (failure != NULL)
        die(EXIT_FAILED, "%s", failure);
    if (found == RECORD_WHOLE) {
        guard.record = held;
        guard.mode = held.mode >= STANDBY && held.mode <= PAUSED ? (enum mode)held.mode : ARMED;
        guard.deadline_nanos = held.deadline_nanos;
        guard.lease_nanos = held.lease_nanos;
        watchdog_configure((enum watchdog_mode)held.watchdog_mode, held.watchdog_device);
        watchdog_resume(watchdog, held.watchdog_seconds);
        /* Before what runs is looked at: where nothing does, they are dropped with it. */
        if (held.addresses[0] != '\0') {
            guard.addresses_until_nanos = held.addresses_until_nanos;
            addresses_resume(held.addresses, tell_address);
            set_timer(guard.addresses_fd, TFD_TIMER_ABSTIME, guard.addresses_until_nanos);
        }
        if (held.postmaster > 1)
            hold_again(&held, same_process, pidfd);
        if (guard.phase == NONE)
            drop_addresses();
        drop_addresses_if_due();
        if (guard.mode == ARMED) {
            set_timer(guard.deadline_fd, TFD_TIMER_ABSTIME, guard.deadline_nanos);
            fence_if_due();
        }
        if (guard.mode == ARMED && held.watchdog_seconds > 0)
            watchdog_activate(held.watchdog_seconds, now_nanos(), guard.lease_nanos);
        settle_watchdog();
        plan_feeding();
    } else {
        guard.lost = strcmp(last_boot, guard.boot_id) == 0;
        guard.unclaimed = true;
        /* Greater than any that was counted in this boot, and never one that an agent has seen. */
        guard.record.generation = (uint64_t)now_nanos();
        snprintf(guard.record.boot_id, sizeof guard.record.boot_id, "%s", guard.boot_id);
        if (same_process) { /* Whatever we hold was held by a guard whose words we cannot read. */
            guard.adopted = false;
            begin_ending();
        }
    }
    if (!remember() && found != RECORD_WHOLE) /* What stands there holds for whoever comes next, and this guard goes on. */
        die(EXIT_FAILED, "cannot write to %s: %s; make room there", record_path(), strerror(errno));
    /* From here on a missing record is known to be missing. */
    ssize_t length = (ssize_t)strlen(guard.boot_id);
    if (strcmp(last_boot, guard.boot_id) != 0 && pwrite(guard.lock_fd, guard.boot_id, (size_t)length, 0) != length)
        snprintf(guard.weaknesses[3], sizeof *guard.weaknesses,
                 "the guard cannot write to guard.lock in guard.dir (%s), so the next one could not tell that the state "
                 "file was removed",
                 strerror(errno));
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: holdfast-guard --dir DIR [--cgroup PATH] [--foreground]\n       holdfast-guard --version\n");
    exit(EXIT_USAGE);
}

int main(int argc, char **argv)
{
    const char *dir = NULL, *cgroup = NULL, *resume = NULL;
    bool foreground = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
            dir = argv[++i];
        else if (strcmp(argv[i], "--cgroup") == 0 && i + 1 < argc)
            cgroup = argv[++i];
        else if (strcmp(argv[i], "--resume") == 0 && i + 1 < argc)
            resume = argv[++i];
        else if (strcmp(argv[i], "--foreground") == 0)
            foreground = true;
        else if (strcmp(argv[i], "--version") == 0) {
            printf("holdfast-guard protocol %d record %d\n", PROTOCOL, RECORD_FORMAT);
            return EXIT_SUCCESS;
        } else
            usage();
    }
    int pidfd = -1, watchdog = -1;
    guard.lock_fd = guard.listen_fd = -1;
    if (dir == NULL
        || (resume != NULL
            && sscanf(resume, "%d:%d:%d:%d", &guard.lock_fd, &guard.listen_fd, &pidfd, &watchdog) != 4))
        usage();
    guard.client_fd = guard.newcomer_fd = guard.postmaster_fd = guard.exec_fd = -1;
    guard.cgroup_kill_fd = guard.cgroup_procs_fd = -1;
    if (resume == NULL) {
        syscall(SYS_close_range, 3, UINT_MAX, 0); /* Whatever the caller forgot to close would live as long as PostgreSQL. */
        if (!foreground)
            detach();
    }
    guard.self = getpid();
    open_directory(dir);
    if (resume == NULL) {
        take_lock(dir);
    } else {
        if (!lock(guard.lock_fd))
            die(EXIT_USAGE, "--resume is for a guard that becomes another program; start one without it");
        const int kept[] = {guard.lock_fd, guard.listen_fd, pidfd, watchdog};
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            if (kept[i] >= 0)
                fcntl(kept[i], F_SETFD, FD_CLOEXEC);
    }
    if (cgroup != NULL)
        open_cgroup(cgroup);
    if (read_small("/proc/sys/kernel/random/boot_id", guard.boot_id, sizeof guard.boot_id) <= 0)
        die(EXIT_FAILED, "cannot read /proc/sys/kernel/random/boot_id: %s; is /proc mounted?", strerror(errno));
    guard.boot_id[strcspn(guard.boot_id, "\n")] = '\0';
    open_sources();
    restore(resume != NULL, pidfd, watchdog);
    if (resume == NULL)
        open_socket(dir);
    harden();
    if (chdir("/") != 0)
        die(EXIT_FAILED, "cannot enter /: %s", strerror(errno));
    if (report_fd >= 0) {
        dprintf(report_fd, "%c", EXIT_SUCCESS);
        close_fd(&report_fd);
    }
    reap();
    loop();
}
