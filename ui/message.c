/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ui/logs_feed.h"
#include "ui/pen.h"
#include "ui/prompt.h"

#define SHOWN_MS    6000
#define MAX_KEPT    32
#define MAX_ABOVE   5
#define MAX_CHOICES 8

void message_free(struct deck *d)
{
    for (size_t i = 0; i < d->messages.len; i++)
        free(d->messages.items[i].text);
    vec_free(&d->messages);
}

static void drop(struct deck *d, size_t i)
{
    free(d->messages.items[i].text);
    vec_remove(&d->messages, i);
}

void message_expire(struct deck *d)
{
    while (d->messages.len && d->messages.items[0].until_ms <= d->now_ms)
        drop(d, 0);
}

bool message_is_ticking(const struct deck *d)
{
    return d->messages.len > 0 || d->running.len > 0;
}

static void push(struct deck *d, enum severity severity, const char *text, bool passing)
{
    /* The table's last rows are worth more than what was said already. */
    for (size_t i = d->messages.len; i-- > 0;)
        if ((passing && d->messages.items[i].passing) || strcmp(d->messages.items[i].text, text) == 0)
            drop(d, i);
    if (d->messages.len == MAX_KEPT)
        drop(d, 0);
    /* What went wrong stays longer: it has to be read. */
    int64_t shown = severity == SEV_ERROR ? 2 * SHOWN_MS : SHOWN_MS;
    struct notice m = {xstrdup(text), severity, passing, d->now_ms + shown};
    vec_push(&d->messages, m);
    d->dirty = true;
}

void deck_add_event(struct deck *d, struct event *ev)
{
    logs_add_event(d, ev);
    if (!d->events) {
        event_clear(ev);
        return;
    }
    d->events_count++;
    if (d->events_match >= 0 && !d->events_of_vm)
        d->events_match++;
    eventlog_add(d->events, ev);
    d->dirty = true;
}

static void not_saved(void *ctx, const struct error *e)
{
    push(ctx, SEV_WARN, error_text(e), false);
}

void deck_open_events(struct deck *d, const char *path, size_t max_events)
{
    struct error e = ERROR_INIT;
    d->events = eventlog_open(path, max_events, &e);
    eventlog_set_writer(d->events, d->writer);
    eventlog_on_failure(d->events, not_saved, d);
    if (e.status != STATUS_OK)
        deck_note(d, SEV_WARN, "%s", error_text(&e));
    error_clear(&e);
}

void deck_say(struct deck *d, enum severity severity, const char *text)
{
    push(d, severity, text, false);
    struct event ev = {
        .wall_ms = d->now_wall_ms, .severity = severity, .kind = "command", .text = xstrdup(text)};
    deck_add_event(d, &ev);
}

void deck_sayf(struct deck *d, enum severity severity, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    deck_say(d, severity, text);
}

void deck_note(struct deck *d, enum severity severity, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    push(d, severity, text, severity == SEV_INFO);
}

/* What to do about it often stands at the end: a long message takes as many rows as there are. */
static int message_rows(const struct notice *m, int w)
{
    struct sheet s = sheet_in(NULL, (struct rect){0, 0, w - 2, 0}, 0);
    sheet_wrap(&s, 0, 0, ROLE_TEXT, m->text);
    return s.row > 1 ? s.row : 1;
}

static void draw_message(struct canvas *c, struct rect area, const struct notice *m)
{
    canvas_clear(c, area, ROLE_TEXT);
    struct sheet s = sheet_in(c, (struct rect){area.x + 1, area.y, area.w - 2, area.h}, 0);
    sheet_wrap(&s, 0, 0, role_of_severity(m->severity), m->text);
}

static void draw_running(const struct deck *d, struct canvas *c, struct rect line, const struct running *r)
{
    const struct job_status *s = &r->status;
    canvas_clear(c, line, ROLE_TEXT);
    struct pen p = pen_at(c, line.x + 1, line.y, line.w - 2);
    pen_text(&p, ROLE_TITLE, s->vm_name ? s->vm_name : "");
    pen_printf(&p, ROLE_NOTICE, ": %s", s->kind ? s->kind->doing : "working");
    /* Where the job tells how far it is, it tells the time, too. */
    if (s->progress)
        pen_printf(&p, ROLE_TEXT, ": %s", s->progress);
    else if (s->started_ms > 0)
        pen_printf(&p, ROLE_TEXT, ", %lld s", (long long)((d->now_ms - s->started_ms) / 1000));
    pen_text(&p, ROLE_HINT, "   ^C stops waiting");
}

/* One of what there is to say, the most pressing last: jobs, then messages. */
static int said_rows(const struct deck *d, size_t i, int w)
{
    return i < d->running.len ? 1 : message_rows(&d->messages.items[i - d->running.len], w);
}

static void draw_said(const struct deck *d, struct canvas *c, struct rect area, size_t i)
{
    if (i < d->running.len)
        draw_running(d, c, area, &d->running.items[i]);
    else
        draw_message(c, area, &d->messages.items[i - d->running.len]);
}

/* The newest goes to the last line while that is free and long enough, the others above the key bar, where a
 * dialog may be. */
static void draw_all_said(const struct deck *d, struct canvas *c, const struct layout *l, bool bar)
{
    size_t end = d->running.len + d->messages.len;
    int w = l->keys.w, bottom = l->keys.y, top = bottom - MAX_ABOVE;
    if (end == 0)
        return;
    if (!bar && (d->dialogs.len || said_rows(d, end - 1, w) == 1))
        draw_said(d, c, l->line, --end);
    if (top <= l->host.h)
        top = l->host.h + 1;
    while (end > 0 && bottom > top) {
        int rows = said_rows(d, --end, w);
        rows = rows > bottom - top ? bottom - top : rows;
        bottom -= rows;
        draw_said(d, c, (struct rect){l->keys.x, bottom, w, rows}, end);
    }
}

/* ---- the bar ---- */

static const char *const labels[] = {[PROMPT_COMMAND] = ":", [PROMPT_FILTER] = "/", [PROMPT_SEARCH] = "/"};

static int label_width(void)
{
    enum prompt_mode mode = prompt_current_mode();
    return mode < (int)ARRAY_LEN(labels) && labels[mode] ? (int)strlen(labels[mode]) : 0;
}

static int width_before(size_t offset)
{
    char *before = xstrndup(prompt_text(), offset);
    int w = pen_width(before);
    free(before);
    return w;
}

/* The column of a byte of the line, which prompt_draw() scrolls to keep the cursor in sight; -1: out of
 * sight. */
static int place_in_bar(size_t offset, int w)
{
    int room = w - label_width(), cursor = width_before(prompt_point());
    int scrolled = cursor >= room ? cursor - room + 1 : 0;
    int x = width_before(offset) - scrolled;
    return x < 0 || x >= room ? -1 : label_width() + x;
}

static void draw_error(const struct deck *d, struct canvas *c, struct rect line)
{
    canvas_clear(c, line, ROLE_TEXT);
    int x = d->bar_error_at >= 0 ? place_in_bar((size_t)d->bar_error_at, line.w) : -1;
    int w = pen_width(d->bar_error) + 2;
    if (x >= 0 && x + w <= line.w) {
        struct pen p = pen_at(c, line.x + x, line.y, line.w - x);
        pen_printf(&p, ROLE_BAD, "%s", c->unicode ? "▾" : "v");
        pen_skip(&p, 1);
        pen_text(&p, ROLE_WARN, d->bar_error);
    } else if (x - w >= 0 && x < line.w) {
        canvas_text(c, line.x + x - w + 1, line.y, w - 2, ROLE_WARN, d->bar_error);
        canvas_text(c, line.x + x, line.y, 1, ROLE_BAD, c->unicode ? "▾" : "v");
    } else {
        canvas_fit(c, line.x, line.y, line.w, ROLE_WARN, TEXT_LEFT, d->bar_error);
    }
}

static void draw_hint(struct deck *d, struct canvas *c, struct rect line)
{
    enum prompt_mode mode = prompt_current_mode();
    canvas_clear(c, line, ROLE_TEXT);
    if (mode == PROMPT_COMMAND) {
        char *hint = command_hint(&d->session, prompt_text(), prompt_point());
        canvas_fit(c, line.x + 1, line.y, line.w - 2, ROLE_HINT, TEXT_LEFT, hint);
        free(hint);
    } else if (mode == PROMPT_FILTER) {
        char text[200];
        snprintf(text, sizeof(text), "%zu of %zu   web  web*  state=running  cpu>50  tag=prod  !idle  a|b",
                 d->view.shown, d->view.total);
        canvas_fit(c, line.x + 1, line.y, line.w - 2, ROLE_HINT, TEXT_LEFT, text);
    } else if (mode == PROMPT_SEARCH) {
        canvas_fit(c, line.x + 1, line.y, line.w - 2, ROLE_HINT, TEXT_LEFT,
                   "Enter finds; then next and previous match");
    }
}

static void draw_candidates(struct canvas *c, const struct layout *l)
{
    size_t selected = 0;
    const candidate_list *list = prompt_candidates(&selected);
    if (!list || list->len == 0)
        return;
    size_t rows = list->len < MAX_CHOICES ? list->len : MAX_CHOICES;
    size_t room = (size_t)(l->keys.y - l->host.h - 1);
    rows = rows < room ? rows : room;
    size_t from = selected < list->len && selected >= rows ? selected - rows + 1 : 0;
    int text_w = 0;
    for (size_t i = from; i < from + rows; i++) {
        int w = pen_width(list->items[i].text);
        text_w = w > text_w ? w : text_w;
    }
    text_w = text_w > l->keys.w / 2 ? l->keys.w / 2 : text_w;
    for (size_t i = 0; i < rows; i++) {
        const struct candidate *k = &list->items[from + i];
        struct rect line = {0, l->keys.y - (int)(rows - i), l->keys.w, 1};
        canvas_fill(c, line, ROLE_DIALOG, L' ');
        canvas_fit(c, 1, line.y, text_w, ROLE_INPUT, TEXT_LEFT, k->text);
        canvas_fit(c, text_w + 3, line.y, line.w - text_w - 4, ROLE_HINT, TEXT_LEFT, k->note ? k->note : "");
        if (from + i == selected)
            canvas_over(c, line, ROLE_SELECTED);
    }
    if (list->len > rows) {
        char more[32];
        snprintf(more, sizeof(more), " %zu in all ", list->len);
        int w = (int)strlen(more);
        canvas_text(c, l->keys.w - w, l->keys.y - 1, w, ROLE_BADGE, more);
    }
}

void message_draw(struct deck *d, struct canvas *c, const struct layout *l)
{
    bool open = prompt_is_open();
    bool bar = open && prompt_current_mode() != PROMPT_ANSWER && prompt_current_mode() != PROMPT_SECRET;
    draw_all_said(d, c, l, bar);
    if (!bar)
        return;
    prompt_draw(c, l->line.x, l->line.y, l->line.w);
    if (d->bar_error)
        draw_error(d, c, l->keys);
    else
        draw_hint(d, c, l->keys);
    draw_candidates(c, l);
}
