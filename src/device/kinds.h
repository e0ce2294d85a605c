/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The device kinds: one row each, found by their XML element (and attribute). Later parts (toggles, edits)
 * hang their functions into the same rows. Constant; any thread.
 */
#ifndef VIRTDECK_DEVICE_KINDS_H
#define VIRTDECK_DEVICE_KINDS_H

#include <libxml/tree.h>
#include "model/vm.h"

struct device_kind {
    const char *id;           /* "disk" "cdrom" "nic" … as in `devices --json` */
    const char *title;        /* for the device list */
    const char *element;      /* under <devices>; NULL: any */
    const char *attr, *value; /* the element's attribute must have this value; NULL: any */
    /* Fills name, model, target, source … of `dev` from the element. index: how many of this kind came
     * before. */
    void (*describe)(xmlNodePtr node, int index, struct vm_device *dev);
};

extern const struct device_kind device_kinds[];
extern const size_t n_device_kinds;

/* The first row that fits; the last row ("other") fits every element. */
const struct device_kind *device_kind_of(xmlNodePtr node);
/* Fills `dev` (all zero before) from an element of that kind: what the row's describe() does, and what all
 * kinds have. The strings are the caller's. */
void device_describe(xmlNodePtr node, const struct device_kind *kind, int index, struct vm_device *dev);

#endif
