/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything that happened, on all hosts, with times and reasons: libvirt's events, connections coming and
 * going, and the outcome of commands. A ring of fixed size in memory and a bounded file of JSON lines in the
 * state directory (kept across runs; rolled once at 1 MiB; several virtdecks may append). Screen thread
 * (workers send messages instead).
 */
#ifndef VIRTDECK_MODEL_EVENTLOG_H
#define VIRTDECK_MODEL_EVENTLOG_H

#include <stdint.h>
#include <stdbool.h>
#include "base/error.h"
#include "base/writer.h"
#include "model/uuid.h"

enum severity { SEV_INFO, SEV_GOOD, SEV_WARN, SEV_ERROR };

enum event_mark { MARK_NONE, MARK_START, MARK_STOP, MARK_PAUSE, MARK_RESUME, MARK_CRASH, MARK_OTHER };

struct event {
    int64_t wall_ms;
    enum severity severity;
    enum event_mark mark;
    const char
        *kind;  /* static: "lifecycle", "device", "io-error", "agent", "job", "connection", "command" … */
    char *host; /* host name or URI; raw */
    struct vm_uuid uuid; /* nil: about the host */
    char *vm;            /* domain name, raw; NULL for none */
    char *text;          /* raw */
    int code, domain;    /* of libvirt's error, where one is told; 0 */
    int64_t took_ms;     /* how long what has ended then had been under way; 0: not told */
};

struct eventlog;

/* Its file in the state directory: the screen writes it, `events` reads it. */
#define EVENTLOG_FILE "events.jsonl"

/* `path` NULL: memory only. A damaged file: its readable lines are taken, the rest reported in `e` once; the
 * log works all the same (never NULL). */
struct eventlog *eventlog_open(const char *path, size_t max_events, struct error *e);
void eventlog_free(struct eventlog *log);
/* From now on `writer` appends to the file, and eventlog_add() waits for no disk. It has to be finished after
 * the log was freed: it closes the file behind what waits. */
void eventlog_set_writer(struct eventlog *log, struct writer *writer);
/* Who hears, from then on, of writes that fail (full disk): once, until one works again. Memory has the
 * events all the same. Called by eventlog_add() or, where there is a writer, by writer_deliver(). */
void eventlog_on_failure(struct eventlog *log, void (*failed)(void *ctx, const struct error *e), void *ctx);
/* Takes over ev's strings. */
void eventlog_add(struct eventlog *log, struct event *ev);
size_t eventlog_len(const struct eventlog *log);
/* i = 0 is the newest. Valid until the next add. */
const struct event *eventlog_at(const struct eventlog *log, size_t i);
void event_clear(struct event *ev);
/* Adds one event to such a file without reading it: for programs that end soon. Waits for the disk; any
 * thread. */
bool eventlog_append(const char *path, const struct event *ev, struct error *e);

#endif
