/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gathers what the judgements of device/toggle.h look at: definitions, facts of the host, QEMU's arguments
 * and log, and what the guest shows. Each part may be missing and is then unknown, with the reason. Blocks:
 * for jobs only.
 */
#ifndef VIRTDECK_VIRT_EVIDENCE_H
#define VIRTDECK_VIRT_EVIDENCE_H

#include "device/toggle.h"
#include "virt/guest.h"
#include "virt/private.h"

struct evidence {
    struct toggle_input input; /* its texts and trees belong to what follows */
    struct facts facts;
    struct nest_host nest;
    struct guest_evidence guest;
    xmlDocPtr live, config;
    char *arguments, *arguments_why, *log, *log_why, *ssh;
};

/* Definitions and the host: what a preflight wants. False with c->error set when there is no definition.
 * evidence_clear() in any case. */
bool evidence_host(struct job_context *c, struct evidence *ev);
/* Of the host, what it can do for guests that run guests: ev->nest. `domain`: the definition that asks;
 * ev->facts must be there. */
void evidence_nesting(struct job_context *c, struct evidence *ev, xmlNodePtr domain, const char *uri);
/* Further, QEMU's process and log, and the guest. */
void evidence_running(struct job_context *c, struct evidence *ev);
void evidence_clear(struct evidence *ev);

#endif
