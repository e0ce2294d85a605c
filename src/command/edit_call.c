/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/edit_call.h"

#include <string.h>
#include <strings.h>
#include "device/kinds.h"
#include "device/list.h"

struct edit_request *edit_request_of(const struct call *call)
{
    bool live = call_option(call, "live") != NULL, config = call_option(call, "config") != NULL;
    struct edit_request *r = edit_request_new();
    r->when = live && !config ? EDIT_LIVE : config && !live ? EDIT_CONFIG : EDIT_AS_POSSIBLE;
    r->dry_run = call_option(call, "dry-run") != NULL;
    r->force = call_option(call, "force") != NULL;
    return r;
}

void edit_submit(struct call *call, struct edit_request *request)
{
    const struct session *s = call->session;
    const struct target *t = &call->targets.items[0];
    struct job_args args = {.data = request, .free_data = edit_request_free};
    struct job *job = fleet_submit(s->fleet, t->host, &t->uuid, t->name, &edit_job, &args);
    s->frontend->follow(s->frontend->ctx, job);
}

static bool is_called(const struct vm_device *dev, const char *name)
{
    return (dev->name && strcmp(dev->name, name) == 0) || (dev->alias && strcmp(dev->alias, name) == 0) ||
           (dev->target && strcmp(dev->target, name) == 0) || (dev->mac && strcasecmp(dev->mac, name) == 0);
}

static const struct device_kind *kind_in(const struct vm *vm, const char *name)
{
    const struct device_entry *entry = vm->devices ? device_list_find(vm->devices, name) : NULL;
    const struct device_kind *kind = entry ? entry->kind : NULL;
    /* One that libvirt adds by itself is not meant where another is called the same. */
    for (size_t i = 0; vm->def && (!kind || kind->flags & KIND_AUTOMATIC) && i < vm->def->devices.len; i++)
        if (is_called(&vm->def->devices.items[i], name))
            kind = vm->def->devices.items[i].kind;
    return kind;
}

const struct device_kind *edit_kind_of(const struct call *call, const char *name)
{
    const struct device_kind *part = device_kind_find(name);
    if (part && part->flags & KIND_PART)
        return part;
    const struct target *t = &call->targets.items[0];
    struct snapshot *snap = fleet_snapshot(call->session->fleet, t->host);
    const struct vm *vm = snapshot_find(snap, &t->uuid);
    const struct device_kind *kind = vm ? kind_in(vm, name) : NULL;
    snapshot_unref(snap);
    return kind;
}
