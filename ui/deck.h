/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The deck: everything the screen knows and shows, apart from the terminal. Drawing code reads it and writes
 * cells; commands and keys change it. It can be filled by hand, so frames can be tested without a terminal, a
 * host or a clock. Screen thread.
 */
#ifndef VIRTDECK_UI_DECK_H
#define VIRTDECK_UI_DECK_H

#include "autostart/view.h"
#include "base/writer.h"
#include "command/command.h"
#include "model/eventlog.h"
#include "model/history.h"
#include "model/options.h"
#include "ui/canvas.h"
#include "ui/graph.h"
#include "ui/guest_screen.h"
#include "ui/keymap.h"
#include "ui/logs_view.h"
#include "ui/view.h"

enum pane_id {
    PANE_OVERVIEW,
    PANE_DEVICES,
    PANE_LOGS,
    PANE_GRAPHS,
    PANE_EVENTS,
    PANE_AUTOSTART,
    PANE_SCREEN,
    PANE_COUNT
};

/* Where a pane stands; what a field means is the pane's own business. */
struct pane_state {
    int scroll; /* first row shown */
    int rows;   /* rows it has, as of the last drawing */
    int height; /* rows of the screen it had then */
    int column; /* columns scrolled sideways */
};

/* Where the devices pane stands. It outlives the lists: the row is known by its key. */
struct device_cursor {
    char *key;          /* of the row; NULL: none was chosen yet */
    char *name;         /* its device's: the key changes where it comes to sit elsewhere; NULL: it has none */
    long at;            /* its place, for when it has gone */
    const char *toggle; /* id of the field; static; NULL: the row's first */
    bool automatic;     /* what libvirt added by itself is shown, too */
};

/* What the autostart pane shows, and where it stands. */
struct starts_state {
    struct autostart_view *view; /* of the host that is shown; a reference; NULL: not worked out yet */
    int host;
    char *key;                     /* of the row under the cursor; NULL: none was chosen yet */
    long at;                       /* its place, for when it has gone */
    bool reverse;                  /* the shutdown */
    bool links;                    /* what waits for what stands out */
    int64_t run_shown, run_hidden; /* when the run began that is (not) shown in the plan's place; 0: none */
    VEC(struct vm_uuid) moved;     /* domains that the last move of a row has changed */
};

struct notice {
    char *text; /* raw */
    enum severity severity;
    bool passing;     /* answers a key: the next such answer takes its place */
    int64_t until_ms; /* monotonic */
};

struct deck;

/* A job that was started here and is followed to its end. */
struct running {
    struct job *job; /* NULL in tests */
    struct job_status status;
    bool quiet;                                               /* its outcome is not told */
    void (*over)(struct deck *d, const struct job_status *s); /* called at its end; NULL */
};

/* What the mouse can hit; made anew by each drawing. */
struct hit {
    struct rect area;
    long row;      /* a row of the table; -1: `run` */
    char run[112]; /* a command line; "" swallows the click */
};

struct dialog;
struct editing; /* editing.h */
struct causes;
struct visit; /* console.c */
struct console_feed;
struct chain; /* run.h: the rest of `A && B`, waiting for A's jobs */

struct deck {
    struct session session; /* fleet NULL in tests */
    struct frontend frontend;
    struct options *options;
    struct keymap keymap;
    struct history *history;
    struct eventlog *events;
    struct writer *writer;   /* NULL in tests: files are then written at once */
    struct snapshot **hosts; /* a reference each */
    size_t n_hosts;
    int64_t now_ms, now_wall_ms;

    struct view view;
    enum pane_id pane;
    bool pane_open, pane_zoomed, pane_focused;
    bool too_small;   /* as of the last drawing: the window shows only that */
    bool pane_covers; /* as of the last drawing: no room for both; the pane is seen while it has the keys */
    struct pane_state panes[PANE_COUNT];
    enum window window;
    bool events_of_vm; /* the events pane shows the selected domain's only */
    char *search;      /* the last text searched for; NULL */
    struct logs_view log;
    /* Of known failures; a reference; NULL: none. Read by the logs' thread, too: those of before a reload are
     * kept, for what it has taken from them. */
    struct signatures *_Atomic signatures;
    VEC(struct signatures *) old_signatures;
    struct causes *causes; /* causes.h; NULL: nothing was asked yet */
    struct device_cursor device;
    struct starts_state starts;
    struct guest_screen screen;
    int events_match;                   /* row of the events pane that the last search found; -1 none */
    uint64_t events_seen, events_count; /* added in all; looked at */

    VEC(struct dialog *) dialogs; /* the last is on top */
    VEC(struct notice) messages;  /* newest last */
    VEC(struct running) running;
    VEC(struct chain *) chains;
    struct chain *current; /* the one whose command is being run */
    struct strbuf output;  /* what that command printed */
    char *bar_error;       /* about the line in the bar; NULL */
    int bar_error_at;      /* byte offset in that line, -1 none */
    char *bar_filter;      /* the filter as it was before the bar was opened */
    VEC(struct hit) hits;

    struct editing *editing;           /* the definition that is edited as text; NULL: none */
    struct visit *visit;               /* the console that is being connected to; NULL: none */
    struct console_feed *console_feed; /* console_feed.h; NULL: never wanted */

    /* What commands ask of the loop. */
    bool dirty, quit, suspend, redraw, reload, retheme;
    char *errand, *clip; /* remedies.h: a shell's line to be run; what is to be copied */
    size_t table_height; /* rows of the table, as of the last drawing */
    bool columns_lack;   /* there was no room for some columns */
    struct rect table_area, pane_area;
    struct rect box;   /* of the dialog that is being drawn */
    bool rebuild;      /* the row list is out of date */
    bool view_changed; /* columns, sort, groups …: to be kept for the next run */
};

/* `options` stay the caller's. */
void deck_init(struct deck *d, struct options *options);
void deck_free(struct deck *d);
/* Takes the references over. */
void deck_set_hosts(struct deck *d, struct snapshot **hosts, size_t n);
void deck_set_time(struct deck *d, int64_t mono_ms, int64_t wall_ms);
/* What is known of starting with that host; the reference is taken over. NULL: nothing yet. */
void deck_set_autostart(struct deck *d, int host, struct autostart_view *view);
/* Brings the row list up to date where that is due. */
void deck_update(struct deck *d);
/* The whole screen. */
void deck_draw(struct deck *d, struct canvas *c);

/* A new text to search for; where older ones were found is forgotten. */
void deck_search_for(struct deck *d, const char *text);

/* The domain under the cursor and its host; NULL where there is none. */
const struct vm *deck_vm(const struct deck *d);
const struct snapshot *deck_host(const struct deck *d);
const struct snapshot *deck_host_by_id(const struct deck *d, int host);
/* What a cell of the table needs. */
struct row deck_row(const struct deck *d, const struct canvas *c, const struct snapshot *snap,
                    const struct vm *vm);
bool deck_is_stale(const struct deck *d, const struct host_info *host, const struct vm *vm);
enum graph_style deck_graph_style(const struct deck *d, const struct canvas *c);
/* Where keys are pressed now. */
enum place deck_place(const struct deck *d);

void deck_hit(struct deck *d, struct rect area, const char *run);
void deck_hit_row(struct deck *d, struct rect area, size_t row);
const struct hit *deck_hit_at(const struct deck *d, int x, int y);

/* A line above the key bar for a while, and in the events for good. `kind`: static, "command" … */
void deck_say(struct deck *d, enum severity severity, const char *text);
void deck_sayf(struct deck *d, enum severity severity, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* The same without a trace in the events: for what only answers a key. */
void deck_note(struct deck *d, enum severity severity, const char *fmt, ...) ATTR_PRINTF(3, 4);
void deck_add_event(struct deck *d, struct event *ev);
/* Opens d->events: `path` is its file (NULL: none), which d->writer writes. A damaged file is told. */
void deck_open_events(struct deck *d, const char *path, size_t max_events);

#endif
