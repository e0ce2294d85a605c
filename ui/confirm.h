/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Questions: whether a command that loses something may run (no, unless said otherwise), and a host's log-in
 * questions. Screen thread.
 */
#ifndef VIRTDECK_UI_CONFIRM_H
#define VIRTDECK_UI_CONFIRM_H

#include "ui/dialog.h"

/* `typed` not NULL: the name that has to be typed for a yes. `done` is called once, with the answer, after
 * the dialog is gone; `arg` is done's. Texts are raw and copied. */
void confirm_open(struct deck *d, const char *question, const char *typed,
                  void (*done)(struct deck *d, void *arg, bool yes), void *arg);
/* Takes the question over and answers it in any case. */
void auth_open(struct deck *d, struct auth_question *q);

#endif
