/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Waiting for lines of a guest's serial port. One reading for all patterns of a domain: a console has but one
 * reader. For jobs only; one thread.
 */
#ifndef VIRTDECK_VIRT_PROBE_SERIAL_H
#define VIRTDECK_VIRT_PROBE_SERIAL_H

#include <regex.h>
#include "base/strbuf.h"
#include "virt/serial_start.h"

/* Lines as they come, and the patterns that are looked for in them. Control characters and escape sequences
 * are left out; a line longer than SERIAL_LINE_MAX is looked at in overlapping pieces. Pure. */
#define SERIAL_LINE_MAX 16384

struct serial_pattern {
    char *text;
    regex_t compiled;
    bool seen;
};

struct serial_lines {
    VEC(struct serial_pattern) patterns;
    struct strbuf line;
    bool cut;    /* the beginning of this line is gone */
    bool looked; /* nothing was added since the patterns were last looked for */
    int escape;  /* within an escape sequence: how it goes on */
};

/* The place of the pattern, which is added where it is new; -1: it does not compile. Seen are lines from then
 * on. */
int serial_lines_pattern(struct serial_lines *l, const char *regex);
void serial_lines_feed(struct serial_lines *l, const char *bytes, size_t len);
/* Looks at the line under way, too: a prompt has no end. */
void serial_lines_flush(struct serial_lines *l);
void serial_lines_clear(struct serial_lines *l);

struct serial_memory;
/* Looks for that pattern, too, from the first reading on. `memory` is made at the first call. */
void probe_serial_expect(struct job_context *c, struct serial_memory **memory, const char *regex);
/* Reads what is new. True: the pattern was seen. False with *why. `memory` is made at the first call. once:
 * there is no later call; then a log of which nobody knows where this start began in it counts as a whole,
 * and a console, which shows nothing of what was before, says nothing against the guest. */
bool probe_serial(struct job_context *c, struct serial_memory **memory, const char *regex, bool once,
                  char **why);
/* Gives the console back. */
void serial_memory_free(struct serial_memory *m);

#endif
