/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct pane_ops *const pane_table[PANE_COUNT] = {
    [PANE_OVERVIEW] = &pane_overview, [PANE_DEVICES] = &pane_devices, [PANE_LOGS] = &pane_logs,
    [PANE_GRAPHS] = &pane_graphs,     [PANE_EVENTS] = &pane_events,   [PANE_AUTOSTART] = &pane_autostart,
    [PANE_SCREEN] = &pane_screen,
};

static void badge_text(uint64_t n, bool unicode, char *out, size_t size)
{
    if (n == 0)
        out[0] = '\0';
    else if (unicode && n <= 10)
        snprintf(out, size, " %lc", (wint_t)(L'\u2775' + n)); /* ❶ … ❿ */
    else if (n > 99)
        snprintf(out, size, " 99+");
    else
        snprintf(out, size, " %u", (unsigned)n);
}

/* How much room the tabs take: the first that leaves enough for what stands at the right end is drawn. */
struct tab_style {
    bool bars, whole; /* bars between them; whole names, else three letters of those not looked at */
};
static const struct tab_style tab_styles[] = {{true, true}, {false, true}, {false, false}};

static void draw_tab(struct deck *d, struct canvas *c, struct pen *p, int id, struct tab_style style)
{
    const struct pane_ops *ops = pane_table[id];
    bool active = d->pane == (enum pane_id)id;
    char badge[16], run[32];
    badge_text(!active && ops->badge ? ops->badge(d) : 0, c->unicode, badge, sizeof(badge));
    int from = p->x;
    enum role role = active ? ROLE_TAB_ACTIVE : ROLE_TAB;
    /* Marked by more than its colour. */
    pen_text(p, role, !active ? " " : c->unicode ? "▸" : ">");
    if (!style.whole && !active)
        pen_printf(p, role, "%.3s", ops->title);
    else
        pen_text(p, role, ops->title);
    pen_text(p, ROLE_BADGE, badge);
    pen_text(p, role, !active ? " " : c->unicode ? "◂" : "<");
    snprintf(run, sizeof(run), "pane %s", ops->id);
    if (p->c)
        deck_hit(d, (struct rect){from, p->y, p->x - from, 1}, run);
    if (id + 1 < PANE_COUNT && style.bars)
        pen_text(p, ROLE_BORDER, glyph(c, GLYPH_VBAR));
}

static void draw_tab_row(struct deck *d, struct canvas *c, struct pen *p, struct tab_style style)
{
    for (int i = 0; i < PANE_COUNT; i++)
        draw_tab(d, c, p, i, style);
}

static void subject(const struct deck *d, struct strbuf *out)
{
    const struct vm *vm = deck_vm(d);
    const struct snapshot *host = deck_host(d);
    if (vm) {
        if (d->n_hosts > 1 && host)
            strbuf_printf(out, "%s/", view_host_label(d->hosts, d->n_hosts, &host->host));
        strbuf_puts(out, vm->name);
    } else if (host) {
        strbuf_puts(out, view_host_label(d->hosts, d->n_hosts, &host->host));
    }
}

/* The right end: name and status. */
struct heading {
    struct strbuf name, status;
    int name_w, status_w;
};

#define NAME_LEAST 8 /* columns that a name keeps before the status goes */

static void read_heading(const struct deck *d, struct heading *h)
{
    const struct pane_ops *ops = pane_table[d->pane];
    bool about_vm = !ops->about_vm || ops->about_vm(d);
    if (about_vm)
        subject(d, &h->name);
    if (ops->status)
        ops->status(d, about_vm ? &h->status : &h->name);
    h->name_w = pen_width(strbuf_str(&h->name));
    h->status_w = pen_width(strbuf_str(&h->status));
}

static int heading_least(const struct heading *h, int status_w)
{
    int least = (h->name_w < NAME_LEAST ? h->name_w : NAME_LEAST) + 4;
    return status_w ? least + status_w + 4 : least;
}

/* Without its first part; NULL: it has only one. */
static const char *status_rest(const char *status)
{
    const char *gap = strstr(status, PANE_STATUS_GAP);
    return gap ? gap + strlen(PANE_STATUS_GAP) : NULL;
}

static int status_least(const struct heading *h)
{
    const char *last = strbuf_str(&h->status);
    for (const char *rest; (rest = status_rest(last));)
        last = rest;
    return pen_width(last);
}

/* In what room is left; the status goes first. */
static void draw_heading(const struct heading *h, struct canvas *c, struct rect area, int from)
{
    int room = area.x + area.w - from - 4, name_w = h->name_w;
    int status_w = h->status_w;
    const char *status = strbuf_str(&h->status);
    while (status_w && heading_least(h, status_w) > room + 4) {
        status = status_rest(status);
        status_w = status ? pen_width(status) : 0;
    }
    int name_room = room - (status_w ? status_w + 4 : 0);
    if (name_w > name_room)
        name_w = name_room;
    if (name_w <= 0)
        return;
    int x = area.x + area.w - 3 - name_w - (status_w ? status_w + 4 : 0);
    canvas_text(c, x - 1, area.y, 1, ROLE_BORDER, " ");
    canvas_fit(c, x, area.y, name_w, ROLE_TITLE, TEXT_LEFT, strbuf_str(&h->name));
    canvas_text(c, x + name_w, area.y, 1, ROLE_BORDER, " ");
    if (status_w) {
        int sx = x + name_w + 4;
        canvas_text(c, sx - 1, area.y, 1, ROLE_BORDER, " ");
        canvas_text(c, sx, area.y, status_w, ROLE_HINT, status);
        canvas_text(c, sx + status_w, area.y, 1, ROLE_BORDER, " ");
    }
}

#define HEADING_LEAST 23 /* short names do not make the tabs change from one domain to the next */

static struct tab_style style_for(struct deck *d, struct canvas *c, struct rect area, const struct heading *h)
{
    int least = heading_least(h, status_least(h));
    least = least > HEADING_LEAST ? least : HEADING_LEAST;
    size_t i = 0;
    for (; i + 1 < ARRAY_LEN(tab_styles); i++) {
        struct pen measure = pen_at(NULL, 0, 0, area.w);
        draw_tab_row(d, c, &measure, tab_styles[i]);
        if (1 + measure.x + least <= area.w)
            break;
    }
    return tab_styles[i];
}

void pane_draw_tabs(struct deck *d, struct canvas *c, struct rect area)
{
    struct heading h = {0};
    canvas_hline(c, area.x, area.y, area.w, ROLE_BORDER);
    read_heading(d, &h);
    struct pen p = pen_at(c, area.x + 1, area.y, area.w - 1);
    draw_tab_row(d, c, &p, style_for(d, c, area, &h));
    draw_heading(&h, c, area, p.x < area.x + area.w ? p.x : area.x + area.w);
    strbuf_free(&h.name);
    strbuf_free(&h.status);
    /* Who has the keys is a question only beside the table. */
    if (d->pane_focused && d->table_area.h > 0)
        canvas_text(c, area.x, area.y, 1, ROLE_KEY, glyph(c, GLYPH_CURSOR));
}

void pane_scroll_rows(struct deck *d, long rows, int aside)
{
    struct pane_state *s = &d->panes[d->pane];
    (void)aside;
    long to = s->scroll + rows;
    if (to > s->rows)
        to = s->rows;
    s->scroll = sheet_clamp(to < 0 ? 0 : (int)to, s->rows, s->height);
}

void pane_scroll(struct deck *d, long rows, int aside)
{
    const struct pane_ops *ops = pane_table[d->pane];
    (ops->scroll ? ops->scroll : pane_scroll_rows)(d, rows, aside);
    d->dirty = true;
}

struct sheet pane_sheet(struct deck *d, struct canvas *c, struct rect area)
{
    d->panes[d->pane].height = area.h;
    return sheet_in(c, area, d->panes[d->pane].scroll);
}

bool pane_sheet_end(struct deck *d, const struct sheet *s)
{
    struct pane_state *state = &d->panes[d->pane];
    state->rows = s->row;
    int to = sheet_clamp(state->scroll, s->row, s->area.h);
    bool fits = to == state->scroll;
    state->scroll = to;
    return fits;
}

const char *pane_skip_columns(const char *safe, int n)
{
    struct text_cluster cluster;
    while (n > 0 && text_next(&safe, &cluster))
        n -= cluster.width;
    return safe;
}

void pane_limit_aside(struct deck *d, int widest, int room)
{
    struct pane_state *state = &d->panes[d->pane];
    int most = widest > room ? widest - room : 0;
    if (state->column > most)
        state->column = most;
}

void pane_say_empty(struct canvas *c, struct rect area, const char *text)
{
    if (area.h > 0)
        canvas_fit(c, area.x + 2, area.y + (area.h - 1) / 3, area.w - 4, ROLE_DIM, TEXT_CENTER, text);
}

const struct vm_device_rate *pane_rate_of(const struct vm *vm, const struct vm_device *dev)
{
    for (size_t i = 0; i < vm->n_rates; i++)
        if ((dev->target && strcmp(vm->rates[i].name, dev->target) == 0) ||
            (dev->name && strcmp(vm->rates[i].name, dev->name) == 0))
            return &vm->rates[i];
    return NULL;
}
