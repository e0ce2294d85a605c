/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The event lies in a file in memory, which is the program's standard input: nobody waits for it to be read.
 */
#include "autostart/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/spawn.h"
#include "base/vec.h"

#define RUN_MS      60000
#define RUNNING_MAX 16
/* At the end: what was asked to end gets this long. */
#define END_MS 500

struct told {
    pid_t pid;
    int64_t since_ms;
    bool killed;
};

struct notifier {
    char *program;
    VEC(struct told) running;
};

struct notifier *notifier_new(const char *program)
{
    struct notifier *n = xcalloc(1, sizeof *n);
    n->program = xstrdup(program);
    return n;
}

/* A descriptor of it, to be read from the beginning; -1. */
static int event_file(json_object *event)
{
    char *text = xasprintf("%s\n", json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN |
                                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
    size_t len = strlen(text);
    int fd = memfd_create("virtdeck-event", MFD_CLOEXEC);
    bool whole = fd >= 0 && write(fd, text, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0;
    free(text);
    if (fd >= 0 && !whole) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool notifier_tell(struct notifier *n, json_object *event, struct error *e)
{
    if (!n->program)
        return true;
    notifier_reap(n, clock_mono_ms());
    if (n->running.len >= RUNNING_MAX)
        return error_set(e, STATUS_FAILED,
                         "%s is not told: %d of it still run; it has to end sooner than events come",
                         n->program, RUNNING_MAX);
    int input = event_file(event);
    if (input < 0)
        return error_set(e, STATUS_FAILED, "%s is not told: %s", n->program, strerror(errno));
    struct told told = {.since_ms = clock_mono_ms()};
    /* Its words go nowhere: the terminal may be the screen's. */
    const char *argv[] = {n->program, NULL};
    int failed = spawn_start(argv, input, -1, -1, true, &told.pid);
    close(input);
    if (failed)
        return error_set(e, STATUS_FAILED, "%s is not told: it can't be run: %s", n->program,
                         strerror(failed));
    vec_push(&n->running, told);
    return true;
}

/* Only ours are waited for: libvirt has children of its own. */
static bool has_ended(pid_t pid)
{
    pid_t got = waitpid(pid, NULL, WNOHANG);
    return got == pid || (got < 0 && errno == ECHILD);
}

void notifier_reap(struct notifier *n, int64_t now_ms)
{
    for (size_t i = n->running.len; i-- > 0;) {
        struct told *t = &n->running.items[i];
        if (has_ended(t->pid)) {
            vec_remove(&n->running, i);
        } else if (now_ms - t->since_ms >= RUN_MS && !t->killed) {
            kill(-t->pid, SIGKILL);
            t->killed = true;
        }
    }
}

void notifier_free(struct notifier *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->running.len; i++)
        kill(-n->running.items[i].pid, SIGTERM);
    for (int waited = 0; n->running.len && waited < END_MS; waited += 10) {
        notifier_reap(n, 0);
        if (n->running.len)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    for (size_t i = 0; i < n->running.len; i++) {
        kill(-n->running.items[i].pid, SIGKILL);
        waitpid(n->running.items[i].pid, NULL, 0);
    }
    vec_free(&n->running);
    free(n->program);
    free(n);
}
