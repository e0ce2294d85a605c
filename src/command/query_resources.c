/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `resources [KIND]`: what the hosts have to choose from when a device is set.
 */
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "command/families.h"
#include "command/query.h"

static bool host_answers(struct fleet *f, int host)
{
    struct snapshot *s = fleet_snapshot(f, host);
    bool up = s->host.state == HOST_UP;
    snapshot_unref(s);
    return up;
}

/* Every host that is up was read, at least once. */
static bool all_read(void *arg)
{
    struct fleet *f = arg;
    bool all = true;
    for (size_t h = 0; h < fleet_len(f); h++) {
        struct host_resources *r = fleet_resources(f, (int)h);
        all = all && (r || !host_answers(f, (int)h));
        resources_unref(r);
    }
    return all;
}

static void add_rows(struct grid *g, const char *host, const struct host_resources *r,
                     enum resource_kind only)
{
    for (size_t i = 0; i < r->items.len; i++) {
        const struct resource *item = &r->items.items[i];
        struct strbuf note = {0};
        if (only != RESOURCE_KINDS && item->kind != only)
            continue;
        strbuf_puts(&note, item->note);
        if (item->kind == RESOURCE_VOLUME) {
            format_bytes(&note, (double)item->capacity, false);
            strbuf_printf(&note, " %s", item->path ? item->path : "");
        }
        grid_add(g, host);
        grid_add(g, resource_word(item->kind));
        grid_add(g, item->name);
        grid_add(g, note.len ? note.s : NULL);
        strbuf_free(&note);
    }
}

static json_object *host_json(const char *host, const struct host_resources *r, enum resource_kind only)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "host", json_text(host));
    resources_put_json(r, only, o);
    return o;
}

static void print_all(const struct call *call, enum resource_kind only)
{
    static const char *const titles[] = {"HOST", "KIND", "NAME", "WHAT"};
    const struct frontend *front = call->session->frontend;
    struct fleet *f = call->session->fleet;
    struct grid g = {.columns = ARRAY_LEN(titles)};
    struct strbuf out = {0};
    json_object *array = json_object_new_array();
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        grid_add(&g, titles[i]);
    for (size_t h = 0; h < fleet_len(f); h++) {
        struct host_resources *r = fleet_resources(f, (int)h);
        struct snapshot *s = fleet_snapshot(f, (int)h);
        if (r) {
            add_rows(&g, s->host.name, r, only);
            json_object_array_add(array, host_json(s->host.name, r, only));
        }
        snapshot_unref(s);
        resources_unref(r);
    }
    grid_print(&g, &out);
    if (call->json)
        front->print_json(front->ctx, json_object_get(array));
    else
        front->print(front->ctx, strbuf_str(&out));
    json_object_put(array);
    strbuf_free(&out);
}

static bool resources_run(struct call *call, struct error *e)
{
    const struct frontend *front = call->session->frontend;
    enum resource_kind only = call->words.len ? resource_kind_find(call->words.items[0]) : RESOURCE_KINDS;
    if (front->wait && !front->wait(front->ctx, -1, all_read, call->session->fleet, -1, e))
        return false;
    print_all(call, only);
    return true;
}

static const struct command rows[] = {
    {.name = "resources",
     .summary = "list what the hosts have for devices: networks, volumes, devices to pass through",
     .detail =
         "As libvirt knows them; pools are not read anew. With --json an array of objects, one a host, with "
         "networks, bridges, pools, volumes, usb and pci; null where libvirt could not say.",
     .args = {{.name = "KIND",
               .kind = ARG_WORD,
               .words = "networks bridges pools volumes usb pci",
               .optional = true,
               .help = "networks, bridges, pools, volumes, usb or pci"}},
     .run = resources_run},
};

const struct command_table resource_commands = {rows, ARRAY_LEN(rows)};
