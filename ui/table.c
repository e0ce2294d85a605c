/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "ui/pen.h"

/* A table being drawn. */
struct table {
    struct deck *d;
    struct canvas *c;
    struct rect area;
    struct table_column cols[VIEW_MAX_COLUMNS];
    size_t n_cols;
    int w; /* of the rows: without the scroll bar */
};

static void draw_heading(struct table *t, const struct table_column *tc)
{
    const struct column *col = tc->column;
    bool sorted = t->d->view.sort == col;
    const char *title = !t->c->unicode && col->ascii_title ? col->ascii_title : col->title;
    enum role role = sorted ? ROLE_HEADER_SORT : ROLE_HEADER;
    const char *sign = glyph(t->c, t->d->view.descending ? GLYPH_SORT_DOWN : GLYPH_SORT_UP);
    int x = t->area.x + tc->x, y = t->area.y;
    int title_w = text_width(title);
    canvas_fit(t->c, x, y, tc->w, role, col->align, title);
    if (sorted) {
        /* Behind the title; where that fills its column, in the gap. */
        int at = col->align == TEXT_RIGHT || title_w >= tc->w ? x + tc->w : x + title_w;
        canvas_text(t->c, at, y, t->area.x + t->area.w - at, role, sign);
    }
    char run[80];
    snprintf(run, sizeof(run), "sort %s", col->id);
    deck_hit(t->d, (struct rect){x, y, tc->w + 1, 1}, run);
}

static void draw_header(struct table *t)
{
    canvas_fill(t->c, (struct rect){t->area.x, t->area.y, t->area.w, 1}, ROLE_HEADER, L' ');
    for (size_t i = 0; i < t->n_cols; i++)
        draw_heading(t, &t->cols[i]);
}

static void draw_spark(struct table *t, const struct table_column *tc, const struct row *r, int y)
{
    float points[WINDOW_MAX_POINTS];
    struct deck *d = t->d;
    if (!d->history ||
        !history_copy(d->history, r->host->id, &r->vm->uuid, METRIC_CPU, WINDOW_1MIN, d->now_ms, points))
        return;
    size_t n = (size_t)windows[WINDOW_1MIN].points;
    enum graph_style style = deck_graph_style(d, t->c);
    size_t dots = (size_t)tc->w * (style == GRAPH_BRAILLE ? 2 : 1);
    size_t skip = n > dots ? n - dots : 0;
    double full = r->vm->vcpus > 0 ? r->vm->vcpus * 100 : 100;
    graph_spark(t->c, t->area.x + tc->x, y, tc->w, style, ROLE_GRAPH_CPU, points + skip, n - skip, full);
}

static enum role cell_role(const struct column *c, const struct row *r)
{
    enum role role = c->level ? role_of_level(c->level(r)) : ROLE_TEXT;
    /* An old figure is old whatever it says; what is wrong with a domain is still worth its colour. */
    if (row_is_stale(r) && role != ROLE_BAD)
        role = ROLE_STALE;
    return role;
}

static void draw_cell(struct table *t, const struct table_column *tc, const struct row *r, int y)
{
    const struct column *c = tc->column;
    int x = t->area.x + tc->x;
    if (c->type == COLUMN_SPARK) {
        draw_spark(t, tc, r, y);
    } else if (c->type == COLUMN_BAR) {
        double percent = c->number(r);
        if (!isnan(percent))
            graph_bar(t->c, x, y, tc->w, cell_role(c, r) == ROLE_TEXT ? ROLE_BAR : cell_role(c, r),
                      percent / 100);
    } else {
        struct strbuf text = {0};
        c->text(r, &text);
        if (c->brief && pen_width(strbuf_str(&text)) > tc->w) {
            strbuf_clear(&text);
            c->brief(r, &text);
        }
        canvas_fit(t->c, x, y, tc->w, cell_role(c, r), c->align, strbuf_str(&text));
        strbuf_free(&text);
    }
}

static void draw_vm(struct table *t, const struct view_row *vr, int y)
{
    struct row r = deck_row(t->d, t->c, vr->snap, vr->vm);
    for (size_t i = 0; i < t->n_cols; i++)
        draw_cell(t, &t->cols[i], &r, y);
    if (r.tagged) {
        canvas_over(t->c, (struct rect){t->area.x, y, t->area.w, 1}, ROLE_TAGGED);
        canvas_text(t->c, t->area.x + 1, y, 1, ROLE_TAGGED, glyph(t->c, GLYPH_TAG));
    }
}

/* Whole or not at all: a figure that is cut is another figure. */
static void add_sum(struct pen *p, const char *label, const char *figure)
{
    if (p->x + 3 + pen_width(label) + pen_width(figure) <= p->end)
        pen_printf(p, ROLE_GROUP, "  %s %s", label, figure);
}

static void sum(struct pen *p, const char *label, double v, bool kib, const struct canvas *c)
{
    if (isnan(v))
        return;
    struct strbuf text = {0};
    format_bytes(&text, kib ? v * 1024 : v, c->unicode);
    add_sum(p, label, strbuf_str(&text));
    strbuf_free(&text);
}

static void draw_group(struct table *t, const struct view_row *vr, int y)
{
    const struct view_group *g = &t->d->view.groups.items[vr->group];
    canvas_fill(t->c, (struct rect){t->area.x, y, t->area.w, 1}, ROLE_GROUP, L' ');
    struct pen p = pen_at(t->c, t->area.x + 1, y, t->w - 1);
    pen_printf(&p, ROLE_GROUP, "%s ", g->folded ? (t->c->unicode ? "▸" : "+") : (t->c->unicode ? "▾" : "-"));
    pen_text(&p, ROLE_GROUP, g->label);
    pen_printf(&p, ROLE_GROUP, "  %zu VM%s", g->count, g->count == 1 ? "" : "s");
    if (t->d->view.group != GROUP_STATE)
        pen_printf(&p, ROLE_GROUP, ", %zu active", g->active);
    if (!isnan(g->cpu)) {
        char percent[32];
        snprintf(percent, sizeof(percent), "%.0f%%", g->cpu);
        add_sum(&p, "CPU", percent);
    }
    sum(&p, "MEM", g->mem_kib, true, t->c);
    sum(&p, t->c->unicode ? "↓" : "rx", g->rx, false, t->c);
    sum(&p, t->c->unicode ? "↑" : "tx", g->tx, false, t->c);
    sum(&p, "rd", g->rd, false, t->c);
    sum(&p, "wr", g->wr, false, t->c);
}

static void draw_row(struct table *t, size_t index, int y)
{
    const struct view_row *vr = &t->d->view.rows.items[index];
    if (vr->vm)
        draw_vm(t, vr, y);
    else
        draw_group(t, vr, y);
    struct rect line = {t->area.x, y, t->area.w, 1};
    if (index == t->d->view.cursor) {
        bool busy = t->d->dialogs.len == 0 && !(t->d->pane_open && t->d->pane_focused);
        canvas_text(t->c, line.x, y, 1, ROLE_KEY, glyph(t->c, GLYPH_CURSOR));
        canvas_over(t->c, line, busy ? ROLE_SELECTED : ROLE_SELECTED_IDLE);
    }
    deck_hit_row(t->d, line, index);
}

/* The line under the table: only there when it has something to tell. */
static bool has_footer(const struct deck *d)
{
    return *d->view.filter_text || d->view.tags.len > 0;
}

static void draw_footer(struct table *t, int y)
{
    const struct view *v = &t->d->view;
    struct pen p = pen_at(t->c, t->area.x + 2, y, t->area.w - 2);
    if (*v->filter_text) {
        pen_printf(&p, ROLE_HINT, "filter ");
        pen_text(&p, ROLE_NOTICE, v->filter_text);
        pen_printf(&p, ROLE_HINT, ": %zu of %zu", v->shown, v->total);
        pen_skip(&p, 3);
    }
    if (v->tags.len)
        pen_printf(&p, ROLE_TAGGED, "%s %zu tagged", glyph(t->c, GLYPH_TAG), v->tags.len);
}

static void draw_scrollbar(struct table *t, int rows)
{
    const struct view *v = &t->d->view;
    int n = (int)v->rows.len;
    int size = rows * rows / n > 0 ? rows * rows / n : 1;
    int from = (int)((long)v->top * (rows - size) / (n - rows > 0 ? n - rows : 1));
    for (int y = 0; y < rows; y++) {
        bool thumb = y >= from && y < from + size;
        canvas_glyph(t->c, t->area.x + t->area.w - 1, t->area.y + 1 + y, thumb ? ROLE_BAR : ROLE_BORDER,
                     thumb ? (t->c->unicode ? L'█' : L'#') : (t->c->unicode ? L'│' : L'|'));
    }
}

/* Why there are no rows. */
static void draw_empty(struct table *t)
{
    const struct deck *d = t->d;
    char text[160] = "";
    const struct host_info *h = d->n_hosts == 1 ? &d->hosts[0]->host : NULL;
    if (d->view.total > 0)
        snprintf(text, sizeof(text), "none of %zu domains fits the filter", d->view.total);
    else if (h && h->state != HOST_UP)
        snprintf(text, sizeof(text), "%s",
                 h->state_text && *h->state_text ? h->state_text : host_state_name(h->state));
    else if (h && h->ticks == 0)
        snprintf(text, sizeof(text), "reading the list of domains");
    else if (h)
        snprintf(text, sizeof(text), "no domains are defined on this host");
    else if (d->n_hosts > 1)
        snprintf(text, sizeof(text), "no domains yet on any of %zu hosts", d->n_hosts);
    else
        snprintf(text, sizeof(text), "starting");
    canvas_fit(t->c, t->area.x + 2, t->area.y + 1 + (t->area.h - 2) / 3, t->area.w - 4, ROLE_DIM, TEXT_CENTER,
               text);
}

size_t table_rows(const struct deck *d, int h)
{
    int rows = h - 1 - (has_footer(d) ? 1 : 0);
    return rows > 0 ? (size_t)rows : 0;
}

static bool shows_last(const struct table *t)
{
    return t->n_cols + t->d->view.left >= t->d->view.n_columns;
}

/* A window that has grown has room for columns that were scrolled away. */
static void fill_from_left(struct table *t)
{
    struct view *v = &t->d->view;
    while (v->left > 0 && shows_last(t)) {
        v->left--;
        t->n_cols = table_fit_columns(v, t->w - 1, t->cols);
        if (!shows_last(t)) {
            v->left++;
            t->n_cols = table_fit_columns(v, t->w - 1, t->cols);
            return;
        }
    }
}

void table_draw(struct deck *d, struct canvas *c, struct rect area)
{
    struct table t = {.d = d, .c = c, .area = area};
    size_t rows = table_rows(d, area.h);
    bool bar = d->view.rows.len > rows && rows > 1;
    t.w = area.w - (bar ? 1 : 0);
    t.n_cols = table_fit_columns(&d->view, t.w - 1, t.cols);
    fill_from_left(&t);
    draw_header(&t);
    d->table_height = rows;
    d->columns_lack = !shows_last(&t);
    view_scroll_into(&d->view, rows);
    for (size_t i = 0; i < rows && d->view.top + i < d->view.rows.len; i++)
        draw_row(&t, d->view.top + i, area.y + 1 + (int)i);
    if (d->view.rows.len == 0 && rows > 0)
        draw_empty(&t);
    if (bar)
        draw_scrollbar(&t, (int)rows);
    if (has_footer(d) && area.h > 1)
        draw_footer(&t, area.y + area.h - 1);
}
