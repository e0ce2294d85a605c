/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What virtdecks did without anybody at a screen (the supervisor, the start and the stop with the host), in a
 * file of this host that all its users may read, so that others can show it: JSON lines as in the event log,
 * bounded like it. Root's lie in /var/lib/virtdeck, those of a user's session in his state directory.
 */
#ifndef VIRTDECK_LOGS_ACTIONS_H
#define VIRTDECK_LOGS_ACTIONS_H

#include "base/strbuf.h"
#include "base/vec.h"
#include "model/eventlog.h"
#include "model/source.h"

#define ACTIONS_FILE "actions.jsonl"

/* SOURCE_DECK: virtdeck did it; else SOURCE_EVENT: libvirt told of it. Any thread. */
enum line_source event_source(const struct event *ev);

typedef VEC(struct event) event_list; /* `kind` is static or interned for ever */

/* What is kept about the domain, oldest first and each once, not before since_ms (0: all of it). Texts are
 * raw. Waits for the disk; any thread, after paths_init(). */
void events_of(const struct vm_uuid *uuid, int64_t since_ms, event_list *out);
/* The same without ACTIONS_FILE: for who reads that by a feed (feed_find() with SOURCE_DECK). */
void events_kept(const struct vm_uuid *uuid, int64_t since_ms, event_list *out);
void events_free(event_list *l);

/* Where they are for a host: `session` that of a user's own libvirt. The caller frees. */
char *actions_path(bool session);

/* A line of ACTIONS_FILE as it is shown. False: it is about another domain, or no such line. */
bool actions_line(const struct vm_uuid *uuid, const char *line, size_t len, struct strbuf *out,
                  int64_t *wall_ms);

/* Keeps what this process did; waits for the disk, and says once that it can't. One thread. */
struct actions;                    /* opaque */
struct actions *actions_new(void); /* never NULL; opens nothing yet */
void actions_add(struct actions *a, const struct event *ev, struct error *e);
void actions_free(struct actions *a); /* NULL is fine */

#endif
