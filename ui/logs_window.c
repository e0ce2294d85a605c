/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The window of lines around the cursor, copied out of the merge so that its lock is held for a moment only,
 * and moving in it.
 */
#include "ui/logs_view.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "logs/stamp.h"

#define LOCKED 500 /* lines that are looked at before others get the lock */

static void line_free(struct logs_line *l)
{
    free((char *)l->is.text);
}

void logs_lines_free(logs_lines *l)
{
    for (size_t i = 0; i < l->len; i++)
        line_free(&l->items[i]);
    vec_free(l);
}

void logs_touch(struct logs_view *v)
{
    v->stale = true;
    v->kept = 0;
}

size_t logs_stamp(const struct merge_line *l)
{
    size_t behind = 0;
    return l->wall_ms && stamp_read(l->text, l->len, &behind) == l->wall_ms ? behind : 0;
}

bool logs_is_behind(const struct merge_line *a, const struct merge_line *b)
{
    return a->key_ms != b->key_ms ? a->key_ms > b->key_ms : a->number > b->number;
}

bool logs_is_at_or_behind(const struct merge_line *l, const struct merge_place *p)
{
    if (l->key_ms != p->key_ms)
        return l->key_ms > p->key_ms;
    return p->behind ? l->number > p->number : l->number >= p->number;
}

/* ---- reading ---- */

const struct logs_line *logs_at(const struct logs_view *v)
{
    return v->window.cursor < v->window.lines.len ? &v->window.lines.items[v->window.cursor] : NULL;
}

static void add_copy(logs_lines *to, const struct merge_line *line)
{
    struct logs_line l = {.is = *line};
    char *text = xmalloc(line->len + 1);
    if (line->len)
        memcpy(text, line->text, line->len);
    text[line->len] = '\0';
    l.is.text = text;
    l.behind = logs_stamp(line);
    vec_push(to, l);
}

static void begin_reading(struct logs_view *v)
{
    struct logs_reading *r = &v->reading;
    logs_lines_free(&r->window.lines);
    logs_lines_free(&r->above);
    *r = (struct logs_reading){.phase = v->follow ? READ_CURSOR_BACK : READ_CURSOR,
                               .place = v->follow ? merge_end() : v->at};
    v->stale = false;
}

/* What the walk goes on with behind a line, or where there is none. */
static enum logs_phase after_line(struct logs_view *v, const struct merge_line *line, int reach)
{
    struct logs_reading *r = &v->reading;
    switch (r->phase) {
    case READ_CURSOR:
    case READ_CURSOR_BACK:
        add_copy(&r->window.lines, line);
        r->window.last = r->phase == READ_CURSOR_BACK;
        r->place = merge_at(line, false);
        return READ_ABOVE;
    case READ_ABOVE:
        add_copy(&r->above, line);
        if (r->above.len < (size_t)reach)
            return READ_ABOVE;
        break;
    default:
        add_copy(&r->window.lines, line);
        return r->window.lines.len > (size_t)reach ? READ_NOTHING : READ_BELOW;
    }
    r->place = merge_at(&r->window.lines.items[0].is, true);
    return r->window.last ? READ_NOTHING : READ_BELOW;
}

static enum logs_phase after_end(struct logs_view *v)
{
    struct logs_reading *r = &v->reading;
    switch (r->phase) {
    case READ_CURSOR: /* what the cursor was on has gone, and nothing stands behind it */
        r->place = merge_end();
        return READ_CURSOR_BACK;
    case READ_ABOVE:
        r->window.first = true;
        r->place = merge_at(&r->window.lines.items[0].is, true);
        return r->window.last ? READ_NOTHING : READ_BELOW;
    case READ_BELOW:
        r->window.last = true;
        return READ_NOTHING;
    default: /* there are no lines at all */
        r->window.first = r->window.last = true;
        return READ_NOTHING;
    }
}

/* Looks at so many lines; true when the window is whole. */
static bool read_some(struct logs_view *v, const struct merge *m, int reach, size_t *left)
{
    struct logs_reading *r = &v->reading;
    struct merge_filter filter = logs_filter(v);
    for (size_t i = 0; i<LOCKED && * left> 0; i++, --*left) {
        struct merge_line line;
        bool forward = r->phase == READ_CURSOR || r->phase == READ_BELOW;
        size_t most = *left < LOCKED ? *left : LOCKED;
        enum merge_found found = merge_step(m, &r->place, forward, &filter, most, &line);
        if (found == MERGE_PAUSE) {
            *left -= most;
            return false;
        }
        if (found == MERGE_LINE) {
            *left -= line.looked - 1;
            i += line.looked - 1;
        }
        r->phase = found == MERGE_LINE ? after_line(v, &line, reach) : after_end(v);
        if (r->phase == READ_NOTHING)
            return true;
    }
    return false;
}

/* What is read while frozen has fallen out of the ring meanwhile: the copy of it stays. */
static bool is_lost(const struct logs_view *v)
{
    const logs_lines *read = &v->reading.window.lines;
    const struct logs_line *at = logs_at(v);
    if (v->follow || !v->kept || !at || at->is.number != v->kept)
        return false;
    return read->len == 0 || read->items[0].is.number != v->kept;
}

/* Above the cursor's line come those that were read backwards. */
static void take_window(struct logs_view *v)
{
    struct logs_reading *r = &v->reading;
    struct logs_window *w = &v->window;
    if (is_lost(v)) {
        w->version = r->window.version;
        w->last = false;
        logs_lines_free(&r->above);
        logs_lines_free(&r->window.lines);
        *r = (struct logs_reading){0};
        return;
    }
    logs_lines_free(&w->lines);
    *w = r->window;
    w->cursor = r->above.len;
    w->lines = (logs_lines){0};
    vec_reserve(&w->lines, r->above.len + r->window.lines.len + 1);
    for (size_t i = r->above.len; i-- > 0;)
        vec_push(&w->lines, r->above.items[i]);
    for (size_t i = 0; i < r->window.lines.len; i++)
        vec_push(&w->lines, r->window.lines.items[i]);
    vec_free(&r->above);
    vec_free(&r->window.lines);
    *r = (struct logs_reading){0};
}

bool logs_read(struct logs_view *v, int reach)
{
    struct logs_reading *r = &v->reading;
    size_t left = LOGS_STEP;
    if (reach > v->reach)
        v->stale = true;
    v->reach = reach;
    bool begun = false, whole = false;
    while (!whole && left > 0) {
        const struct merge *m = logs_lock(v);
        if (!begun &&
            (v->stale || (r->phase == READ_NOTHING && m && merge_version(m) != v->window.version))) {
            begin_reading(v);
            r->window.version = m ? merge_version(m) : 0;
        }
        begun = true;
        whole = r->phase == READ_NOTHING;
        bool taken = false;
        if (!whole && m)
            whole = taken = read_some(v, m, reach, &left);
        else if (!m && !whole)
            whole = taken = (r->phase = READ_NOTHING, r->window.first = r->window.last = true);
        logs_unlock(v);
        if (taken)
            take_window(v);
    }
    return whole;
}

/* ---- rows ---- */

int logs_break(const char *safe, int w, size_t *starts, int most)
{
    const char *p = safe, *before = safe;
    struct text_cluster cluster;
    int rows = 1, x = 0;
    if (starts && most > 0)
        starts[0] = 0;
    while (text_next(&p, &cluster)) {
        if (x > 0 && x + cluster.width > w) {
            if (starts && rows < most)
                starts[rows] = (size_t)(before - safe);
            rows++;
            x = 0;
        }
        x += cluster.width;
        before = p;
    }
    return rows;
}

int logs_rows_of(struct logs_view *v, struct logs_line *l)
{
    if (l->rows)
        return l->rows;
    int rows = 1;
    if (v->wrap) {
        struct strbuf safe = {0};
        text_escape(&safe, l->is.text + l->behind, l->is.len - l->behind);
        rows = logs_break(strbuf_str(&safe), v->text_w, NULL, 0);
        strbuf_free(&safe);
    }
    l->rows = rows + (l->is.gap > 0);
    return l->rows;
}

static long row_of(struct logs_view *v, size_t line)
{
    long row = 0;
    for (size_t i = 0; i < line; i++)
        row += logs_rows_of(v, &v->window.lines.items[i]);
    return row;
}

/* The line that a row of the window belongs to. */
static size_t line_at(struct logs_view *v, long row, int *inside)
{
    size_t i = 0;
    for (; i + 1 < v->window.lines.len; i++) {
        int rows = logs_rows_of(v, &v->window.lines.items[i]);
        if (row < rows)
            break;
        row -= rows;
    }
    *inside = row > 0 ? (int)row : 0;
    return i;
}

static void keep_top(struct logs_view *v, long row)
{
    v->top = merge_at(&v->window.lines.items[line_at(v, row, &v->top_row)].is, false);
}

static long clamp(long x, long low, long high)
{
    return x > high ? (high < low ? low : high) : x < low ? low : x;
}

static long last_top(struct logs_view *v, int height)
{
    long all = row_of(v, v->window.lines.len);
    return all > height ? all - height : 0;
}

long logs_layout(struct logs_view *v, int height)
{
    struct logs_window *w = &v->window;
    if (w->lines.len == 0)
        return 0;
    long last = last_top(v, height), row = last;
    if (!v->follow) {
        size_t i = 0;
        while (i + 1 < w->lines.len && !logs_is_at_or_behind(&w->lines.items[i].is, &v->top))
            i++;
        int rows = logs_rows_of(v, &w->lines.items[i]);
        row = row_of(v, i) + (v->top_row < rows ? v->top_row : 0);
        long at = row_of(v, w->cursor), end = at + logs_rows_of(v, &w->lines.items[w->cursor]);
        row = clamp(row, end - height, at);
        row = clamp(row, 0, last);
    }
    keep_top(v, row);
    return row;
}

/* ---- moving ---- */

/* From now on the cursor stays with its line. */
static void freeze(struct logs_view *v, size_t cursor)
{
    v->window.cursor = cursor;
    v->at = merge_at(&v->window.lines.items[cursor].is, false);
    v->kept = v->window.lines.items[cursor].is.number;
    v->follow = false;
    v->stale = true;
}

/* Behind the last line of a window whose lines have gone. */
static void go_on_behind(struct logs_view *v)
{
    v->at = v->top = merge_at(&v->window.lines.items[v->window.lines.len - 1].is, true);
    v->top_row = 0;
    logs_touch(v);
}

/* Where the first line of all is on the screen, older ones are asked for. */
static void ask_older(struct logs_view *v)
{
    for (int s = 0; v->collector && s < SOURCES; s++) {
        struct feed_state state = {0};
        if (!(v->sources >> s & 1))
            continue;
        collector_state(v->collector, (enum line_source)s, &state);
        if (state.fed && state.more_above && state.at_end)
            collector_older(v->collector, (enum line_source)s);
        feed_state_clear(&state);
    }
}

void logs_follow_on(struct logs_view *v, bool on)
{
    if (!on && v->follow && v->window.lines.len)
        freeze(v, v->window.cursor);
    v->follow = on;
    v->stale = true;
}

void logs_move(struct logs_view *v, long lines)
{
    logs_read(v, v->reach);
    struct logs_window *w = &v->window;
    if (w->lines.len == 0)
        return;
    long to = (long)w->cursor + lines, n = (long)w->lines.len;
    if (to >= n && w->last) {
        logs_follow_on(v, true);
        return;
    }
    if (to >= n && w->cursor + 1 == w->lines.len) {
        go_on_behind(v);
        return;
    }
    if (to < 0 && w->first)
        ask_older(v);
    logs_layout(v, v->height);
    freeze(v, (size_t)clamp(to, 0, n - 1));
}

void logs_scroll(struct logs_view *v, long rows)
{
    logs_read(v, v->reach);
    struct logs_window *w = &v->window;
    if (w->lines.len == 0)
        return;
    long last = last_top(v, v->height), top = logs_layout(v, v->height) + rows;
    if (top >= last && rows > 0 && w->last) {
        logs_follow_on(v, true);
        return;
    }
    if (top > last && top - rows == last) {
        go_on_behind(v);
        return;
    }
    if (top < 0 && w->first)
        ask_older(v);
    top = clamp(top, 0, last);
    keep_top(v, top);
    /* The cursor keeps its place on the screen as far as it can. */
    int inside;
    long cursor = row_of(v, w->cursor) + rows;
    if (rows < 0 && top == 0 && w->first)
        cursor = cursor < 0 ? 0 : cursor;
    size_t line = line_at(v, clamp(cursor, top, top + v->height - 1), &inside);
    freeze(v, line);
}

void logs_home(struct logs_view *v)
{
    logs_read(v, v->reach);
    if (v->window.lines.len == 0)
        return;
    if (v->window.first && !v->follow && v->window.cursor == 0)
        ask_older(v);
    v->follow = false;
    v->at = v->top = merge_begin();
    v->top_row = 0;
    logs_touch(v);
}

bool logs_point(struct logs_view *v, uint64_t number)
{
    for (size_t i = 0; i < v->window.lines.len; i++) {
        if (v->window.lines.items[i].is.number != number)
            continue;
        logs_layout(v, v->height);
        freeze(v, i);
        return true;
    }
    return false;
}

/* ---- choosing ---- */

void logs_choose(struct logs_view *v, bool on)
{
    const struct logs_line *l = logs_at(v);
    v->region = on && l;
    if (!v->region)
        return;
    v->region_line = (struct merge_line){.key_ms = l->is.key_ms, .number = l->is.number};
    freeze(v, v->window.cursor);
}

bool logs_is_chosen(const struct logs_view *v, const struct logs_line *l)
{
    const struct logs_line *at = logs_at(v);
    const struct merge_line *from = &v->region_line;
    if (!v->region || !at)
        return false;
    bool down = logs_is_behind(&at->is, from);
    const struct merge_line *first = down ? from : &at->is, *end = down ? &at->is : from;
    return !logs_is_behind(first, &l->is) && !logs_is_behind(&l->is, end);
}
