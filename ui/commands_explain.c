/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `explain` on the screen.
 */
#include "ui/causes.h"
#include "ui/commands.h"
#include "ui/commands_private.h"

static bool explain_run(struct call *call, struct error *e)
{
    (void)e;
    causes_ask(call_deck(call), &call->targets.items[0]);
    return true;
}

static const struct command rows[] = {
    {.name = "explain",
     .summary = "show why a domain failed last, and what helps",
     .detail =
         "Opens a dialog with what is known: the cause, the line that shows it, and the remedy. Enter runs "
         "the chosen one after a question; y copies it. What belongs into a shell of another host, or wants "
         "rights that are not there, is shown to be copied.",
     .flags = COMMAND_SCREEN | COMMAND_TARGETS,
     .args = {{"VM", ARG_TARGET, NULL, false, false, "name, UUID or id"}},
     .run = explain_run},
};

const struct command_table explain_commands = {rows, ARRAY_LEN(rows)};
