/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lifecycle jobs, found by their action. Constant; any thread.
 */
#ifndef VIRTDECK_VIRT_LIFECYCLE_H
#define VIRTDECK_VIRT_LIFECYCLE_H

#include "virt/fleet.h"

/* "start" "shutdown" "reboot" "reset" "destroy" "suspend" "resume" "managedsave" "undefine" "rename";
 * NULL for another word. */
const struct job_kind *lifecycle_kind(const char *action);

enum lifecycle_flag {
    START_PAUSED = 1,
    START_BYPASS_CACHE = 2,
    START_FORCE_BOOT = 4,
    START_RESET_NVRAM = 8,
    START_UNCHECKED = 16, /* what the check before a start finds is told, and stops nothing */
    DESTROY_GRACEFUL = 1,
    SHUTDOWN_AGENT = 1,
    SHUTDOWN_ACPI = 2,     /* both for reboot too */
    JOB_NO_WAIT = 1 << 10, /* don't wait for the outcome */
    UNDEFINE_MANAGED_SAVE = 1,
    UNDEFINE_SNAPSHOTS = 2,
    UNDEFINE_NVRAM = 4,
    UNDEFINE_KEEP_NVRAM = 8,
    UNDEFINE_CHECKPOINTS = 16,
    MANAGEDSAVE_RUNNING = 1,
    MANAGEDSAVE_PAUSED = 2,
    MANAGEDSAVE_BYPASS_CACHE = 4
};

#endif
