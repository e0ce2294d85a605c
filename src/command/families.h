/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command families that live under src/command/. The screen's own (views, panes, themes) are in
 * ui/commands.h.
 */
#ifndef VIRTDECK_COMMAND_FAMILIES_H
#define VIRTDECK_COMMAND_FAMILIES_H

#include "command/command.h"

extern const struct command_table lifecycle_commands; /* start shutdown … rename */
extern const struct command_table autostart_commands; /* autostart …, supervise */
extern const struct command_table query_commands;     /* list sample config help version devices log */

extern const struct command_table resource_commands;   /* resources */
extern const struct command_table device_commands;     /* set device */
extern const struct command_table definition_commands; /* diff history undo edit */
extern const struct command_table virtio_commands;     /* virtio */
extern const struct command_table console_commands;    /* console */
extern const struct command_table diagnose_commands;   /* explain */
extern const struct command_table preflight_commands;  /* preflight */
extern const struct command_table toggle_commands;     /* nested sound tso verify */

#endif
