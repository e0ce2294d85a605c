/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The record of a run, on disk: what is under way or was done last on a host, so that a run that was killed
 * goes on, and anybody can look on. One run a host at a time: its lock is held by whoever runs. In
 * /run/virtdeck for root, in the user's runtime directory for others (both gone after a reboot; else the
 * boot's id tells). Values belong to whoever declared them; any thread.
 */
#ifndef VIRTDECK_AUTOSTART_RUN_FILE_H
#define VIRTDECK_AUTOSTART_RUN_FILE_H

#include "autostart/engine.h"

enum run_state { RUN_NONE, RUN_UNDER_WAY, RUN_DONE, RUN_FAILED, RUN_BROKEN_OFF /* nobody holds its lock */ };
extern const char *const run_state_words[RUN_BROKEN_OFF + 1];

/* One thing that was done, or happened. */
struct run_step {
    int64_t wall_ms;
    enum severity severity;
    char *node;          /* "db1", "network default"; NULL: the run as a whole */
    struct vm_uuid uuid; /* nil: no domain */
    char *text;          /* "started", "ready after 12 s", "skipped: db1 failed" */
};

struct run_node {
    char *name;          /* "db1", "network default" */
    struct vm_uuid uuid; /* nil: no domain */
    enum engine_state state;
    int order;                                             /* -1 */
    int64_t start_wall_ms, started_wall_ms, ready_wall_ms; /* 0: not yet; going down: asked, -, off */
    int64_t until_wall_ms; /* a countdown's end: when it is given up or forced; 0 none */
    char *why;             /* NULL */
};

struct run_record {
    enum run_state state;
    bool reverse;
    char *uri, *user;
    long pid;
    char boot_id[40];
    int64_t begun_wall_ms, ended_wall_ms;
    VEC(struct run_step) steps; /* the last 1,000 */
    VEC(struct run_node) nodes;
    json_object *engine; /* engine_json(); NULL in what is read for looking on */
};

/* The key of a host for file names: letters, digits and "-" of its URI without password, of a session's the
 * user's number, and a hash. The caller frees. */
char *run_key(const char *uri);
/* The record of a host to look at ("json"): our own or root's, whichever is newer. The caller frees. */
char *run_path(const char *key, const char *suffix);
/* Where we ourselves write it. The caller frees. */
char *run_own_path(const char *key, const char *suffix);
/* The file of times of a host; the same for all who may read it. */
char *times_path(const char *key);

/* Takes the host's lock: a descriptor, close() gives it back; -1 with *holder (its pid, 0 unknown) when
 * another one has it (that user's or root's; for root also a user's who may run this host), or with e set.
 * Does not wait. */
int run_lock(const char *key, long *holder, struct error *e);

/* Makes our folder where it is not there. */
bool run_record_save(const struct run_record *r, const char *path, struct error *e);
/* A missing file gives RUN_NONE and true. A record of an earlier boot has lost its `engine`, and is
 * BROKEN_OFF when it had not ended. False with e set: damaged. */
bool run_record_load(struct run_record *r, const char *path, struct error *e);
void run_record_clear(struct run_record *r);
/* Fills in which boot of this machine it is. */
void run_record_boot(struct run_record *r);
void run_record_add(struct run_record *r, int64_t wall_ms, enum severity severity, const char *node,
                    const struct vm_uuid *uuid, const char *fmt, ...) ATTR_PRINTF(6, 7);
/* Fills `nodes` from the engine (times that were known are kept). */
void run_record_take(struct run_record *r, const struct engine *e, const struct plan *p, int64_t now_ms,
                     int64_t now_wall_ms);
/* A table of nodes and the last steps; escaped. */
void run_record_print(const struct run_record *r, int64_t now_wall_ms, struct strbuf *out);
json_object *run_record_json(const struct run_record *r);

#endif
