/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the guard and its saved form share. Private to guard*.c.
 */
#ifndef VIRTDECK_AUTOSTART_GUARD_PRIVATE_H
#define VIRTDECK_AUTOSTART_GUARD_PRIVATE_H

#include "autostart/guard.h"
#include "model/vmmap.h"

#define NEVER INT64_MAX

/* A domain that is looked after. */
struct ward {
    struct vm_uuid uuid;
    char *name;
    /* policy_number() of each field, with the host's defaults in it; lists: how many items */
    int64_t policy[POLICY_FIELDS];

    bool known; /* guard_look() was called; else it was only restored */
    bool active, running;
    bool was_active; /* restored: when the guard ended it was active */
    enum guard_stop stop;
    enum guard_action busy; /* START, RESTART, RESET: handed out, its outcome is not told yet */
    bool ours;              /* it runs because of our start */

    VEC(int64_t) restarts; /* when, within the window; oldest first */
    bool given_up;         /* it was said, too */
    bool left;             /* off, and to stay so: all of the host's were stopped */
    int64_t restart_ms;    /* when it is to be started again; NEVER */

    int64_t up_ms;    /* since when it runs, or was reset */
    int64_t probe_ms; /* when its health is asked for next; NEVER */
    bool probing;     /* asked, not answered */
    bool healthy;     /* it was, since it runs */
    bool unhealthy;   /* and that was said */
    bool after_wake;  /* the host slept: it is restarted when it does not answer */
    int64_t failures; /* in a row */
    char *why;        /* the last one's reason; NULL */

    int64_t due_ms; /* the earliest of the two */
    size_t at;      /* its place in the heap */
};

struct guard {
    struct vmmap wards;
    VEC(struct ward *) heap; /* the earliest first */
    VEC(struct guard_step) notes;
    size_t next_note;
};

/* One that is not known yet. */
struct ward *ward_add(struct guard *g, const struct vm_uuid *uuid);

#endif
