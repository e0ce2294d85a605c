/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads one feed: file, program or stream; makes lines of the bytes, with their times and marks, in batches.
 * Only logs/collect.c calls this, in its thread; only files make it wait.
 */
#ifndef VIRTDECK_LOGS_READER_H
#define VIRTDECK_LOGS_READER_H

#include <poll.h>
#include "base/vec.h"
#include "logs/collect.h"
#include "logs/follow.h"
#include "logs/program.h"
#include "logs/watch.h"

/* A line that was read; its text is in the batch's. */
struct read_line {
    int64_t wall_ms; /* 0: it bears no time */
    int64_t key_ms;  /* where it stands when it is the first, or an older one */
    size_t at, len;
    const char *mark;
    enum severity severity;
};
struct batch {
    struct strbuf text;
    VEC(struct read_line) lines;
    bool amends;   /* the first line is what came of the one without end that was given out before */
    bool has_open; /* the last one has no end yet */
    int64_t arrived_ms;
};

struct reader {
    bool used;
    struct feed feed;
    const struct collector_config *config;
    struct batch batch;
    bool live;           /* what comes now is written now */
    bool any;            /* something was read */
    int64_t read_ms;     /* program: monotonic, when it printed last */
    bool older;          /* what is read now stands above all else */
    bool ended;          /* no more will come */
    int64_t stamp_ms;    /* of the last line that bore a time */
    struct strbuf open;  /* the line without end as it was given out last */
    bool given;          /* there is one */
    struct strbuf words; /* what the feed makes of a line that is not shown as it was written, */
    int64_t words_ms;    /* and its time */
    size_t before;       /* so much is wanted of what was rolled before */
    char *problem;

    struct follow follow; /* files */
    struct watch watch;
    bool told; /* the kernel tells of all changes */
    struct program program;
    int64_t mute_ms;    /* program: monotonic, when it closed its output */
    struct lines lines; /* program, stream */
};

#define READER_FDS 2

/* Takes over what the feed owns. The reader must stay where it is in memory. */
void reader_open(struct reader *r, struct feed *feed, const struct collector_config *config);
/* Ends and frees. True: *left is a program that was asked to end and is the caller's to be reaped. */
bool reader_close(struct reader *r, struct program *left);
/* Reads one chunk at most into r->batch (emptied before). True: call again at once. */
bool reader_step(struct reader *r);
/* The next older lines, `most` bytes of them, into r->batch, the oldest first; false: there are none. */
bool reader_older(struct reader *r, size_t most);
bool reader_has_older(const struct reader *r);
/* What to wait for: fills up to READER_FDS places, lowers *timeout_ms (-1: none) to when to look again. */
size_t reader_wait(const struct reader *r, struct pollfd *fds, int *timeout_ms);

#endif
