/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a host has to choose from when a device is set: networks, bridges, pools, volumes, devices that can be
 * passed through. Read at one moment, never changed after that, counted. Any thread.
 */
#ifndef VIRTDECK_MODEL_RESOURCES_H
#define VIRTDECK_MODEL_RESOURCES_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/vec.h"

enum resource_kind {
    RESOURCE_NETWORK,
    RESOURCE_BRIDGE,
    RESOURCE_POOL,
    RESOURCE_VOLUME,
    RESOURCE_USB,
    RESOURCE_PCI,
    RESOURCE_KINDS
};

struct resource {
    enum resource_kind kind;
    char *name;  /* as a field takes it: "default", "images/web1.qcow2", "046d:c52b", "0000:03:00.0" */
    char *path;  /* of a volume; NULL */
    char *note;  /* for people: "not active", "Logitech Receiver, bus 1 device 4"; "" none. Raw */
    bool active; /* networks and pools; else true */
    unsigned long long capacity, allocation; /* of a volume, bytes */
    int iommu_group;                         /* of a PCI device; -1 none */
};

struct host_resources {
    int refs;                   /* atomic */
    int64_t read_ms;            /* monotonic */
    bool known[RESOURCE_KINDS]; /* false: libvirt could not say */
    VEC(struct resource) items;
};

struct host_resources *resources_new(void);                     /* with one reference */
struct host_resources *resources_ref(struct host_resources *r); /* NULL gives NULL */
void resources_unref(struct host_resources *r);
/* Takes the strings over; `note` NULL becomes "". */
void resources_add(struct host_resources *r, struct resource item);
/* By kind; ISO images before other volumes, what is active before what is not, then by name. Drops doubles.
 */
void resources_sort(struct host_resources *r);
/* "networks" "bridges" "pools" "volumes" "usb" "pci"; static. */
const char *resource_word(enum resource_kind kind);
/* RESOURCE_KINDS: no such word. */
enum resource_kind resource_kind_find(const char *word);
bool resource_is_iso(const struct resource *r);
/* Adds to an object: "networks":[{"name","active"}], "volumes":[{"name","path","capacity","allocation"}] …,
 * null for what is unknown; of one kind (RESOURCE_KINDS: all). */
void resources_put_json(const struct host_resources *r, enum resource_kind only, json_object *into);

#endif
