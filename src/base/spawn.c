/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"

#define REAP_MS 500 /* for one that was killed to be gone */
#define LOOK_MS 5   /* between looks whether it is */

static void put_fd(posix_spawn_file_actions_t *actions, int fd, int as)
{
    if (fd >= 0)
        posix_spawn_file_actions_adddup2(actions, fd, as);
    else
        posix_spawn_file_actions_addopen(actions, as, "/dev/null", as == STDIN_FILENO ? O_RDONLY : O_WRONLY,
                                         0);
}

bool spawn_finds(const char *name)
{
    const char *path = getenv("PATH");
    bool found = false;
    if (!path || !*path)
        path = "/usr/sbin:/usr/bin:/sbin:/bin";
    while (!found && *name && *path) {
        size_t len = strcspn(path, ":");
        char *file = xasprintf("%.*s/%s", (int)len, path, name);
        found = len && access(file, X_OK) == 0;
        free(file);
        path += len + (path[len] == ':');
    }
    return found;
}

int spawn_start(const char *const *argv, int in, int out, int err, bool group, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(
        &attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (group ? POSIX_SPAWN_SETPGROUP : 0)));
    posix_spawn_file_actions_init(&actions);
    put_fd(&actions, in, STDIN_FILENO);
    put_fd(&actions, out, STDOUT_FILENO);
    put_fd(&actions, err, STDERR_FILENO);
    int failed = posix_spawnp(pid, argv[0], &actions, &attr, (char *const *)argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* ---- for what it prints ---- */

struct output {
    int fd; /* -1: there is no more to come */
    struct strbuf *text;
    size_t most; /* length of the text with it */
};

/* False: it is more than was wanted. */
static bool read_part(struct output *o)
{
    char part[8192];
    ssize_t n = read(o->fd, part, sizeof part);
    if (n == 0 || (n < 0 && errno != EINTR))
        o->fd = -1;
    if (n <= 0 || !o->text)
        return true;
    size_t room = o->most - o->text->len;
    strbuf_add(o->text, part, (size_t)n < room ? (size_t)n : room);
    return (size_t)n <= room;
}

/* What it prints, until it closes both. */
static enum spawned collect(struct output both[2], int64_t until_ms)
{
    while (both[0].fd >= 0 || both[1].fd >= 0) {
        struct pollfd fds[] = {{.fd = both[0].fd, .events = POLLIN}, {.fd = both[1].fd, .events = POLLIN}};
        int64_t left = until_ms - clock_mono_ms();
        int n = left > 0 ? poll(fds, ARRAY_LEN(fds), (int)left) : 0;
        if (n == 0 || (n < 0 && errno != EINTR))
            return SPAWN_LATE;
        for (size_t i = 0; n > 0 && i < ARRAY_LEN(fds); i++)
            if (fds[i].revents && !read_part(&both[i]))
                return SPAWN_MUCH;
    }
    return SPAWN_DONE;
}

static bool reap(pid_t pid, int64_t until_ms, int *status)
{
    pid_t reaped;
    while ((reaped = waitpid(pid, status, WNOHANG)) == 0 || (reaped < 0 && errno == EINTR)) {
        if (clock_mono_ms() >= until_ms)
            return false;
        poll(NULL, 0, LOOK_MS);
    }
    return true;
}

static enum spawned finish(pid_t pid, enum spawned how, int64_t until_ms, int *status)
{
    if (how == SPAWN_DONE && reap(pid, until_ms, status))
        return SPAWN_DONE;
    kill(-pid, SIGKILL);
    reap(pid, clock_mono_ms() + REAP_MS, status);
    return how == SPAWN_DONE ? SPAWN_LATE : how;
}

static void close_both(int fds[2])
{
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

enum spawned spawn_capture(const char *const *argv, int64_t until_ms, size_t most, struct strbuf *out,
                           struct strbuf *err, int *status)
{
    int o[2] = {-1, -1}, e[2] = {-1, -1}, unasked = 0;
    pid_t pid = 0;
    int reason = pipe2(o, O_CLOEXEC) != 0 || pipe2(e, O_CLOEXEC) != 0
                     ? errno
                     : spawn_start(argv, -1, o[1], e[1], true, &pid);
    if (reason) {
        close_both(o);
        close_both(e);
        errno = reason;
        return SPAWN_FAILED;
    }
    close(o[1]);
    close(e[1]);
    struct output both[] = {{o[0], out, most + (out ? out->len : 0)},
                            {e[0], err, most + (err ? err->len : 0)}};
    enum spawned how = collect(both, until_ms);
    close(o[0]);
    close(e[0]);
    return finish(pid, how, until_ms, status ? status : &unasked);
}

/* ---- on the terminal ---- */

void spawn_lend_signals(struct spawn_signals *was)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, usual = {.sa_handler = SIG_DFL};
    sigaction(SIGINT, &ignore, &was->interrupt);
    sigaction(SIGQUIT, &ignore, &was->quit);
    sigaction(SIGTSTP, &usual, &was->stop);
}

void spawn_take_signals(const struct spawn_signals *was)
{
    sigaction(SIGINT, &was->interrupt, NULL);
    sigaction(SIGQUIT, &was->quit, NULL);
    sigaction(SIGTSTP, &was->stop, NULL);
}

int spawn_foreground(const char *const *argv, int *status)
{
    struct spawn_signals was;
    pid_t pid;
    spawn_lend_signals(&was);
    int reason = spawn_start(argv, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, false, &pid);
    while (!reason && waitpid(pid, status, 0) < 0)
        reason = errno == EINTR ? 0 : errno;
    spawn_take_signals(&was);
    return reason;
}
