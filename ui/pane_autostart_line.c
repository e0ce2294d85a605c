/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The timeline: when each is started and ready, planned or as it came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/pane_autostart.h"

#define LABEL_GAP 9 /* columns between two marks of the axis, at least */

static const char *const marks[][2] = {{"■", "="}, {"■", "#"}, {"·", "."},
                                       {"▶", ">"}, {"✖", "x"}, {"│", "|"}};
enum mark { MARK_BUSY, MARK_DECISIVE, MARK_WAIT, MARK_THERE, MARK_LOST, MARK_NOW };

static const char *mark(const struct start_drawing *w, enum mark m)
{
    return marks[m][!w->c->unicode];
}

/* The last sign of a run: what came of one that was broken off behind it nobody has seen. */
static int64_t last_sign(const struct run_record *run)
{
    int64_t last = run->steps.len ? run->steps.items[run->steps.len - 1].wall_ms : run->begun_wall_ms;
    for (size_t i = 0; i < run->nodes.len; i++) {
        const struct run_node *r = &run->nodes.items[i];
        const int64_t times[] = {r->start_wall_ms, r->started_wall_ms, r->ready_wall_ms};
        for (size_t k = 0; k < ARRAY_LEN(times); k++)
            last = times[k] > last ? times[k] : last;
    }
    return last;
}

static int64_t elapsed(const struct start_drawing *w)
{
    int64_t end = w->run->ended_wall_ms            ? w->run->ended_wall_ms
                  : w->run->state == RUN_UNDER_WAY ? w->d->now_wall_ms
                                                   : last_sign(w->run);
    return end > w->run->begun_wall_ms ? end - w->run->begun_wall_ms : 0;
}

int64_t starts_span(const struct start_drawing *w)
{
    int64_t span = w->plan->total_ms;
    if (w->run && (w->run->ended_wall_ms || elapsed(w) > span))
        span = elapsed(w);
    return span > 1000 ? span : 1000;
}

/* The last column is for what is there at the very end. */
static int column(const struct start_drawing *w, int64_t ms)
{
    int64_t last = w->grid.line - 1;
    int64_t at = ms < 0 ? 0 : (ms * last + w->span_ms / 2) / w->span_ms;
    return (int)(at > last ? last : at);
}

/* ---- the axis ---- */

static int64_t step_for(const struct start_drawing *w)
{
    static const int steps[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        if (column(w, steps[i] * INT64_C(1000)) >= LABEL_GAP)
            return steps[i];
    return steps[ARRAY_LEN(steps) - 1];
}

static void label(int64_t s, int64_t step, char *out, size_t size)
{
    if (step < 60 && s < 600)
        snprintf(out, size, "%llds", (long long)s);
    else if (step < 60)
        snprintf(out, size, "%lldm%02llds", (long long)(s / 60), (long long)(s % 60));
    else if (step < 3600)
        snprintf(out, size, "%lldm", (long long)(s / 60));
    else
        snprintf(out, size, "%lldh", (long long)(s / 3600));
}

void starts_draw_axis(const struct start_drawing *w, int x, int y)
{
    int64_t step = step_for(w);
    for (int64_t s = 0; s * 1000 <= w->span_ms; s += step) {
        char text[48];
        label(s, step, text, sizeof text);
        int at = column(w, s * 1000);
        if (at + pen_width(text) <= w->grid.line)
            canvas_text(w->c, x + at, y, w->grid.line - at, ROLE_GRAPH_AXIS, text);
        if (at >= w->grid.line - 1)
            return;
    }
}

/* ---- a row ---- */

struct span {
    int64_t wait_ms, from_ms, to_ms; /* since when only its delay is waited for; its start; its end */
};

static void put(const struct start_drawing *w, int x, int y, int from, int to, enum role role, enum mark m)
{
    for (int i = from; i < to; i++)
        canvas_text(w->c, x + i, y, 1, role, mark(w, m));
}

/* From here on nothing but its delay and a free place hold it up. */
static int64_t free_since(const struct plan *p, const struct plan_node *n)
{
    int64_t since = 0;
    for (uint32_t i = n->waits; i < n->waits + n->n_waits; i++) {
        const struct plan_node *other = &p->nodes[p->waits[i].node];
        int64_t at = p->waits[i].until == UNTIL_STARTED ? other->started_ms : other->ready_ms;
        since = at > since ? at : since;
    }
    return since < n->start_ms ? since : n->start_ms;
}

static void draw_span(const struct start_drawing *w, int x, int y, const struct span *s, enum role role,
                      bool decisive)
{
    int from = column(w, s->from_ms), to = column(w, s->to_ms);
    put(w, x, y, column(w, s->wait_ms), from, ROLE_DIM, MARK_WAIT);
    put(w, x, y, from, to, role, decisive ? MARK_DECISIVE : MARK_BUSY);
}

static void draw_planned(const struct start_drawing *w, int x, int y, const struct plan_node *n, bool faint)
{
    enum role role = faint ? ROLE_DIM : n->critical ? ROLE_WARN : ROLE_GRAPH_CPU;
    struct span s = {free_since(w->plan, n), n->start_ms, n->ready_ms};
    draw_span(w, x, y, &s, role, n->critical);
    int end = column(w, n->ready_ms);
    /* A network is there as soon as it was started: a mark of its own would say nothing. */
    bool marked = (n->kind == PLAN_DOMAIN && !w->plan->reverse) || column(w, s.from_ms) == end;
    enum mark m = n->kind == PLAN_NEED || w->plan->reverse ? MARK_BUSY : MARK_THERE;
    if (marked)
        canvas_text(w->c, x + end, y, 1, faint ? ROLE_DIM : n->critical ? ROLE_WARN : ROLE_GOOD, mark(w, m));
    int behind = end + (marked ? 1 : 0);
    if (n->guessed && n->kind == PLAN_DOMAIN && behind < w->grid.line)
        canvas_text(w->c, x + behind, y, 1, ROLE_DIM, "?");
}

static void draw_reason(const struct start_drawing *w, int x, int y, enum role role, const char *before,
                        const char *why)
{
    char *text = xasprintf("%s%s", before, why ? why : "");
    canvas_fit(w->c, x, y, w->grid.line, role, TEXT_LEFT, text);
    free(text);
}

static bool is_lost(enum engine_state state)
{
    return state == NODE_FAILED || state == NODE_LATE || state == NODE_LEFT;
}

/* When it was late, failed or left, of which a record has no time but the last warning of it. Those of a long
 * run lose their first ones: a late one has then had its time, and of others nothing is known but their
 * start. */
static int64_t lost_at(const struct run_record *run, const struct start_row *row)
{
    const struct run_node *r = row->run;
    for (size_t i = run->steps.len; i-- > 0;) {
        const struct run_step *s = &run->steps.items[i];
        bool own =
            uuid_is_nil(&r->uuid) ? s->node && strcmp(s->node, r->name) == 0 : uuid_equal(&s->uuid, &r->uuid);
        if (own && s->severity >= SEV_WARN)
            return s->wall_ms > r->start_wall_ms ? s->wall_ms : r->start_wall_ms;
    }
    const struct plan_node *n = row->plan;
    if (!n || r->state == NODE_FAILED)
        return r->started_wall_ms ? r->started_wall_ms : r->start_wall_ms;
    return r->start_wall_ms + (r->state == NODE_LATE ? n->timeout_ms : n->stop_timeout_ms);
}

static bool is_there(const struct start_drawing *w, enum engine_state state)
{
    return state == (w->run->reverse ? NODE_OFF : NODE_READY);
}

static void draw_run(const struct start_drawing *w, int x, int y, const struct start_row *row)
{
    const struct run_node *r = row->run;
    int64_t begun = w->run->begun_wall_ms, now = elapsed(w);
    if (r->start_wall_ms == 0) {
        bool off = r->state != NODE_IDLE;
        if (off && r->why)
            draw_reason(w, x, y, starts_state_role(r->state), "", r->why);
        else if (!off && row->plan && row->plan->start_ms >= 0)
            draw_planned(w, x, y, row->plan, true);
        return;
    }
    bool over = is_there(w, r->state) || is_lost(r->state);
    struct span s = {r->start_wall_ms - begun, r->start_wall_ms - begun, now};
    if (r->ready_wall_ms)
        s.to_ms = r->ready_wall_ms - begun;
    else if (is_lost(r->state))
        s.to_ms = lost_at(w->run, row) - begun;
    draw_span(w, x, y, &s, starts_state_role(r->state), false);
    if (over)
        canvas_text(w->c, x + column(w, s.to_ms), y, 1, starts_state_role(r->state),
                    mark(w, is_lost(r->state) ? MARK_LOST
                            : w->run->reverse ? MARK_BUSY
                                              : MARK_THERE));
    int behind = column(w, s.to_ms) + 2;
    if (is_lost(r->state) && r->why && behind + 8 < w->grid.line)
        canvas_text(w->c, x + behind, y, w->grid.line - behind, starts_state_role(r->state), r->why);
}

void starts_draw_line(const struct start_drawing *w, int x, int y, const struct start_row *row)
{
    const struct plan_node *n = row->plan;
    if (row->run) {
        if (w->run->state == RUN_UNDER_WAY)
            canvas_text(w->c, x + column(w, elapsed(w)), y, 1, ROLE_BORDER, mark(w, MARK_NOW));
        draw_run(w, x, y, row);
    } else if (n && n->blocked) {
        draw_reason(w, x, y, ROLE_BAD, w->plan->reverse ? "" : "will not start: ", n->blocked);
    } else if (n && n->who == PLAN_NATIVE && !w->plan->reverse) {
        draw_reason(w, x, y, ROLE_DIM, "started by libvirt, at any time", NULL);
    } else if (n && n->start_ms >= 0) {
        draw_planned(w, x, y, n, false);
    } else if (n && n->who == PLAN_NOBODY) {
        draw_reason(w, x, y, ROLE_WARN, "nobody starts it", NULL);
    }
}
