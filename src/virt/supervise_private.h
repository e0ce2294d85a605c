/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the supervisor share. Private to supervise*.c; its own thread.
 */
#ifndef VIRTDECK_VIRT_SUPERVISE_PRIVATE_H
#define VIRTDECK_VIRT_SUPERVISE_PRIVATE_H

#include "autostart/config.h"
#include "autostart/guard.h"
#include "autostart/notify.h"
#include "autostart/power.h"
#include "autostart/start_item.h"
#include "virt/private.h"

/* What was taken from a domain because the host runs on its battery. */
enum held { HELD_NOTHING, HELD_PAUSED, HELD_THROTTLED, HELD_SAVED };

/* A domain that is watched. */
struct watched {
    struct vm_uuid uuid;
    char *name;
    struct start_item *item; /* a reference; NULL: it is only known from what was saved */
    bool seen;               /* in a snapshot */
    bool again;              /* a step of ours has ended: what it is like now is looked at in any case */
    uint64_t round;          /* the last look that found it */
    enum vm_state state;
    int reason, id;
    bool active, running, has_saved_state;
    int64_t trust_ms; /* monotonic: what was read before this tells of a time before our last step */

    enum held held;
    int percent;           /* of a throttling */
    long long before, set; /* vcpu_quota: as it was, as we set it */
    bool instead;          /* paused because it could not be throttled */
    bool left;             /* somebody took it back from us, or we could not: left alone until mains */
    bool ran_before;       /* it ran when the battery began; what is started on it is not paused or saved */
    bool power_step;       /* a step about this is under way */
};

enum sub_kind {
    SUB_START,
    SUB_RESET,
    SUB_DESTROY, /* then SUB_START */
    SUB_PROBE,
    SUB_HOLD,
    SUB_RESUME,
    SUB_THROTTLE,
    SUB_UNTHROTTLE,
    SUB_SAVE,
    SUB_RESTORE,
    SUB_NEED,
    SUB_TIME,
    SUB_KINDS
};

/* A step that waits for its turn, or is under way in a job of its own. */
struct sub {
    enum sub_kind kind;
    struct vm_uuid uuid; /* nil: of the host */
    char *name, *text;   /* text: of SUB_NEED; or NULL */
    struct job *job;     /* NULL: it waits */
    int64_t begun_ms;    /* monotonic */
};

struct supervisor {
    struct job_context *c;
    char *key, *state_path;
    int64_t begun_wall_ms;
    int lock;
    struct autostart_config config;
    struct guard *guard;
    struct notifier *notifier;
    struct vmmap watched; /* uuid → struct watched, owned */
    VEC(struct sub) subs; /* those that wait, in their order, and those under way */
    bool connected;
    uint64_t seq, round; /* of the last snapshot that was looked at; looks */
    bool changed;        /* the saved state is outdated */
    bool notify_failed;  /* and that was said */
    size_t told_watched; /* how many the progress says */

    struct sleep_watch sleep;
    enum power_source power, power_new;
    int64_t power_ms; /* when it was read */

    char *run_path; /* the record of `autostart run` */
    struct timespec run_written;
    int64_t run_read_ms;
    bool run_under_way, run_reverse;
    int64_t run_ended_wall_ms;
};

/* supervise.c */
int64_t supervise_now(void); /* CLOCK_BOOTTIME, ms */
/* Tells it to everybody. w NULL: about the host. */
void supervise_tell(struct supervisor *s, const struct watched *w, const char *event, enum severity severity,
                    const char *fmt, ...) ATTR_PRINTF(5, 6);
struct watched *supervise_find(const struct supervisor *s, const struct vm_uuid *uuid);
struct watched *supervise_add(struct supervisor *s, const struct vm_uuid *uuid);
void supervise_forget(struct supervisor *s, struct watched *w); /* frees it */

/* supervise_look.c: snapshot → what is watched, and the guard */
void supervise_look(struct supervisor *s, const struct snapshot *snap);
/* What holds of the host's defaults for it; NULL: none. */
const struct policy *supervise_defaults(const struct supervisor *s, const struct watched *w);
/* Whether an `autostart run` or `stop` is under way, which is not to be disturbed. */
bool supervise_run_under_way(struct supervisor *s);

/* supervise_steps.c: steps of the guard and others → jobs → what came of them */
void supervise_queue(struct supervisor *s, enum sub_kind kind, const struct watched *w, const char *text);
void supervise_take_steps(struct supervisor *s);  /* of the guard */
void supervise_begin_steps(struct supervisor *s); /* as many as may be under way */
void supervise_end_steps(struct supervisor *s);   /* those whose jobs are over */
/* All domains of the host are being stopped: what has not begun does not begin, what is off stays off. */
void supervise_stand_down(struct supervisor *s);
void supervise_drop_steps(struct supervisor *s); /* all; at the end */

/* supervise_power.c */
void supervise_power(struct supervisor *s);
/* What came of a step about power. */
void supervise_power_done(struct supervisor *s, const struct sub *sub, const struct job_status *status);

/* supervise_wake.c */
void supervise_wake(struct supervisor *s);

/* supervise_state.c: what survives the supervisor */
void supervise_save(struct supervisor *s);
void supervise_restore(struct supervisor *s);

#endif
