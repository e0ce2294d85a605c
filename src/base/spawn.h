/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Other programs: starting one, running one for what it prints, lending one the terminal. No shell has a part
 * in it. A child gets an empty signal mask and none of our dispositions, and is reaped by its own number:
 * others of this process have children, too. Any thread but where it says so.
 */
#ifndef VIRTDECK_BASE_SPAWN_H
#define VIRTDECK_BASE_SPAWN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/strbuf.h"

/* Whether PATH has a program of this name. */
bool spawn_finds(const char *name);

/* Starts argv[0] (without a slash: looked for in PATH) with these descriptors as its standard ones; -1:
 * /dev/null. group: it leads a process group of its own, so that ^C on our terminal does not reach it, and it
 * can be ended with all that it starts. 0, or an errno. The caller reaps. */
int spawn_start(const char *const *argv, int in, int out, int err, bool group, pid_t *pid);

enum spawned {
    SPAWN_DONE,  /* it ended by itself */
    SPAWN_LATE,  /* the time was over: it was killed; what it printed until then is there */
    SPAWN_MUCH,  /* it printed more than was wanted, and was killed, too */
    SPAWN_FAILED /* it could not be started: errno says why */
};
/* Runs it until its end or until_ms (monotonic). At most `most` bytes of what it prints are added to out and
 * err each; NULL: thrown away, however much. *status (may be NULL): waitpid()'s, of one
 * that ended by itself. One that can't even be killed is left to itself half a second later. */
enum spawned spawn_capture(const char *const *argv, int64_t until_ms, size_t most, struct strbuf *out,
                           struct strbuf *err, int *status);

/* The terminal's signals are somebody else's for a while: Ctrl-C does not reach us, Ctrl-Z stops us as well.
 * Main thread only; a loan within a loan is fine. */
struct spawn_signals {
    struct sigaction interrupt, quit, stop;
};
void spawn_lend_signals(struct spawn_signals *was);
void spawn_take_signals(const struct spawn_signals *was);

/* Runs it on our terminal and waits, as a shell would: Ctrl-C is its own, Ctrl-Z stops both. *status:
 * waitpid()'s. 0, or an errno. Lends the signals for the time: main thread only. */
int spawn_foreground(const char *const *argv, int *status);

#endif
