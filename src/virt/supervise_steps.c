/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Steps wait in one list, in their order; a few of each sort are under way at a time, each in a job of its
 * own. Probes have places of their own, so that guests that do not answer hold up no restart.
 */
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "virt/lifecycle.h"
#include "virt/probe.h"
#include "virt/probe_net.h"
#include "virt/start_steps.h"
#include "virt/supervise_private.h"
#include "virt/throttle.h"

/* Together they leave room among a host's calls (JOBS_IN_FLIGHT) for what people ask for. */
#define STEPS_MAX  2
#define PROBES_MAX 3

/* A QEMU that does not react (stopped by a signal, say) never answers a call of its monitor, and libvirt
 * waits for it without end: what is quick otherwise is given up after this. 0: it may take long, or libvirt
 * has a limit of its own. */
static const int limits_ms[SUB_KINDS] = {
    [SUB_RESET] = 15000,    [SUB_HOLD] = 60000,       [SUB_RESUME] = 60000,
    [SUB_THROTTLE] = 60000, [SUB_UNTHROTTLE] = 60000,
};

/* ---- the jobs ---- */

static struct job *submit(struct supervisor *s, const struct sub *sub, const struct job_kind *kind,
                          const struct job_args *args)
{
    return fleet_submit(s->c->host->fleet, s->c->host->id, &sub->uuid, sub->name, kind, args);
}

static struct job *submit_start(struct supervisor *s, const struct sub *sub)
{
    return submit(s, sub, &step_start, NULL);
}

static struct job *submit_destroy(struct supervisor *s, const struct sub *sub)
{
    return submit(s, sub, &step_force, NULL);
}

static struct job *submit_reset(struct supervisor *s, const struct sub *sub)
{
    return submit(s, sub, lifecycle_kind("reset"), NULL);
}

static struct job *submit_hold(struct supervisor *s, const struct sub *sub)
{
    return submit(s, sub, lifecycle_kind("suspend"), NULL);
}

static struct job *submit_resume(struct supervisor *s, const struct sub *sub)
{
    return submit(s, sub, lifecycle_kind("resume"), NULL);
}

static struct job *submit_save(struct supervisor *s, const struct sub *sub)
{
    return submit(s, sub, lifecycle_kind("managedsave"), NULL);
}

static struct job *submit_time(struct supervisor *s, const struct sub *sub)
{
    return submit(s, sub, &time_sync_job, NULL);
}

static struct job *submit_need(struct supervisor *s, const struct sub *sub)
{
    return submit(s, sub, &step_need, &(struct job_args){.text = sub->text});
}

static struct job *submit_throttle(struct supervisor *s, const struct sub *sub)
{
    const struct watched *w = supervise_find(s, &sub->uuid);
    return submit(s, sub, &throttle_job, &(struct job_args){.flags = w ? (unsigned)w->percent : 100});
}

static struct job *submit_unthrottle(struct supervisor *s, const struct sub *sub)
{
    const struct watched *w = supervise_find(s, &sub->uuid);
    struct throttle_undo *undo = xcalloc(1, sizeof *undo);
    if (w)
        *undo = (struct throttle_undo){w->before, w->set, w->percent};
    return submit(s, sub, &unthrottle_job, &(struct job_args){.data = undo, .free_data = free});
}

/* Its health's; where it has none (after a wake), what tells that it is ready. */
static struct job *submit_probe(struct supervisor *s, const struct sub *sub)
{
    const struct watched *w = supervise_find(s, &sub->uuid);
    struct probe_request *request = probe_request_new();
    request->once = true;
    if (w && w->item) {
        const struct policy *host = supervise_defaults(s, w);
        const struct policy_value *v = policy_value(&w->item->policy, host, POLICY_HEALTH);
        if (!v->items.len)
            v = policy_value(&w->item->policy, host, POLICY_READY);
        for (size_t i = 0; i < v->items.len; i++)
            vec_push(&request->probes, xstrdup(v->items.items[i]));
    }
    if (!request->probes.len)
        vec_push(&request->probes, xstrdup("running"));
    return submit(s, sub, &probe_job, &(struct job_args){.data = request, .free_data = probe_request_free});
}

static struct job *(*const submits[SUB_KINDS])(struct supervisor *s, const struct sub *sub) = {
    [SUB_START] = submit_start,       [SUB_RESET] = submit_reset,
    [SUB_DESTROY] = submit_destroy,   [SUB_PROBE] = submit_probe,
    [SUB_HOLD] = submit_hold,         [SUB_RESUME] = submit_resume,
    [SUB_THROTTLE] = submit_throttle, [SUB_UNTHROTTLE] = submit_unthrottle,
    [SUB_SAVE] = submit_save,         [SUB_RESTORE] = submit_start,
    [SUB_NEED] = submit_need,         [SUB_TIME] = submit_time,
};

/* ---- what came of them ---- */

static bool is_done(const struct job_status *status)
{
    return status->result.state == JOB_DONE;
}

static const char *failure(const struct job_status *status)
{
    return status->result.error.text ? status->result.error.text : "there was no answer in time";
}

static void start_done(struct supervisor *s, const struct sub *sub, const struct job_status *status)
{
    guard_started(s->guard, &sub->uuid, is_done(status), failure(status), supervise_now());
}

static void destroy_done(struct supervisor *s, const struct sub *sub, const struct job_status *status)
{
    const struct watched *w = supervise_find(s, &sub->uuid);
    if (w && is_done(status))
        supervise_queue(s, SUB_START, w, NULL);
    else
        start_done(s, sub, status);
}

/* What does not even hear a reset is turned off and started. */
static void reset_done(struct supervisor *s, const struct sub *sub, const struct job_status *status)
{
    const struct watched *w = supervise_find(s, &sub->uuid);
    if (!w || status->result.state != JOB_CANCELLED) {
        start_done(s, sub, status);
        return;
    }
    supervise_tell(s, w, "reset-unheard", SEV_WARN, "its QEMU does not react to the reset; it is restarted");
    guard_escalate(s->guard, &sub->uuid);
    supervise_queue(s, SUB_DESTROY, w, NULL);
}

static void probe_done(struct supervisor *s, const struct sub *sub, const struct job_status *status)
{
    guard_health(s->guard, &sub->uuid, is_done(status), failure(status), supervise_now());
}

static void need_done(struct supervisor *s, const struct sub *sub, const struct job_status *status)
{
    if (!is_done(status))
        supervise_tell(s, NULL, "wake-need-failed", SEV_ERROR, "after the sleep: %s", failure(status));
    else if (status->result.text && strstr(status->result.text, "started"))
        supervise_tell(s, NULL, "wake-need-started", SEV_INFO, "after the sleep: %s %s", sub->name,
                       status->result.text);
}

static void time_done(struct supervisor *s, const struct sub *sub, const struct job_status *status)
{
    const struct watched *w = supervise_find(s, &sub->uuid);
    if (!w)
        return;
    if (is_done(status))
        supervise_tell(s, w, "time-sync", SEV_INFO, "its clock was set after the sleep");
    else
        supervise_tell(s, w, "time-sync-failed", SEV_WARN, "its clock could not be set after the sleep: %s",
                       failure(status));
}

static void (*const dones[SUB_KINDS])(struct supervisor *s, const struct sub *sub,
                                      const struct job_status *status) = {
    [SUB_START] = start_done,
    [SUB_RESET] = reset_done,
    [SUB_DESTROY] = destroy_done,
    [SUB_PROBE] = probe_done,
    [SUB_HOLD] = supervise_power_done,
    [SUB_RESUME] = supervise_power_done,
    [SUB_THROTTLE] = supervise_power_done,
    [SUB_UNTHROTTLE] = supervise_power_done,
    [SUB_SAVE] = supervise_power_done,
    [SUB_RESTORE] = supervise_power_done,
    [SUB_NEED] = need_done,
    [SUB_TIME] = time_done,
};

/* ---- the list ---- */

static void sub_free(struct sub *sub)
{
    if (sub->job)
        job_unref(sub->job);
    free(sub->name);
    free(sub->text);
}

void supervise_queue(struct supervisor *s, enum sub_kind kind, const struct watched *w, const char *text)
{
    struct sub sub = {.kind = kind, .name = xstrdup(w ? w->name : text), .text = xstrdup(text)};
    if (w)
        sub.uuid = w->uuid;
    vec_push(&s->subs, sub);
    s->changed = true;
}

/* Its QEMU was stopped by a signal: it would hear nothing, and the call would never come back. */
static bool is_deaf(const struct supervisor *s, const struct sub *sub)
{
    struct job_context c = {.host = s->c->host, .uuid = sub->uuid, .is_qemu = true};
    int64_t started_ms;
    char state;
    return limits_ms[sub->kind] && qemu_process_look(&c, &started_ms, &state) &&
           (state == 'T' || state == 't');
}

/* As if its call had not come back in time. */
static void end_unheard(struct supervisor *s, size_t i)
{
    struct sub sub = s->subs.items[i];
    struct job_status status = {.result = {.state = JOB_CANCELLED, .error = ERROR_INIT}};
    vec_remove(&s->subs, i);
    error_set(&status.result.error, STATUS_FAILED, "its QEMU is stopped by a signal (SIGSTOP)");
    dones[sub.kind](s, &sub, &status);
    error_clear(&status.result.error);
    sub_free(&sub);
}

void supervise_begin_steps(struct supervisor *s)
{
    size_t steps = 0, probes = 0;
    for (size_t i = 0; i < s->subs.len;) {
        struct sub *sub = &s->subs.items[i];
        size_t *under_way = sub->kind == SUB_PROBE ? &probes : &steps;
        size_t most = sub->kind == SUB_PROBE ? PROBES_MAX : STEPS_MAX;
        if (!sub->job && *under_way < most) {
            if (is_deaf(s, sub)) {
                end_unheard(s, i);
                continue;
            }
            sub->job = submits[sub->kind](s, sub);
            sub->begun_ms = clock_mono_ms();
        }
        *under_way += sub->job != NULL;
        i++;
    }
}

void supervise_stand_down(struct supervisor *s)
{
    for (size_t i = s->subs.len; i-- > 0;) {
        struct sub *sub = &s->subs.items[i];
        if (sub->job || sub->kind == SUB_NEED || sub->kind == SUB_TIME || sub->kind == SUB_PROBE)
            continue;
        struct watched *w = supervise_find(s, &sub->uuid);
        if (w)
            w->power_step = false;
        sub_free(sub);
        vec_remove(&s->subs, i);
    }
    guard_stand_down(s->guard);
    struct vmmap_slot *slot;
    for (size_t i = 0; (slot = vmmap_next(&s->watched, &i));) {
        struct watched *w = slot->value;
        if (w->held == HELD_SAVED && !w->power_step)
            w->held = HELD_NOTHING;
    }
    s->changed = true;
}

static void heed_limit(const struct sub *sub)
{
    int limit = limits_ms[sub->kind];
    if (sub->job && limit && clock_mono_ms() - sub->begun_ms > limit)
        job_cancel(sub->job);
}

void supervise_end_steps(struct supervisor *s)
{
    for (size_t i = 0; i < s->subs.len;) {
        struct sub sub = s->subs.items[i];
        heed_limit(&sub);
        if (!sub.job || !job_is_over(sub.job)) {
            i++;
            continue;
        }
        struct job_status status;
        struct watched *w = supervise_find(s, &sub.uuid);
        vec_remove(&s->subs, i);
        job_status(sub.job, &status);
        if (w && sub.kind != SUB_PROBE) {
            w->trust_ms = status.ended_ms;
            w->again = true;
        }
        dones[sub.kind](s, &sub, &status);
        s->changed = s->changed || sub.kind != SUB_PROBE;
        job_status_clear(&status);
        sub_free(&sub);
    }
}

void supervise_drop_steps(struct supervisor *s)
{
    for (size_t i = 0; i < s->subs.len; i++) {
        if (s->subs.items[i].job)
            job_cancel(s->subs.items[i].job);
        sub_free(&s->subs.items[i]);
    }
    vec_free(&s->subs);
}

/* ---- the guard's ---- */

static const struct {
    enum sub_kind kind;
    bool told;
} guard_steps[] = {
    [GUARD_START] = {SUB_START, true},
    [GUARD_PROBE] = {SUB_PROBE, false},
    [GUARD_RESET] = {SUB_RESET, true},
    [GUARD_RESTART] = {SUB_DESTROY, true},
};

void supervise_take_steps(struct supervisor *s)
{
    for (;;) {
        struct guard_step step;
        guard_next(s->guard, supervise_now(), &step);
        if (step.action == GUARD_NOTHING)
            return;
        const struct watched *w = supervise_find(s, &step.uuid);
        if (w && (step.action == GUARD_NOTIFY || guard_steps[step.action].told))
            supervise_tell(s, w, step.event, step.severity, "%s", step.text);
        if (w && step.action != GUARD_NOTIFY)
            supervise_queue(s, guard_steps[step.action].kind, w, NULL);
        free(step.text);
        s->changed = s->changed || step.action != GUARD_PROBE;
    }
}
