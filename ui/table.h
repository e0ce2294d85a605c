/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of domains: which columns fit, and drawing the rows that are on the screen. Screen thread.
 */
#ifndef VIRTDECK_UI_TABLE_H
#define VIRTDECK_UI_TABLE_H

#include "ui/deck.h"

struct table_column {
    const struct column *column;
    int x, w; /* from the left edge of the table */
};

/* The columns that fit into `w` and where they go; at most VIEW_MAX_COLUMNS. Columns are given up by their
 * priority, after narrow stand-ins have been tried; what is left over goes to the columns that take it. */
size_t table_fit_columns(const struct view *v, int w, struct table_column out[VIEW_MAX_COLUMNS]);
void table_draw(struct deck *d, struct canvas *c, struct rect area);
/* Rows of domains that an area of this height shows. */
size_t table_rows(const struct deck *d, int h);

#endif
