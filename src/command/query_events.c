/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `events`: what was kept of what happened.
 */
#include <stdlib.h>
#include <time.h>

#include "base/paths.h"
#include "command/query.h"
#include "model/eventlog.h"

#define EVENTS_MOST 100000

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
    if (!query_count(call, EVENTS_MOST, &count, e))
        return false;
    char *path = paths_join(paths_state_dir(), EVENTLOG_FILE);
    struct eventlog *log = eventlog_open(path, EVENTS_MOST, &damage);
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
