/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Battery and sleep. What is to be done follows from how things are, not from what happened: a supervisor
 * that begins in the middle goes on from what was written down.
 */
#include <stdlib.h>
#include <string.h>
#include "autostart/policy_item.h"
#include "base/clock.h"
#include "base/format.h"
#include "virt/supervise_private.h"

/* A reading counts when the next one says the same: plugs have loose contacts. */
#define POWER_READ_MS 2000

/* ---- what there is to do ---- */

static enum policy_on_battery wish(const struct supervisor *s, const struct watched *w, int *percent)
{
    if (s->power != POWER_BATTERY || !w->item || !w->item->policy.present)
        return BATTERY_IGNORE;
    const struct policy_value *v =
        policy_value(&w->item->policy, supervise_defaults(s, w), POLICY_ON_BATTERY);
    *percent = v->percent;
    return (enum policy_on_battery)v->number;
}

static bool is_fulfilled(const struct watched *w, enum policy_on_battery wished, int percent)
{
    switch (wished) {
    case BATTERY_HOLD:
        return w->held == HELD_PAUSED && !w->instead;
    case BATTERY_THROTTLE:
        return (w->held == HELD_THROTTLED && w->percent == percent) || (w->held == HELD_PAUSED && w->instead);
    case BATTERY_MANAGEDSAVE:
        return w->held == HELD_SAVED;
    default:
        return w->held == HELD_NOTHING;
    }
}

/* ---- taking and giving back ---- */

static const struct {
    enum held held;
    enum sub_kind kind;
} takings[] = {
    [BATTERY_HOLD] = {HELD_PAUSED, SUB_HOLD},
    [BATTERY_THROTTLE] = {HELD_THROTTLED, SUB_THROTTLE},
    [BATTERY_MANAGEDSAVE] = {HELD_SAVED, SUB_SAVE},
};

static const enum sub_kind returns[] = {
    [HELD_PAUSED] = SUB_RESUME, [HELD_THROTTLED] = SUB_UNTHROTTLE, [HELD_SAVED] = SUB_RESTORE};

static void take(struct supervisor *s, struct watched *w, enum policy_on_battery wished, int percent)
{
    w->held = takings[wished].held;
    w->percent = percent;
    w->before = w->set = -1;
    w->instead = false;
    w->power_step = true;
    supervise_queue(s, takings[wished].kind, w, NULL);
}

static void give_back(struct supervisor *s, struct watched *w)
{
    w->power_step = true;
    supervise_queue(s, returns[w->held], w, NULL);
}

static bool is_paused_by_call(const struct watched *w)
{
    return w->state == VM_PAUSED && w->reason == VIR_DOMAIN_PAUSED_USER;
}

/* What we took is not there any more: somebody was faster. */
static bool was_taken_back(const struct watched *w)
{
    switch (w->held) {
    case HELD_PAUSED:
        return !is_paused_by_call(w);
    case HELD_THROTTLED:
        return !w->active;
    case HELD_SAVED:
        return w->active || !w->has_saved_state;
    default:
        return false;
    }
}

static void look_at_domain(struct supervisor *s, struct watched *w)
{
    int percent = 0;
    enum policy_on_battery wished = wish(s, w, &percent);
    /* Nothing is known of it since our last step. */
    if (!w->seen || w->again || w->power_step)
        return;
    if (w->held != HELD_NOTHING && was_taken_back(w)) {
        w->held = HELD_NOTHING;
        w->left = s->power == POWER_BATTERY;
        s->changed = true;
    }
    if (is_fulfilled(w, wished, percent) || w->left)
        return;
    if (w->held != HELD_NOTHING)
        give_back(s, w);
    else if (w->running && (wished == BATTERY_THROTTLE || w->ran_before))
        take(s, w, wished, percent);
}

/* ---- what came of it ---- */

static void tell_done(struct supervisor *s, const struct watched *w, const struct sub *sub,
                      const struct job_status *status)
{
    static const struct {
        const char *event, *text; /* NULL: what the job says */
        bool taken;
    } words[SUB_KINDS] = {
        [SUB_HOLD] = {"battery-hold", "paused", true},
        [SUB_THROTTLE] = {"battery-throttle", NULL, true},
        [SUB_SAVE] = {"battery-save", "saved", true},
        [SUB_RESUME] = {"battery-resume", "resumed", false},
        [SUB_UNTHROTTLE] = {"battery-unthrottle", NULL, false},
        [SUB_RESTORE] = {"battery-restore", "started again from where it was saved", false},
    };
    const char *text = words[sub->kind].text ? words[sub->kind].text : status->result.text;
    supervise_tell(s, w, words[sub->kind].event, SEV_INFO, "%s%s", text ? text : "done",
                   words[sub->kind].taken ? ": the host runs on its battery" : "");
}

static void throttled(struct supervisor *s, struct watched *w, const struct job_status *status)
{
    json_object *before, *set;
    if (status->result.state == JOB_DONE &&
        json_object_object_get_ex(status->result.json, "before", &before) &&
        json_object_object_get_ex(status->result.json, "set", &set)) {
        w->before = json_object_get_int64(before);
        w->set = json_object_get_int64(set);
        return;
    }
    supervise_tell(s, w, "battery-throttle-refused", SEV_WARN,
                   "its processors can't be limited here, so it is paused: %s",
                   error_text(&status->result.error));
    w->held = HELD_PAUSED;
    w->instead = w->power_step = true;
    supervise_queue(s, SUB_HOLD, w, NULL);
}

static void failed(struct supervisor *s, struct watched *w, bool taking, const struct job_status *status)
{
    w->left = true; /* not again and again */
    supervise_tell(s, w, "battery-failed", SEV_ERROR, "%s: %s",
                   taking ? "nothing is done though the host runs on its battery"
                          : "what was done because of the battery stays",
                   status->result.error.text ? status->result.error.text : "there was no answer in time");
}

void supervise_power_done(struct supervisor *s, const struct sub *sub, const struct job_status *status)
{
    struct watched *w = supervise_find(s, &sub->uuid);
    bool done = status->result.state == JOB_DONE;
    bool taking = sub->kind == SUB_HOLD || sub->kind == SUB_SAVE || sub->kind == SUB_THROTTLE;
    if (!w)
        return;
    w->power_step = false;
    if (done)
        tell_done(s, w, sub, status);
    if (sub->kind == SUB_THROTTLE) {
        throttled(s, w, status);
        return;
    }
    if (!taking || !done)
        w->held = HELD_NOTHING;
    if (!taking)
        w->instead = false;
    if (!done)
        failed(s, w, taking, status);
}

/* ---- the battery ---- */

static void read_power(struct supervisor *s)
{
    int64_t now = clock_mono_ms();
    struct vmmap_slot *slot;
    if (s->power_ms && now - s->power_ms < POWER_READ_MS)
        return;
    enum power_source read = power_read("");
    bool settled = read == s->power_new || !s->power_ms;
    s->power_ms = now;
    s->power_new = read;
    /* That nothing can be read changes nothing. */
    if (!settled || read == POWER_UNKNOWN || read == s->power)
        return;
    bool told = s->power != POWER_UNKNOWN || read == POWER_BATTERY;
    s->power = read;
    s->changed = true;
    for (size_t i = 0; (slot = vmmap_next(&s->watched, &i));) {
        struct watched *w = slot->value;
        w->ran_before = read == POWER_BATTERY && w->running;
        w->left = false;
    }
    if (told)
        supervise_tell(s, NULL, read == POWER_BATTERY ? "on-battery" : "on-mains",
                       read == POWER_BATTERY ? SEV_WARN : SEV_GOOD,
                       read == POWER_BATTERY ? "the host runs on its battery" : "the host is on mains again");
}

void supervise_power(struct supervisor *s)
{
    struct vmmap_slot *slot;
    read_power(s);
    if (s->power == POWER_UNKNOWN)
        return;
    for (size_t i = 0; (slot = vmmap_next(&s->watched, &i));)
        look_at_domain(s, slot->value);
}
