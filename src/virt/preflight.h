/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gathers what preflight checks look at, and holds a start up where one of them found an error. Blocks: for
 * jobs only. Each part that could not be had is unknown.
 */
#ifndef VIRTDECK_VIRT_PREFLIGHT_H
#define VIRTDECK_VIRT_PREFLIGHT_H

#include "preflight/preflight.h"
#include "virt/fleet.h"

struct job_context;

/* `preflight VM`: result json as preflight_json() has it, output as preflight_print(); fails when it is not
 * ok. Changes nothing. */
extern const struct job_kind preflight_job;

/* Before a start: false with c->error set where an error stands in the way (the findings go into the job's
 * json and output, warnings too); warnings are told as events of that kind. */
bool preflight_gate(struct job_context *c, const char *event_kind);

#endif
