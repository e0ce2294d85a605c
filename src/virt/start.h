/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Starting a domain, with patience for a lock that goes by itself. Blocks; for jobs only.
 */
#ifndef VIRTDECK_VIRT_START_H
#define VIRTDECK_VIRT_START_H

#include "virt/lock_holder.h"
#include "virt/private.h"

/* flags: libvirt's own (VIR_DOMAIN_START_…). *ran: it ran already, whoever was faster. A lock that a running
 * domain holds fails at once, with its name; another one is waited for (virt/retry.h), each try told as
 * progress and as an event of that kind. False with c->error set, also when the job was cancelled. */
bool start_patiently(struct job_context *c, unsigned flags, const char *event_kind, bool *ran);

#endif
