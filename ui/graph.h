/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Graphs, sparklines and bars as cells: braille, block or ASCII. Drawn from arrays of values; NAN leaves a
 * gap. Screen thread; pure.
 */
#ifndef VIRTDECK_UI_GRAPH_H
#define VIRTDECK_UI_GRAPH_H

#include "ui/canvas.h"

enum graph_style { GRAPH_BRAILLE, GRAPH_BLOCK, GRAPH_ASCII };

/* A scale a person can read: the smallest of 1, 2, 5 × 10^n (or powers of 1024 for bytes) not below `max`. */
double graph_nice_max(double max, bool bytes);

/* One filled series into area, newest at the right. values: oldest first. max > 0. */
void graph_area(struct canvas *c, struct rect area, enum graph_style style, enum role role,
                const float *values, size_t n, double max);
/* Two series mirrored or overlaid as lines (in and out). */
void graph_lines(struct canvas *c, struct rect area, enum graph_style style, enum role role_a, const float *a,
                 enum role role_b, const float *b, size_t n, double max);
/* One row high. */
void graph_spark(struct canvas *c, int x, int y, int w, enum graph_style style, enum role role,
                 const float *values, size_t n, double max);
/* ▕███████▍      ▏ ; fraction 0..1, NAN: empty with a question mark. */
void graph_bar(struct canvas *c, int x, int y, int w, enum role role, double fraction);

#endif
