/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The jobs of the toggles that need care (device/toggle.h): turning one, and verifying it at four levels.
 * Submitted with fleet_submit(); any thread.
 */
#ifndef VIRTDECK_VIRT_VERIFY_H
#define VIRTDECK_VIRT_VERIFY_H

#include "device/toggle.h"
#include "virt/edit.h"
#include "virt/fleet.h"

/* args->text: the toggle's id. Changes nothing. Result json {"host","definition","qemu","guest"}: yes, no or
 * unknown; {"evidence":{…}}: why, for each; {"mismatch"}: text or null. output: the same in lines. */
extern const struct job_kind verify_job;

struct toggle_request {
    const struct toggle *toggle;
    char *value;               /* "on", "off", or one of the toggle's words */
    struct edit_request *edit; /* with its options and no changes */
};
struct toggle_request *toggle_request_new(const struct toggle *toggle, const char *value,
                                          struct edit_request *edit);
void toggle_request_free(void *request);

/* The job that turns it: args->data a struct toggle_request, args->free_data toggle_request_free. What stands
 * in the way refuses it, unless the edit is forced. Result as edit_job's, its findings included. NULL:
 * verified only. */
const struct job_kind *toggle_job(const struct toggle *toggle);

#endif
