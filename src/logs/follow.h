/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads what is new in a file that grows, and notices when its name means another file (rolled, deleted,
 * made anew) or when it was truncated. Makes lines of the bytes: at most 4 KiB each, NUL bytes as "\x00",
 * longer ones cut with a word about it. One thread; waits for the disk.
 */
#ifndef VIRTDECK_LOGS_FOLLOW_H
#define VIRTDECK_LOGS_FOLLOW_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/strbuf.h"

#define FOLLOW_LINE_MAX 4096
#define FOLLOW_FIRST    (256 * 1024) /* of a larger file only this much at its end is read */

struct follow {
    char *path;
    int fd; /* -1: not open */
    dev_t dev;
    ino_t ino;
    off_t offset;
    struct strbuf line; /* the line that has no end yet */
    bool overlong;      /* its rest is thrown away up to the newline */
    char *problem;      /* why there is nothing to read now; NULL while the file is open */
    /* Takes over each complete line. */
    void (*take)(void *ctx, char *text);
    void *ctx;
};

void follow_init(struct follow *f, const char *path, void (*take)(void *ctx, char *text), void *ctx);
void follow_free(struct follow *f);
/* Reads one chunk, or sees to a change of the file; true when it is worth calling again at once. */
bool follow_step(struct follow *f);

#endif
