/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command families of the program, joined. Here and not under src/, because src/ knows nothing of the
 * screen's commands; tests that bring tables of their own define command_tables themselves.
 */
#include "command/families.h"
#include "ui/commands.h"

const struct command_table *const command_tables[] = {
    &lifecycle_commands, &autostart_commands,  &query_commands,    &resource_commands,
    &device_commands,    &definition_commands, &console_commands,  &toggle_commands,
    &virtio_commands,    &preflight_commands,  &diagnose_commands, &screen_commands,
    &timeline_commands,  &logs_commands,       &explain_commands,  NULL};
