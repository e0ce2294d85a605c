/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/spawn.h"

#define PATIENCE_MS 1000 /* from SIGTERM to SIGKILL */

static void keep_last(void *ctx, const char *text, size_t len)
{
    struct program *p = ctx;
    if (len == 0)
        return;
    strbuf_clear(&p->said);
    strbuf_add(&p->said, text, len);
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

bool program_start(struct program *p, char *const *argv, struct error *e)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    *p = (struct program){.out = -1, .err = -1, .name = xstrdup(argv[0])};
    lines_init(&p->said_by, keep_last, p);
    int failed = pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0
                     ? errno
                     : spawn_start((const char *const *)argv, -1, out[1], err[1], true, &p->pid);
    shut(&out[1]);
    shut(&err[1]);
    if (failed) {
        p->pid = 0;
        shut(&out[0]);
        shut(&err[0]);
        return error_set(e, STATUS_FAILED, "can't run %s: %s", argv[0], strerror(failed));
    }
    p->out = out[0];
    p->err = err[0];
    fcntl(p->out, F_SETFL, O_NONBLOCK);
    fcntl(p->err, F_SETFL, O_NONBLOCK);
    return true;
}

bool program_listen(struct program *p)
{
    char buf[4096];
    ssize_t n = p->err >= 0 ? read(p->err, buf, sizeof buf) : -1;
    if (n > 0)
        lines_add(&p->said_by, buf, (size_t)n);
    if (n == 0) {
        lines_end(&p->said_by);
        shut(&p->err);
    }
    return n > 0;
}

/* The number of the group is that of the program, which nobody else gets as long as it is not reaped. */
void program_stop(struct program *p)
{
    shut(&p->out);
    shut(&p->err);
    if (p->pid > 0 && p->asked_ms == 0) {
        kill(-p->pid, SIGTERM);
        p->asked_ms = clock_mono_ms();
    }
}

bool program_reap(struct program *p)
{
    if (p->pid <= 0)
        return true;
    if (p->asked_ms && clock_mono_ms() - p->asked_ms >= PATIENCE_MS)
        kill(-p->pid, SIGKILL);
    siginfo_t info = {0};
    bool asked = waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
    if ((asked && info.si_pid == 0) || (!asked && errno == EINTR))
        return false;
    kill(-p->pid, SIGTERM); /* what it left behind; its number still is its own */
    waitpid(p->pid, &p->status, WNOHANG);
    p->pid = 0;
    return true;
}

char *program_problem(const struct program *p, bool ended)
{
    const char *said = p->said.len ? p->said.s : NULL;
    if (!ended)
        return xstrdup(said);
    const char *colon = said ? ": " : "";
    said = said ? said : "";
    if (WIFSIGNALED(p->status))
        return xasprintf("%s was ended by signal %d%s%s", p->name, WTERMSIG(p->status), colon, said);
    if (WEXITSTATUS(p->status) != 0)
        return xasprintf("%s ended with status %d%s%s", p->name, WEXITSTATUS(p->status), colon, said);
    return xasprintf("%s ended%s%s", p->name, colon, said);
}

void program_free(struct program *p)
{
    shut(&p->out);
    shut(&p->err);
    lines_free(&p->said_by);
    strbuf_free(&p->said);
    free(p->name);
    *p = (struct program){.out = -1, .err = -1};
}
