/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the autostart pane share. Screen thread.
 */
#ifndef VIRTDECK_UI_PANE_AUTOSTART_H
#define VIRTDECK_UI_PANE_AUTOSTART_H

#include "ui/autostart_rows.h"
#include "ui/pane.h"

/* Widths of the columns; 0: there is no room for it. `line`: the timeline. */
struct start_grid {
    int order, name, waits, state, line;
};

/* One drawing of the pane. */
struct start_drawing {
    struct deck *d;
    struct canvas *c;
    const struct autostart_view *v;
    const struct plan *plan;
    const struct run_record *run; /* NULL: the plan is shown */
    start_rows rows;
    struct start_grid grid;
    const struct start_row *cursor; /* NULL: the pane has not the keys */
    enum start_link *links;         /* of the plan's nodes to the cursor's; NULL: they do not stand out */
    int64_t span_ms;                /* what the timeline is long */
};

/* pane_autostart_line.c: how long the timeline has to be; its marks, and what becomes of one row in it. */
int64_t starts_span(const struct start_drawing *w);
void starts_draw_axis(const struct start_drawing *w, int x, int y);
void starts_draw_line(const struct start_drawing *w, int x, int y, const struct start_row *row);

/* pane_autostart_text.c: the line above the rows, in that width. */
void starts_draw_head(const struct start_drawing *w, struct rect area);
/* "ready", "probing, 12s left": how far a node of the run is. */
void starts_state_text(const struct start_drawing *w, const struct run_node *run, struct strbuf *out);
/* What the line below the rows says of one. */
void starts_explain(const struct start_drawing *w, const struct start_row *row, struct strbuf *out);
/* "5s", "1m 52s". */
void starts_time(int64_t ms, struct strbuf *out);
enum role starts_state_role(enum engine_state state);
/* "autostart: 5 of 9 ready", "1 failed"; nothing where no run is known. */
void starts_run_text(const struct run_record *run, struct strbuf *out);

#endif
