/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The logs pane's serial lines of a domain whose port has no log file: while the pane is looked at and nobody
 * else has the console, a job looks on; what is said while the terminal is lent to the guest is kept there,
 * too. Screen thread.
 */
#ifndef VIRTDECK_UI_CONSOLE_FEED_H
#define VIRTDECK_UI_CONSOLE_FEED_H

#include "ui/deck.h"

/* For the loop: begins, ends, and tries again, as the pane wants it. */
void console_feed_turn(struct deck *d);
/* A descriptor for the guest's bytes, non-blocking, the caller's to close; -1: the domain's lines come from
 * elsewhere, or are not kept. */
int console_feed_tee(struct deck *d, int host, const struct vm_uuid *uuid);
/* For the end. */
void console_feed_forget(struct deck *d);

#endif
