/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Limits a running domain's processors, and takes the limit back; sets a guest's clock. Each a job on one
 * domain, submitted with fleet_submit(); any thread.
 */
#ifndef VIRTDECK_VIRT_THROTTLE_H
#define VIRTDECK_VIRT_THROTTLE_H

#include "virt/fleet.h"

/* args->flags: percent of each of its processors. Result json: {"before": vcpu_quota as it was, "set": as it
 * is now}, in microseconds; a negative one is no limit. Fails where libvirt has no such parameters (a session
 * without control groups). */
extern const struct job_kind throttle_job;

/* args->data: a struct throttle_undo. Sets vcpu_quota back, unless it is another than what was set by now:
 * then somebody else has set it. */
struct throttle_undo {
    long long before, set; /* as throttle_job told; both negative: that was never heard */
    int percent;
};
extern const struct job_kind unthrottle_job;

/* Tells the guest's agent to take the time from its clock of the hardware. */
extern const struct job_kind time_sync_job;

#endif
