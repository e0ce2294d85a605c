/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `log VM`: its lines as text and as JSON, each once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "command/query_logs.h"

void log_note(const struct log *l, enum line_source source, const char *text)
{
    const struct frontend *f = l->call->session->frontend;
    char *line = xasprintf("log %s: %s: %s", l->target->name, source_word(source), text);
    f->say(f->ctx, SEV_WARN, line);
    free(line);
}

static void print_json(const struct log *l, const struct merge_line *line)
{
    const struct frontend *f = l->call->session->frontend;
    json_object *o = json_object_new_object();
    json_object_object_add(o, "domain", json_text(l->target->name));
    json_object_object_add(o, "source", json_text(source_word(line->source)));
    json_object_object_add(o, "time", line->wall_ms ? json_object_new_int64(line->wall_ms) : NULL);
    json_object_object_add(o, "text", json_text(line->text));
    json_object_object_add(o, "finding", line->mark ? json_text(line->mark) : NULL);
    f->print_json(f->ctx, o);
}

#define WHEN_LEN 23 /* 2026-11-21 05:31:38.315 */

static void put_time(struct strbuf *out, int64_t wall_ms)
{
    char when[32] = "";
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    if (wall_ms && localtime_r(&seconds, &tm))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    if (*when)
        strbuf_printf(out, "%s.%03d", when, (int)(wall_ms % 1000));
}

/* Of one source alone a line without time is printed as it is. */
static void print_text(const struct log *l, const struct merge_line *line)
{
    const struct frontend *f = l->call->session->frontend;
    bool several = (l->sources & (l->sources - 1)) != 0;
    struct strbuf out = {0};
    put_time(&out, line->wall_ms);
    if (several)
        strbuf_printf(&out, "%*s  %-8s  ", (int)(WHEN_LEN - out.len), "", source_word(line->source));
    else if (out.len)
        strbuf_puts(&out, "  ");
    for (const char *p = line->text; *p; p++)
        strbuf_putc(&out, *p == '\t' ? ' ' : *p);
    f->print(f->ctx, strbuf_str(&out));
    strbuf_free(&out);
}

static bool is_wanted(const struct log *l, const struct merge_line *line)
{
    return !l->wants || pattern_find(l->wants, line->text, line->len, PATTERN_NONE, NULL);
}

static void print_line(struct log *l, const struct merge_line *line)
{
    if (!is_wanted(l, line))
        return;
    l->n_printed++;
    if (l->call->json)
        print_json(l, line);
    else
        print_text(l, line);
}

/* Lines that were copied from under the lock: printing may wait for who reads them. */
typedef VEC(struct merge_line) line_list;

static void keep_line(line_list *list, const struct merge_line *line)
{
    struct merge_line copy = *line;
    copy.text = xstrndup(line->text, line->len);
    vec_push(list, copy);
}

/* All that is there is printed now. */
static void remember(struct log *l, const struct merge *m, enum line_source s)
{
    struct merge_place place = merge_end();
    struct merge_filter filter = {.sources = BIT(s)};
    struct merge_line line;
    struct printed *p = &l->printed[s];
    if (merge_step(m, &place, false, &filter, 0, &line) == MERGE_LINE) {
        p->number = line.number;
        p->len = line.len;
    }
    p->total = merge_count(m, s) + merge_dropped(m, s);
}

/* The newest lines that are wanted, the newest first. */
static void take_newest(struct log *l, const struct merge *m, line_list *out)
{
    struct merge_place place = merge_end();
    struct merge_filter filter = {.sources = l->sources, .wants = l->wants};
    struct merge_line line;
    while ((l->lines == 0 || out->len < l->lines) &&
           merge_step(m, &place, false, &filter, 0, &line) == MERGE_LINE)
        keep_line(out, &line);
}

/* Whether the line is only begun, and more of it is to be expected. */
static bool is_held(struct log *l, const struct merge_line *line)
{
    struct held *h = &l->printed[line->source].held;
    int64_t now = clock_mono_ms();
    if (collector_begun(l->collector, line->source) != line->number)
        return false;
    if (h->number != line->number || h->len != line->len)
        *h = (struct held){line->number, line->len, now};
    return now - h->since_ms < LOG_HOLD_MS;
}

/* What came to this source since then, the newest first; the line that was the newest, too, if it has grown.
 */
static void take_new(struct log *l, const struct merge *m, enum line_source s, line_list *out)
{
    struct merge_place place = merge_end();
    struct merge_filter filter = {.sources = BIT(s)};
    struct merge_line line;
    struct printed *p = &l->printed[s];
    uint64_t seen = p->number, n = 0, total = merge_count(m, s) + merge_dropped(m, s);
    size_t first = out->len;
    while (merge_step(m, &place, false, &filter, 0, &line) == MERGE_LINE && line.number >= seen) {
        if (line.number == seen && line.len == p->len)
            break;
        if (is_held(l, &line)) {
            l->holds = true;
            total -= line.number != seen;
            continue;
        }
        keep_line(out, &line);
        n += line.number != seen;
    }
    if (out->len > first) {
        p->number = out->items[first].number;
        p->len = out->items[first].len;
    }
    if (total > p->total + n) {
        char *text =
            xasprintf("%llu lines came too fast to be printed", (unsigned long long)(total - p->total - n));
        log_note(l, s, text);
        free(text);
    }
    p->total = total;
}

static int newest_first(const void *a, const void *b)
{
    const struct merge_line *x = a, *y = b;
    if (x->key_ms != y->key_ms)
        return x->key_ms < y->key_ms ? 1 : -1;
    return x->number < y->number ? 1 : x->number > y->number ? -1 : 0;
}

static void print_list(struct log *l, line_list *list)
{
    for (size_t i = list->len; i > 0; i--) {
        print_line(l, &list->items[i - 1]);
        free((char *)list->items[i - 1].text);
    }
    vec_free(list);
}

void log_print_past(struct log *l)
{
    line_list list = {0};
    const struct merge *m = collector_lock(l->collector);
    take_newest(l, m, &list);
    for (int s = 0; s < SOURCES; s++)
        remember(l, m, (enum line_source)s);
    collector_unlock(l->collector);
    print_list(l, &list);
}

void log_print_new(struct log *l)
{
    line_list list = {0};
    const struct merge *m = collector_lock(l->collector);
    l->holds = false;
    for (int s = 0; s < SOURCES; s++)
        if (l->sources >> s & 1)
            take_new(l, m, (enum line_source)s, &list);
    collector_unlock(l->collector);
    if (list.len)
        qsort(list.items, list.len, sizeof *list.items, newest_first);
    print_list(l, &list);
}
