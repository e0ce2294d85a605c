/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `log VM` and `events`: the QEMU log of a local domain, and what was kept of what happened.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/paths.h"
#include "command/query.h"
#include "logs/tail.h"
#include "model/eventlog.h"

#define LOG_LINES   50
#define LOG_MOST    100000
#define EVENT_LINES 50

/* -n: a whole number from 0 (all) on. */
static bool read_count(const struct call *call, size_t usual, size_t *count, struct error *e)
{
    const char *n = call_option(call, "n");
    double value = n ? strtod(n, NULL) : (double)usual;
    if (value < 0 || value != floor(value) || value > LOG_MOST)
        return error_set(e, STATUS_USAGE, "%s: -n wants a whole number from 0 to %d, not %s",
                         call->command->name, LOG_MOST, n);
    *count = (size_t)value;
    return true;
}

/* ---- log ---- */

struct log {
    struct call *call;
    struct tail *tail;
    size_t lines;   /* to print first; 0: all */
    uint64_t after; /* the number of the last line printed */
    char *last;     /* its text: the newest line may still grow */
    bool begun, reached_end, follow;
    char *problem;
};

static void print_line(const struct log *l, const char *text)
{
    const struct frontend *f = l->call->session->frontend;
    if (!l->call->json) {
        char *line = xstrdup(text);
        for (char *p = line; *p; p++)
            *p = *p == '\t' ? ' ' : *p;
        f->print(f->ctx, line);
        free(line);
        return;
    }
    json_object *o = json_object_new_object();
    json_object_object_add(o, "domain", json_text(l->call->targets.items[0].name));
    json_object_object_add(o, "source", json_text("qemu"));
    json_object_object_add(o, "text", json_text(text));
    f->print_json(f->ctx, o);
}

static void print_new(struct log *l, const struct tail_view *v)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct tail_line *line = &v->lines[i];
        bool grown = l->begun && line->number == l->after && strcmp(line->text, l->last) != 0;
        if (l->begun && line->number <= l->after && !grown)
            continue;
        print_line(l, line->text);
        free(l->last);
        l->last = xstrdup(line->text);
        l->after = line->number;
        l->begun = true;
    }
}

/* Called whenever the tail has news: prints them; true when there is nothing more to wait for. */
static bool print_tail(void *arg)
{
    struct log *l = arg;
    struct tail_view v;
    tail_drain_fd(l->tail);
    tail_view(l->tail, l->reached_end ? 0 : l->lines, &v);
    bool read = v.at_end;
    /* Before the end was reached the newest lines are not the last ones. */
    l->reached_end = l->reached_end || v.at_end;
    if (l->reached_end)
        print_new(l, &v);
    if (v.problem && !l->problem)
        l->problem = xstrdup(v.problem);
    tail_view_clear(&v);
    return read && (!l->follow || l->problem);
}

static bool print_log(struct log *l, const char *path, struct error *e)
{
    const struct frontend *f = l->call->session->frontend;
    tail_follow(l->tail, path);
    bool good = f->wait(f->ctx, tail_fd(l->tail), print_tail, l, -1, e);
    if (!good && l->follow && e->status == STATUS_FAILED) {
        error_clear(e);
        good = true;
    }
    if (good && l->problem && !l->begun)
        good =
            error_set(e, STATUS_FAILED, "log %s: %s: %s", l->call->targets.items[0].name, path, l->problem);
    return good;
}

bool log_run(struct call *call, struct error *e)
{
    const struct target *t = &call->targets.items[0];
    struct log l = {.call = call, .follow = call_option(call, "follow") != NULL};
    const char *why = NULL;
    if (!read_count(call, LOG_LINES, &l.lines, e))
        return false;
    struct snapshot *s = fleet_snapshot(call->session->fleet, t->host);
    char *path = qemu_log_path(s->host.uri, t->name, &why);
    snapshot_unref(s);
    if (!path)
        return error_set(e, STATUS_FAILED, "log %s: %s", t->name, why ? why : "this host has no such log");
    l.tail = tail_new(l.lines ? l.lines : LOG_MOST);
    bool good = print_log(&l, path, e);
    tail_free(l.tail);
    free(l.problem);
    free(l.last);
    free(path);
    return good;
}

/* ---- events ---- */

static const char *severity_word(enum severity s)
{
    static const char *const words[] = {"info", "good", "warning", "error"};
    return words[s];
}

static json_object *event_json(const struct event *ev)
{
    char uuid[UUID_TEXT_LEN + 1];
    json_object *o = json_object_new_object();
    uuid_format(&ev->uuid, uuid);
    json_object_object_add(o, "time", json_object_new_int64(ev->wall_ms));
    json_object_object_add(o, "severity", json_text(severity_word(ev->severity)));
    json_object_object_add(o, "kind", json_text(ev->kind));
    json_object_object_add(o, "host", json_text(ev->host));
    json_object_object_add(o, "domain", json_text(ev->vm));
    json_object_object_add(o, "uuid", uuid_is_nil(&ev->uuid) ? NULL : json_text(uuid));
    json_object_object_add(o, "text", json_text(ev->text));
    return o;
}

static void event_row(struct grid *g, const struct event *ev)
{
    char when[64] = "";
    time_t seconds = (time_t)(ev->wall_ms / 1000);
    struct tm tm;
    if (localtime_r(&seconds, &tm))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    grid_add(g, when);
    grid_add(g, severity_word(ev->severity));
    grid_add(g, ev->host);
    grid_add(g, ev->vm);
    grid_add(g, ev->text);
}

static bool is_wanted(const struct event *ev, const char *text)
{
    return !text || (ev->vm && text_contains(ev->vm, text)) || (ev->text && text_contains(ev->text, text)) ||
           (ev->host && text_contains(ev->host, text));
}

/* Indices of the newest `count` that fit, oldest first. */
static void choose(const struct eventlog *log, const char *text, size_t count, size_t *first, bool *wanted)
{
    size_t found = 0, n = eventlog_len(log);
    *first = n;
    for (size_t i = 0; i < n && (count == 0 || found < count); i++) {
        wanted[i] = is_wanted(eventlog_at(log, i), text);
        found += wanted[i];
        *first = i + 1;
    }
}

bool events_run(struct call *call, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    struct error damage = ERROR_INIT;
    size_t count = 0, first;
    if (!read_count(call, EVENT_LINES, &count, e))
        return false;
    char *path = paths_join(paths_state_dir(), EVENTLOG_FILE);
    struct eventlog *log = eventlog_open(path, LOG_MOST, &damage);
    if (damage.text)
        f->say(f->ctx, SEV_WARN, error_text(&damage));
    bool *wanted = xcalloc(eventlog_len(log) + 1, sizeof *wanted);
    choose(log, call->words.len ? call->words.items[0] : NULL, count, &first, wanted);
    struct grid g = {.columns = 5};
    struct strbuf out = {0};
    json_object *array = json_object_new_array();
    for (size_t i = first; i > 0; i--) {
        if (!wanted[i - 1])
            continue;
        if (call->json)
            json_object_array_add(array, event_json(eventlog_at(log, i - 1)));
        else
            event_row(&g, eventlog_at(log, i - 1));
    }
    grid_print(&g, &out);
    if (call->json)
        f->print_json(f->ctx, json_object_get(array));
    else if (out.len)
        f->print(f->ctx, strbuf_str(&out));
    json_object_put(array);
    strbuf_free(&out);
    free(wanted);
    eventlog_free(log);
    free(path);
    error_clear(&damage);
    return true;
}
