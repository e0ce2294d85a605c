/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The panes: one row of one table each, one file each. A new pane is a file and a row. Screen thread.
 */
#ifndef VIRTDECK_UI_PANE_H
#define VIRTDECK_UI_PANE_H

#include "ui/deck.h"
#include "ui/pen.h"

/* Between the parts of a status; where there is no room for all of them, the first ones go. */
#define PANE_STATUS_GAP " ── "

struct pane_ops {
    const char *id, *title;
    enum place place;
    /* Draws into the area; keeps d->panes[].rows and .scroll right. */
    void (*draw)(struct deck *d, struct canvas *c, struct rect area);
    /* How many things there are to see on a pane that is not looked at; NULL: never any. */
    uint64_t (*badge)(const struct deck *d);
    /* A few words at the right end of the tab line; NULL: none. */
    void (*status)(const struct deck *d, struct strbuf *out);
    /* Whether what it shows is the selected domain's; NULL: always. */
    bool (*about_vm)(const struct deck *d);
    /* Scrolls by rows and columns; NULL: pane_scroll_rows(). */
    void (*scroll)(struct deck *d, long rows, int aside);
    /* Finds d->search from where it stands; false: nowhere. NULL: this pane has nothing to search. */
    bool (*search)(struct deck *d, bool backwards);
};

extern const struct pane_ops *const pane_table[PANE_COUNT];
extern const struct pane_ops pane_overview, pane_devices, pane_logs, pane_graphs, pane_events, pane_autostart,
    pane_screen;

/* The line of tabs, with the name of what is shown and the pane's status; w can be any. */
void pane_draw_tabs(struct deck *d, struct canvas *c, struct rect area);
void pane_scroll(struct deck *d, long rows, int aside);
void pane_scroll_rows(struct deck *d, long rows, int aside);

/* The two steps of every pane that writes rows: a sheet at the pane's scroll, and its end, which says how
 * many rows there were. False: the scroll was beyond them; draw again. */
struct sheet pane_sheet(struct deck *d, struct canvas *c, struct rect area);
bool pane_sheet_end(struct deck *d, const struct sheet *s);
/* Escaped text behind its first n columns: what is left of it when a pane is scrolled sideways. */
const char *pane_skip_columns(const char *safe, int n);
/* Keeps the open pane from being scrolled sideways beyond texts of this width in a column of `room`. */
void pane_limit_aside(struct deck *d, int widest, int room);
/* The rates of a disk or NIC; NULL where none are known. */
const struct vm_device_rate *pane_rate_of(const struct vm *vm, const struct vm_device *dev);
/* A few words in the middle of an empty pane. */
void pane_say_empty(struct canvas *c, struct rect area, const char *text);

#endif
