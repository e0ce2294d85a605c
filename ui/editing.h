/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `edit` on the screen: the definition is read by a job, the terminal is lent to the editor, what was changed
 * is shown and asked about, and applied by a job. One at a time. Screen thread; while the editor has the
 * terminal, the screen waits for it.
 */
#ifndef VIRTDECK_UI_EDITING_H
#define VIRTDECK_UI_EDITING_H

#include "ui/deck.h"

/* For the loop: runs the editor where it is its turn. */
void editing_turn(struct deck *d);
/* For the end: what is not applied is kept. */
void editing_forget(struct deck *d);

#endif
