/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The QEMU log of the selected domain, followed while the end is in sight.
 */
#include <stdlib.h>
#include <string.h>
#include "ui/pane.h"

static const struct tail_view *lines_of(const struct deck *d)
{
    return &d->log.view;
}

static size_t index_of(const struct tail_view *v, uint64_t number)
{
    if (v->n == 0 || number <= v->lines[0].number)
        return 0;
    uint64_t i = number - v->lines[0].number;
    return i < v->n ? (size_t)i : v->n - 1;
}

static size_t first_shown(const struct deck *d, int h)
{
    const struct tail_view *v = lines_of(d);
    size_t last = v->n > (size_t)h ? v->n - (size_t)h : 0;
    if (d->log.follow)
        return last;
    size_t i = index_of(v, d->log.top);
    return i < last ? i : last;
}

static enum role line_role(const char *text)
{
    if (strcasestr(text, "error") || strcasestr(text, "failed") || strcasestr(text, "terminating"))
        return ROLE_WARN;
    return strcasestr(text, "warning") ? ROLE_NOTICE : ROLE_TEXT;
}

static void mark_matches(const struct deck *d, struct canvas *c, struct rect line, const char *shown)
{
    if (!d->search || !*d->search)
        return;
    size_t len = strlen(d->search);
    for (const char *at = shown; (at = strcasestr(at, d->search)); at += len) {
        char *before = xstrndup(shown, (size_t)(at - shown));
        int x = text_width(before);
        free(before);
        if (x >= line.w)
            return;
        int w = pen_width(d->search);
        canvas_over(c, (struct rect){line.x + x, line.y, w < line.w - x ? w : line.w - x, 1}, ROLE_MATCH);
    }
}

static void draw_line(const struct deck *d, struct canvas *c, struct rect line, const struct tail_line *l)
{
    char *safe = text_escaped(l->text);
    const char *shown = pane_skip_columns(safe, d->panes[PANE_LOGS].column);
    canvas_fit(c, line.x, line.y, line.w, line_role(safe), TEXT_LEFT, shown);
    mark_matches(d, c, line, shown);
    if (d->log.match && l->number == d->log.match)
        canvas_text(c, line.x - 2, line.y, 1, ROLE_KEY, glyph(c, GLYPH_CURSOR));
    free(safe);
}

static void draw(struct deck *d, struct canvas *c, struct rect area)
{
    const struct tail_view *v = lines_of(d);
    struct pane_state *state = &d->panes[PANE_LOGS];
    state->rows = (int)v->n;
    state->height = area.h;
    if (v->n)
        d->log.seen = v->lines[v->n - 1].number;
    if (v->n == 0) {
        const char *why = !deck_vm(d)  ? "no domain is selected"
                          : d->log.why ? d->log.why
                          : v->problem ? v->problem
                                       : "the log is empty";
        pane_say_empty(c, area, why);
        return;
    }
    struct rect body = area;
    if (v->problem && body.h > 1) {
        body.h--;
        canvas_fit(c, area.x + 2, area.y + body.h, area.w - 4, ROLE_WARN, TEXT_LEFT, v->problem);
    }
    size_t first = first_shown(d, body.h);
    state->scroll = (int)first;
    int widest = 0;
    for (int y = 0; y < body.h && first + (size_t)y < v->n; y++) {
        int w = pen_width(v->lines[first + (size_t)y].text);
        widest = w > widest ? w : widest;
    }
    pane_limit_aside(d, widest, body.w - 3);
    for (int y = 0; y < body.h && first + (size_t)y < v->n; y++)
        draw_line(d, c, (struct rect){body.x + 2, body.y + y, body.w - 3, 1}, &v->lines[first + (size_t)y]);
}

static void show_from(struct deck *d, long first)
{
    const struct tail_view *v = lines_of(d);
    long last = (long)v->n - d->panes[PANE_LOGS].height;
    d->log.follow = first >= last;
    if (first < 0)
        first = 0;
    if (v->n)
        d->log.top = v->lines[(size_t)first < v->n ? (size_t)first : v->n - 1].number;
}

static void scroll(struct deck *d, long rows, int aside)
{
    struct pane_state *state = &d->panes[PANE_LOGS];
    state->column = state->column + aside > 0 ? state->column + aside : 0;
    if (rows != 0)
        show_from(d, (long)first_shown(d, state->height) + rows);
}

static bool search(struct deck *d, bool backwards)
{
    const struct tail_view *v = lines_of(d);
    if (v->n == 0)
        return false;
    long n = (long)v->n;
    /* Without a match so far: from the end, where the newest is. */
    long at = d->log.match ? (long)index_of(v, d->log.match) : backwards ? n : (long)first_shown(d, 1) - 1;
    for (long step = 1; step <= n; step++) {
        long i = (at + (backwards ? -step : step) + 2 * n) % n;
        if (text_contains(v->lines[i].text, d->search)) {
            d->log.match = v->lines[i].number;
            int h = d->panes[PANE_LOGS].height;
            long first = (long)first_shown(d, h);
            if (i < first || i >= first + h)
                show_from(d, i - h / 3);
            return true;
        }
    }
    d->log.match = 0;
    return false;
}

static uint64_t badge(const struct deck *d)
{
    const struct tail_view *v = lines_of(d);
    uint64_t newest = v->n ? v->lines[v->n - 1].number : 0;
    return newest > d->log.seen ? newest - d->log.seen : 0;
}

static void status(const struct deck *d, struct strbuf *out)
{
    if (d->log.view.n == 0)
        return;
    strbuf_puts(out, "qemu, ");
    if (d->log.follow)
        strbuf_puts(out, "following");
    else
        strbuf_printf(out, "line %d of %zu", d->panes[PANE_LOGS].scroll + 1, d->log.view.n);
}

const struct pane_ops pane_logs = {.id = "logs",
                                   .title = "Logs",
                                   .place = PLACE_LOGS,
                                   .draw = draw,
                                   .badge = badge,
                                   .status = status,
                                   .scroll = scroll,
                                   .search = search};
