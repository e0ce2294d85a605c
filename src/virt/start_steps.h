/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The steps of a run, a job each: starting a domain with patience for locks that go by themselves, starting a
 * network or a pool, stopping a domain as its policy says. Submitted with fleet_submit(); any thread.
 */
#ifndef VIRTDECK_VIRT_START_STEPS_H
#define VIRTDECK_VIRT_START_STEPS_H

#include "virt/fleet.h"

/* Starts a domain. "Already running" is success (result text "runs already"). A lock of an image whose holder
 * is no running domain is waited for: 250 ms doubling up to 4 s, full jitter, at most 6 tries or 10 s, each
 * told as progress and as an event; one that a running domain holds fails at once and names it. A job lock
 * (code 68) is never repeated blindly: the state is read first. */
extern const struct job_kind step_start;
/* On the host (nil UUID): args->text is "network:NAME" or "pool:NAME". One that is active is fine. */
extern const struct job_kind step_need;
/* Asks a domain to stop as args->flags say (enum policy_stop), without waiting for it to be off (managedsave
 * does wait). Off already is fine. Fails where libvirt refuses. */
extern const struct job_kind step_stop;
/* Turns it off hard. Off already is fine. */
extern const struct job_kind step_force;

#endif
