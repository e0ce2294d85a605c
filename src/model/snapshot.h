/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All that was known of one host at one moment. Built by that host's sampler, published by swapping a
 * pointer, read by anyone, never changed after that; dropped by the last one who holds it.
 */
#ifndef VIRTDECK_MODEL_SNAPSHOT_H
#define VIRTDECK_MODEL_SNAPSHOT_H

#include "model/vm.h"
#include "model/vmmap.h"

enum host_state {
    HOST_IDLE,       /* not asked to connect yet */
    HOST_CONNECTING, /* the open is under way */
    HOST_AUTH,       /* a question (password) waits for a person */
    HOST_UP,
    HOST_LOST,     /* was up, or never came: waiting to try again */
    HOST_GIVEN_UP, /* by the user, or where trying again can't help (log-in refused) */
    HOST_CLOSED
};

const char *host_state_name(enum host_state state);

struct host_info {
    int id;     /* index in the fleet */
    char *uri;  /* as asked for, without passwords */
    char *name; /* its host name once known, else derived from the URI; raw */
    enum host_state state;
    char *state_text; /* for people: "connected", "connection refused; next try in 4 s"; raw */
    int64_t state_since_ms, retry_at_ms; /* monotonic; 0 none */
    bool read_only, demo, remote;
    char *hypervisor; /* "QEMU" */
    unsigned long libvirt_version,
        hypervisor_version;   /* libvirt's coding: major*1000000+minor*1000+release */
    double cpus, cpu_percent; /* host CPUs; percent of all of them together (0..100) */
    double mem_kib, mem_used_kib;
    double rtt_ms;          /* round trip of one small call */
    const char *mode;       /* "calls" or "bulk": how it is sampled */
    int64_t sampled_ms;     /* monotonic, when the newest tick ended; 0 never */
    double tick_ms;         /* how long that took */
    uint64_t ticks;         /* complete ticks since connected; figures that are rates need two */
    size_t faults_pending;  /* domains paused by an I/O error of which it is still asked on which disk */
    size_t details_pending; /* domains of which something is still to be looked up: the definition, or, for
                             * the shell, addresses; without those that are VM_STUCK */
};

struct snapshot {
    int refs; /* atomic */
    uint64_t seq;
    struct host_info host;
    struct vm *vms; /* in no promised order */
    size_t n_vms;
    unsigned counts[VM_STATE_COUNT];
    struct vmmap *index; /* snapshot_find()'s own; atomic */
};

/* An empty snapshot with one reference; fill it, then publish. Strings in it are owned by it (vm->name,
 * vm->ip, vm->rates, host.*); vm->def by reference. */
struct snapshot *snapshot_new(size_t n_vms);
struct snapshot *snapshot_ref(struct snapshot *s); /* NULL gives NULL */
void snapshot_unref(struct snapshot *s);
/* Only on a published one: the first call on a large one makes an index. NULL where there is none. */
const struct vm *snapshot_find(const struct snapshot *s, const struct vm_uuid *uuid);
/* A copy with its own host part and the same domains: for publishing a change of connection state. */
struct snapshot *snapshot_copy(const struct snapshot *s);
void vm_set_unknown(struct vm *vm); /* every figure NAN, id -1, the rest zero */

#endif
