/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the rows of autostart_commands run, a file each for what is shown, for policies that come and go, and
 * for systemd's units. Main thread.
 */
#ifndef VIRTDECK_COMMAND_AUTOSTART_H
#define VIRTDECK_COMMAND_AUTOSTART_H

#include "autostart/view.h"
#include "command/command.h"

typedef VEC(int) host_list;

/* The hosts that a call without targets is about: in the shell all of them, on the screen that of the
 * selected domain. Freed with vec_free(). */
void autostart_hosts(const struct call *call, host_list *out);
/* What is known of starting with a host, made after the call began; the caller unrefs. In the shell waits for
 * it; on the screen it is the newest there is. NULL with e set: there is none, as yet or at all. */
struct autostart_view *autostart_see(const struct call *call, int host, struct error *e);

/* autostart_show.c */
bool autostart_list_run(struct call *call, struct error *e);
bool autostart_plan_run(struct call *call, struct error *e);
bool autostart_check_run(struct call *call, struct error *e);
bool autostart_status_run(struct call *call, struct error *e);
/* autostart_import.c */
bool autostart_import_run(struct call *call, struct error *e);
bool autostart_export_run(struct call *call, struct error *e);
/* autostart_units.c; the row's data: not NULL for enable */
bool autostart_units_run(struct call *call, struct error *e);

#endif
