/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/layout.h"

/* From here on there is room for a pane beside or below the table. */
#define WIDE_W      160
#define BELOW_MIN_H 30

bool layout_has_room(int w, int h)
{
    return w >= WIDE_W || h >= BELOW_MIN_H;
}

static enum pane_where place_pane(int w, int h, bool open, bool zoomed)
{
    if (!open)
        return PANE_NOWHERE;
    if (zoomed)
        return PANE_OVER;
    if (w >= WIDE_W)
        return PANE_RIGHT;
    return h >= BELOW_MIN_H ? PANE_BELOW : PANE_OVER;
}

static void split_below(struct layout *l, struct rect body)
{
    int table_h = body.h * 55 / 100;
    l->table.h = table_h;
    l->tabs = (struct rect){body.x, body.y + table_h, body.w, 1};
    l->pane = (struct rect){body.x, body.y + table_h + 1, body.w, body.h - table_h - 1};
}

static void split_right(struct layout *l, struct rect body)
{
    int table_w = body.w * 55 / 100;
    int x = body.x + table_w;
    l->table.w = table_w;
    l->border = (struct rect){x, body.y, 1, body.h};
    l->tabs = (struct rect){x + 1, body.y, body.w - table_w - 1, 1};
    l->pane = (struct rect){x + 1, body.y + 1, body.w - table_w - 1, body.h - 1};
}

static void split_over(struct layout *l, struct rect body)
{
    l->table = (struct rect){0, 0, 0, 0};
    l->tabs = (struct rect){body.x, body.y, body.w, 1};
    l->pane = (struct rect){body.x, body.y + 1, body.w, body.h - 1};
}

struct layout layout_make(int w, int h, int host_lines, bool pane_open, bool zoomed)
{
    struct layout l = {.too_small = w < LAYOUT_MIN_W || h < LAYOUT_MIN_H};
    if (l.too_small)
        return l;
    if (host_lines > 1 && h < 16)
        host_lines = 1;
    l.host = (struct rect){0, 0, w, host_lines};
    l.line = (struct rect){0, h - 1, w, 1};
    l.keys = (struct rect){0, h - 2, w, 1};
    struct rect body = {0, host_lines, w, h - host_lines - 2};
    l.table = body;
    l.where = place_pane(w, h, pane_open, zoomed);
    if (l.where == PANE_BELOW)
        split_below(&l, body);
    else if (l.where == PANE_RIGHT)
        split_right(&l, body);
    else if (l.where == PANE_OVER)
        split_over(&l, body);
    return l;
}
