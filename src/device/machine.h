/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a definition says of the machine as a whole, as libvirt's calls for capabilities and CPUs want it. Any
 * thread.
 */
#ifndef VIRTDECK_DEVICE_MACHINE_H
#define VIRTDECK_DEVICE_MACHINE_H

#include <stdbool.h>
#include <libxml/tree.h>

struct machine {
    char *arch, *type; /* "x86_64", "pc-q35-7.2" */
    char *virt;        /* what runs it: "kvm" */
    char *emulator;    /* path */
};
/* NULL in `out` is what the domain does not say. machine_clear() when done. */
void machine_read(xmlNodePtr domain, struct machine *out);
void machine_clear(struct machine *m);

/* x86 of 32 or 64 bits; false also for a domain that does not say. */
bool machine_is_x86(xmlNodePtr domain);

#endif
