/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the logs pane stands: which lines of the selected domain it shows, the window of them that was copied
 * around the cursor, what is searched, marked and copied to a file. Lines belong to a collector and go on
 * while one looks; so places are times and numbers, lines are looked at in steps, and what is not found in
 * one step is gone on with in the next turn of the screen's loop. Screen thread.
 */
#ifndef VIRTDECK_UI_LOGS_VIEW_H
#define VIRTDECK_UI_LOGS_VIEW_H

#include <stdatomic.h>
#include "base/strbuf.h"
#include "base/vec.h"
#include "logs/collect.h"
#include "model/eventlog.h"
#include "model/uuid.h"

#define LOGS_STEP 4000 /* lines that one turn looks at, at most */
/* Without being asked for: what costs nothing and is about this domain alone. */
#define LOGS_USUAL (~(1u << SOURCE_HOST | 1u << SOURCE_DAEMON) & ((1u << SOURCES) - 1))

enum logs_times { TIMES_CLOCK, TIMES_AGO, TIMES_START, LOGS_TIMES };
extern const char *const logs_times_names[LOGS_TIMES]; /* "clock" "ago" "start" */

/* A copy of a line. */
struct logs_line {
    struct merge_line is; /* its text is the copy, this one's own */
    size_t behind;        /* bytes of the stamp that its text begins with */
    int rows;             /* rows of the screen that it takes; 0: not worked out yet */
};
typedef VEC(struct logs_line) logs_lines;

struct logs_window {
    logs_lines lines; /* oldest first */
    size_t cursor;    /* where there are lines */
    bool first, last; /* nothing that is shown stands before, behind it */
    uint64_t version; /* of the merge that it was read from */
};

enum logs_phase { READ_NOTHING, READ_CURSOR, READ_CURSOR_BACK, READ_ABOVE, READ_BELOW };

/* A window that is being read. */
struct logs_reading {
    enum logs_phase phase;
    struct merge_place place;
    struct logs_window window;
    logs_lines above; /* newest first */
};

enum logs_outcome { SEEK_IDLE, SEEK_GOES_ON, SEEK_FOUND, SEEK_MISSING };

struct logs_seek {
    enum logs_outcome state;
    bool backwards, round; /* round: it went on from the other end */
    struct merge_place place;
};

struct logs_copy {
    char *path; /* NULL: nothing is copied */
    struct merge_place place, until;
    bool gathered; /* nothing has to be looked for */
    struct strbuf text;
    size_t lines;
};

/* Where a source's lines come from. */
struct logs_feed {
    bool found;       /* there is one, not begun yet: `feed` */
    bool remote;      /* it is read through ssh, so only when somebody asks for it */
    bool begun;       /* the collector has it */
    bool console;     /* it is the console's stream */
    char *problem;    /* there is none, and why; NULL */
    struct feed feed; /* its own until it is begun */
};
void logs_feed_clear(struct logs_feed *f);

struct logs_view {
    struct collector *collector; /* NULL in tests: the lines are then in `lines` */
    struct merge *lines;         /* tests only; NULL: none. The view's */

    /* Whose lines they are (logs_feed.c). */
    int host;
    struct vm_uuid uuid; /* nil: nobody's */
    char *vm, *uri, *serial_log, *messages;
    unsigned generation;
    struct logs_feed feeds[SOURCES];
    int64_t started_ms;        /* wall clock; when it was last seen to start; 0: not known */
    bool reading_past;         /* what happened before is being read; what happens now waits in */
    VEC(struct event) waiting; /* text is owned, host and vm are NULL */
    int64_t acted_ms;          /* wall clock: the newest that was told of what an unattended virtdeck did */
    int64_t looked_ms;         /* monotonic: when that was last looked for */

    /* How they are shown; kept from one domain to the next. */
    unsigned sources; /* 1 << enum line_source */
    unsigned asked;   /* those that somebody asked for, of those that are read only then */
    bool marked;      /* only lines that tell of a known failure */
    char *wants_text; /* only lines that match it; NULL: all */
    struct pattern *wants;
    enum logs_times times;
    bool wrap;

    /* Where it stands. */
    bool follow;
    struct merge_place at;  /* right before the cursor's line; not while following */
    struct merge_place top; /* right before the first line on the screen; not while following */
    uint64_t kept;          /* number of the line the cursor stays on while frozen; 0: whichever is there */
    int top_row;            /* so many rows of it are above the screen */
    bool region;            /* lines from here to the cursor are chosen */
    struct merge_line region_line; /* its place only */

    struct logs_window window;
    struct logs_reading reading;
    bool stale;         /* the window is not what is to be seen */
    int reach;          /* lines that it has above and below the cursor */
    int height, text_w; /* rows of lines and columns of text, as of the last drawing */
    bool was_wrapped;   /* the same */

    char *find_text; /* what `find` was made of */
    struct pattern *find;
    struct logs_seek seek;
    bool reveal;      /* what was found has to be seen */
    uint64_t shifted; /* number of the line that is shown from that column on, for what was found; 0 */
    int shifted_column;
    struct logs_copy copy;

    /* What is new. */
    uint64_t seen[SOURCES]; /* lines that were looked at, in all */
    atomic_uint marks;      /* marked lines that came, in all; the collector's thread counts them */
    int64_t selected_ms;    /* monotonic */
    int64_t selected_wall_ms;
    int64_t taken_ms; /* monotonic: when the screen last drew because of new lines */
    unsigned marks_seen;
    bool unread; /* the files are still read for the first time: nothing of it is news */
};

void logs_view_init(struct logs_view *v);
void logs_view_free(struct logs_view *v);
/* Forgets where it stood: the lines are another domain's. */
void logs_view_restart(struct logs_view *v);

void logs_forget_waiting(struct logs_view *v);

/* The lines, for a moment; NULL: there are none. */
const struct merge *logs_lock(const struct logs_view *v);
void logs_unlock(const struct logs_view *v);
struct merge_filter logs_filter(const struct logs_view *v);
/* How many lines of shown sources there are, whether or not they pass the filter. */
size_t logs_total(const struct logs_view *v);

/* ---- what is shown ---- */

/* Only lines that match; NULL or "": all. False with e set: it is no expression; the old one stays. */
bool logs_set_filter(struct logs_view *v, const char *regex, struct error *e);
void logs_set_sources(struct logs_view *v, unsigned sources);
/* "qemu,serial", "+host", "-serial,-messages", "all", "default": from what is shown now. False with e set. */
bool logs_parse_sources(const struct logs_view *v, const char *text, unsigned *sources, struct error *e);
/* An expression that tells upper from lower case where it has upper case letters. NULL with e set. */
struct pattern *logs_pattern(const char *regex, struct error *e);
/* The pattern of a text that is searched for: as it stands where it is no expression. NULL: of nothing. */
const struct pattern *logs_find(struct logs_view *v, const char *text);

/* ---- the window (logs_window.c) ---- */

/* Goes on reading the window, `reach` lines above and below the cursor: true when it is whole. False: again,
 * in the next turn; meanwhile the old one is there. */
bool logs_read(struct logs_view *v, int reach);
/* The window has to be read again. */
void logs_touch(struct logs_view *v);
void logs_lines_free(logs_lines *l);
bool logs_is_behind(const struct merge_line *a, const struct merge_line *b);
bool logs_is_at_or_behind(const struct merge_line *l, const struct merge_place *p);
/* Bytes of the time that its text begins with, which is shown beside it. */
size_t logs_stamp(const struct merge_line *l);
/* Rows of a line, that about lines dropped before it included. */
int logs_rows_of(struct logs_view *v, struct logs_line *l);
/* Where the parts of an escaped text begin that fit into rows of w columns; returns how many there are.
 * `starts` (may be NULL) gets at most `most` of them. */
int logs_break(const char *safe, int w, size_t *starts, int most);
/* The first row shown of all rows of the window, with the cursor's line in `height` rows of the screen. Keeps
 * v->top right. */
long logs_layout(struct logs_view *v, int height);

/* ---- moving (logs_window.c) ---- */

/* The cursor by lines; up freezes, beyond the end follows. */
void logs_move(struct logs_view *v, long lines);
/* The rows on the screen; the cursor stays on it. */
void logs_scroll(struct logs_view *v, long rows);
void logs_home(struct logs_view *v);
void logs_follow_on(struct logs_view *v, bool on);
/* The cursor's line; NULL: there is none. Valid until the window is read again. */
const struct logs_line *logs_at(const struct logs_view *v);
/* Begins, or ends, choosing lines at the cursor. */
void logs_choose(struct logs_view *v, bool on);
/* Moves the cursor to the line of that number; false: it is not in the window. */
bool logs_point(struct logs_view *v, uint64_t number);
bool logs_is_chosen(const struct logs_view *v, const struct logs_line *l);

/* ---- what takes several turns (logs_walk.c) ---- */

/* Looks for the next line that d->search's pattern (v->find) matches, and moves the cursor there. */
enum logs_outcome logs_search(struct logs_view *v, bool backwards);
/* Gathers the chosen lines, or all that are shown, for a file of that name. */
void logs_copy_begin(struct logs_view *v, const char *path);
/* Go on with them. True: v->copy is whole. */
enum logs_outcome logs_search_on(struct logs_view *v);
bool logs_copy_on(struct logs_view *v);
void logs_copy_forget(struct logs_view *v);
/* Something is not done yet. */
bool logs_is_busy(const struct logs_view *v);

/* ---- news ---- */

/* All there is was looked at. */
void logs_look(struct logs_view *v);
/* What was not: lines that tell of known failures, else how many there are, the guest's own chatter aside. */
uint64_t logs_news(const struct logs_view *v);

#endif
