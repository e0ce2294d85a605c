/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/eventlog.h"

#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "model/eventfile.h"

#define MOST_KINDS 64

struct eventlog {
    struct event *ring;
    size_t cap, len, next; /* `next`: where the next one goes */
    struct eventfile *file;
    bool complained; /* about the file, since it last worked */
    VEC(char *) kinds;
};

void event_clear(struct event *ev)
{
    free(ev->host);
    free(ev->vm);
    free(ev->text);
    *ev = (struct event){0};
}

static void keep(struct eventlog *log, struct event *ev)
{
    struct event *slot = &log->ring[log->next];
    event_clear(slot);
    *slot = *ev;
    *ev = (struct event){0};
    log->next = (log->next + 1) % log->cap;
    if (log->len < log->cap)
        log->len++;
}

/* An event's kind is a static string; those read from the file get storage that lives as long as the log. */
static const char *intern(struct eventlog *log, const char *kind)
{
    for (size_t i = 0; i < log->kinds.len; i++)
        if (strcmp(log->kinds.items[i], kind) == 0)
            return log->kinds.items[i];
    if (log->kinds.len == MOST_KINDS)
        return "other";
    vec_push(&log->kinds, xstrdup(kind));
    return log->kinds.items[log->kinds.len - 1];
}

static void take(void *ctx, struct event *ev)
{
    struct eventlog *log = ctx;
    ev->kind = intern(log, ev->kind);
    keep(log, ev);
}

struct eventlog *eventlog_open(const char *path, size_t max_events, struct error *e)
{
    struct eventlog *log = xcalloc(1, sizeof *log);
    log->cap = max_events > 0 ? max_events : 1;
    log->ring = xcalloc(log->cap, sizeof *log->ring);
    if (path) {
        log->file = eventfile_new(path);
        eventfile_load(log->file, take, log, e);
    }
    return log;
}

void eventlog_free(struct eventlog *log)
{
    if (!log)
        return;
    for (size_t i = 0; i < log->cap; i++)
        event_clear(&log->ring[i]);
    free(log->ring);
    for (size_t i = 0; i < log->kinds.len; i++)
        free(log->kinds.items[i]);
    vec_free(&log->kinds);
    eventfile_free(log->file);
    free(log);
}

bool eventlog_add(struct eventlog *log, struct event *ev, struct error *e)
{
    struct error wrong = ERROR_INIT;
    bool written = !log->file || eventfile_append(log->file, ev, &wrong);
    bool tell = !written && !log->complained;
    if (tell)
        error_move(e, &wrong);
    error_clear(&wrong);
    log->complained = !written;
    keep(log, ev);
    return !tell;
}

size_t eventlog_len(const struct eventlog *log)
{
    return log->len;
}

const struct event *eventlog_at(const struct eventlog *log, size_t i)
{
    if (i >= log->len)
        return NULL;
    return &log->ring[(log->next + log->cap - 1 - i) % log->cap];
}
