/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The columns of the VM table: one row of one table each. The screen, `list`, `sample`, sorting, filtering,
 * JSON, CSV, help and the manual all read it. Pure functions of a row; any thread.
 */
#ifndef VIRTDECK_MODEL_COLUMN_H
#define VIRTDECK_MODEL_COLUMN_H

#include "base/strbuf.h"
#include "base/error.h"
#include "base/text.h"
#include "model/snapshot.h"

/* A domain in the table, with what its cells need. */
struct row {
    const struct host_info *host;
    const struct vm *vm;
    int64_t now_ms; /* monotonic, the frame's time */
    int64_t now_wall_ms;
    int64_t stale_ms;                 /* figures older than this are stale */
    double warn_percent, bad_percent; /* thresholds for CPU and memory cells */
    bool tagged;
    bool unicode; /* may use non-ASCII glyphs */
};

/* What a cell means; the screen maps it to a role of the theme. */
enum level { LEVEL_NORMAL, LEVEL_DIM, LEVEL_GOOD, LEVEL_NOTICE, LEVEL_WARN, LEVEL_BAD };

/* TEXT: value() is set, number() is NULL; in JSON a string. All others have number(): BOOL 0 or 1 (JSON:
 * false, true); SPARK the newest point of METRIC_CPU's series; BAR percent of the bar's length, 0..100. */
enum column_type { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_BOOL, COLUMN_SPARK, COLUMN_BAR };

/* The unit of number(): a filter's sizes and durations are turned into it, sums are shown in it. */
enum column_unit { UNIT_NONE, UNIT_PERCENT, UNIT_KIB, UNIT_BYTES, UNIT_SECONDS, UNIT_MILLISECONDS };

#define COLUMN_SCRATCH 64

struct column {
    const char *id;          /* for config, --columns, JSON, CSV */
    const char *title;       /* heading */
    const char *ascii_title; /* the same in ASCII; NULL: title is ASCII */
    const char *help;        /* one line: what it shows, its unit in JSON */
    enum column_type type;
    enum column_unit unit;
    enum text_align align;
    int width, min_width, max_width; /* columns of the screen; max_width 0: takes what is left */
    int priority;                    /* the higher, the sooner it is given up on a narrow screen; 0 never */
    bool default_on;                 /* on the screen */
    bool dear;                       /* needs the dear statistics */
    bool rate;                       /* needs two samples */
    bool words;                      /* value() is a list of words: a filter's = looks at each of them */
    const char *values;              /* all values there are, without blanks, space separated; NULL: any */
    /* Ids of columns (space separated) that this one stands for, in less width: where the chosen columns
     * don't all fit, those of them that are chosen give way to this one before any is given up. NULL: none.
     */
    const char *narrow_of;
    void (*text)(const struct row *r,
                 struct strbuf *out); /* for people; raw text is allowed, the caller escapes */
    /* The same in fewer words, where text() is wider than the column on the screen; NULL: it is cut. */
    void (*brief)(const struct row *r, struct strbuf *out);
    double (*number)(const struct row *r); /* JSON, CSV, sorting; NAN unknown; NULL for text columns */
    /* Text columns: the raw text for JSON, CSV, sorting and filters; NULL unknown. It belongs to the row or
     * stands in `scratch`. NULL for all others. */
    const char *(*value)(const struct row *r, char scratch[COLUMN_SCRATCH]);
    enum level (*level)(const struct row *r); /* NULL: normal */
};

extern const struct column columns[];
extern const size_t n_columns;

/* By id, in any case of letters; NULL for another word. */
const struct column *column_find(const char *id);
/* The id that looks most like `id`, or NULL: for messages. */
const char *column_nearest(const char *id);
/* Its figures are older than row->stale_ms, or its host is not connected. */
bool row_is_stale(const struct row *r);
/* The order of two rows by a column: unknown figures last whatever the direction, then name, then UUID:
 * stable. */
int column_compare(const struct column *c, bool descending, const struct row *a, const struct row *b);
/* Comma-separated ids (or "all", or "default"); appends to *list. The error names the bad one and a near
 * miss. */
typedef VEC(const struct column *) column_list;
bool column_parse_list(const char *text, column_list *list, struct error *e);

#endif
