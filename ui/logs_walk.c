/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Walks over all lines: the search and the copy. Each goes so far in a turn and goes on in the next.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "base/file.h"
#include "ui/logs_walk.h"

#define LOCKED 500 /* lines that are looked at before others get the lock */

/* ---- search ---- */

static void go_to(struct logs_view *v, const struct merge_line *line)
{
    v->at = merge_at(line, false);
    v->follow = false;
    v->seek.state = SEEK_FOUND;
    v->reveal = true;
    logs_touch(v);
    v->kept = line->number; /* it stays to be read even when it falls out */
}

/* From the cursor, which the first match is searched for from the top of the screen while one follows. */
static void begin_seek(struct logs_view *v, bool backwards)
{
    const struct logs_line *at = logs_at(v);
    struct merge_place place = backwards ? merge_end() : merge_begin();
    if (v->follow && !backwards)
        place = v->top;
    else if (at)
        place = merge_at(&at->is, !backwards);
    v->seek = (struct logs_seek){.state = SEEK_GOES_ON, .backwards = backwards, .place = place};
}

/* False: no more lines in this turn, or none at all. */
static bool seek_some(struct logs_view *v, const struct merge *m, size_t *left)
{
    struct logs_seek *k = &v->seek;
    struct merge_filter filter = logs_filter(v);
    struct merge_line line;
    for (size_t i = 0; i<LOCKED && * left> 0; i++, --*left) {
        size_t most = *left < LOCKED ? *left : LOCKED;
        enum merge_found found = merge_step(m, &k->place, !k->backwards, &filter, most, &line);
        if (found == MERGE_PAUSE) {
            *left -= most;
            return *left > 0;
        }
        if (found == MERGE_LINE) {
            *left -= line.looked - 1;
            i += line.looked - 1;
        }
        if (found == MERGE_NO_MORE && k->round) {
            k->state = SEEK_MISSING;
            return false;
        }
        if (found == MERGE_NO_MORE) {
            k->round = true;
            k->place = k->backwards ? merge_end() : merge_begin();
        } else if (pattern_find(v->find, line.text, line.len, PATTERN_NONE, NULL)) {
            go_to(v, &line);
            return false;
        }
    }
    return *left > 0;
}

enum logs_outcome logs_search_on(struct logs_view *v)
{
    size_t left = LOGS_STEP;
    bool more = v->seek.state == SEEK_GOES_ON;
    while (more) {
        const struct merge *m = logs_lock(v);
        if (!m)
            v->seek.state = SEEK_MISSING;
        more = m && seek_some(v, m, &left);
        logs_unlock(v);
    }
    return v->seek.state;
}

enum logs_outcome logs_search(struct logs_view *v, bool backwards)
{
    logs_read(v, v->reach);
    begin_seek(v, backwards);
    return logs_search_on(v);
}

/* ---- copy ---- */

void logs_copy_forget(struct logs_view *v)
{
    free(v->copy.path);
    strbuf_free(&v->copy.text);
    v->copy = (struct logs_copy){0};
}

/* With its time and its source, which the screen shows beside it, too. */
static void write_line(struct strbuf *out, const struct merge_line *l)
{
    char when[40] = "-";
    struct tm tm;
    time_t seconds = (time_t)(l->wall_ms / 1000);
    if (l->wall_ms && localtime_r(&seconds, &tm))
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
    size_t behind = logs_stamp(l);
    if (l->wall_ms)
        strbuf_printf(out, "%s.%03d ", when, (int)(l->wall_ms % 1000));
    else
        strbuf_printf(out, "%-24s", when);
    strbuf_printf(out, "%-8s ", source_word(l->source));
    strbuf_add(out, l->text + behind, l->len - behind);
    strbuf_putc(out, '\n');
}

/* Those in the window are taken from there: the ring may have lost them. */
static void take_chosen(struct logs_view *v)
{
    struct logs_copy *c = &v->copy;
    const logs_lines *l = &v->window.lines;
    const struct merge_line *from = &v->region_line, *at = &logs_at(v)->is;
    bool down = logs_is_behind(at, from);
    const struct merge_line *first = down ? from : at, *last = down ? at : from;
    c->place = merge_at(first, false);
    c->until = merge_at(last, true);
    c->gathered = !logs_is_behind(&l->items[0].is, first) && !logs_is_behind(last, &l->items[l->len - 1].is);
    for (size_t i = 0; c->gathered && i < l->len; i++) {
        if (!logs_is_chosen(v, &l->items[i]))
            continue;
        write_line(&c->text, &l->items[i].is);
        c->lines++;
    }
}

void logs_copy_begin(struct logs_view *v, const char *path)
{
    logs_copy_forget(v);
    logs_read(v, v->reach);
    v->copy = (struct logs_copy){.path = xstrdup(path), .place = merge_begin()};
    if (v->region && logs_at(v)) {
        take_chosen(v);
        return;
    }
    /* Up to here: what is written faster than it is copied would have no end. */
    struct merge_line last;
    struct merge_place end = merge_end();
    const struct merge *m = logs_lock(v);
    if (m && merge_step(m, &end, false, NULL, 0, &last) == MERGE_LINE)
        v->copy.until = merge_at(&last, true);
    logs_unlock(v);
}

static bool copy_some(struct logs_view *v, const struct merge *m, size_t *left, bool *whole)
{
    struct logs_copy *c = &v->copy;
    struct merge_filter filter = logs_filter(v);
    struct merge_line line;
    for (size_t i = 0; i<LOCKED && * left> 0; i++, --*left) {
        size_t most = *left < LOCKED ? *left : LOCKED;
        enum merge_found found = merge_step(m, &c->place, true, &filter, most, &line);
        if (found == MERGE_PAUSE) {
            *left -= most;
            return *left > 0;
        }
        if (found == MERGE_LINE) {
            *left -= line.looked - 1;
            i += line.looked - 1;
        }
        if (found == MERGE_NO_MORE || logs_is_at_or_behind(&line, &c->until)) {
            *whole = true;
            return false;
        }
        write_line(&c->text, &line);
        c->lines++;
    }
    return *left > 0;
}

bool logs_copy_on(struct logs_view *v)
{
    size_t left = LOGS_STEP;
    bool whole = v->copy.gathered, more = v->copy.path && !whole;
    while (more) {
        const struct merge *m = logs_lock(v);
        whole = !m;
        more = m && copy_some(v, m, &left, &whole);
        logs_unlock(v);
    }
    return whole;
}

bool logs_is_busy(const struct logs_view *v)
{
    return v->seek.state == SEEK_GOES_ON || v->copy.path || v->reading.phase != READ_NOTHING;
}

/* ---- the file ---- */

struct file {
    char *path;
    struct strbuf text;
    size_t lines;
    struct deck *deck;
};

static bool file_put(void *arg, struct error *e)
{
    struct file *f = arg;
    if (access(f->path, F_OK) == 0)
        return error_set(e, STATUS_FAILED, "%s is there already; name another file", f->path);
    return file_write(f->path, strbuf_str(&f->text), f->text.len, 0600, e);
}

static void file_done(void *ctx, const struct error *e)
{
    struct file *f = ctx;
    if (e)
        deck_sayf(f->deck, SEV_ERROR, "copy: %s", error_text(e));
    else
        deck_sayf(f->deck, SEV_GOOD, "copy: %zu line%s written to %s", f->lines, f->lines == 1 ? "" : "s",
                  f->path);
}

static void file_free(void *arg)
{
    struct file *f = arg;
    free(f->path);
    strbuf_free(&f->text);
    free(f);
}

static void put_file(struct deck *d)
{
    struct logs_copy *c = &d->log.copy;
    struct file *f = xcalloc(1, sizeof *f);
    *f = (struct file){.path = c->path, .text = c->text, .lines = c->lines, .deck = d};
    *c = (struct logs_copy){0};
    if (f->lines == 0) {
        deck_note(d, SEV_WARN, "copy: there are no lines to be written");
        file_free(f);
        return;
    }
    writer_do(d->writer, &(struct writer_work){file_put, file_free, f, file_done, f});
}

void logs_walk_on(struct deck *d)
{
    struct logs_view *v = &d->log;
    if (v->seek.state == SEEK_GOES_ON && logs_search_on(v) == SEEK_MISSING)
        deck_note(d, SEV_WARN, "not found: %s", v->find_text);
    if (logs_copy_on(v))
        put_file(d);
}
