/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which part of the screen belongs to what. Pure; screen thread.
 */
#ifndef VIRTDECK_UI_LAYOUT_H
#define VIRTDECK_UI_LAYOUT_H

#include "ui/canvas.h"

#define LAYOUT_MIN_W 40
#define LAYOUT_MIN_H 10

enum pane_where { PANE_NOWHERE, PANE_BELOW, PANE_RIGHT, PANE_OVER };

struct layout {
    bool too_small;
    enum pane_where where;
    struct rect host, table, tabs, pane, border; /* border: the line between table and a pane at the right */
    struct rect keys, line;                      /* key bar; messages and the command bar */
};

/* Whether table and pane can both be seen; where not, the pane covers the table while it has the keys. */
bool layout_has_room(int w, int h);
/* `host_lines`: rows the hosts want. */
struct layout layout_make(int w, int h, int host_lines, bool pane_open, bool zoomed);

#endif
