/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the record of a run share. Private to run_*.c.
 */
#ifndef VIRTDECK_AUTOSTART_RUN_PRIVATE_H
#define VIRTDECK_AUTOSTART_RUN_PRIVATE_H

#include "autostart/run_file.h"

/* Whether somebody holds that lock, and who (-1: somebody whose number is not known here). `expected`: who it
 * would be, for where the kernel's list can't be read; 0 unknown. */
bool run_is_held(const char *lock_path, long expected, long *holder);
/* For root: whether a user who may run this host, too, holds the host's lock in the runtime directory there,
 * and who. What users have elsewhere is not seen. */
bool run_is_held_by_user(const char *key, long *holder);
/* Makes the folder of our own records. */
bool run_make_folder(struct error *e);

#endif
