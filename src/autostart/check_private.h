/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the checks of autostart share while they look at a survey. Private to check*.c of autostart.
 */
#ifndef VIRTDECK_AUTOSTART_CHECK_PRIVATE_H
#define VIRTDECK_AUTOSTART_CHECK_PRIVATE_H

#include "autostart/check.h"

/* How a domain of the survey stands: one for each, at the same index. */
struct standing {
    bool ours;     /* a policy that does not say off */
    bool native;   /* libvirt's own flag, or its flag for once */
    bool starts;   /* somebody is asked to start it: what it needs matters */
    char *blocked; /* what stands in its way; NULL: nothing that is known */
};

struct checking {
    const struct survey *s;
    const struct plan *up, *down;
    struct autostart_check *out;
    struct standing *vms;
    size_t ours, natives, starting; /* how many */
    bool unit_on;                   /* our unit starts domains at the next boot */
};

struct check_row {
    const char *id; /* of what it finds; for kinds of it there are others besides */
    void (*look)(struct checking *c, const char *id);
};
extern const struct check_row autostart_host_checks[], autostart_vm_checks[], autostart_need_checks[];
extern const size_t n_autostart_host_checks, n_autostart_vm_checks, n_autostart_need_checks;

/* The domain is not started as it should: the first reason stays, and is what its verdict says. */
void check_block(struct checking *c, size_t vm, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* The index of the domain of a plan's node; SIZE_MAX: it is none of the survey's. */
size_t check_vm_of(const struct checking *c, const struct plan_node *node);
/* A number as an enumeration: "db1, db2, db3 and 4 more", of those for which `is` is set. The caller frees.
 */
char *check_names(const struct checking *c, bool (*is)(const struct checking *c, size_t vm));

/* Remedies; the caller frees. */
char *check_edit(const struct survey_vm *vm);                   /* edit NAME */
char *check_virsh(const struct checking *c, const char *words); /* $ virsh -c URI WORDS */

#endif
