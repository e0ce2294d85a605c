/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/eventlog.h"

#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "model/eventfile.h"

#define MOST_KINDS 64

/* The way to the file. Where there is a writer it outlives the log: the last work given to it ends it. */
struct sink {
    struct eventfile *file; /* the writer's thread's */
    bool complained;        /* about the file, since it last worked */
    void (*failed)(void *ctx, const struct error *e);
    void *ctx;
};

struct eventlog {
    struct event *ring;
    size_t cap, len, next; /* `next`: where the next one goes */
    struct sink *sink;     /* NULL: memory only */
    struct writer *writer;
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
        log->sink = xcalloc(1, sizeof *log->sink);
        log->sink->file = eventfile_new(path);
        eventfile_load(log->sink->file, take, log, e);
    }
    return log;
}

static bool nothing(void *arg, struct error *e)
{
    (void)arg;
    (void)e;
    return true;
}

static void sink_free(void *arg)
{
    struct sink *sink = arg;
    eventfile_free(sink->file);
    free(sink);
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
    if (log->sink)
        writer_do(log->writer, &(struct writer_work){.run = nothing, .free = sink_free, .arg = log->sink});
    free(log);
}

void eventlog_set_writer(struct eventlog *log, struct writer *writer)
{
    log->writer = writer;
}

void eventlog_on_failure(struct eventlog *log, void (*failed)(void *ctx, const struct error *e), void *ctx)
{
    if (log->sink) {
        log->sink->failed = failed;
        log->sink->ctx = ctx;
    }
}

/* ---- the file ---- */

struct entry {
    struct eventfile *file;
    char *line;
};

static bool append(void *arg, struct error *e)
{
    struct entry *entry = arg;
    return eventfile_append(entry->file, entry->line, e);
}

static void entry_free(void *arg)
{
    struct entry *entry = arg;
    free(entry->line);
    free(entry);
}

static void appended(void *ctx, const struct error *e)
{
    struct sink *sink = ctx;
    bool tell = e && !sink->complained;
    sink->complained = e != NULL;
    if (tell && sink->failed)
        sink->failed(sink->ctx, e);
}

void eventlog_add(struct eventlog *log, struct event *ev)
{
    if (log->sink) {
        struct entry *entry = xcalloc(1, sizeof *entry);
        *entry = (struct entry){log->sink->file, eventfile_line(ev)};
        writer_do(log->writer, &(struct writer_work){append, entry_free, entry, appended, log->sink});
    }
    keep(log, ev);
}

bool eventlog_append(const char *path, const struct event *ev, struct error *e)
{
    struct eventfile *file = eventfile_new(path);
    char *line = eventfile_line(ev);
    bool good = eventfile_append(file, line, e);
    free(line);
    eventfile_free(file);
    return good;
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
