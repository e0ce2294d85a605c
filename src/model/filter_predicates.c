/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/filter.h"

#include <math.h>
#include <string.h>

static bool is_active(const struct row *r)
{
    return vm_state_is_active(r->vm->state);
}

static bool is_inactive(const struct row *r)
{
    return !is_active(r);
}

static bool is_idle(const struct row *r)
{
    return is_active(r) && r->vm->cpu < 1;
}

static bool is_busy(const struct row *r)
{
    return is_active(r) && r->vm->cpu >= 50 * r->vm->vcpus;
}

static bool is_running(const struct row *r)
{
    return r->vm->state == VM_RUNNING || r->vm->state == VM_BLOCKED;
}

static bool is_paused(const struct row *r)
{
    return r->vm->state == VM_PAUSED || r->vm->state == VM_PMSUSPENDED;
}

static bool is_off(const struct row *r)
{
    return r->vm->state == VM_SHUTOFF;
}

static bool is_crashed(const struct row *r)
{
    return r->vm->state == VM_CRASHED ||
           (!is_running(r) && r->vm->reason && strncmp(r->vm->reason, "crashed", 7) == 0);
}

static bool is_tagged(const struct row *r)
{
    return r->tagged;
}

static bool known_flag(const struct row *r, unsigned bit)
{
    return r->vm->flags & VM_FLAGS_KNOWN && r->vm->flags & bit;
}

static bool is_autostart(const struct row *r)
{
    return known_flag(r, VM_AUTOSTART | VM_AUTOSTART_ONCE);
}

static bool is_persistent(const struct row *r)
{
    return known_flag(r, VM_PERSISTENT);
}

static bool is_transient(const struct row *r)
{
    return r->vm->flags & VM_FLAGS_KNOWN && !(r->vm->flags & VM_PERSISTENT);
}

static bool is_saved(const struct row *r)
{
    return known_flag(r, VM_MANAGED_SAVE);
}

static bool has_snapshot(const struct row *r)
{
    return known_flag(r, VM_HAS_SNAPSHOT);
}

static bool is_changed(const struct row *r)
{
    return known_flag(r, VM_UPDATED);
}

static bool has_agent(const struct row *r)
{
    return r->vm->flags & VM_AGENT_UP;
}

static bool is_unknown(const struct row *r)
{
    return r->vm->state == VM_NOSTATE || (is_active(r) && isnan(r->vm->cpu));
}

const struct filter_predicate filter_predicates[] = {
    {"active", "it has a hypervisor process: running, paused …", is_active},
    {"inactive", "it has none", is_inactive},
    {"running", "it runs", is_running},
    {"idle", "it is active and uses less than 1 % of a CPU", is_idle},
    {"busy", "it uses at least half of what its virtual CPUs can", is_busy},
    {"paused", "it is paused or suspended, by whomever", is_paused},
    {"off", "it is shut off", is_off},
    {"crashed", "it crashed, and stands still since", is_crashed},
    {"stale", "its figures are old, or its host is not connected", row_is_stale},
    {"unknown", "its state or its CPU figure is not known", is_unknown},
    {"tagged", "it is tagged on the screen", is_tagged},
    {"autostart", "libvirt starts it with its host, each time or once", is_autostart},
    {"persistent", "its definition stays when it stops", is_persistent},
    {"transient", "it vanishes when it stops", is_transient},
    {"saved", "a managed save image waits to be resumed", is_saved},
    {"snapshot", "it has snapshots", has_snapshot},
    {"changed", "its definition was changed since it was started", is_changed},
    {"agent", "its guest agent answers", has_agent},
    {NULL, NULL, NULL},
};
