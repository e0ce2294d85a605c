/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Candidates for the values of fields that name something of the host.
 */
#ifndef VIRTDECK_COMMAND_COMPLETE_RESOURCES_H
#define VIRTDECK_COMMAND_COMPLETE_RESOURCES_H

#include "command/command.h"
#include "command/private.h"
#include "device/field.h"
#include "model/resources.h"

/* Adds what a field of that type can be set to, unquoted, in the order to show it: of FIELD_PATH the volumes
 * (ISO images first), of FIELD_NETWORK, FIELD_BRIDGE, FIELD_USB and FIELD_PCI what their names say; of others
 * nothing. `r` may be NULL. Pure; any thread. */
void resources_candidates(const struct host_resources *r, enum field_type type, candidate_list *out);
/* The same for what is being typed, of that host; a shell waits a moment for it, the screen has it the next
 * time. Main thread. */
void complete_resources(struct completion *c, int host, enum field_type type);

#endif
