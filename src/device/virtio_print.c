/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include "device/virtio.h"

static const char *const fates[] = {
    [VIRTIO_ALREADY] = "virtio", [VIRTIO_CONVERT] = "convert", [VIRTIO_STAYS] = "stays"};

static void print_item(const struct virtio_item *it, struct strbuf *out)
{
    strbuf_printf(out, "%-8s %-8s %s", it->kind->id, it->name ? it->name : "", it->is);
    if (it->fate == VIRTIO_ALREADY)
        strbuf_puts(out, ": it is virtio already");
    if (it->fate == VIRTIO_STAYS)
        strbuf_printf(out, " stays: %s", it->why);
    if (it->fate == VIRTIO_CONVERT) {
        strbuf_printf(out, " becomes %s", it->to);
        if (it->target && it->name && strcmp(it->target, it->name) != 0)
            strbuf_printf(out, ", called %s", it->target);
        strbuf_printf(out, "\n                  risk: %s", it->risk);
    }
    strbuf_putc(out, '\n');
}

void virtio_plan_print(const struct virtio_plan *p, struct strbuf *out)
{
    for (size_t i = 0; i < p->items.len; i++)
        print_item(&p->items.items[i], out);
    findings_print(&p->findings, out);
}

static void add_text(json_object *o, const char *key, const char *text)
{
    json_object_object_add(o, key, text ? json_object_new_string(text) : NULL);
}

json_object *virtio_plan_json(const struct virtio_plan *p)
{
    json_object *all = json_object_new_array();
    for (size_t i = 0; i < p->items.len; i++) {
        const struct virtio_item *it = &p->items.items[i];
        json_object *o = json_object_new_object();
        add_text(o, "device", it->name);
        add_text(o, "kind", it->kind->id);
        add_text(o, "is", it->is);
        add_text(o, "fate", fates[it->fate]);
        add_text(o, "to", it->to);
        add_text(o, "target", it->target);
        add_text(o, "risk", it->risk);
        add_text(o, "why", it->why);
        json_object_array_add(all, o);
    }
    return all;
}
