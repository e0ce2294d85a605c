/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `console` on the screen: a job connects while the screen goes on, then the terminal is lent to the guest's
 * console, and the screen comes back with ^]. Where another client has it, whether to take it over is asked.
 * One at a time. Screen thread; while the guest has the terminal, the screen waits for it.
 */
#ifndef VIRTDECK_UI_CONSOLE_H
#define VIRTDECK_UI_CONSOLE_H

#include "ui/deck.h"

/* For the loop: lends the terminal where it is its turn, and tells how it ended. `news` is called meanwhile,
 * whenever the hosts have some. */
void console_turn(struct deck *d, void (*news)(void *ctx), void *ctx);
/* For the end. */
void console_forget(struct deck *d);

#endif
