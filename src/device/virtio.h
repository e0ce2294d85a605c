/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A guest on virtio devices: which of a definition's devices are not, what becomes of each, and what that
 * risks. One row of a table a kind of device. The machine type is never changed. Pure; any thread.
 */
#ifndef VIRTDECK_DEVICE_VIRTIO_H
#define VIRTDECK_DEVICE_VIRTIO_H

#include "base/error.h"
#include "device/facts.h"
#include "device/kinds.h"
#include "model/finding.h"

enum virtio_fate {
    VIRTIO_ALREADY, /* it is one */
    VIRTIO_CONVERT,
    VIRTIO_STAYS /* it is none, and is left so: `why` */
};

struct virtio_item {
    enum virtio_fate fate;
    const struct device_kind *kind;
    char *name;       /* as people call it; a disk's: its target */
    char *is;         /* its bus or model now; "default" where the definition leaves it open */
    char *to;         /* CONVERT: the bus or model that it gets; NULL otherwise */
    char *target;     /* CONVERT of a disk: what it is called then; NULL otherwise */
    const char *risk; /* CONVERT: what can go wrong, a sentence without a full stop; static */
    const char *why;  /* STAYS: static */
};

struct virtio_plan {
    VEC(struct virtio_item) items;
    size_t n_convert;      /* items that are converted */
    size_t n_disks;        /* disks among them */
    finding_list findings; /* SEV_ERROR: it can't be converted */
};

/* Disks go to virtio-blk, or with this to virtio-scsi, where they keep their names. */
enum virtio_bus { VIRTIO_BLK, VIRTIO_SCSI };
/* By its word, "virtio" or "scsi"; false: no such. */
bool virtio_bus_parse(const char *word, enum virtio_bus *bus);

/* What would become of the definition on that host; `facts` NULL: nothing is known of it. */
void virtio_plan_make(xmlNodePtr domain, const struct facts *facts, const char *vm, enum virtio_bus bus,
                      struct virtio_plan *out);
void virtio_plan_clear(struct virtio_plan *p);
/* Makes it so. False with e set when the plan has an error, or there is nothing to do. */
bool virtio_apply(xmlNodePtr domain, const struct facts *facts, const char *vm, enum virtio_bus bus,
                  struct error *e);

/* A line each, then the findings. */
void virtio_plan_print(const struct virtio_plan *p, struct strbuf *out);
/* [{"device","kind","is","fate","to","target","risk","why"}] */
json_object *virtio_plan_json(const struct virtio_plan *p);

/* A small disk on that bus, to see whether the guest has a driver for it: adds it to the definition, with
 * whatever controller it needs. virtio_probe_find(): the element of one whose source is that path; NULL. */
void virtio_probe_add(xmlNodePtr domain, const char *path, enum virtio_bus bus);
xmlNodePtr virtio_probe_find(xmlNodePtr domain, const char *path);

#endif
