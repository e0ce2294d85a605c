/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the logs pane share. Screen thread.
 */
#ifndef VIRTDECK_UI_PANE_LOGS_H
#define VIRTDECK_UI_PANE_LOGS_H

#include "diagnose/signature.h"
#include "ui/pane.h"

/* One drawing of the pane. */
struct logs_drawing {
    struct deck *d;
    struct canvas *c;
    struct rect area;     /* where the lines are */
    int time_w, source_w; /* columns; 0: there is no room for it */
    int text_x;
    const struct pattern *find;
    bool helped; /* what helps against the cursor's line is shown below */
};

/* pane_logs_line.c: the columns that fit into that width. */
void logs_columns(struct logs_drawing *w, int width);
/* The columns of the line's text where the first match of w->find begins and ends; false: there is none. */
bool logs_found_at(const struct logs_drawing *w, const struct logs_line *l, int *from, int *to);
/* One row of the screen: the row `inside` of the line's rows. */
void logs_draw_row(const struct logs_drawing *w, int y, size_t line, int inside);

/* pane_logs_help.c: what is known about a line of the window; nothing where it has no mark. */
void logs_diagnose(const struct deck *d, size_t line, diagnosis_list *out);
/* What helps: how many rows of at most `most` it takes in that width, and the same drawn. */
int logs_help_rows(const diagnosis_list *known, int width, int most);
void logs_help_draw(struct deck *d, struct canvas *c, struct rect area, const diagnosis_list *known);

#endif
