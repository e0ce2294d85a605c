/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/start_item.h"
#include "model/snapshot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "device/list.h"

/* Up to this many domains, looking at each is quicker than making an index. */
#define INDEXED 64

const char *host_state_name(enum host_state state)
{
    static const char *const names[] = {
        [HOST_IDLE] = "idle",     [HOST_CONNECTING] = "connecting",
        [HOST_AUTH] = "log-in",   [HOST_UP] = "connected",
        [HOST_LOST] = "lost",     [HOST_GIVEN_UP] = "given up",
        [HOST_CLOSED] = "closed",
    };
    return (size_t)state < ARRAY_LEN(names) ? names[state] : names[HOST_IDLE];
}

void vm_set_unknown(struct vm *vm)
{
    *vm = (struct vm){
        .reason = "",
        .id = -1,
        .cpu = NAN,
        .vcpus = NAN,
        .vcpus_max = NAN,
        .mem_kib = NAN,
        .maxmem_kib = NAN,
        .rx = NAN,
        .tx = NAN,
        .rd = NAN,
        .wr = NAN,
        .rd_ops = NAN,
        .wr_ops = NAN,
        .uptime_s = NAN,
    };
}

struct snapshot *snapshot_new(size_t n_vms)
{
    struct snapshot *s = xcalloc(1, sizeof(*s));
    s->refs = 1;
    s->host.cpus = s->host.cpu_percent = NAN;
    s->host.mem_kib = s->host.mem_used_kib = NAN;
    s->host.rtt_ms = s->host.tick_ms = NAN;
    s->host.mode = "";
    s->n_vms = n_vms;
    s->vms = n_vms ? xcalloc(n_vms, sizeof(*s->vms)) : NULL;
    for (size_t i = 0; i < n_vms; i++) {
        vm_set_unknown(&s->vms[i]);
    }
    return s;
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
    if (s) {
        __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
    }
    return s;
}

static void index_free(struct vmmap *index)
{
    if (index) {
        vmmap_free(index);
        free(index);
    }
}

void snapshot_unref(struct snapshot *s)
{
    if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    for (size_t i = 0; i < s->n_vms; i++) {
        domdef_unref(s->vms[i].def);
        start_item_unref(s->vms[i].start);
        device_list_unref(s->vms[i].devices);
        free(s->vms[i].name);
        free(s->vms[i].ip);
        free(s->vms[i].fault);
        free(s->vms[i].rates);
    }
    index_free(s->index);
    free(s->vms);
    free(s->host.uri);
    free(s->host.name);
    free(s->host.state_text);
    free(s->host.hypervisor);
    free(s);
}

static struct vmmap *index_new(const struct snapshot *s)
{
    struct vmmap *index = xcalloc(1, sizeof(*index));
    for (size_t i = 0; i < s->n_vms; i++) {
        vmmap_set(index, 0, &s->vms[i].uuid, &s->vms[i]);
    }
    return index;
}

/* Two threads may both make one; the first to be done stays. */
static const struct vmmap *index_of(const struct snapshot *s)
{
    struct vmmap **place = &((struct snapshot *)s)->index;
    struct vmmap *index = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    if (index) {
        return index;
    }
    struct vmmap *made = index_new(s);
    if (__atomic_compare_exchange_n(place, &index, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        return made;
    }
    index_free(made);
    return index;
}

const struct vm *snapshot_find(const struct snapshot *s, const struct vm_uuid *uuid)
{
    if (s && s->n_vms > INDEXED) {
        return vmmap_get(index_of(s), 0, uuid);
    }
    for (size_t i = 0; s && i < s->n_vms; i++) {
        if (uuid_equal(&s->vms[i].uuid, uuid)) {
            return &s->vms[i];
        }
    }
    return NULL;
}

static struct vm vm_copy(const struct vm *vm)
{
    struct vm copy = *vm;
    copy.name = xstrdup(vm->name);
    copy.ip = xstrdup(vm->ip);
    copy.fault = xstrdup(vm->fault);
    copy.reason = vm->reason && vm->reason == vm->fault ? copy.fault : vm->reason;
    copy.start = start_item_ref(vm->start);
    copy.def = domdef_ref(vm->def);
    copy.devices = device_list_ref(vm->devices);
    copy.rates = NULL;
    if (vm->n_rates) {
        copy.rates = xcalloc(vm->n_rates, sizeof(*copy.rates));
        memcpy(copy.rates, vm->rates, vm->n_rates * sizeof(*copy.rates));
    }
    return copy;
}

struct snapshot *snapshot_copy(const struct snapshot *s)
{
    struct snapshot *copy = snapshot_new(s->n_vms);
    copy->seq = s->seq;
    copy->host = s->host;
    copy->host.uri = xstrdup(s->host.uri);
    copy->host.name = xstrdup(s->host.name);
    copy->host.state_text = xstrdup(s->host.state_text);
    copy->host.hypervisor = xstrdup(s->host.hypervisor);
    memcpy(copy->counts, s->counts, sizeof(copy->counts));
    for (size_t i = 0; i < s->n_vms; i++) {
        copy->vms[i] = vm_copy(&s->vms[i]);
    }
    return copy;
}
