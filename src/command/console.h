/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `console` for both doors: the job with its pipes, and the terminal lent to it. Main thread.
 */
#ifndef VIRTDECK_COMMAND_CONSOLE_H
#define VIRTDECK_COMMAND_CONSOLE_H

#include "command/command.h"
#include "virt/console.h"

struct console_link {
    struct job *job; /* a reference */
    int from_guest, to_guest;
};

/* Begins to connect. False with e set: no pipes. */
bool console_begin(struct fleet *f, const struct target *t, const char *device, bool force,
                   struct console_link *out, struct error *e);
/* It is connected, or the job is over. */
bool console_has_begun(struct job *job);
/* Closes what is open; the job then ends by itself. Lets go of it. */
void console_end(struct console_link *link);
/* How it ended in words for a person, without the name: "it has stopped". NULL: it failed, with e set, or it
 * goes on. The caller frees. */
char *console_outcome(struct job *job, struct error *e);

#define CONSOLE_ESCAPE_NAME "^]"

#endif
