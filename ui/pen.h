/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writing pieces of text one behind the other into a row of the canvas. A pen without a canvas only measures,
 * so the same code finds out how wide something would be. A sheet is a column of rows, of which the canvas
 * shows a window: panes and dialogs that scroll write all their rows and only those in the window are drawn.
 * Screen thread; pure.
 */
#ifndef VIRTDECK_UI_PEN_H
#define VIRTDECK_UI_PEN_H

#include "ui/canvas.h"

struct pen {
    struct canvas *c; /* NULL: measure only */
    int x, y;         /* where the next piece goes; x counts on past the end */
    int end;          /* first column that is not ours */
};

struct pen pen_at(struct canvas *c, int x, int y, int w);
void pen_text(struct pen *p, enum role role, const char *raw);
void pen_printf(struct pen *p, enum role role, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* Exactly w columns. */
void pen_fit(struct pen *p, int w, enum role role, enum text_align align, const char *raw);
/* Blanks up to column x. */
void pen_to(struct pen *p, int x);
void pen_skip(struct pen *p, int columns);
/* Columns that raw text takes on the screen. */
int pen_width(const char *raw);

struct sheet {
    struct canvas *c;
    struct rect area;
    int scroll; /* the first row shown */
    int row;    /* the row being written, from 0 */
};

struct sheet sheet_in(struct canvas *c, struct rect area, int scroll);
/* A pen for the current row, `x` columns into the sheet, `w` wide (0: to the edge). */
struct pen sheet_pen(const struct sheet *s, int x, int w);
/* The canvas's row of the current row; -1 when it is not in the window. */
int sheet_y(const struct sheet *s);
void sheet_next(struct sheet *s);
/* Raw text broken at blanks over as many rows as it needs; newlines start a row. Leaves the row after it. */
void sheet_wrap(struct sheet *s, int x, int w, enum role role, const char *raw);
/* The nearest allowed scroll for content of `rows` rows in a window of `h`. */
int sheet_clamp(int scroll, int rows, int h);

#endif
