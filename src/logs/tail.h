/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Follows one text file (a domain's QEMU log) in a thread of its own: reads the end of it, reopens it when it
 * was rolled, truncated or created anew, keeps a bounded ring of lines. Lines are raw bytes, at most 4 KiB
 * each (longer ones are cut and say so).
 */
#ifndef VIRTDECK_LOGS_TAIL_H
#define VIRTDECK_LOGS_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

struct tail; /* opaque */

struct tail *tail_new(size_t max_lines); /* starts the thread; follows nothing yet */
void tail_free(struct tail *t);
/* Follow this file from now on (NULL: none). Never waits for the disk. */
void tail_follow(struct tail *t, const char *path);
int tail_fd(const struct tail *t); /* eventfd: readable when lines are new; tail_drain_fd() clears it */
void tail_drain_fd(struct tail *t);

struct tail_line {
    uint64_t number; /* counts up, never used twice */
    char *text;      /* raw, no newline; NUL bytes as "\x00". The last line may still grow. */
};
struct tail_view {
    struct tail_line *lines; /* oldest first */
    size_t n;
    uint64_t dropped; /* fell out of the ring */
    bool at_end;      /* nothing more is there to be read, as far as it was looked */
    char *problem;    /* "permission denied: …", "no such file", NULL */
    uint64_t version; /* changes with each change */
};
/* A copy of the newest `max` lines (0: all); tail_view_clear() frees it. */
void tail_view(struct tail *t, size_t max, struct tail_view *out);
void tail_view_clear(struct tail_view *v);
uint64_t tail_version(struct tail *t);

/* Where libvirt writes the QEMU log of a domain of this host, or NULL with *why (static) when the host is
 * remote or the driver has none. The caller frees the path. Names with slashes give none. After
 * paths_init(). */
char *qemu_log_path(const char *uri, const char *vm_name, const char **why);

#endif
