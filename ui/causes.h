/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is known of why domains failed. The selected one is explained by a quiet job when it has failed (it
 * died, did not start, was paused by a failure), once for each failure; what came of it is kept by UUID for
 * the overview and for the dialog with the remedies. Screen thread; never waits.
 */
#ifndef VIRTDECK_UI_CAUSES_H
#define VIRTDECK_UI_CAUSES_H

#include <json-c/json.h>
#include "ui/deck.h"

/* For the loop: has the selected domain explained where that is due. */
void causes_turn(struct deck *d);
/* The result of explain_job (virt/explain.h) about the domain's last failure; NULL: it has not failed, or it
 * is not explained yet. Borrowed until the next call into this file. */
json_object *causes_of(const struct deck *d, int host, const struct vm_uuid *uuid);
/* A start of it has failed: it is explained, and the cause told in a message. */
void causes_refused(struct deck *d, const struct job_status *s);
/* A start was stopped before libvirt was asked, and the job says itself what stands in the way
 * (virt/preflight.h): the dialog opens with it, unless another one is open. False: it was not so. */
bool causes_stopped(struct deck *d, const struct job_status *s);
/* Has it explained anew, and opens the dialog (ui/remedies.h) with what comes of it. */
void causes_ask(struct deck *d, const struct target *t);
/* What a job said of a domain in the state that it is in now; takes the reference over. */
void causes_put(struct deck *d, int host, const struct vm_uuid *uuid, json_object *result);
/* For the end. */
void causes_forget(struct deck *d);

#endif
