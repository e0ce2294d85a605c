/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is shown of a domain's lines, and what of them is news.
 */
#include "ui/logs_view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

const char *const logs_times_names[LOGS_TIMES] = {"clock", "ago", "start"};

void logs_view_init(struct logs_view *v)
{
    *v = (struct logs_view){
        .follow = true, .sources = LOGS_USUAL, .stale = true, .height = 1, .reach = 1, .text_w = 1};
}

void logs_feed_clear(struct logs_feed *f)
{
    if (f->found)
        feed_clear(&f->feed);
    free(f->problem);
    *f = (struct logs_feed){.feed.fd = -1};
}

static void forget_feeds(struct logs_view *v)
{
    for (int s = 0; s < SOURCES; s++)
        logs_feed_clear(&v->feeds[s]);
}

void logs_forget_waiting(struct logs_view *v)
{
    for (size_t i = 0; i < v->waiting.len; i++)
        event_clear(&v->waiting.items[i]);
    vec_clear(&v->waiting);
}

void logs_view_free(struct logs_view *v)
{
    collector_free(v->collector);
    merge_free(v->lines);
    forget_feeds(v);
    logs_forget_waiting(v);
    vec_free(&v->waiting);
    logs_copy_forget(v);
    logs_lines_free(&v->window.lines);
    logs_lines_free(&v->reading.window.lines);
    logs_lines_free(&v->reading.above);
    pattern_free(v->wants);
    pattern_free(v->find);
    free(v->wants_text);
    free(v->find_text);
    free(v->vm);
    free(v->uri);
    free(v->serial_log);
    free(v->messages);
    *v = (struct logs_view){0};
}

void logs_view_restart(struct logs_view *v)
{
    forget_feeds(v);
    logs_forget_waiting(v);
    logs_copy_forget(v);
    v->reading_past = false;
    v->acted_ms = 0;
    v->started_ms = 0;
    v->asked = 0;
    v->follow = true;
    v->region = false;
    v->seek = (struct logs_seek){0};
    logs_lines_free(&v->window.lines);
    v->window = (struct logs_window){0};
    logs_touch(v);
}

/* ---- the lines ---- */

const struct merge *logs_lock(const struct logs_view *v)
{
    return v->collector ? collector_lock(v->collector) : v->lines;
}

void logs_unlock(const struct logs_view *v)
{
    if (v->collector)
        collector_unlock(v->collector);
}

struct merge_filter logs_filter(const struct logs_view *v)
{
    /* No bit at all would mean every source; the bit behind the last one means none. */
    return (struct merge_filter){
        .sources = v->sources ? v->sources : 1u << SOURCES, .wants = v->wants, .marked = v->marked};
}

size_t logs_total(const struct logs_view *v)
{
    const struct merge *m = logs_lock(v);
    struct merge_place end = merge_end();
    size_t n = m ? merge_before(m, &end, logs_filter(v).sources) : 0;
    logs_unlock(v);
    return n;
}

/* ---- what is shown ---- */

struct pattern *logs_pattern(const char *regex, struct error *e)
{
    bool any_case = true;
    for (const char *p = regex; *p; p++) {
        if (*p == '\\' && p[1])
            p++; /* \S is no upper case letter */
        else if (isupper((unsigned char)*p))
            any_case = false;
    }
    return pattern_new(regex, any_case, e);
}

bool logs_set_filter(struct logs_view *v, const char *regex, struct error *e)
{
    struct pattern *p = NULL;
    if (regex && *regex && !(p = logs_pattern(regex, e)))
        return false;
    pattern_free(v->wants);
    free(v->wants_text);
    v->wants = p;
    v->wants_text = p ? xstrdup(regex) : NULL;
    logs_touch(v);
    return true;
}

void logs_set_sources(struct logs_view *v, unsigned sources)
{
    v->sources = sources;
    logs_touch(v);
}

static char *quoted(const char *text)
{
    struct strbuf out = {0};
    for (const char *p = text; *p; p++) {
        if (strchr(".[]*+?{}()|^$\\", *p))
            strbuf_putc(&out, '\\');
        strbuf_putc(&out, *p);
    }
    return strbuf_steal(&out);
}

const struct pattern *logs_find(struct logs_view *v, const char *text)
{
    if (!text || !*text)
        return NULL;
    if (v->find_text && strcmp(v->find_text, text) == 0)
        return v->find;
    pattern_free(v->find);
    free(v->find_text);
    v->find_text = xstrdup(text);
    v->find = logs_pattern(text, NULL);
    if (!v->find) {
        char *plain = quoted(text);
        v->find = logs_pattern(plain, NULL);
        free(plain);
    }
    return v->find;
}

/* "event" and "events" mean the same. */
static enum line_source source_of(const char *word)
{
    enum line_source s = source_find(word);
    size_t len = strlen(word);
    if (s != SOURCES || len == 0)
        return s;
    char *other = word[len - 1] == 's' ? xstrndup(word, len - 1) : xasprintf("%ss", word);
    s = source_find(other);
    free(other);
    return s;
}

static bool unknown_source(const char *word, struct error *e)
{
    struct strbuf all = {0};
    for (int s = 0; s < SOURCES; s++)
        strbuf_printf(&all, "%s%s", s ? ", " : "", source_word((enum line_source)s));
    error_set(e, STATUS_USAGE, "there is no source \"%s\"; there are %s, and all, default", word,
              strbuf_str(&all));
    strbuf_free(&all);
    return false;
}

static bool parse_word(const char *word, bool first, unsigned *sources, struct error *e)
{
    char sign = *word == '+' || *word == '-' ? *word : 0;
    const char *name = word + (sign != 0);
    unsigned bits = 0;
    if (strcmp(name, "all") == 0)
        bits = (1u << SOURCES) - 1;
    else if (strcmp(name, "default") == 0)
        bits = LOGS_USUAL;
    else if (source_of(name) != SOURCES)
        bits = 1u << source_of(name);
    else
        return unknown_source(name, e);
    /* A list without signs says all of it; with signs it changes what is there. */
    *sources = sign == '-' ? *sources & ~bits : (sign == 0 && first ? 0 : *sources) | bits;
    return true;
}

bool logs_parse_sources(const struct logs_view *v, const char *text, unsigned *sources, struct error *e)
{
    char *copy = xstrdup(text), *rest = copy;
    bool good = true, first = true;
    *sources = v->sources;
    for (char *word; good && (word = strsep(&rest, ", "));) {
        if (*word == '\0')
            continue;
        good = parse_word(word, first, sources, e);
        first = false;
    }
    free(copy);
    return good;
}

/* ---- news ---- */

static uint64_t total_of(const struct merge *m, int s)
{
    return merge_count(m, (enum line_source)s) + merge_dropped(m, (enum line_source)s);
}

void logs_look(struct logs_view *v)
{
    const struct merge *m = logs_lock(v);
    for (int s = 0; s < SOURCES; s++)
        v->seen[s] = m ? total_of(m, s) : 0;
    logs_unlock(v);
    v->marks_seen = atomic_load(&v->marks);
}

uint64_t logs_news(const struct logs_view *v)
{
    unsigned marks = atomic_load(&v->marks);
    if (v->unread)
        return 0;
    if (marks != v->marks_seen)
        return marks - v->marks_seen;
    const struct merge *m = logs_lock(v);
    uint64_t n = 0;
    for (int s = 0; m && s < SOURCES; s++) {
        uint64_t total = total_of(m, s);
        uint64_t seen = total < v->seen[s] ? 0 : v->seen[s]; /* it was read anew */
        if (s != SOURCE_SERIAL && (v->sources >> s & 1))
            n += total - seen;
    }
    logs_unlock(v);
    return n;
}
