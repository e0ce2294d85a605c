/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `explain VM`: gathers the lines around a domain's last failure and what changed since it last ran well, and
 * has them explained (diagnose/explain.h). Blocks: a job. Changes nothing.
 */
#ifndef VIRTDECK_VIRT_EXPLAIN_H
#define VIRTDECK_VIRT_EXPLAIN_H

#include "diagnose/explain.h"
#include "logs/actions.h"
#include "virt/fleet.h"

/* args->data: struct explain_request, args->free_data explain_request_free. Result json:
 * {"failure","since","failed","ok","remote","findings":[{"id","severity","text","cause","advice","remedy","complete",
 * "line","source","time"}],"unseen"}; failure is "none" "start" "crash" "pause" or "boot"; times are in ISO
 * 8601, null where they are not known; text is cause and advice; what follows it may be null;
 * unseen: what could not be looked at, and why. "ok": nothing failed and no finding is an error. Output: the
 * same in lines. The job fails only where libvirt can't be asked about the domain. */
struct explain_request {
    struct signatures *signatures; /* a reference */
    char *vm;                      /* the word that means the domain in a command; NULL: its name */
    event_list events;             /* of the domain, which the event log's file may not have yet */
    char *journal_dir;             /* as device/journal.h has it; NULL: the state directory's */
};
void explain_request_free(void *request);
extern const struct job_kind explain_job;

/* Whether that state, and libvirt's number of the reason, is one that a failure brings: it died, was not
 * started, was paused by QEMU. Any thread. */
bool explain_is_failure(enum vm_state state, int reason);

#endif
