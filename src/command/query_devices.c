/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `devices VM`: what the domain has now and what it will have at the next boot, side by side.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/query.h"
#include "device/list.h"

#define READ_MS 35000 /* libvirt itself waits 30 s for a domain that is busy */

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

static bool listed(void *arg)
{
    struct looked_up *l = arg;
    look(l);
    return !l->vm || l->vm->devices || l->vm->flags & VM_STUCK;
}

/* The toggles with what holds, and what will hold where that differs: "link=up tso4=on>off". */
static char *toggles_of(const struct device_entry *d)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < d->values.len; i++) {
        const struct device_value *v = &d->values.items[i];
        bool path = v->field->type == FIELD_PATH; /* what is inserted stands under WHAT */
        const char *now = device_value_now(v, !d->is_live), *next = device_value_now(v, true);
        if (!(v->field->flags & FIELD_TOGGLE) || path || !now)
            continue;
        strbuf_printf(&out, "%s%s=%s", out.len ? " " : "", v->field->id, now);
        if (d->is_live && d->is_config && next && strcmp(now, next) != 0)
            strbuf_printf(&out, ">%s", next);
    }
    return out.len ? strbuf_steal(&out) : NULL;
}

static char *what_of(const struct device_entry *d)
{
    const struct vm_device *dev = &d->dev;
    const char *at = dev->is_disk || !dev->target ? NULL : dev->target;
    struct strbuf out = {0};
    const char *const parts[] = {dev->source, dev->mac, at};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i])
            strbuf_printf(&out, "%s%s", out.len ? " " : "", parts[i]);
    return out.len ? strbuf_steal(&out) : NULL;
}

/* "=", "added", or what becomes different. */
static char *next_boot(const struct device_list *l, const struct device_entry *d)
{
    static const char *const words[] = {[PENDING_ADD] = "comes",
                                        [PENDING_REMOVE] = "goes",
                                        [PENDING_CHANGE] = "changes",
                                        [PENDING_UNPLUG] = "going: the guest has not let it go yet"};
    if (!l->persistent)
        return NULL;
    if (d->pending == PENDING_CHANGE && d->difference)
        return xstrdup(d->difference);
    return xstrdup(d->pending == PENDING_NONE ? "=" : words[d->pending]);
}

static void devices_text(const struct device_list *l, struct strbuf *out)
{
    static const char *const titles[] = {"KIND", "NAME", "ALIAS",   "MODEL",
                                         "WHAT", "LIVE", "TOGGLES", "NEXT BOOT"};
    struct grid g = {.columns = ARRAY_LEN(titles)};
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        grid_add(&g, titles[i]);
    for (size_t i = 0; i < l->entries.len; i++) {
        const struct device_entry *d = &l->entries.items[i];
        char *what = what_of(d), *toggles = toggles_of(d), *next = next_boot(l, d);
        grid_add(&g, d->kind->id);
        grid_add(&g, d->dev.name);
        grid_add(&g, d->dev.alias);
        grid_add(&g, d->dev.model);
        grid_add(&g, what);
        grid_add(&g, d->is_live ? "yes" : "no");
        grid_add(&g, toggles);
        grid_add(&g, next);
        free(what);
        free(toggles);
        free(next);
    }
    grid_print(&g, out);
}

static void print_devices(struct call *call, const struct device_list *l)
{
    const struct frontend *f = call->session->frontend;
    if (call->json) {
        f->print_json(f->ctx, device_list_json(l));
        return;
    }
    struct strbuf out = {0};
    devices_text(l, &out);
    f->print(f->ctx, strbuf_str(&out));
    strbuf_free(&out);
}

bool devices_run(struct call *call, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    const struct target *t = &call->targets.items[0];
    struct looked_up l = {.fleet = call->session->fleet, .target = t};
    fleet_set_interest(l.fleet, t->host, &t->uuid, 1, &t->uuid);
    bool good = f->wait(f->ctx, -1, listed, &l, clock_mono_ms() + READ_MS, e);
    if (good && l.vm && l.vm->devices)
        print_devices(call, l.vm->devices);
    else if (good)
        good = error_set(e, STATUS_FAILED, "devices %s: %s", t->name,
                         l.vm ? "its definition could not be read" : "the domain is gone");
    snapshot_unref(l.snapshot);
    return good;
}
