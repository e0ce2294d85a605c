/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Carries a plan out, without doing anything itself: whoever drives it asks for the next step, does it, and
 * tells what came of it. It knows neither libvirt nor a clock; the time comes with each call (milliseconds of
 * a clock that does not stop while a program is not running, the same one after a restart of the driver).
 *
 *     struct engine *e = engine_new(plan, &config);
 *     engine_restore(e, saved, &why);                     where a run was broken off
 *     while (engine_next(e, now, &host, &step)) {         save engine_json() before each step is done
 *         do step; engine_event(e, ENGINE_CREATED, step.node, now, NULL); …
 *     }
 *
 * What was handed out to be started is never handed out again, also not after engine_restore(): only what was
 * about to be started and does not run is. One thread at a time.
 */
#ifndef VIRTDECK_AUTOSTART_ENGINE_H
#define VIRTDECK_AUTOSTART_ENGINE_H

#include "autostart/plan.h"

enum engine_state {
    NODE_IDLE,
    NODE_STARTING, /* handed out; the call has not come back */
    NODE_CREATED,  /* it runs, for less than the grace time */
    NODE_PROBING,  /* it has started and is not ready */
    NODE_READY,
    NODE_LATE,   /* not ready in time, so that what waits for it was skipped */
    NODE_FAILED, /* the start failed, or it stopped before it was ready */
    NODE_SKIPPED,
    NODE_STOPPING, /* going down */
    NODE_FORCING,
    NODE_OFF,
    NODE_LEFT, /* going down: it runs on; up: libvirt's own flag starts it, and nobody waits for it */
    NODE_STATES
};

extern const char *const engine_state_words[NODE_STATES];

enum engine_action {
    ENGINE_START,  /* the domain, network or pool; tell CREATED (also when it ran already) or FAILED */
    ENGINE_EXPECT, /* a mount, a path, a domain that libvirt starts: watch for it, then tell CREATED */
    ENGINE_PROBE,  /* ask its probes until they answer, then tell READY */
    ENGINE_SKIP,   /* for the log: it is not started, `why` */
    ENGINE_HOLD,   /* for the log: memory or load hold its start up, `why`; once for each time */
    ENGINE_LATE,   /* for the log: it was not ready in time, `why` says what follows */
    ENGINE_STOP,   /* as `stop` says; tell STOPPED when it is off, FAILED when it was refused */
    ENGINE_FORCE,  /* turn it off hard */
    ENGINE_LEAVE,  /* for the log: it runs on, `why` */
    ENGINE_WAIT    /* nothing to do before `until_ms` or an event */
};

struct engine_step {
    enum engine_action action;
    uint32_t node;         /* of the plan; PLAN_NONE for ENGINE_WAIT */
    int64_t until_ms;      /* of a wait: INT64_MAX for an event only; else when it is given up */
    enum policy_stop stop; /* of ENGINE_STOP */
    const char *why;       /* NULL: nothing to say; lives as long as the engine */
};

enum engine_event { ENGINE_CREATED, ENGINE_READY, ENGINE_FAILED, ENGINE_STOPPED };

/* Of now; NAN and 0: unknown, which holds nothing up. */
struct engine_host {
    double memory_kib, available_kib; /* as /proc/meminfo has them */
    double load;                      /* of one minute */
    int processors;
};

struct engine_node {
    enum engine_state state;
    int64_t since_ms, deadline_ms; /* of this state; -1 */
    int64_t turn_ms;               /* when its delay is over; -1: it still waits for others */
    bool late;                     /* it counts as ready though it did not answer in time */
    bool ours;                     /* this run has started it */
    const char *why;               /* NULL */
};

struct engine;

/* The plan is borrowed, the limits are copied. Never NULL. */
struct engine *engine_new(const struct plan *plan, const struct autostart_config *config);
void engine_free(struct engine *e);

/* The next step at `now_ms`; false: there is none and will be none, all is done. `host` may be NULL. Each
 * step comes once; a wait comes as often as there is nothing else. */
bool engine_next(struct engine *e, int64_t now_ms, const struct engine_host *host, struct engine_step *step);
/* What happened, also to domains whose turn has not come. False: it changes nothing. `why` is copied. */
bool engine_event(struct engine *e, enum engine_event event, uint32_t node, int64_t now_ms, const char *why);

/* The stop that was handed out has not begun yet, as others are before it: its time counts from now on. */
void engine_postpone(struct engine *e, uint32_t node, int64_t now_ms);

struct engine_node engine_look(const struct engine *e, uint32_t node);
/* Everything that was to be done was done: nothing failed, was late, skipped or left against its policy. */
bool engine_succeeded(const struct engine *e);

/* {"version":1,"reverse":false,"begun":…,"nodes":{"UUID":{"state":"ready",…},"network:default":…}} */
json_object *engine_json(const struct engine *e);
/* Takes up where that was saved; before the first engine_next(). The plan's `running` are what is real now.
 * The nodes are matched by UUID or name; what is not in the plan any more is let go. False with e set: it is
 * no such state, or one of the other direction; the engine is as it was. */
bool engine_restore(struct engine *e, json_object *saved, int64_t now_ms, struct error *error);

#endif
