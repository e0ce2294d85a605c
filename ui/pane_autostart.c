/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What happens when the host comes up or goes down: who is started in which order, what each waits for, when
 * it is ready, and what stands in the way; or, while a run goes on and after it, what came of it.
 */
#include "ui/pane_autostart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"

#define LEAD     2 /* the cursor's mark, and that of what stands in the way */
#define GAP      2
#define LINE_MIN 20
#define STEPS    6 /* the last ones of a run */

/* ---- a row ---- */

static void put(struct pen *p, int w, enum role role, enum text_align align, const char *text)
{
    if (w == 0)
        return;
    pen_fit(p, w, role, align, text);
    pen_skip(p, GAP);
}

static void order_text(const struct start_drawing *w, const struct start_row *row, struct strbuf *out)
{
    int order = row->plan ? row->plan->place : row->run->order;
    if (order >= 0)
        strbuf_printf(out, "%d", order);
    else
        format_unknown(out, w->c->unicode);
}

static void name_text(const struct start_row *row, struct strbuf *out)
{
    if (row->plan && row->plan->kind == PLAN_NEED)
        strbuf_printf(out, "%s ", need_words[row->plan->need]);
    strbuf_puts(out, starts_name(row));
}

static void waits_text(const struct start_drawing *w, const struct start_row *row, struct strbuf *out)
{
    if (row->plan)
        plan_waits_text(w->plan, row->node, out);
}

/* READY WHEN; going down, how it is stopped; of a run, how far it is. */
static void state_text(const struct start_drawing *w, const struct start_row *row, struct strbuf *out)
{
    const struct plan_node *n = row->plan;
    if (row->run) {
        starts_state_text(w, row->run, out);
    } else if (n->kind != PLAN_DOMAIN || n->who != PLAN_OURS) {
        return;
    } else if (!w->plan->reverse) {
        starts_policy_text(w->v, &n->uuid, POLICY_READY, out);
    } else {
        starts_policy_text(w->v, &n->uuid, POLICY_STOP, out);
        if (n->stop == STOP_SHUTDOWN || n->stop == STOP_MANAGEDSAVE) {
            strbuf_puts(out, " ");
            starts_time(n->stop_timeout_ms, out);
            strbuf_puts(out, n->stop_force ? ", force" : "");
        }
    }
}

static bool is_blocked(const struct start_row *row)
{
    return row->run ? row->run->state == NODE_FAILED || row->run->state == NODE_SKIPPED ||
                          row->run->state == NODE_LATE || row->run->state == NODE_LEFT
                    : row->plan && (row->plan->blocked || row->plan->who == PLAN_NOBODY);
}

static enum start_link link_of(const struct start_drawing *w, const struct start_row *row)
{
    return w->links && row->node != PLAN_NONE ? w->links[row->node] : LINK_NONE;
}

static enum role name_role(const struct start_drawing *w, const struct start_row *row)
{
    if (w->links && row != w->cursor)
        return link_of(w, row) == LINK_BEFORE   ? ROLE_NOTICE
               : link_of(w, row) == LINK_BEHIND ? ROLE_GOOD
                                                : ROLE_DIM;
    if (is_blocked(row))
        return ROLE_BAD;
    return row->plan && row->plan->kind == PLAN_NEED ? ROLE_DIM : ROLE_TEXT;
}

/* What stands in the way, or how it is linked with the cursor's row: never by its colour alone. */
static void draw_mark(const struct start_drawing *w, struct pen *p, const struct start_row *row)
{
    enum start_link link = row == w->cursor ? LINK_NONE : link_of(w, row);
    if (link != LINK_NONE)
        pen_text(p, name_role(w, row),
                 glyph(w->c, link == LINK_BEFORE ? GLYPH_UP : GLYPH_DOWN)); /* before it, behind it */
    else if (is_blocked(row))
        pen_text(p, ROLE_BAD, glyph(w->c, GLYPH_WARN));
    else
        pen_skip(p, 1);
}

static void hit_row(const struct start_drawing *w, struct rect line, const struct start_row *row)
{
    char *key = starts_key(row), *word = word_quote(key), *run = xasprintf("select-start %s", word);
    deck_hit(w->d, line, run);
    free(run);
    free(word);
    free(key);
}

static void draw_texts(const struct start_drawing *w, struct pen *p, const struct start_row *row)
{
    const struct start_grid *g = &w->grid;
    struct strbuf text = {0};
    order_text(w, row, &text);
    put(p, g->order, ROLE_DIM, TEXT_RIGHT, strbuf_str(&text));
    strbuf_clear(&text);
    name_text(row, &text);
    put(p, g->name, name_role(w, row), TEXT_LEFT, strbuf_str(&text));
    strbuf_clear(&text);
    waits_text(w, row, &text);
    put(p, g->waits, ROLE_TEXT, TEXT_LEFT, strbuf_str(&text));
    strbuf_clear(&text);
    state_text(w, row, &text);
    put(p, g->state, row->run ? starts_state_role(row->run->state) : ROLE_TEXT, TEXT_LEFT, strbuf_str(&text));
    strbuf_free(&text);
}

static void draw_node(const struct start_drawing *w, const struct sheet *s, const struct start_row *row)
{
    struct pen p = sheet_pen(s, 0, 0);
    bool here = row == w->cursor;
    struct rect line = {p.x, p.y, s->area.w, 1};
    hit_row(w, line, row);
    pen_text(&p, ROLE_KEY, here ? glyph(w->c, GLYPH_CURSOR) : " ");
    draw_mark(w, &p, row);
    draw_texts(w, &p, row);
    if (here)
        canvas_over(w->c, (struct rect){line.x, line.y, p.x - line.x, 1}, ROLE_SELECTED);
    if (w->grid.line > 0)
        starts_draw_line(w, p.x, p.y, row);
}

/* ---- problems ---- */

static enum role problem_role(const struct finding *f)
{
    return f->severity == SEV_ERROR ? ROLE_BAD : f->severity == SEV_WARN ? ROLE_WARN : ROLE_DIM;
}

/* A line each, so that many can be seen at one time: the line below the rows has all of its words. */
static void draw_problem(const struct start_drawing *w, const struct sheet *s, const struct start_row *row)
{
    const struct finding *f = row->finding;
    const char *arrow = w->c->unicode ? "→ " : "-> ";
    struct rect line = {s->area.x, sheet_y(s), s->area.w, 1};
    int room = s->area.w - LEAD - 2;
    int remedy_w = f->remedy ? pen_width(f->remedy) + pen_width(arrow) : 0;
    if (remedy_w > room / 2)
        remedy_w = 0;
    struct pen p = sheet_pen(s, 0, 0);
    hit_row(w, line, row);
    pen_text(&p, ROLE_KEY, row == w->cursor ? glyph(w->c, GLYPH_CURSOR) : " ");
    pen_text(&p, problem_role(f), f->severity == SEV_INFO ? " " : glyph(w->c, GLYPH_WARN));
    pen_skip(&p, 1);
    pen_fit(&p, room - (remedy_w ? remedy_w + GAP : 0), problem_role(f), TEXT_LEFT, f->text);
    if (remedy_w) {
        pen_skip(&p, GAP);
        pen_text(&p, ROLE_HINT, arrow);
        pen_text(&p, ROLE_KEY, f->remedy);
    }
    if (row == w->cursor)
        canvas_over(w->c, line, ROLE_SELECTED);
}

/* ---- all rows ---- */

static void draw_steps(const struct start_drawing *w, struct sheet *s)
{
    size_t n = w->run->steps.len;
    if (n == 0)
        return;
    int y = sheet_y(s);
    if (y >= 0)
        canvas_hline(w->c, s->area.x + LEAD, y, s->area.w - LEAD, ROLE_BORDER);
    sheet_next(s);
    for (size_t i = n > STEPS ? n - STEPS : 0; i < n; i++) {
        const struct run_step *step = &w->run->steps.items[i];
        struct pen p = sheet_pen(s, LEAD, 0);
        struct strbuf time = {0};
        format_time(&time, step->wall_ms, w->d->now_wall_ms);
        pen_text(&p, ROLE_DIM, strbuf_str(&time));
        pen_skip(&p, 2);
        if (step->node)
            pen_text(&p, ROLE_TITLE, step->node);
        pen_skip(&p, step->node ? 2 : 0);
        pen_text(&p, role_of_severity(step->severity), step->text);
        strbuf_free(&time);
        sheet_next(s);
    }
}

static void write_row(const struct start_drawing *w, struct sheet *s, const struct start_row *row)
{
    if (sheet_y(s) >= 0)
        (row->finding ? draw_problem : draw_node)(w, s, row);
    sheet_next(s);
}

static void draw_rows(const struct start_drawing *w, struct rect body, int at)
{
    struct pane_state *state = &w->d->panes[PANE_AUTOSTART];
    if (w->cursor) {
        if (at < state->scroll)
            state->scroll = at;
        if (at >= state->scroll + body.h)
            state->scroll = at - body.h + 1;
    }
    struct sheet s;
    do {
        canvas_clear(w->c, body, ROLE_TEXT);
        s = pane_sheet(w->d, w->c, body);
        for (size_t i = 0; i < w->rows.len; i++)
            write_row(w, &s, &w->rows.items[i]);
        if (w->run)
            draw_steps(w, &s);
    } while (!pane_sheet_end(w->d, &s));
}

/* ---- columns ---- */

typedef void (*cell_text)(const struct start_drawing *w, const struct start_row *row, struct strbuf *out);

static void cell_name(const struct start_drawing *w, const struct start_row *row, struct strbuf *out)
{
    (void)w;
    name_text(row, out);
}

static int widest(const struct start_drawing *w, cell_text text, int min, int max)
{
    struct strbuf cell = {0};
    int n = min;
    for (size_t i = 0; i < w->rows.len && n < max; i++) {
        if (w->rows.items[i].finding)
            continue;
        strbuf_clear(&cell);
        text(w, &w->rows.items[i], &cell);
        int own = pen_width(strbuf_str(&cell));
        n = own > n ? own : n;
    }
    strbuf_free(&cell);
    return n > max ? max : n;
}

static const char *state_title(const struct start_drawing *w)
{
    return w->run ? "STATE" : w->plan->reverse ? "HOW" : "READY WHEN";
}

static int rest(const struct start_grid *g, int width)
{
    const int others[] = {g->order, g->name, g->waits, g->state};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        width -= others[i] ? others[i] + GAP : 0;
    return width;
}

/* Columns become narrow, then go, in the order of what can be missed, until the timeline has room. */
static void grid_for(struct start_drawing *w, int width)
{
    struct start_grid *g = &w->grid;
    int room = width - LEAD - 1, least = width >= 100 ? width * 2 / 5 : LINE_MIN;
    *g = (struct start_grid){.order = widest(w, order_text, 5, 10),
                             .name = widest(w, cell_name, 4, width / 5),
                             .waits = widest(w, waits_text, 9, width / 4),
                             .state = widest(w, state_text, 10, w->run ? width / 4 : width / 5)};
    if (w->run)
        g->waits = 0; /* what it has come to matters now */
    if (rest(g, room) < least && g->waits > 16)
        g->waits = 16;
    if (rest(g, room) < least && g->state > 14)
        g->state = 14;
    int *const spare[] = {w->run ? &g->waits : &g->state, &g->waits, &g->order, &g->state};
    for (size_t i = 0; i < ARRAY_LEN(spare) && rest(g, room) < (least < LINE_MIN ? least : LINE_MIN); i++)
        *spare[i] = 0;
    g->line = rest(g, room);
    g->line = g->line < 4 ? 0 : g->line;
}

static void draw_columns(const struct start_drawing *w, struct rect area)
{
    const struct start_grid *g = &w->grid;
    struct pen p = pen_at(w->c, area.x + LEAD, area.y, area.w - LEAD);
    put(&p, g->order, ROLE_TITLE, TEXT_RIGHT, "ORDER");
    put(&p, g->name, ROLE_TITLE, TEXT_LEFT, "VM");
    put(&p, g->waits, ROLE_TITLE, TEXT_LEFT, "WAITS FOR");
    put(&p, g->state, ROLE_TITLE, TEXT_LEFT, state_title(w));
    if (g->line)
        starts_draw_axis(w, p.x, p.y);
}

/* ---- the pane ---- */

static void draw_explanation(const struct start_drawing *w, struct rect area)
{
    struct strbuf text = {0};
    char key[32];
    if (area.h <= 0)
        return;
    canvas_clear(w->c, area, ROLE_TEXT);
    if (w->cursor) {
        starts_explain(w, w->cursor, &text);
    } else {
        keymap_label_for(&w->d->keymap, PLACE_TABLE, "focus toggle", key, sizeof key);
        strbuf_printf(&text, "%s gives the keys to these rows: move, policy, reverse, check, run", key);
    }
    struct sheet s = sheet_in(w->c, (struct rect){area.x + LEAD, area.y, area.w - LEAD - 1, area.h}, 0);
    char *safe = text_escaped(strbuf_str(&text)); /* no name begins a line */
    sheet_wrap(&s, 0, s.area.w, w->cursor ? ROLE_TEXT : ROLE_HINT, safe);
    free(safe);
    strbuf_free(&text);
}

/* While a run is shown its last steps say more. */
static int rows_below(const struct start_drawing *w, int h)
{
    int n = h >= 18 ? 4 : h >= 12 ? 3 : h >= 9 ? 2 : h >= 6 ? 1 : 0;
    return w->run && n > 1 ? n / 2 : n;
}

static void draw_all(struct start_drawing *w, struct rect area)
{
    int below = rows_below(w, area.h), y = area.y;
    long at;
    const struct start_row *cursor = starts_cursor(w->d, &w->rows, &at);
    w->cursor = w->d->pane_focused ? cursor : NULL;
    if (w->cursor)
        starts_drawn(w->d, w->cursor, at);
    if (w->d->starts.links && w->cursor && w->cursor->node != PLAN_NONE)
        w->links = starts_links(w->plan, w->cursor->node);
    w->span_ms = starts_span(w);
    grid_for(w, area.w);
    canvas_clear(w->c, area, ROLE_TEXT);
    if (area.h >= 4)
        starts_draw_head(w, (struct rect){area.x + LEAD, y++, area.w - LEAD - 1, 1});
    if (area.h >= 3)
        draw_columns(w, (struct rect){area.x, y++, area.w, 1});
    draw_rows(w, (struct rect){area.x, y, area.w, area.y + area.h - below - y}, (int)at);
    draw_explanation(w, (struct rect){area.x, area.y + area.h - below, area.w, below});
    free(w->links);
}

static void say_why_empty(struct deck *d, struct canvas *c, struct rect area)
{
    const struct snapshot *host = deck_host(d);
    if (!host)
        pane_say_empty(c, area, "nothing to show yet");
    else if (host->host.state != HOST_UP)
        pane_say_empty(c, area, "the host is not connected");
    else
        pane_say_empty(c, area, "what starts with the host is being worked out");
}

static void draw(struct deck *d, struct canvas *c, struct rect area)
{
    struct start_drawing w = {
        .d = d, .c = c, .v = starts_view(d), .plan = starts_plan(d), .run = starts_run(d)};
    if (!w.v) {
        say_why_empty(d, c, area);
        return;
    }
    starts_rows(d, &w.rows);
    if (w.rows.len)
        draw_all(&w, area);
    else
        pane_say_empty(c, area,
                       w.run ? "the run has nothing to do"
                             : "nothing starts with this host: `autostart VM order=10` gives a domain "
                               "its place");
    vec_free(&w.rows);
}

static uint64_t badge(const struct deck *d)
{
    const struct autostart_view *v = starts_view(d);
    return v ? findings_count(&v->check.boot, SEV_ERROR) + findings_count(&v->check.boot, SEV_WARN) : 0;
}

static void status(const struct deck *d, struct strbuf *out)
{
    const struct snapshot *host = deck_host(d);
    if (host)
        strbuf_puts(out, view_host_label(d->hosts, d->n_hosts, &host->host));
}

static bool about_vm(const struct deck *d)
{
    (void)d;
    return false;
}

/* With the keys the rows' cursor moves, without them (the wheel) what is seen of them. */
static void scroll(struct deck *d, long rows, int aside)
{
    if (d->pane_focused && starts_view(d))
        starts_move(d, rows);
    else
        pane_scroll_rows(d, rows, aside);
}

static bool search(struct deck *d, bool backwards)
{
    start_rows rows = {0};
    long at = 0;
    bool found = false;
    starts_rows(d, &rows);
    starts_cursor(d, &rows, &at);
    long n = (long)rows.len;
    for (long step = 1; step <= n && !found; step++) {
        long i = ((at + (backwards ? -step : step)) % n + n) % n;
        const struct start_row *row = &rows.items[i];
        found = text_contains(row->finding ? row->finding->text : starts_name(row), d->search);
        if (found)
            starts_select(d, row, i);
    }
    vec_free(&rows);
    return found;
}

const struct pane_ops pane_autostart = {.id = "autostart",
                                        .title = "Autostart",
                                        .place = PLACE_AUTOSTART,
                                        .draw = draw,
                                        .badge = badge,
                                        .status = status,
                                        .about_vm = about_vm,
                                        .scroll = scroll,
                                        .search = search};
