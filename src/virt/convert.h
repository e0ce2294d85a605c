/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Converting a domain to virtio devices in small steps, and putting everything back when its guest does not
 * come up from them. What was done is kept in the state directory, so that a conversion that was stopped at
 * any instant can go on or be taken back. Submitted with fleet_submit(); any thread.
 */
#ifndef VIRTDECK_VIRT_CONVERT_H
#define VIRTDECK_VIRT_CONVERT_H

#include "device/virtio.h"
#include "virt/fleet.h"

enum convert_verb { CONVERT_BEGIN, CONVERT_RESUME, CONVERT_ABORT };

/* args->timeout_s: how long a boot may take; 0: 300. For RESUME and ABORT all but the verb comes from what
 * was begun. */
struct convert_request {
    enum convert_verb verb;
    enum virtio_bus bus;
    bool assume_driver; /* the guest's driver need not be seen */
    char *ready;        /* what its serial port says when it is up, a regular expression; NULL */
};
void convert_request_free(void *request);

/* args->data: a struct convert_request. Result json: {"steps":[{"step","result","detail"}],"outcome":
 * "converted"|"reverted"|"stopped","evidence":…}; it has failed unless what was asked for came out. */
extern const struct job_kind convert_job;
/* What would be converted; args->data: as above, of which `bus` counts. Result json: {"plan":[…],"findings":
 * [{…}]}, output the same in lines. */
extern const struct job_kind convert_plan_job;

#endif
