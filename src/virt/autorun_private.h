/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the runner share: one run under way. All of it belongs to the thread of its job; nobody
 * else includes this.
 *
 *   autorun.c        the job: waits for the host, takes the lock, plans, takes up a broken run, ends
 *   autorun_steps.c  one step of the engine → a job of its own, and what came of it → an event of the engine
 */
#ifndef VIRTDECK_VIRT_AUTORUN_PRIVATE_H
#define VIRTDECK_VIRT_AUTORUN_PRIVATE_H

#include "virt/autorun.h"
#include "virt/private.h"

/* A step that is being done. */
struct doing {
    struct engine_step step;
    struct job *job;  /* NULL: the connection was lost, it is done again when there is one */
    int64_t begun_ms; /* of the runner's clock */
};

/* A domain that was to be started once, and was: its policy goes off. */
struct spend {
    uint32_t node;
    struct job *job;
};

struct autorun {
    struct job_context *c;
    const struct run_request *request;
    char *key, *path, *own_path; /* of the record: where the newest is, where ours is written */
    int lock;
    struct autostart_view *view;
    struct plan *plan;
    struct engine *engine;
    struct run_record record;
    VEC(struct doing) doing;
    VEC(struct spend) spends;
    VEC(uint32_t) expected;  /* nodes that somebody else starts, or that are files and mounts */
    int64_t *started_ms;     /* of a node: when its start, or its stop, was asked for; -1 */
    enum engine_state *told; /* of a node: the state that was told last */
    int64_t told_ms;         /* when a countdown was told last */
    bool changed;            /* the record is older than what happened */
    bool unsaved;            /* it could not be written, and that was told */
};

int64_t autorun_now(const struct autorun *r);
/* Tells a step: as an event, and in the record. node PLAN_NONE: the run as a whole. */
void autorun_tell(struct autorun *r, uint32_t node, enum severity severity, const char *fmt, ...)
    ATTR_PRINTF(4, 5);

/* The host as it was seen last; the caller unrefs. */
struct snapshot *autorun_newest(const struct autorun *r);

/* autorun_steps.c */
void autorun_do(struct autorun *r, const struct engine_step *step);
/* What came of the steps under way, what the host says of the plan's nodes. True: something did. */
bool autorun_look(struct autorun *r, const struct snapshot *snap);
/* A run that was broken off has started domains whose policy says once, and may not have taken that back. */
void autorun_spend_again(struct autorun *r);
/* False: some policies that said once are still being taken back. */
bool autorun_all_spent(struct autorun *r);
/* Tells what nodes have become since the last time. */
void autorun_tell_states(struct autorun *r);
void autorun_cancel_all(struct autorun *r);
/* "web1: is turned off in 20 s", now and then. */
void autorun_count_down(struct autorun *r);

#endif
