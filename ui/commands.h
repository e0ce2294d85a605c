/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The screen's own commands (views, panes, columns, themes, tags): rows of the command language that only the
 * screen can run (COMMAND_SCREEN). Constant; any thread.
 */
#ifndef VIRTDECK_UI_COMMANDS_H
#define VIRTDECK_UI_COMMANDS_H

#include "command/command.h"

extern const struct command_table screen_commands, timeline_commands, logs_commands, explain_commands;

#endif
