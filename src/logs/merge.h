/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines of several sources in the order of their times. Each source has a ring of its own, bounded in lines
 * and in bytes: what one of them floods falls out of its own ring, never out of another's, and is counted. A
 * line costs the same to add however many there are; looking at them goes by cursors, from anywhere, both
 * ways. Pure: no files, no clock. One thread at a time.
 */
#ifndef VIRTDECK_LOGS_MERGE_H
#define VIRTDECK_LOGS_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/pattern.h"
#include "model/eventlog.h"
#include "model/source.h"

struct merge; /* opaque */

struct merge_line {
    int64_t wall_ms; /* as it was given; 0: the line bore no time */
    int64_t key_ms;  /* its place in time: never before the line above it in its source */
    uint64_t number; /* of all sources' lines, never used twice, never 0: the order of arrival */
    enum line_source source;
    enum severity severity; /* of the mark */
    const char *mark;       /* static or longer-lived than the merge: the id of a signature; NULL: none */
    const char *text;       /* raw, no newline; NUL behind it. The merge's. */
    size_t len;
    uint64_t gap;  /* so many lines of this source were dropped right before it: it is the oldest kept */
    size_t looked; /* so many lines were looked at by the merge_step() that found it, with it */
};

/* At most so many lines, and bytes of text, of each source (both at least 1; a line alone may be larger). */
struct merge *merge_new(size_t max_lines, size_t max_bytes);
void merge_free(struct merge *m);
/* Adds a copy and returns its number. wall_ms 0: the line has no time; it then stands where the line above it
 * in its source stands, the first of a source at arrived_ms. mark NULL: none. */
uint64_t merge_add(struct merge *m, enum line_source source, int64_t wall_ms, int64_t arrived_ms,
                   const char *text, size_t len, const char *mark, enum severity severity);
/* Puts other text in the place of a line's (a prompt that had no end yet); the time only where it had none.
 * False: that line is not kept any more. */
bool merge_amend(struct merge *m, enum line_source source, uint64_t number, int64_t wall_ms, const char *text,
                 size_t len, const char *mark, enum severity severity);
/* A line to be put above all others of its source. */
struct merge_older {
    int64_t wall_ms; /* 0: it has no time */
    int64_t key_ms;  /* its place; never behind the line below it */
    const char *text;
    size_t len;
    const char *mark;
    enum severity severity;
};
/* Puts copies of these lines, the oldest first, above the oldest of the source, as many of the newest as
 * there is room for: nothing that is kept falls out for them. Returns how many; none where lines were
 * dropped. */
size_t merge_above(struct merge *m, enum line_source source, const struct merge_older *lines, size_t n);
/* Whether merge_above() would take a line of that length. */
bool merge_has_room(const struct merge *m, enum line_source source, size_t len);
/* So many lines never came here: they are counted as dropped. */
void merge_missed(struct merge *m, enum line_source source, uint64_t n);
/* Forgets the lines of one source: its file was made anew and is read again. */
void merge_clear(struct merge *m, enum line_source source);
size_t merge_count(const struct merge *m, enum line_source source);
uint64_t merge_dropped(const struct merge *m, enum line_source source); /* since it was cleared */
size_t merge_bytes(const struct merge *m);                              /* of text that is kept */
uint64_t merge_version(const struct merge *m);                          /* changes with each change */

/* ---- looking ---- */

struct merge_filter {
    unsigned sources;            /* 1 << enum line_source; 0: all */
    const struct pattern *wants; /* NULL: any text */
    bool marked;                 /* only lines with a mark */
};

/* A place between two lines. It stays valid over changes: it is a time and a number, not an index. */
struct merge_place {
    int64_t key_ms;
    uint64_t number;
    bool behind; /* behind the line of that number, else before it */
};
struct merge_place merge_begin(void);
struct merge_place merge_end(void);
struct merge_place merge_at(const struct merge_line *line, bool behind);

enum merge_found { MERGE_LINE, MERGE_NO_MORE, MERGE_PAUSE };

/* The next line forward (else backward) from *place that passes the filter, and *place moves over it. It
 * gives up after `most` lines that don't pass (0: never): MERGE_PAUSE, to be called again with the same
 * *place. *line is valid until the merge changes. */
enum merge_found merge_step(const struct merge *m, struct merge_place *place, bool forward,
                            const struct merge_filter *filter, size_t most, struct merge_line *line);
/* How many lines of these sources stand before the place: where a scroll bar is. Filters of text don't count.
 */
size_t merge_before(const struct merge *m, const struct merge_place *place, unsigned sources);

#endif
