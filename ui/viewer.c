/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ui/pen.h"

#define MAX_LEAD 30

struct viewer_line {
    char *lead, *text;
    enum role role;
    int row; /* where it begins, as of the last drawing */
};

struct viewer {
    struct dialog base;
    char *title;
    VEC(struct viewer_line) lines;
    int lead_w;
    int scroll, rows, height;
    int found; /* index of the line last found; -1 none */
    void (*then)(struct deck *d);
};

static bool line_has(const struct viewer_line *l, const char *needle)
{
    return (l->lead && text_contains(l->lead, needle)) || text_contains(l->text, needle);
}

static void write_line(struct deck *d, struct viewer *v, struct sheet *s, size_t i)
{
    struct viewer_line *l = &v->lines.items[i];
    l->row = s->row;
    int first_row = s->row, text_x = 0;
    if (l->lead) {
        struct pen p = sheet_pen(s, 2, v->lead_w);
        pen_text(&p, ROLE_KEY, l->lead);
        text_x = v->lead_w + 4;
    }
    if (*l->text)
        sheet_wrap(s, text_x, 0, l->role, l->text);
    else
        sheet_next(s);
    if (!d->search || !*d->search || !line_has(l, d->search))
        return;
    for (int row = first_row; row < s->row; row++) {
        struct sheet mark = *s;
        mark.row = row;
        if (sheet_y(&mark) >= 0)
            canvas_over(s->c, (struct rect){s->area.x, sheet_y(&mark), s->area.w, 1},
                        (int)i == v->found ? ROLE_SELECTED : ROLE_MATCH);
    }
}

static void write_lines(struct deck *d, struct viewer *v, struct canvas *c, struct rect in)
{
    struct sheet s;
    int to;
    do {
        canvas_fill(c, in, ROLE_DIALOG, L' ');
        s = sheet_in(c, in, v->scroll);
        for (size_t i = 0; i < v->lines.len; i++)
            write_line(d, v, &s, i);
        to = v->scroll;
        v->scroll = sheet_clamp(v->scroll, s.row, in.h);
    } while (to != v->scroll);
    v->rows = s.row;
    v->height = in.h;
}

/* Rows that the text takes; nothing is drawn into a window without height. */
static int count_rows(struct deck *d, struct viewer *v, int w)
{
    struct sheet s = sheet_in(NULL, (struct rect){0, 0, w, 0}, 0);
    for (size_t i = 0; i < v->lines.len; i++)
        write_line(d, v, &s, i);
    return s.row;
}

static void draw(struct deck *d, struct dialog *g, struct canvas *c)
{
    struct viewer *v = (struct viewer *)g;
    int box_w = c->w >= 112 ? 108 : c->w;
    struct rect in = dialog_box(d, c, box_w, count_rows(d, v, box_w - 4) + 2, v->title);
    write_lines(d, v, c, in);
    char where[96];
    if (v->rows > v->height)
        snprintf(where, sizeof(where), " %d to %d of %d   / search   Esc close ", v->scroll + 1,
                 v->scroll + v->height < v->rows ? v->scroll + v->height : v->rows, v->rows);
    else
        snprintf(where, sizeof(where), " / search   Esc close ");
    int w = (int)strlen(where);
    if (w < in.w)
        canvas_text(c, in.x + in.w - w, in.y + in.h, w, ROLE_HINT, where);
}

static void move(struct deck *d, struct dialog *g, enum move how)
{
    struct viewer *v = (struct viewer *)g;
    (void)d;
    long n = v->rows > v->height ? v->rows - v->height + 1 : 1;
    v->scroll = (int)dialog_moved(how, v->scroll, n, v->height > 1 ? v->height - 1 : 1);
}

static bool search(struct deck *d, struct dialog *g, bool backwards)
{
    struct viewer *v = (struct viewer *)g;
    int n = (int)v->lines.len;
    int at = v->found >= 0 ? v->found : backwards ? n : -1;
    for (int step = 1; step <= n; step++) {
        int i = (at + (backwards ? -step : step) + 2 * n) % n;
        if (line_has(&v->lines.items[i], d->search)) {
            v->found = i;
            int row = v->lines.items[i].row;
            if (row < v->scroll || row >= v->scroll + v->height)
                v->scroll = row - v->height / 3 > 0 ? row - v->height / 3 : 0;
            return true;
        }
    }
    v->found = -1;
    return false;
}

static void close_viewer(struct deck *d, struct dialog *g)
{
    struct viewer *v = (struct viewer *)g;
    void (*then)(struct deck *) = v->then;
    v->then = NULL;
    dialog_close(d);
    if (then)
        then(d);
}

static void viewer_free(struct dialog *g)
{
    struct viewer *v = (struct viewer *)g;
    if (v->then)
        v->then(NULL);
    for (size_t i = 0; i < v->lines.len; i++) {
        free(v->lines.items[i].lead);
        free(v->lines.items[i].text);
    }
    vec_free(&v->lines);
    free(v->title);
    free(v);
}

#define VIEWER_OPS(where)                                                                                    \
    {                                                                                                        \
        .place = where, .draw = draw, .key = dialog_common_key, .move = move, .accept = close_viewer,        \
        .cancel = close_viewer, .search = search, .free = viewer_free                                        \
    }
static const struct dialog_ops text_ops = VIEWER_OPS(PLACE_DIALOG), help_ops = VIEWER_OPS(PLACE_HELP);

struct viewer *viewer_new(const char *title, enum place place)
{
    struct viewer *v = xcalloc(1, sizeof(*v));
    v->base.ops = place == PLACE_HELP ? &help_ops : &text_ops;
    v->title = xstrdup(title);
    v->found = -1;
    return v;
}

void viewer_add(struct viewer *v, enum role role, const char *lead, const char *text)
{
    struct viewer_line l = {xstrdup(lead), xstrdup(text), role, 0};
    int w = lead ? pen_width(lead) : 0;
    w = w > MAX_LEAD ? MAX_LEAD : w;
    v->lead_w = w > v->lead_w ? w : v->lead_w;
    vec_push(&v->lines, l);
}

/* The signs in front stay, for who sees no colours. */
static enum role diff_role(const char *line)
{
    return line[0] == '+' ? ROLE_GOOD : line[0] == '-' ? ROLE_WARN : line[0] == '@' ? ROLE_HINT : ROLE_DIALOG;
}

void viewer_add_text(struct viewer *v, const char *text)
{
    bool diff = strstr(text, "@@ -") != NULL;
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = xstrndup(text, n);
        viewer_add(v, diff ? diff_role(line) : ROLE_DIALOG, NULL, line);
        free(line);
        text += n;
        if (*text == '\n')
            text++;
    }
}

void viewer_then(struct viewer *v, void (*then)(struct deck *d))
{
    v->then = then;
}

void viewer_show(struct deck *d, struct viewer *v)
{
    dialog_open(d, &v->base);
}
