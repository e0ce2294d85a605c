/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The QEMU process of a domain of this machine, found in /proc by its arguments. Any thread.
 */
#ifndef VIRTDECK_VIRT_PROCESS_H
#define VIRTDECK_VIRT_PROCESS_H

#include <stdbool.h>
#include "model/uuid.h"

#define PID_TEXT_LEN 16

/* Looks for the QEMU that libvirt started for that domain; false: there is none, or it can't be seen. */
bool process_find(const struct vm_uuid *uuid, char pid[PID_TEXT_LEN + 1]);
/* Its arguments, a line each; NULL when they can't be read. The caller frees. */
char *process_arguments(const char *pid);

#endif
