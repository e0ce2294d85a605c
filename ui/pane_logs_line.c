/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One row of the logs pane: time, source, text, what was found in it and what it means.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/format.h"
#include "logs/stamp.h"
#include "ui/pane_logs.h"

#define MARGIN      3  /* cursor and mark */
#define NARROW_W    50 /* below it there is no room for the source, */
#define NARROWEST_W 40 /* for the time */
#define CAUSE_MIN_W 24
#define MOST_FOUND  50 /* in a line */

static const enum role source_roles[SOURCES] = {
    [SOURCE_QEMU] = ROLE_SOURCE_QEMU,      [SOURCE_LIBVIRT] = ROLE_SOURCE_LIBVIRT,
    [SOURCE_DAEMON] = ROLE_SOURCE_LIBVIRT, [SOURCE_SERIAL] = ROLE_SOURCE_GUEST,
    [SOURCE_HOST] = ROLE_SOURCE_HOST,      [SOURCE_AGENT] = ROLE_SOURCE_GUEST,
    [SOURCE_EVENT] = ROLE_SOURCE_EVENT,    [SOURCE_MESSAGES] = ROLE_SOURCE_EVENT,
    [SOURCE_DECK] = ROLE_SOURCE_DECK,
};

/* ---- columns ---- */

static bool same_day(int64_t a_ms, int64_t b_ms)
{
    time_t a = (time_t)(a_ms / 1000), b = (time_t)(b_ms / 1000);
    struct tm x, y;
    return localtime_r(&a, &x) && localtime_r(&b, &y) && x.tm_year == y.tm_year && x.tm_yday == y.tm_yday;
}

static bool has_old_days(const struct deck *d)
{
    const struct logs_window *w = &d->log.window;
    for (size_t i = 0; i < w->lines.len; i++)
        if (w->lines.items[i].is.wall_ms && !same_day(w->lines.items[i].is.wall_ms, d->now_wall_ms))
            return true;
    return false;
}

/* As wide as the words of what there is, whatever of it is on the screen. */
static int source_width(const struct logs_view *v)
{
    const struct merge *m = logs_lock(v);
    int w = 4;
    for (int s = 0; m && s < SOURCES; s++) {
        int len = (int)strlen(source_word((enum line_source)s));
        if ((v->sources >> s & 1) && merge_count(m, (enum line_source)s) && len > w)
            w = len;
    }
    logs_unlock(v);
    return w;
}

void logs_columns(struct logs_drawing *w, int width)
{
    const struct logs_view *v = &w->d->log;
    static const int clock_w = 8, day_w = 14, ago_w = 7, start_w = 8;
    w->time_w = v->times == TIMES_AGO               ? ago_w
                : v->times == TIMES_START           ? start_w
                : width >= 64 && has_old_days(w->d) ? day_w
                                                    : clock_w;
    w->time_w = width >= NARROWEST_W ? w->time_w : 0;
    w->source_w = width >= NARROW_W ? source_width(v) : 0;
    w->text_x = MARGIN + (w->time_w ? w->time_w + 1 : 0) + (w->source_w ? w->source_w + 1 : 0);
}

/* ---- time ---- */

/* When the domain started: as its events say, else as long ago as it runs. */
static int64_t started_ms(const struct deck *d)
{
    const struct vm *vm = deck_vm(d);
    if (d->log.started_ms)
        return d->log.started_ms;
    return vm && vm->uptime_s >= 0 ? d->now_wall_ms - (int64_t)(vm->uptime_s * 1000) : 0;
}

static void put_duration(struct strbuf *out, int64_t ms)
{
    if (ms < 60000)
        strbuf_printf(out, "%d.%ds", (int)(ms / 1000), (int)(ms % 1000 / 100));
    else
        format_duration(out, (double)ms / 1000, true);
}

static void time_text(const struct logs_drawing *w, int64_t wall_ms, struct strbuf *out)
{
    const struct logs_view *v = &w->d->log;
    int64_t start = v->times == TIMES_START ? started_ms(w->d) : 0;
    if (v->times == TIMES_CLOCK) {
        char text[32] = "";
        struct tm tm;
        time_t seconds = (time_t)(wall_ms / 1000);
        bool day = w->time_w > 8 && !same_day(wall_ms, w->d->now_wall_ms);
        if (localtime_r(&seconds, &tm))
            strftime(text, sizeof(text), day ? "%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
        strbuf_puts(out, text);
    } else if (start) {
        int64_t ms = wall_ms - start;
        strbuf_putc(out, ms < 0 ? '-' : '+');
        put_duration(out, ms < 0 ? -ms : ms);
    } else if (v->times == TIMES_AGO) {
        int64_t ms = w->d->now_wall_ms - wall_ms;
        format_duration(out, (double)(ms < 0 ? 0 : ms) / 1000, true);
    }
}

/* ---- text ---- */

static size_t safe_offset(const struct logs_line *l, size_t raw)
{
    struct strbuf before = {0};
    if (raw > l->behind)
        text_escape(&before, l->is.text + l->behind, raw - l->behind);
    size_t len = before.len;
    strbuf_free(&before);
    return len;
}

static int width_between(const char *s, size_t from, size_t to)
{
    char *part = xstrndup(s + from, to - from);
    int w = text_width(part);
    free(part);
    return w;
}

/* Lays the role over what was searched for in the part [from, to) of the escaped text. */
static void mark_found(const struct logs_drawing *w, int x, int y, int room, const struct logs_line *l,
                       const char *safe, size_t from, size_t to)
{
    size_t at = l->behind;
    struct pattern_span span[PATTERN_GROUPS + 1];
    for (int n = 0; n < MOST_FOUND && at <= l->is.len &&
                    pattern_find(w->find, l->is.text + at, l->is.len - at, PATTERN_NONE, span);
         n++) {
        size_t begin = safe_offset(l, at + span->begin), end = safe_offset(l, at + span->end);
        at += span->end > span->begin ? span->end : span->end + 1;
        begin = begin < from ? from : begin;
        end = end > to ? to : end;
        if (begin >= end)
            continue;
        int left = width_between(safe, from, begin), wide = width_between(safe, begin, end);
        if (left < room)
            canvas_over(w->c, (struct rect){x + left, y, wide < room - left ? wide : room - left, 1},
                        ROLE_MATCH);
    }
}

bool logs_found_at(const struct logs_drawing *w, const struct logs_line *l, int *from, int *to)
{
    struct pattern_span span[PATTERN_GROUPS + 1];
    if (!pattern_find(w->find, l->is.text + l->behind, l->is.len - l->behind, PATTERN_NONE, span))
        return false;
    struct strbuf safe = {0};
    text_escape(&safe, l->is.text + l->behind, l->is.len - l->behind);
    size_t begin = safe_offset(l, l->behind + span->begin), end = safe_offset(l, l->behind + span->end);
    /* A match may begin within a character, which alone takes more room than whole. */
    begin = begin > safe.len ? safe.len : begin;
    end = end > safe.len ? safe.len : end;
    *from = width_between(strbuf_str(&safe), 0, begin);
    *to = *from + width_between(strbuf_str(&safe), begin, end < begin ? begin : end);
    strbuf_free(&safe);
    return true;
}

static enum role text_role(const struct logs_line *l, const char *safe)
{
    if (l->is.mark)
        return l->is.severity == SEV_INFO ? ROLE_NOTICE : ROLE_WARN;
    if (strcasestr(safe, "error") || strcasestr(safe, "failed") || strcasestr(safe, "terminating"))
        return ROLE_WARN;
    return strcasestr(safe, "warning") ? ROLE_NOTICE : ROLE_TEXT;
}

/* What a marked line means, behind it. Returns the columns that are left for the line itself. */
static int draw_cause(const struct logs_drawing *w, int y, size_t line, int text_w, int room)
{
    diagnosis_list known = {0};
    logs_diagnose(w->d, line, &known);
    if (known.len) {
        const struct diagnosis *best = &known.items[0];
        int want = pen_width(best->cause) + 4,
            least = room - text_w > room * 60 / 100 ? room - text_w : room * 60 / 100;
        int cause_w = want < least ? want : least;
        if (cause_w >= CAUSE_MIN_W) {
            int x = w->text_x + (text_w < room - cause_w ? text_w : room - cause_w);
            struct pen p = pen_at(w->c, w->area.x + x, y, cause_w);
            enum role role = best->signature->severity == SEV_ERROR ? ROLE_BAD : ROLE_NOTICE;
            pen_skip(&p, 2);
            pen_text(&p, role, w->c->unicode ? "◀ " : "< ");
            pen_fit(&p, p.end - p.x, role, TEXT_LEFT, best->cause);
            room = x - w->text_x;
        }
    }
    diagnoses_free(&known);
    return room;
}

/* The row's own role is laid over its text, and what was found over that. */
static void draw_text(const struct logs_drawing *w, int y, size_t line, int inside, enum role over)
{
    const struct logs_view *v = &w->d->log;
    const struct logs_line *l = &v->window.lines.items[line];
    struct strbuf safe = {0};
    text_escape(&safe, l->is.text + l->behind, l->is.len - l->behind);
    const char *s = strbuf_str(&safe);
    size_t from = 0, to = safe.len;
    int x = w->area.x + w->text_x, room = w->area.w - w->text_x - 1;
    enum role role = text_role(l, s);
    if (v->wrap) {
        size_t *starts = xcalloc((size_t)inside + 2, sizeof *starts);
        int n = logs_break(s, v->text_w, starts, inside + 2);
        from = starts[inside];
        to = inside + 1 < n ? starts[inside + 1] : safe.len;
        free(starts);
    } else {
        bool shifted = l->is.number == v->shifted;
        from =
            (size_t)(pane_skip_columns(s, shifted ? v->shifted_column : w->d->panes[PANE_LOGS].column) - s);
    }
    bool cursor = w->d->pane_focused && line == v->window.cursor;
    if (l->is.mark && from == 0 && to == safe.len && !(cursor && w->helped))
        room = draw_cause(w, y, line, width_between(s, from, to), room);
    char *part = xstrndup(s + from, to - from);
    if (from > 0 && !v->wrap && l->is.number == v->shifted)
        canvas_text(w->c, x - 1, y, 1, ROLE_DIM, glyph(w->c, GLYPH_ELLIPSIS));
    canvas_fit(w->c, x, y, room, role, TEXT_LEFT, part);
    free(part);
    if (over != ROLE_NONE)
        canvas_over(w->c, (struct rect){w->area.x, y, w->area.w, 1}, over);
    if (w->find)
        mark_found(w, x, y, room, l, s, from, to);
    strbuf_free(&safe);
}

/* ---- rows ---- */

static void put_count(struct strbuf *out, uint64_t n)
{
    if (n >= 1000) {
        put_count(out, n / 1000);
        strbuf_printf(out, ",%03u", (unsigned)(n % 1000));
    } else {
        strbuf_printf(out, "%u", (unsigned)n);
    }
}

static void draw_gap(const struct logs_drawing *w, int y, const struct logs_line *l)
{
    struct strbuf text = {0};
    strbuf_printf(&text, "%s ", glyph(w->c, GLYPH_ELLIPSIS));
    put_count(&text, l->is.gap);
    strbuf_printf(&text, " line%s of %s dropped", l->is.gap == 1 ? "" : "s", source_word(l->is.source));
    canvas_fit(w->c, w->area.x + w->text_x, y, w->area.w - w->text_x - 1, ROLE_DIM, TEXT_LEFT,
               strbuf_str(&text));
    strbuf_free(&text);
}

static void draw_head(const struct logs_drawing *w, int y, const struct logs_line *l)
{
    struct pen p = pen_at(w->c, w->area.x + MARGIN, y, w->text_x - MARGIN);
    if (l->is.mark)
        canvas_text(w->c, w->area.x + 1, y, 1, l->is.severity == SEV_ERROR ? ROLE_BAD : ROLE_NOTICE,
                    glyph(w->c, GLYPH_WARN));
    if (w->time_w) {
        struct strbuf when = {0};
        if (l->is.wall_ms)
            time_text(w, l->is.wall_ms, &when);
        pen_fit(&p, w->time_w, ROLE_DIM, w->d->log.times == TIMES_CLOCK ? TEXT_LEFT : TEXT_RIGHT,
                strbuf_str(&when));
        pen_skip(&p, 1);
        strbuf_free(&when);
    }
    if (w->source_w)
        pen_fit(&p, w->source_w, source_roles[l->is.source], TEXT_LEFT, source_word(l->is.source));
}

void logs_draw_row(const struct logs_drawing *w, int y, size_t line, int inside)
{
    struct deck *d = w->d;
    const struct logs_line *l = &d->log.window.lines.items[line];
    if (l->is.gap && inside-- == 0) {
        draw_gap(w, y, l);
        return;
    }
    bool cursor = d->pane_focused && line == d->log.window.cursor;
    char run[48];
    snprintf(run, sizeof(run), "log-line %llu", (unsigned long long)l->is.number);
    deck_hit(d, (struct rect){w->area.x, y, w->area.w, 1}, run);
    if (inside == 0)
        draw_head(w, y, l);
    if (cursor)
        canvas_text(w->c, w->area.x, y, 1, ROLE_KEY, glyph(w->c, GLYPH_CURSOR));
    draw_text(w, y, line, inside,
              cursor                       ? ROLE_SELECTED
              : logs_is_chosen(&d->log, l) ? ROLE_TAGGED
                                           : ROLE_NONE);
}
