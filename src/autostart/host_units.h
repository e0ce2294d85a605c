/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether systemd starts a unit by itself: of the system as systemctl says, of a user as the links in the
 * folders of units say. Below a root. Blocks for a few milliseconds, for seconds where systemd hangs; any
 * thread.
 */
#ifndef VIRTDECK_AUTOSTART_HOST_UNITS_H
#define VIRTDECK_AUTOSTART_HOST_UNITS_H

#include "autostart/host_files.h"

void host_units_of_system(const char *root, enum unit_state states[HOST_UNITS]);
enum unit_state host_unit_of_user(const char *root, const char *home, const char *unit);
/* Of this machine, now. */
enum unit_activity host_unit_activity(bool session, enum host_unit unit);

#endif
