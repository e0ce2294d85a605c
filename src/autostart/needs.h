/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mounts and paths that a policy needs: whether they are there, on this machine. Any thread; may wait for a
 * disk.
 */
#ifndef VIRTDECK_AUTOSTART_NEEDS_H
#define VIRTDECK_AUTOSTART_NEEDS_H

#include <stdbool.h>
#include "autostart/policy_item.h"

/* A mount: something is mounted there. A path: it exists. Below `root` ("" for this machine). False for
 * networks and pools. */
bool need_is_there(const struct need *n, const char *root);

#endif
