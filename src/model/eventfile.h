/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The event log's file: one JSON object a line, each appended by one write, so that several programs may
 * share it. At 1 MiB it is renamed to FILE.1. Only model/eventlog.c and logs/actions.c call this. One thread
 * at a time; which one it is may change.
 */
#ifndef VIRTDECK_MODEL_EVENTFILE_H
#define VIRTDECK_MODEL_EVENTFILE_H

#include "model/eventlog.h"

struct eventfile;

/* Opens nothing yet: the file is made by the first event. */
struct eventfile *eventfile_new(const char *path);
void eventfile_free(struct eventfile *f); /* NULL is fine */
/* Others may read the file, and the directory where that is made for it. */
void eventfile_share(struct eventfile *f);
/* Hands every readable event of FILE.1 and FILE to `take`, oldest first (at most the last 2 MiB of each).
 * `take` owns the strings, except `kind`, which is valid only during the call. False with e set when lines
 * were damaged or a file could not be read; the rest was taken all the same. */
bool eventfile_load(struct eventfile *f, void (*take)(void *ctx, struct event *ev), void *ctx,
                    struct error *e);
/* The same of one line of it. False: it is damaged. Any thread. */
bool eventfile_read(const char *line, size_t len, void (*take)(void *ctx, struct event *ev), void *ctx);
/* The event as a line of the file, with its newline. The caller frees. Any thread. */
char *eventfile_line(const struct event *ev);
/* Appends such a line; false with e set: memory is all that has it. */
bool eventfile_append(struct eventfile *f, const char *line, struct error *e);

#endif
