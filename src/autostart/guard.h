/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The supervisor's judgement, without doing anything itself: which domain is restarted, when, and when it is
 * given up; whose health is checked, and what follows. Fed with states, probe results and the time
 * (milliseconds, CLOCK_BOOTTIME), it answers with the next thing to do. One thread at a time.
 *
 * A domain that a person stopped (destroyed, or shut down by a command of libvirt's) is never started again.
 */
#ifndef VIRTDECK_AUTOSTART_GUARD_H
#define VIRTDECK_AUTOSTART_GUARD_H

#include <json-c/json.h>
#include "autostart/policy.h"
#include "model/uuid.h"
#include "model/vm.h"

/* Why a domain is off, as far as restarts care. */
enum guard_stop {
    STOPPED_UNKNOWN,
    STOPPED_BY_PERSON, /* destroyed, saved, migrated away, from a snapshot */
    STOPPED_BY_GUEST,  /* shut down from inside, or as a guest answers a request */
    STOPPED_CRASHED,   /* its QEMU died, or the guest panicked */
    STOPPED_FAILED     /* libvirt could not start or keep it */
};

enum guard_action {
    GUARD_NOTHING, /* until `until_ms` */
    GUARD_START,   /* a restart; tell guard_started() what came of it */
    GUARD_PROBE,   /* ask its health probes; tell guard_health() */
    GUARD_RESET,
    GUARD_RESTART, /* destroy, then start */
    GUARD_NOTIFY   /* only say `text` */
};

struct guard_step {
    enum guard_action action;
    struct vm_uuid uuid;
    int64_t until_ms; /* GUARD_NOTHING: INT64_MAX: nothing is due */
    enum severity severity;
    const char *event; /* static, for programs: "restart" "restart-given-up" "unhealthy" "healthy" … */
    char *text;        /* for people and the notification; owned by the caller from now on */
};

struct guard;
struct guard *guard_new(void);
void guard_free(struct guard *g);

/* A domain as it is now, each time that something changed: the first call makes it known. `policy` is copied;
 * `host` are the host's defaults (borrowed for the call). active: it has a QEMU; paused ones are not probed.
 */
void guard_look(struct guard *g, const struct vm_uuid *uuid, const char *name, const struct policy *policy,
                const struct policy *host, bool active, bool running, enum guard_stop stop, int64_t now_ms);
/* It is gone (undefined). */
void guard_forget(struct guard *g, const struct vm_uuid *uuid);
/* What came of GUARD_START, GUARD_RESTART, GUARD_RESET. */
void guard_started(struct guard *g, const struct vm_uuid *uuid, bool ok, const char *why, int64_t now_ms);
/* A GUARD_RESET that was not heard goes on as GUARD_RESTART. */
void guard_escalate(struct guard *g, const struct vm_uuid *uuid);
void guard_health(struct guard *g, const struct vm_uuid *uuid, bool healthy, const char *why, int64_t now_ms);
/* The host has slept, or libvirtd was away: what was due is due anew, nothing is held against anybody. */
void guard_woke(struct guard *g, int64_t now_ms, bool restart_unhealthy);
/* All domains of the host are being stopped, in order: what is off stays off until somebody starts it. */
void guard_stand_down(struct guard *g);
/* The next thing to do; each comes once. False never: GUARD_NOTHING is a step. */
void guard_next(struct guard *g, int64_t now_ms, struct guard_step *step);

/* What survives a restart of the supervisor: counted restarts, unhealthy counts. */
json_object *guard_json(const struct guard *g);
bool guard_restore(struct guard *g, json_object *saved, struct error *e);

#endif
