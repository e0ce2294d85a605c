/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a guest shows from inside: a read-only script that its agent runs, else its serial log where that is a
 * file of this machine. Blocks: for jobs only. All of it is a stranger's text.
 */
#ifndef VIRTDECK_VIRT_GUEST_H
#define VIRTDECK_VIRT_GUEST_H

#include <libxml/tree.h>
#include "virt/private.h"

struct guest_evidence {
    char *probe;      /* lines of key=value: virt, kvm, pci, sound, modules, nic (one each); NULL: none */
    char *probe_why;  /* why there is none */
    char *serial;     /* the end of the serial log; NULL: none */
    char *serial_why; /* why there is none */
};

/* live: the running definition. local: the host's files are this machine's. */
void guest_evidence(struct job_context *c, xmlNodePtr live, bool local, struct guest_evidence *out);
void guest_evidence_clear(struct guest_evidence *g);

/* The last `max` bytes of a file, NUL-terminated, NUL bytes as blanks; NULL with *why (the caller frees). */
char *file_end(const char *path, size_t max, char **why);

#endif
