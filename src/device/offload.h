/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * NIC offloads as one of the toggles (device/toggle.h): what virtio NICs leave to the other side: checksums
 * and the cutting of large packets (TCP segmentation offload), in both directions. Pure; any thread.
 */
#ifndef VIRTDECK_DEVICE_OFFLOAD_H
#define VIRTDECK_DEVICE_OFFLOAD_H

#include "device/toggle.h"

struct offload_bit {
    const char *id;    /* that of the device's field: "host.tso4", "guest.tso4" */
    const char *path;  /* in <interface>: "driver/host@tso4" */
    const char *qemu;  /* QEMU's property: "host_tso4" */
    int feature;       /* virtio's number of it, as in /sys/…/features of the guest; -1: not told there */
    const char *needs; /* id of the bit that it needs; NULL */
};
extern const struct offload_bit offload_bits[];
extern const size_t n_offload_bits;

void offload_judge(const struct toggle_input *in, struct verdict *out);
/* Turned here is TSO as a whole: tso4 and tso6, in both directions, of all virtio NICs. Single bits are
 * fields of the device. */
void offload_preflight(const struct toggle_input *in, const char *value, finding_list *out);
char *offload_plan(const struct toggle_input *in, const char *value, struct error *e);
extern const struct change_edit offload_edit;

/* What is wrong with the bits of one <interface>: a bit that is on and needs one that is off; bits at a NIC
 * that isn't virtio. For checks, too. */
void offload_check(xmlNodePtr interface, const char *name, const char *vm, finding_list *out);

/* The two things that are called TSO, in words, and how each is turned: for the one who asked for "tso"
 * without more. The caller frees. */
char *tso_explained(const char *vm);

#endif
