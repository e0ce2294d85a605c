/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is told of the selected domain, from all sources in one order of time.
 */
#include "ui/pane_logs.h"

#include <stdlib.h>
#include <string.h>
#include "ui/logs_feed.h"

#define HELP_FROM_H 8 /* below it the lines need all rows */
/* Sources that say little: where several are named they are but counted. */
#define MINOR (1u << SOURCE_MESSAGES | 1u << SOURCE_DECK | 1u << SOURCE_LIBVIRT | 1u << SOURCE_AGENT)

/* ---- what there is to say instead of lines, or below them ---- */

static const char *why_nothing(const struct deck *d)
{
    const struct logs_view *v = &d->log;
    bool filtered = v->wants || v->marked;
    return !deck_vm(d)                        ? "no domain is selected"
           : v->reading.phase != READ_NOTHING ? "searching the lines …"
           : v->sources == 0                  ? "no source is shown"
           : filtered && logs_total(v)        ? "no line passes the filter"
                                              : "nothing was told of this domain yet";
}

/* Of each source that is shown and has no lines to give. */
static void tell_problems(const struct deck *d, bool all, struct strbuf *out)
{
    for (int s = 0; s < SOURCES; s++) {
        char *problem = d->log.sources >> s & 1 ? logs_problem(d, (enum line_source)s, all) : NULL;
        if (problem)
            strbuf_printf(out, "%s%s: %s", out->len ? "; " : "", source_word((enum line_source)s), problem);
        free(problem);
    }
}

static void draw_nothing(struct deck *d, struct canvas *c, struct rect area, const char *problems)
{
    pane_say_empty(c, area, why_nothing(d));
    if (!*problems || area.h < 3)
        return;
    int y = (area.h - 1) / 3 + 1;
    struct sheet s = sheet_in(c, (struct rect){area.x, area.y + y, area.w, area.h - y}, 0);
    sheet_wrap(&s, 2, area.w - 4, ROLE_HINT, problems);
}

/* ---- lines ---- */

/* What rows a line takes depends on the width. */
static void take_width(struct logs_view *v, int text_w, bool wrapped)
{
    static const int least = 8;
    text_w = text_w < least ? least : text_w;
    if (v->text_w == text_w && v->was_wrapped == wrapped)
        return;
    v->text_w = text_w;
    v->was_wrapped = wrapped;
    for (size_t i = 0; i < v->window.lines.len; i++)
        v->window.lines.items[i].rows = 0;
}

static int widest_shown(struct logs_view *v, long first, int h)
{
    int widest = 0;
    long row = 0;
    for (size_t i = 0; i < v->window.lines.len && row < first + h; i++) {
        struct logs_line *l = &v->window.lines.items[i];
        row += logs_rows_of(v, l);
        if (row <= first)
            continue;
        struct strbuf safe = {0};
        text_escape(&safe, l->is.text + l->behind, l->is.len - l->behind);
        int w = text_width(strbuf_str(&safe));
        widest = w > widest ? w : widest;
        strbuf_free(&safe);
    }
    return widest;
}

/* A line that has what was found beyond the edge is shown from farther right; the others stay. */
static void reveal(struct logs_drawing *w)
{
    struct logs_view *v = &w->d->log;
    struct pane_state *state = &w->d->panes[PANE_LOGS];
    const struct logs_line *l = logs_at(v);
    int from, to, room = w->area.w - w->text_x - 1;
    if (!v->reveal || !l || v->reading.phase != READ_NOTHING)
        return;
    v->reveal = false;
    v->shifted = 0;
    if (v->wrap || !w->find || !logs_found_at(w, l, &from, &to))
        return;
    if (from >= state->column && to <= state->column + room)
        return;
    v->shifted = l->is.number;
    v->shifted_column = to <= room ? 0 : from > room / 3 ? from - room / 3 : 0;
}

static void draw_lines(struct logs_drawing *w)
{
    struct logs_view *v = &w->d->log;
    long first = logs_layout(v, w->area.h), row = 0;
    reveal(w);
    if (v->wrap)
        w->d->panes[PANE_LOGS].column = 0;
    else
        pane_limit_aside(w->d, widest_shown(v, first, w->area.h), w->area.w - w->text_x - 1);
    for (size_t i = 0; i < v->window.lines.len && row < first + w->area.h; i++) {
        int rows = logs_rows_of(v, &v->window.lines.items[i]);
        for (int inside = 0; inside < rows; inside++, row++)
            if (row >= first && row < first + w->area.h)
                logs_draw_row(w, w->area.y + (int)(row - first), i, inside);
    }
}

/* The line below the lines; returns the rows that are left for them. */
static int draw_problems(struct canvas *c, struct rect area, const char *problems)
{
    if (!*problems || area.h < 4)
        return area.h;
    canvas_fit(c, area.x + 2, area.y + area.h - 1, area.w - 4, ROLE_WARN, TEXT_LEFT, problems);
    return area.h - 1;
}

static void draw(struct deck *d, struct canvas *c, struct rect area)
{
    struct logs_view *v = &d->log;
    struct pane_state *state = &d->panes[PANE_LOGS];
    struct strbuf problems = {0};
    diagnosis_list known = {0};
    /* A page beyond the screen, wherever on it the cursor is. */
    logs_read(v, area.h > 0 ? 2 * area.h : 1);
    if (v->window.lines.len == 0 || v->reading.phase == READ_NOTHING)
        logs_look(v);
    state->rows = (int)logs_total(v);
    state->height = area.h;
    tell_problems(d, v->window.lines.len == 0, &problems);
    if (v->window.lines.len == 0) {
        draw_nothing(d, c, area, strbuf_str(&problems));
    } else {
        struct logs_drawing w = {.d = d, .c = c, .area = area, .find = logs_find(v, d->search)};
        w.area.h = draw_problems(c, area, strbuf_str(&problems));
        if (d->pane_focused && area.h >= HELP_FROM_H)
            logs_diagnose(d, v->window.cursor, &known);
        int help_h = logs_help_rows(&known, area.w, area.h / 2);
        w.area.h -= help_h;
        w.helped = help_h > 0;
        logs_columns(&w, area.w);
        take_width(v, area.w - w.text_x - 1, v->wrap);
        v->height = state->height = w.area.h;
        draw_lines(&w);
        logs_help_draw(d, c, (struct rect){area.x, area.y + w.area.h, area.w, help_h}, &known);
    }
    diagnoses_free(&known);
    strbuf_free(&problems);
}

/* ---- moving ---- */

static void scroll(struct deck *d, long rows, int aside)
{
    struct pane_state *state = &d->panes[PANE_LOGS];
    struct logs_view *v = &d->log;
    state->column = state->column + aside > 0 ? state->column + aside : 0;
    if (aside) {
        v->shifted = 0;
        v->reveal = false;
    }
    if (rows < -state->rows)
        logs_home(v);
    else if (rows > state->rows)
        logs_follow_on(v, true);
    else if (rows == 1 || rows == -1)
        logs_move(v, rows);
    else if (rows)
        logs_scroll(v, rows);
}

static bool search(struct deck *d, bool backwards)
{
    return logs_find(&d->log, d->search) && logs_search(&d->log, backwards) != SEEK_MISSING;
}

/* ---- tab line ---- */

static uint64_t badge(const struct deck *d)
{
    return logs_news(&d->log);
}

static void tell_sources(const struct logs_view *v, struct strbuf *out)
{
    const struct merge *m = logs_lock(v);
    int named = 0, others = 0;
    for (int s = 0; s < SOURCES; s++) {
        bool there = v->feeds[s].begun || (m && merge_count(m, (enum line_source)s));
        if (!(v->sources >> s & 1) || !there)
            continue;
        if (MINOR >> s & 1)
            others++;
        else
            strbuf_printf(out, "%s%s", named++ ? "+" : "", source_word((enum line_source)s));
    }
    logs_unlock(v);
    if (others)
        strbuf_printf(out, "%s%d", named ? "+" : "", others);
    if (named || others)
        strbuf_puts(out, PANE_STATUS_GAP);
}

/* What is least missed comes first: the first parts go where there is no room for all. */
static void status(const struct deck *d, struct strbuf *out)
{
    const struct logs_view *v = &d->log;
    if (!deck_vm(d))
        return;
    tell_sources(v, out);
    if (v->wrap)
        strbuf_puts(out, "wrap" PANE_STATUS_GAP);
    strbuf_puts(out, v->follow ? "following" : "frozen");
    if (v->marked)
        strbuf_puts(out, PANE_STATUS_GAP "failures only");
    if (v->wants)
        strbuf_printf(out, PANE_STATUS_GAP "filter %s", v->wants_text);
    if (v->region)
        strbuf_puts(out, PANE_STATUS_GAP "choosing");
    if (logs_is_busy(v))
        strbuf_printf(out, PANE_STATUS_GAP "%c working", "|/-\\"[d->now_ms / 100 % 4]);
}

const struct pane_ops pane_logs = {.id = "logs",
                                   .title = "Logs",
                                   .place = PLACE_LOGS,
                                   .draw = draw,
                                   .badge = badge,
                                   .status = status,
                                   .scroll = scroll,
                                   .search = search};
