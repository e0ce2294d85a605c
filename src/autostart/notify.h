/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Telling others what the supervisor did: an executable gets the event as one line of JSON on its standard
 * input. It is never waited for; one that does not end within a minute is killed. One thread.
 */
#ifndef VIRTDECK_AUTOSTART_NOTIFY_H
#define VIRTDECK_AUTOSTART_NOTIFY_H

#include <json-c/json.h>
#include "base/error.h"

struct notifier;
/* `program`: an absolute path; NULL: nobody is told. Never NULL. */
struct notifier *notifier_new(const char *program);
/* Ends what still runs. */
void notifier_free(struct notifier *n);
/* Runs it with {"time","host","event","severity","domain","uuid","text"}. False with e set when it could not
 * be started. */
bool notifier_tell(struct notifier *n, json_object *event, struct error *e);
/* Looks after those that were started; now and then. */
void notifier_reap(struct notifier *n, int64_t now_ms);

#endif
