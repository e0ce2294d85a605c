/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Carrying out autostart on a host: the runner of plans and the supervisor, a job each on the host as a whole
 * (nil UUID). They live through lost connections where the fleet reconnects. Each step
 * is told as an event of the kind "autostart"; the record of the run is written before each step
 * (autostart/run_file.h). Submitted with fleet_submit(); any thread.
 */
#ifndef VIRTDECK_VIRT_AUTORUN_H
#define VIRTDECK_VIRT_AUTORUN_H

#include "autostart/view.h"
#include "virt/fleet.h"

/* The time as the runner sees it; tests bring their own. */
struct run_clock {
    void *ctx;
    int64_t (*now_ms)(void *ctx); /* does not stop while the host sleeps */
    /* The runner has nothing to do before until_ms or news; busy: steps are under way. True: the time was
     * moved, don't wait. NULL: never. */
    bool (*idle)(void *ctx, int64_t until_ms, bool busy);
};

struct run_request {
    bool reverse;                  /* shut down */
    bool anew;                     /* forget a run that was broken off */
    const struct run_clock *clock; /* NULL: the real one; else it outlives the job */
};
struct run_request *run_request_new(void);
void run_request_free(void *request);

/* args->data: a struct run_request. Fails when another one runs (names its pid), when something was not
 * started as planned, when it was cancelled (then it can be taken up again). Result json: the record of the
 * run (run_record_json()). */
extern const struct job_kind autorun_job;

/* The supervisor: until it is cancelled. args->text: the program that is told of events, or NULL. */
extern const struct job_kind supervise_job;

#endif
