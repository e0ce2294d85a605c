/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One thread that writes files, so that its owner never waits for a disk. Work is done in the order in which
 * it was given; what came of it is handed back to the owner, who polls writer_fd() and then calls
 * writer_deliver(). All functions are for the owner's thread; the screen is the only owner.
 *
 * A writer of NULL is allowed everywhere: then the work is done, and its outcome told, before the call
 * returns.
 */
#ifndef VIRTDECK_BASE_WRITER_H
#define VIRTDECK_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/error.h"

struct writer;

/* What came of one piece of work; `e` is NULL when it was done. Owner's thread. */
typedef void (*writer_done)(void *ctx, const struct error *e);

struct writer_work {
    bool (*run)(void *arg, struct error *e); /* the writer's thread; false: `e` says why */
    void (*free)(void *arg);                 /* after `done`; NULL: nothing to free */
    void *arg;
    writer_done done; /* NULL: nobody wants to know */
    void *ctx;        /* for `done`; stays the caller's and must live until then */
};

/* The thread begins with the first work. */
struct writer *writer_new(void);
int writer_fd(const struct writer *w); /* readable when there is something to deliver; -1 for NULL */
/* Work of any kind. Where the disk is so slow that too much waits already, it is not done and `done` says so;
 * work without a `done` is always taken. */
void writer_do(struct writer *w, const struct writer_work *work);
/* Replaces a whole file as file_write() does. Takes the place of an older replacement of the same path that
 * has not begun; nobody is told of that one. The path is copied, `data` (len bytes) is taken over. */
void writer_replace(struct writer *w, const char *path, char *data, size_t len, mode_t mode, writer_done done,
                    void *ctx);
/* Tells the owner what was done since the last time. */
void writer_deliver(struct writer *w);
/* Waits at most so long for all that was given, tells the owner of it, and frees the writer: true. False: the
 * thread is left alone with the rest, of which nobody is told any more; it may go on using what its work was
 * given, and frees itself when that is done. */
bool writer_finish(struct writer *w, int timeout_ms);

#endif
