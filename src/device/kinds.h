/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The device kinds: one row each, found by their XML element (and attribute). Beside the devices proper there
 * are rows for parts of the definition that are shown and changed like devices: CPU, memory, firmware, boot
 * order, the domain's own texts. Constant; any thread.
 */
#ifndef VIRTDECK_DEVICE_KINDS_H
#define VIRTDECK_DEVICE_KINDS_H

#include <libxml/tree.h>
#include "base/error.h"
#include "model/vm.h"

enum kind_flag {
    KIND_PART = 1,        /* no device: the node is <domain> itself, there is always exactly one */
    KIND_HOT = 2,         /* libvirt attaches and detaches it while the domain runs */
    KIND_COLD = 4,        /* … and in the definition by the same calls (else: by defining it anew) */
    KIND_COLD_UPDATE = 8, /* virDomainUpdateDeviceFlags changes it in the definition */
    KIND_AUTOMATIC = 16   /* libvirt adds such ones by itself */
};

struct device_kind {
    const char *id;           /* "disk" "cdrom" "nic" … as in `devices --json` */
    const char *title;        /* for the device list */
    const char *element;      /* under <devices>; NULL: any, or a KIND_PART */
    const char *attr, *value; /* the element's attribute must have this value; NULL: any */
    unsigned flags;
    /* Fills name, model, target, source … of `dev` from the element. index: how many of this kind came
     * before. */
    void (*describe)(xmlNodePtr node, int index, struct vm_device *dev);
    /* What tells this one from others of its kind, in the live and in the configured definition alike: a path
     * (model/xml.h) whose value is its own (a disk's target, a NIC's MAC); NULL: its PCI address, else its
     * place among its kind. */
    const char *key;
    /* The element that an added one begins as; NULL: can't be added. `complete` then chooses what has to be
     * chosen (a free target, a MAC, an index) knowing the definition that it goes into. */
    const char *fresh;
    bool (*complete)(xmlNodePtr fresh, xmlNodePtr domain, struct error *e);
    const char *what; /* one line for choosers and help: "a disk: new volume, existing file, block device" */
};

extern const struct device_kind device_kinds[];
extern const size_t n_device_kinds;

/* The first row that fits; the last row ("other") fits every element. Never a KIND_PART. */
const struct device_kind *device_kind_of(xmlNodePtr node);
/* By its id; NULL: there is none. */
const struct device_kind *device_kind_find(const char *id);
/* Fills `dev` (all zero before) from an element of that kind: what the row's describe() does, and what all
 * kinds have. The strings are the caller's. */
void device_describe(xmlNodePtr node, const struct device_kind *kind, int index, struct vm_device *dev);
/* Frees the strings that device_describe() made. */
void device_forget(struct vm_device *dev);
/* What identifies it: "disk:vda", "nic:52:54:00:…", "rng@0000:00:06.0", "input#1". The caller frees. */
char *device_key(xmlNodePtr node, const struct device_kind *kind, int index);

/* The devices of a definition and its parts, in the order of the table's rows and then of the tree. Whoever
 * gets NULL from it is at the end. The strings of `dev` are freed by device_walk_end() or the next step. */
struct device_walk {
    xmlNodePtr domain; /* given */
    xmlNodePtr node;   /* the element (the domain's own for a part) */
    const struct device_kind *kind;
    int index;
    char *key;
    struct vm_device dev;
    int step; /* private from here */
    int *counts;
    xmlNodePtr next;
};
bool device_walk_next(struct device_walk *w);
void device_walk_end(struct device_walk *w);

#endif
