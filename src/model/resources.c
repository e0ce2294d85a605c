/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/resources.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const words[RESOURCE_KINDS] = {
    [RESOURCE_NETWORK] = "networks", [RESOURCE_BRIDGE] = "bridges", [RESOURCE_POOL] = "pools",
    [RESOURCE_VOLUME] = "volumes",   [RESOURCE_USB] = "usb",        [RESOURCE_PCI] = "pci"};

const char *resource_word(enum resource_kind kind)
{
    return words[kind];
}

enum resource_kind resource_kind_find(const char *word)
{
    int kind = 0;
    while (kind < RESOURCE_KINDS && strcmp(words[kind], word) != 0)
        kind++;
    return (enum resource_kind)kind;
}

struct host_resources *resources_new(void)
{
    struct host_resources *r = xcalloc(1, sizeof *r);
    r->refs = 1;
    return r;
}

struct host_resources *resources_ref(struct host_resources *r)
{
    if (r)
        __atomic_add_fetch(&r->refs, 1, __ATOMIC_RELAXED);
    return r;
}

static void item_clear(struct resource *item)
{
    free(item->name);
    free(item->path);
    free(item->note);
}

void resources_unref(struct host_resources *r)
{
    if (!r || __atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (size_t i = 0; i < r->items.len; i++)
        item_clear(&r->items.items[i]);
    vec_free(&r->items);
    free(r);
}

void resources_add(struct host_resources *r, struct resource item)
{
    item.note = item.note ? item.note : xstrdup("");
    vec_push(&r->items, item);
}

bool resource_is_iso(const struct resource *r)
{
    const char *path = r->path ? r->path : r->name;
    size_t len = strlen(path);
    return r->kind == RESOURCE_VOLUME && len > 4 && strcasecmp(path + len - 4, ".iso") == 0;
}

static int compare(const void *a, const void *b)
{
    const struct resource *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (resource_is_iso(x) != resource_is_iso(y))
        return resource_is_iso(x) ? -1 : 1;
    if (x->active != y->active)
        return x->active ? -1 : 1;
    int by_name = strcmp(x->name, y->name);
    return by_name ? by_name : strcmp(x->note, y->note);
}

void resources_sort(struct host_resources *r)
{
    size_t kept = 0;
    if (r->items.len)
        qsort(r->items.items, r->items.len, sizeof *r->items.items, compare);
    for (size_t i = 0; i < r->items.len; i++) {
        if (kept && compare(&r->items.items[kept - 1], &r->items.items[i]) == 0)
            item_clear(&r->items.items[i]);
        else
            r->items.items[kept++] = r->items.items[i];
    }
    r->items.len = kept;
}

static json_object *item_json(const struct resource *r)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "name", json_object_new_string(r->name));
    if (r->kind == RESOURCE_NETWORK || r->kind == RESOURCE_POOL)
        json_object_object_add(o, "active", json_object_new_boolean(r->active));
    if (r->kind == RESOURCE_VOLUME) {
        json_object_object_add(o, "path", r->path ? json_object_new_string(r->path) : NULL);
        json_object_object_add(o, "capacity", json_object_new_int64((int64_t)r->capacity));
        json_object_object_add(o, "allocation", json_object_new_int64((int64_t)r->allocation));
    }
    if (r->kind == RESOURCE_USB || r->kind == RESOURCE_PCI)
        json_object_object_add(o, "label", json_object_new_string(r->note));
    if (r->kind == RESOURCE_PCI)
        json_object_object_add(o, "iommu_group",
                               r->iommu_group >= 0 ? json_object_new_int(r->iommu_group) : NULL);
    return o;
}

static json_object *kind_json(const struct host_resources *r, enum resource_kind kind)
{
    json_object *array = r->known[kind] ? json_object_new_array() : NULL;
    for (size_t i = 0; array && i < r->items.len; i++)
        if (r->items.items[i].kind == kind)
            json_object_array_add(array, item_json(&r->items.items[i]));
    return array;
}

void resources_put_json(const struct host_resources *r, enum resource_kind only, json_object *into)
{
    for (int kind = 0; kind < RESOURCE_KINDS; kind++)
        if (only == RESOURCE_KINDS || (int)only == kind)
            json_object_object_add(into, words[kind], kind_json(r, (enum resource_kind)kind));
}
