/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads what is new in a file that grows, and notices when its name means another file (rolled, deleted, made
 * anew) or when it was truncated or written anew. Files that were rolled meanwhile (PATH.0, PATH.1 …, as
 * virtlogd names them) are read before the newest one, so nothing is left out that is still there and nothing
 * is read twice. virtlogd rolls in the middle of lines: they are put together again. Of a large file only the
 * end is read; what stands above it can be had on demand. One thread; waits for the disk.
 */
#ifndef VIRTDECK_LOGS_FOLLOW_H
#define VIRTDECK_LOGS_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "logs/lines.h"

#define FOLLOW_FIRST  (256 * 1024)       /* of a larger file only this much at its end is read at first */
#define FOLLOW_MOST   (16 * 1024 * 1024) /* and this much of one that was made while it was followed */
#define FOLLOW_KNOWN  32                 /* the last bytes read, to see whether they are still there */
#define FOLLOW_ROLLED 10                 /* so many of PATH.0 … are looked at */

/* Which file it is, whatever its name. Inode numbers are given again, so the time of its birth goes with it.
 */
struct file_id {
    dev_t dev;
    ino_t ino;
    int64_t born; /* ns; 0 where the file system does not know */
};

struct follow {
    char *path;
    bool once;          /* what is not there is not waited for */
    int fd;             /* -1: not open */
    struct file_id id;  /* of the file that is read, or was read last */
    bool begun;         /* id means something */
    struct file_id old; /* PATH.0 when that file was opened: no part of what is new; ino 0: none */
    off_t offset;
    char known[FOLLOW_KNOWN]; /* the bytes before offset */
    size_t n_known;
    struct lines lines;
    char *problem;      /* why there is nothing to read now; NULL while the file is open */
    int64_t changed_ms; /* when the file was written last, as it was first opened (since 1970) */

    bool whole;           /* the first file was read from its beginning */
    struct file_id above; /* the file in which the topmost line was read, */
    int64_t above_ms;     /* when it was written last; 0: it was not looked at for older lines */
    off_t above_begin;    /* and where that line begins; -1: nothing was read yet */
};

void follow_init(struct follow *f, const char *path, lines_take *take, void *ctx);
void follow_free(struct follow *f);
/* Reads one chunk, or sees to a change of the file; true when it is worth calling again at once. */
bool follow_step(struct follow *f);
/* Whether more stands above what was read: farther up in the file, or in the one that was rolled before it.
 */
bool follow_has_older(const struct follow *f);
/* Reads the next `most` bytes above; `take` gets their lines, the oldest first. False: there are none. */
bool follow_older(struct follow *f, size_t most, lines_take *take, void *ctx);

#endif
