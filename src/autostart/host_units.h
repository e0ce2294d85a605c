/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether systemd starts a unit by itself: of the system as systemctl says, of a user as the links in the
 * folders of units say. Below a root. Blocking; any thread.
 */
#ifndef VIRTDECK_AUTOSTART_HOST_UNITS_H
#define VIRTDECK_AUTOSTART_HOST_UNITS_H

#include "autostart/host_files.h"

enum unit_state host_unit_of_system(const char *root, const char *unit);
enum unit_state host_unit_of_user(const char *root, const char *home, const char *unit);

#endif
