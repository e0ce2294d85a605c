/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes lines of bytes as they come in: at most 4 KiB each, longer ones cut with a word about it, NUL bytes
 * as
 * "\x00", no carriage returns at the end. All other bytes stay as they are. Pure; one thread.
 */
#ifndef VIRTDECK_LOGS_LINES_H
#define VIRTDECK_LOGS_LINES_H

#include <stdbool.h>
#include "base/strbuf.h"

#define LINES_MAX 4096 /* bytes of a line, with the word that it was cut */

/* Takes a complete line, which is valid during the call. */
typedef void lines_take(void *ctx, const char *text, size_t len);

struct lines {
    struct strbuf line; /* the line that has no end yet */
    bool overlong;      /* its rest is thrown away up to the newline */
    lines_take *take;
    void *ctx;
};

void lines_init(struct lines *l, lines_take *take, void *ctx);
void lines_free(struct lines *l);
void lines_add(struct lines *l, const char *bytes, size_t len);
/* What was begun has no more to it: it is taken as it is. */
void lines_end(struct lines *l);
/* The line begun starts in the middle: it says so. Nothing was added to it yet. */
void lines_cut_start(struct lines *l);

#endif
