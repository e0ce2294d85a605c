/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the host thread's table to an immutable snapshot.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/view.h"
#include "base/clock.h"
#include "device/list.h"
#include "virt/private.h"

static void copy_host(struct host_info *to, const struct host_info *from)
{
    *to = *from;
    to->uri = xstrdup(from->uri);
    to->name = xstrdup(from->name);
    to->state_text = xstrdup(from->state_text);
    to->hypervisor = xstrdup(from->hypervisor);
}

static void copy_rates(struct vm *vm, const struct dom *d)
{
    vm->n_rates = d->devices.len;
    vm->rates = d->devices.len ? xcalloc(d->devices.len, sizeof *vm->rates) : NULL;
    for (size_t i = 0; i < d->devices.len; i++) {
        const struct device_counter *c = &d->devices.items[i];
        struct vm_device_rate *r = &vm->rates[i];
        snprintf(r->name, sizeof r->name, "%s", c->name);
        r->is_nic = c->is_nic;
        r->in = c->in.value;
        r->out = c->out.value;
        r->in_ops = c->in_ops.value;
        r->out_ops = c->out_ops.value;
        r->capacity = c->capacity;
        r->allocation = c->allocation;
    }
}

static enum vm_autostart verdict_of(const struct autostart_view *view, const struct vm_uuid *uuid)
{
    const struct vm_verdict *v = view ? autostart_verdict(&view->check, uuid) : NULL;
    return v ? v->verdict : AUTOSTART_UNKNOWN;
}

static void copy_vm(struct vm *to, const struct dom *d, int64_t now_wall)
{
    *to = d->vm;
    to->name = xstrdup(d->vm.name);
    to->ip = xstrdup(d->vm.ip);
    to->fault = xstrdup(d->vm.fault);
    if (to->fault)
        to->reason = to->fault;
    to->def = domdef_ref(d->vm.def);
    to->start = start_item_ref(d->vm.start);
    to->devices = device_list_ref(d->vm.devices);
    copy_rates(to, d);
    if (vm_state_is_active(to->state) && d->started_wall_ms)
        to->uptime_s = (double)(now_wall - d->started_wall_ms) / 1000;
}

static void swap_in(struct host *h, struct snapshot *s)
{
    s->seq = ++h->seq;
    pthread_mutex_lock(&h->lock);
    struct snapshot *old = h->latest;
    h->latest = s;
    pthread_mutex_unlock(&h->lock);
    snapshot_unref(old);
    fleet_signal(h->fleet);
}

/* Another one whenever something is known that decides what starts with the host. */
static uint64_t start_signature(const struct snapshot *s)
{
    const unsigned flags =
        VM_PERSISTENT | VM_AUTOSTART | VM_AUTOSTART_ONCE | VM_MANAGED_SAVE | VM_FLAGS_KNOWN;
    uint64_t sum = s->n_vms;
    for (size_t i = 0; i < s->n_vms; i++) {
        const struct vm *vm = &s->vms[i];
        uint64_t one = (uint64_t)(uintptr_t)vm->start ^ (uint64_t)(vm->flags & flags) << 48 ^
                       (uint64_t)vm_state_is_active(vm->state) << 60;
        sum += one * 0x9e3779b97f4a7c15u;
    }
    return sum;
}

/* A definition that nobody gets is not waited for, though it is asked for again and again. */
static bool is_pending(const struct host *h, const struct dom *d)
{
    bool stuck = d->vm.flags & VM_STUCK;
    unsigned under_way = stuck ? d->lookups & ~(1u << LOOKUP_DEFINITION) : d->lookups;
    return (d->def_wanted && !stuck) || (h->fleet->config.sample_all && under_way);
}

void publish(struct host *h)
{
    struct snapshot *s = snapshot_new(h->doms.len);
    int64_t now_wall = clock_wall_ms();
    pthread_mutex_lock(&h->lock);
    struct autostart_view *autostart = autostart_view_ref(h->autostart);
    pthread_mutex_unlock(&h->lock);
    h->info.details_pending = h->info.faults_pending = 0;
    for (size_t i = 0; i < h->doms.len; i++) {
        const struct dom *d = h->doms.items[i];
        copy_vm(&s->vms[i], d, now_wall);
        s->vms[i].autostart = verdict_of(autostart, &d->uuid);
        s->counts[d->vm.state]++;
        h->info.details_pending += is_pending(h, d);
        h->info.faults_pending += d->lookups >> LOOKUP_FAULTS & 1;
    }
    autostart_view_unref(autostart);
    uint64_t signature = start_signature(s);
    copy_host(&s->host, &h->info);
    pthread_mutex_lock(&h->lock);
    h->definitions += signature != h->start_signature;
    pthread_mutex_unlock(&h->lock);
    h->start_signature = signature;
    swap_in(h, s);
}

void publish_state(struct host *h, enum host_state state, int64_t retry_at_ms, const char *fmt, ...)
{
    va_list ap;
    free(h->info.state_text);
    va_start(ap, fmt);
    if (vasprintf(&h->info.state_text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    if (h->info.state != state || !h->info.state_since_ms)
        h->info.state_since_ms = clock_mono_ms();
    h->info.state = state;
    h->info.retry_at_ms = retry_at_ms;
    publish(h);
}
