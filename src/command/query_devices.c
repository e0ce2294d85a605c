/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `devices VM`: what the domain's definition lists, and how much of it is known to be live or configured.
 */
#include <stdlib.h>
#include <string.h>

#include "command/query.h"
#include "device/kinds.h"

struct looked_up {
    struct fleet *fleet;
    const struct target *target;
    struct snapshot *snapshot; /* holds `vm` */
    const struct vm *vm;       /* NULL: it is gone */
};

static void look(struct looked_up *l)
{
    snapshot_unref(l->snapshot);
    l->snapshot = fleet_snapshot(l->fleet, l->target->host);
    l->vm = snapshot_find(l->snapshot, &l->target->uuid);
}

static bool defined(void *arg)
{
    struct looked_up *l = arg;
    look(l);
    return !l->vm || l->vm->def || l->snapshot->host.details_pending == 0;
}

/* The XML at hand is the live one of an active domain, else the persistent one: what that says nothing about
 * is null. */
static json_object *is_live(const struct vm *vm)
{
    return json_object_new_boolean(vm_state_is_active(vm->state));
}

static json_object *is_configured(const struct vm *vm)
{
    bool active = vm_state_is_active(vm->state);
    bool transient = (vm->flags & VM_FLAGS_KNOWN) && !(vm->flags & VM_PERSISTENT);
    if (active && !transient)
        return NULL;
    return json_object_new_boolean(!active);
}

static json_object *toggles(const struct vm_device *d)
{
    json_object *o = json_object_new_object();
    if (d->mac)
        json_object_object_add(o, "link", json_text(d->link_down ? "down" : "up"));
    return o;
}

static json_object *device_json(const struct vm *vm, const struct vm_device *d)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "alias", json_text(d->alias));
    json_object_object_add(o, "kind", json_text(d->kind->id));
    json_object_object_add(o, "name", json_text(d->name));
    json_object_object_add(o, "model", json_text(d->model));
    json_object_object_add(o, "target", json_text(d->target));
    json_object_object_add(o, "source", json_text(d->source));
    json_object_object_add(o, "mac", json_text(d->mac));
    json_object_object_add(o, "live", is_live(vm));
    json_object_object_add(o, "config", is_configured(vm));
    json_object_object_add(o, "pending", NULL);
    json_object_object_add(o, "toggles", toggles(d));
    return o;
}

static json_object *devices_json(const struct vm *vm)
{
    json_object *array = json_object_new_array();
    for (size_t i = 0; i < vm->def->devices.len; i++)
        json_object_array_add(array, device_json(vm, &vm->def->devices.items[i]));
    return array;
}

static void devices_text(const struct vm *vm, struct strbuf *out)
{
    static const char *const titles[] = {"KIND", "NAME", "ALIAS", "MODEL", "TARGET", "SOURCE"};
    struct grid g = {.columns = ARRAY_LEN(titles)};
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        grid_add(&g, titles[i]);
    for (size_t i = 0; i < vm->def->devices.len; i++) {
        const struct vm_device *d = &vm->def->devices.items[i];
        char *source = d->mac ? xasprintf("%s %s%s", d->source ? d->source : "-", d->mac,
                                          d->link_down ? " link down" : "")
                              : xstrdup(d->source);
        grid_add(&g, d->kind->id);
        grid_add(&g, d->name);
        grid_add(&g, d->alias);
        grid_add(&g, d->model);
        grid_add(&g, d->target);
        grid_add(&g, source);
        free(source);
    }
    grid_print(&g, out);
}

static void print_devices(struct call *call, const struct vm *vm)
{
    const struct frontend *f = call->session->frontend;
    if (call->json) {
        f->print_json(f->ctx, devices_json(vm));
        return;
    }
    struct strbuf out = {0};
    devices_text(vm, &out);
    f->print(f->ctx, strbuf_str(&out));
    strbuf_free(&out);
}

bool devices_run(struct call *call, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    const struct target *t = &call->targets.items[0];
    struct looked_up l = {.fleet = call->session->fleet, .target = t};
    fleet_set_interest(l.fleet, t->host, &t->uuid, 1, &t->uuid);
    bool good = f->wait(f->ctx, -1, defined, &l, -1, e);
    if (good && l.vm && l.vm->def) {
        print_devices(call, l.vm);
    } else if (good) {
        error_set(e, STATUS_FAILED, "devices %s: %s", t->name,
                  l.vm ? "its definition could not be read" : "the domain is gone");
        good = false;
    }
    snapshot_unref(l.snapshot);
    return good;
}
