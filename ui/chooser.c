/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/chooser.h"

#include <stdio.h>
#include <stdlib.h>
#include "ui/pen.h"

struct choice {
    struct view_column column;
    bool on;
};

struct chooser {
    struct dialog base;
    VEC(struct choice) choices;
    long at, top;
    int height;
};

static bool is_shown(const struct view *v, const struct column *c)
{
    for (size_t i = 0; i < v->n_columns; i++)
        if (v->columns[i].column == c)
            return true;
    return false;
}

static void write_choice(struct deck *d, const struct chooser *g, struct canvas *c, struct rect line, long i)
{
    const struct choice *k = &g->choices.items[i];
    const struct column *col = k->column.column;
    struct pen p = pen_at(c, line.x, line.y, line.w);
    (void)d;
    pen_text(&p, k->on ? ROLE_GOOD : ROLE_DIM, k->on ? "[x] " : "[ ] ");
    pen_fit(&p, 12, ROLE_TITLE, TEXT_LEFT, col->id);
    pen_skip(&p, 1);
    int w = k->column.width ? k->column.width : col->width;
    char width[16];
    snprintf(width, sizeof(width), "%d", w);
    pen_fit(&p, 4, k->column.width ? ROLE_NOTICE : ROLE_DIM, TEXT_RIGHT, width);
    pen_skip(&p, 2);
    pen_fit(&p, p.end - p.x, ROLE_DIALOG, TEXT_LEFT, col->help ? col->help : "");
    if (i == g->at)
        canvas_over(c, line, ROLE_SELECTED);
}

static void draw(struct deck *d, struct dialog *base, struct canvas *c)
{
    struct chooser *g = (struct chooser *)base;
    long n = (long)g->choices.len;
    struct rect in = dialog_box(d, c, 90, (int)n + 4, "Columns");
    g->height = in.h - 2;
    if (g->at < g->top)
        g->top = g->at;
    if (g->at >= g->top + g->height)
        g->top = g->at - g->height + 1;
    for (int y = 0; y < g->height && g->top + y < n; y++)
        write_choice(d, g, c, (struct rect){in.x, in.y + y, in.w, 1}, g->top + y);
    const char *keys = in.w >= 76
                           ? "Space on/off   J K order   + - width   0 own width   Enter take   Esc leave"
                           : "Space  J K order  + - width  Enter  Esc";
    canvas_fit(c, in.x, in.y + in.h - 1, in.w, ROLE_HINT, TEXT_LEFT, keys);
}

static void move(struct deck *d, struct dialog *base, enum move how)
{
    struct chooser *g = (struct chooser *)base;
    (void)d;
    g->at = dialog_moved(how, g->at, (long)g->choices.len, g->height > 0 ? g->height : 1);
}

static void shift(struct chooser *g, long by)
{
    long to = g->at + by;
    if (to < 0 || to >= (long)g->choices.len)
        return;
    struct choice moved = g->choices.items[g->at];
    g->choices.items[g->at] = g->choices.items[to];
    g->choices.items[to] = moved;
    g->at = to;
}

static void widen(struct choice *k, int by)
{
    const struct column *c = k->column.column;
    int w = (k->column.width ? k->column.width : c->width) + by;
    int max = c->max_width ? c->max_width : 200;
    k->column.width = w < c->min_width ? c->min_width : w > max ? max : w;
}

static bool key(struct deck *d, struct dialog *base, keycode k)
{
    struct chooser *g = (struct chooser *)base;
    struct choice *at = &g->choices.items[g->at];
    d->dirty = true;
    if (k == ' ')
        at->on = !at->on;
    else if (k == 'J' || k == (KEYC_DOWN | KEYM_SHIFT))
        shift(g, 1);
    else if (k == 'K' || k == (KEYC_UP | KEYM_SHIFT))
        shift(g, -1);
    else if (k == '+' || k == KEYC_RIGHT)
        widen(at, 1);
    else if (k == '-' || k == KEYC_LEFT)
        widen(at, -1);
    else if (k == '0')
        at->column.width = 0;
    else
        return dialog_common_key(d, base, k);
    return true;
}

static void accept(struct deck *d, struct dialog *base)
{
    struct chooser *g = (struct chooser *)base;
    struct view *v = &d->view;
    size_t n = 0;
    for (size_t i = 0; i < g->choices.len && n < VIEW_MAX_COLUMNS; i++)
        if (g->choices.items[i].on)
            v->columns[n++] = g->choices.items[i].column;
    if (n == 0) {
        deck_note(d, SEV_WARN, "a table needs at least one column");
        return;
    }
    v->n_columns = n;
    d->view_changed = true;
    dialog_close(d);
}

static void chooser_free(struct dialog *base)
{
    struct chooser *g = (struct chooser *)base;
    vec_free(&g->choices);
    free(g);
}

static const struct dialog_ops ops = {
    .place = PLACE_DIALOG, .draw = draw, .key = key, .move = move, .accept = accept, .free = chooser_free};

void chooser_open(struct deck *d)
{
    struct chooser *g = xcalloc(1, sizeof(*g));
    g->base.ops = &ops;
    for (size_t i = 0; i < d->view.n_columns; i++) {
        struct choice k = {d->view.columns[i], true};
        vec_push(&g->choices, k);
    }
    for (size_t i = 0; i < n_columns; i++) {
        struct choice k = {{&columns[i], 0}, false};
        if (!is_shown(&d->view, &columns[i]))
            vec_push(&g->choices, k);
    }
    dialog_open(d, &g->base);
}
