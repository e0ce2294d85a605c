/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What happened, newest first: everything, or only the selected domain's.
 */
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "ui/pane.h"

struct columns {
    int time, host, vm, kind;
    int text; /* the widest there is */
};

static bool concerns(const struct deck *d, const struct event *ev)
{
    const struct vm *vm = deck_vm(d);
    return !d->events_of_vm || !vm || uuid_equal(&ev->uuid, &vm->uuid);
}

static void format_when(const struct deck *d, const struct event *ev, struct strbuf *out)
{
    strbuf_clear(out);
    format_time(out, ev->wall_ms, d->now_wall_ms);
}

static int at_most(int w, int max)
{
    return w > max ? max : w;
}

/* As wide as what the first screenful needs. */
static struct columns measure(const struct deck *d, int area_w, int rows)
{
    struct columns w = {8, 0, 0, 0, 0};
    struct strbuf text = {0};
    int seen = 0;
    for (size_t i = 0; i < eventlog_len(d->events) && seen < rows; i++) {
        const struct event *ev = eventlog_at(d->events, i);
        if (!concerns(d, ev))
            continue;
        seen++;
        format_when(d, ev, &text);
        int n = pen_width(strbuf_str(&text));
        w.time = n > w.time ? n : w.time;
        n = ev->vm ? pen_width(ev->vm) : 0;
        w.vm = n > w.vm ? n : w.vm;
        n = ev->host ? pen_width(ev->host) : 0;
        w.host = n > w.host ? n : w.host;
        n = ev->kind ? pen_width(ev->kind) : 0;
        w.kind = n > w.kind ? n : w.kind;
        n = ev->text ? pen_width(ev->text) : 0;
        w.text = n > w.text ? n : w.text;
    }
    strbuf_free(&text);
    w.vm = at_most(w.vm, area_w / 4);
    w.host = d->n_hosts > 1 ? at_most(w.host, area_w / 6) : 0;
    w.kind = area_w >= 70 ? w.kind : 0;
    return w;
}

/* Columns in front of the text, as write_event() takes them. */
static int before_text(const struct columns *w)
{
    return 2 + w->time + 2 + 2 + (w->host ? w->host + 2 : 0) + (w->vm ? w->vm + 2 : 0) +
           (w->kind ? w->kind + 2 : 0);
}

static const wchar_t marks[][2] = {
    [MARK_NONE] = {L' ', L' '},  [MARK_START] = {L'▲', L'^'},  [MARK_STOP] = {L'▼', L'v'},
    [MARK_PAUSE] = {L'‖', L'='}, [MARK_RESUME] = {L'▲', L'^'}, [MARK_CRASH] = {L'✖', L'X'},
    [MARK_OTHER] = {L'·', L'.'},
};

static bool is_match(const struct deck *d, const struct event *ev)
{
    return d->search && *d->search &&
           ((ev->text && text_contains(ev->text, d->search)) || (ev->vm && text_contains(ev->vm, d->search)));
}

static void field(struct pen *p, int w, enum role role, const char *text)
{
    if (w == 0)
        return;
    pen_fit(p, w, role, TEXT_LEFT, text ? text : "");
    pen_skip(p, 2);
}

static void write_event(struct deck *d, struct sheet *s, const struct columns *w, const struct event *ev)
{
    struct strbuf when = {0};
    struct pen p = sheet_pen(s, 2, s->area.w - 4);
    format_when(d, ev, &when);
    field(&p, w->time, ROLE_DIM, strbuf_str(&when));
    strbuf_free(&when);
    if (p.c)
        canvas_glyph(p.c, p.x, p.y, role_of_severity(ev->severity), marks[ev->mark][p.c->unicode ? 0 : 1]);
    pen_skip(&p, 2);
    field(&p, w->host, ROLE_DIM, ev->host);
    field(&p, w->vm, ROLE_TITLE, ev->vm);
    field(&p, w->kind, ROLE_DIM, ev->kind);
    if (p.x < p.end) {
        char *safe = text_escaped(ev->text ? ev->text : "");
        pen_fit(&p, p.end - p.x, role_of_severity(ev->severity), TEXT_LEFT,
                pane_skip_columns(safe, d->panes[PANE_EVENTS].column));
        free(safe);
    }
    int y = sheet_y(s);
    if (y >= 0 && is_match(d, ev))
        canvas_over(s->c, (struct rect){s->area.x, y, 2, 1}, ROLE_MATCH);
    if (y >= 0 && s->row == d->events_match)
        canvas_text(s->c, s->area.x, y, 1, ROLE_KEY, glyph(s->c, GLYPH_CURSOR));
    sheet_next(s);
}

static void draw(struct deck *d, struct canvas *c, struct rect area)
{
    d->events_seen = d->events_count;
    if (!d->events || eventlog_len(d->events) == 0) {
        pane_say_empty(c, area, "nothing has happened yet");
        return;
    }
    struct columns w = measure(d, area.w, d->panes[PANE_EVENTS].scroll + area.h);
    pane_limit_aside(d, w.text, area.w - 2 - before_text(&w));
    struct sheet s;
    do {
        canvas_clear(c, area, ROLE_TEXT);
        s = pane_sheet(d, c, area);
        for (size_t i = 0; i < eventlog_len(d->events); i++) {
            const struct event *ev = eventlog_at(d->events, i);
            if (!concerns(d, ev))
                continue;
            if (sheet_y(&s) < 0)
                sheet_next(&s);
            else
                write_event(d, &s, &w, ev);
        }
    } while (!pane_sheet_end(d, &s));
    if (s.row == 0)
        pane_say_empty(c, area, "nothing has happened to this domain");
}

static uint64_t badge(const struct deck *d)
{
    return d->events_count - d->events_seen;
}

static void status(const struct deck *d, struct strbuf *out)
{
    strbuf_puts(out, d->events_of_vm ? "this domain only" : "all hosts and domains");
}

static bool about_vm(const struct deck *d)
{
    return d->events_of_vm;
}

static void scroll(struct deck *d, long rows, int aside)
{
    struct pane_state *state = &d->panes[PANE_EVENTS];
    state->column = state->column + aside > 0 ? state->column + aside : 0;
    pane_scroll_rows(d, rows, aside);
}

/* From the last match on, else from the first row on the screen, and round. */
static bool search(struct deck *d, bool backwards)
{
    struct pane_state *state = &d->panes[PANE_EVENTS];
    int at = d->events_match >= 0 ? d->events_match : state->scroll - (backwards ? 0 : 1);
    int row = 0, first = -1, last = -1, before = -1, after = -1;
    for (size_t i = 0; d->events && i < eventlog_len(d->events); i++) {
        const struct event *ev = eventlog_at(d->events, i);
        if (!concerns(d, ev))
            continue;
        if (is_match(d, ev)) {
            first = first < 0 ? row : first;
            last = row;
            before = row < at ? row : before;
            after = row > at && after < 0 ? row : after;
        }
        row++;
    }
    int to = backwards ? (before >= 0 ? before : last) : (after >= 0 ? after : first);
    d->events_match = to;
    if (to >= 0 && (to < state->scroll || to >= state->scroll + state->height))
        state->scroll = to - state->height / 3 > 0 ? to - state->height / 3 : 0;
    return to >= 0;
}

const struct pane_ops pane_events = {.id = "events",
                                     .title = "Events",
                                     .place = PLACE_EVENTS,
                                     .draw = draw,
                                     .badge = badge,
                                     .status = status,
                                     .about_vm = about_vm,
                                     .scroll = scroll,
                                     .search = search};
