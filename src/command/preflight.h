/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What looks before a start. Main thread.
 */
#ifndef VIRTDECK_COMMAND_PREFLIGHT_H
#define VIRTDECK_COMMAND_PREFLIGHT_H

#include "command/command.h"

/* In the shell, whose hosts have just been connected: waits until the definitions of the targets' hosts are
 * known, for that long at most. False with e set when the user interrupts. */
bool wait_for_definitions(struct call *call, int patience_ms, struct error *e);

#endif
