/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From snapshots to what the guard has to know: only what differs from the last one is told.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "autostart/run_file.h"
#include "base/clock.h"
#include "virt/supervise_private.h"

/* While a run is under way its record is read this often; its end may not touch the file. */
#define RUN_READ_MS 1000
/* What goes down this soon after an `autostart stop` ended was stopped by it. */
#define RUN_ENDED_MS 15000

/* ---- a run ---- */

static void read_run(struct supervisor *s, int64_t now)
{
    struct run_record r;
    s->run_read_ms = now;
    s->run_under_way = s->run_reverse = false;
    s->run_ended_wall_ms = 0;
    if (run_record_load(&r, s->run_path, NULL)) {
        s->run_under_way = r.state == RUN_UNDER_WAY;
        s->run_reverse = r.reverse;
        s->run_ended_wall_ms = r.ended_wall_ms;
    }
    if (s->run_reverse && (s->run_under_way || s->run_ended_wall_ms >= s->begun_wall_ms))
        supervise_stand_down(s);
    run_record_clear(&r);
}

bool supervise_run_under_way(struct supervisor *s)
{
    struct stat st = {0};
    int64_t now = clock_mono_ms();
    free(s->run_path);
    s->run_path = run_path(s->key, "json");
    if (stat(s->run_path, &st) != 0)
        st.st_mtim = (struct timespec){0};
    bool written = st.st_mtim.tv_sec != s->run_written.tv_sec || st.st_mtim.tv_nsec != s->run_written.tv_nsec;
    s->run_written = st.st_mtim;
    if (written || (s->run_under_way && now - s->run_read_ms >= RUN_READ_MS))
        read_run(s, now);
    return s->run_under_way;
}

/* `autostart stop` asks guests to shut down: libvirt can't tell that from what they do by themselves. */
static bool stopped_by_run(struct supervisor *s)
{
    bool under_way = supervise_run_under_way(s);
    return s->run_reverse &&
           (under_way || (s->run_ended_wall_ms && clock_wall_ms() - s->run_ended_wall_ms < RUN_ENDED_MS));
}

/* ---- domains ---- */

static const enum guard_stop stops[] = {
    [VIR_DOMAIN_SHUTOFF_UNKNOWN] = STOPPED_UNKNOWN,
    [VIR_DOMAIN_SHUTOFF_SHUTDOWN] = STOPPED_BY_GUEST,
    [VIR_DOMAIN_SHUTOFF_DESTROYED] = STOPPED_BY_PERSON,
    [VIR_DOMAIN_SHUTOFF_CRASHED] = STOPPED_CRASHED,
    [VIR_DOMAIN_SHUTOFF_MIGRATED] = STOPPED_BY_PERSON,
    [VIR_DOMAIN_SHUTOFF_SAVED] = STOPPED_BY_PERSON,
    [VIR_DOMAIN_SHUTOFF_FAILED] = STOPPED_FAILED,
    [VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT] = STOPPED_BY_PERSON,
    /* It died while the daemon was taking it up again. */
    [VIR_DOMAIN_SHUTOFF_DAEMON] = STOPPED_CRASHED,
};

static enum guard_stop stop_of(const struct watched *w)
{
    if (w->state == VM_CRASHED)
        return STOPPED_CRASHED;
    bool known = w->state == VM_SHUTOFF && w->reason >= 0 && (size_t)w->reason < ARRAY_LEN(stops);
    return known ? stops[w->reason] : STOPPED_UNKNOWN;
}

static bool has_policy(const struct watched *w)
{
    return w->item && w->item->policy.present && !w->item->policy.unknown;
}

/* One that is not to be started with its host has of its own what it says, and nothing of the host's. */
const struct policy *supervise_defaults(const struct supervisor *s, const struct watched *w)
{
    return policy_number(&w->item->policy, NULL, POLICY_MODE) == MODE_OFF ? NULL : &s->config.defaults;
}

static void tell_guard(struct supervisor *s, struct watched *w, bool active, bool running,
                       enum guard_stop stop)
{
    if (!has_policy(w))
        return;
    const struct policy *policy = &w->item->policy;
    guard_look(s->guard, &w->uuid, w->name, policy, supervise_defaults(s, w), active, running, stop,
               supervise_now());
}

static void take_item(struct supervisor *s, struct watched *w, struct start_item *item)
{
    if (!item || item == w->item)
        return;
    start_item_unref(w->item);
    w->item = start_item_ref(item);
    if (!has_policy(w))
        guard_forget(s->guard, &w->uuid);
}

static bool differs(const struct watched *w, const struct vm *vm)
{
    return !w->seen || w->again || w->state != vm->state || w->reason != vm->reason_code || w->id != vm->id ||
           (vm->start && w->item != vm->start) || strcmp(w->name, vm->name) != 0;
}

/* Another QEMU: what was set of the last one went with it. */
static void forget_machine(struct supervisor *s, struct watched *w)
{
    if (w->held == HELD_THROTTLED)
        w->held = HELD_NOTHING;
    w->power_step = w->held != HELD_NOTHING && w->power_step;
    s->changed = true;
}

static void take_vm(struct supervisor *s, struct watched *w, const struct vm *vm)
{
    bool was_active = w->active, other = w->seen && w->id != vm->id;
    if (strcmp(w->name, vm->name) != 0) {
        free(w->name);
        w->name = xstrdup(vm->name);
    }
    w->active = vm_state_is_active(vm->state) || vm->id >= 0;
    w->running = vm->state == VM_RUNNING || vm->state == VM_BLOCKED;
    w->state = vm->state;
    w->reason = vm->reason_code;
    w->id = vm->id;
    w->seen = true;
    take_item(s, w, vm->start);
    enum guard_stop stop = w->active ? STOPPED_UNKNOWN : stop_of(w);
    if (stop == STOPPED_BY_GUEST && stopped_by_run(s))
        stop = STOPPED_BY_PERSON;
    if (other)
        forget_machine(s, w);
    /* Off and on again between two looks, and not by us. */
    if (other && was_active && w->active && !w->again)
        tell_guard(s, w, false, false, STOPPED_UNKNOWN);
    tell_guard(s, w, w->active, w->running, stop);
    w->again = false;
    s->changed = true;
}

static bool is_of_interest(const struct vm *vm)
{
    return vm->start && vm->start->policy.present;
}

static void forget_gone(struct supervisor *s)
{
    struct vmmap_slot *slot;
    VEC(struct watched *) gone = {0};
    for (size_t i = 0; (slot = vmmap_next(&s->watched, &i));) {
        struct watched *w = slot->value;
        bool idle = w->item && !w->item->policy.present && w->held == HELD_NOTHING;
        if (w->round != s->round || idle)
            vec_push(&gone, w);
    }
    for (size_t i = 0; i < gone.len; i++)
        supervise_forget(s, gone.items[i]);
    vec_free(&gone);
}

void supervise_look(struct supervisor *s, const struct snapshot *snap)
{
    /* What was read before the tick began may be from before our last step. */
    int64_t begun_ms = snap->host.sampled_ms - (int64_t)(snap->host.tick_ms > 0 ? snap->host.tick_ms : 0);
    s->round++;
    for (size_t i = 0; i < snap->n_vms; i++) {
        const struct vm *vm = &snap->vms[i];
        struct watched *w = supervise_find(s, &vm->uuid);
        if (!w && is_of_interest(vm))
            w = supervise_add(s, &vm->uuid);
        if (!w)
            continue;
        w->round = s->round;
        w->has_saved_state = vm->flags & VM_MANAGED_SAVE;
        if (begun_ms > w->trust_ms && differs(w, vm))
            take_vm(s, w, vm);
    }
    forget_gone(s);
}
