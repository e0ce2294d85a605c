/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A program that runs beside us for its output: in a process group of its own, with nothing to read. It is
 * ended by SIGTERM to the group, by SIGKILL where that does not help, and reaped by its own number: others of
 * this process have children, too. One thread; no call waits but where it says so.
 */
#ifndef VIRTDECK_LOGS_PROGRAM_H
#define VIRTDECK_LOGS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/error.h"
#include "logs/lines.h"

struct program {
    pid_t pid;    /* 0: there is none, or it was reaped */
    int out, err; /* non-blocking; -1: closed */
    char *name;
    struct strbuf said;   /* the last line of its standard error; raw */
    struct lines said_by; /* makes lines of it */
    int64_t asked_ms;     /* monotonic: when it was asked to end; 0: it was not */
    int status;           /* of waitpid(), once pid is 0 */
};

/* argv[0] is looked for in PATH. The program must stay where it is in memory until program_free(). */
bool program_start(struct program *p, char *const *argv, struct error *e);
/* Reads what it complains of; true when it said something. */
bool program_listen(struct program *p);
/* Asks it to end, and reads it no more. */
void program_stop(struct program *p);
/* True when it is gone; call it again (after some ms) until then. A second after it was asked to end it is
 * killed. */
bool program_reap(struct program *p);
/* What has to be said about one that is gone, or still complains; NULL: nothing. The caller frees. */
char *program_problem(const struct program *p, bool ended);
/* Frees; one that is still there is left to itself. */
void program_free(struct program *p);

#endif
