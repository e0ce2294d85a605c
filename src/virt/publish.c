/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the host thread's table to an immutable snapshot.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void copy_vm(struct vm *to, const struct dom *d, int64_t now_wall)
{
    *to = d->vm;
    to->name = xstrdup(d->vm.name);
    to->ip = xstrdup(d->vm.ip);
    to->def = domdef_ref(d->vm.def);
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

void publish(struct host *h)
{
    struct snapshot *s = snapshot_new(h->doms.len);
    int64_t now_wall = clock_wall_ms();
    h->info.details_pending = 0;
    for (size_t i = 0; i < h->doms.len; i++) {
        const struct dom *d = h->doms.items[i];
        copy_vm(&s->vms[i], d, now_wall);
        s->counts[d->vm.state]++;
        h->info.details_pending += d->def_wanted || (h->fleet->config.sample_all && d->lookups);
    }
    copy_host(&s->host, &h->info);
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
