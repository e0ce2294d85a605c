/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why an action is off: a key that can do nothing here is drawn so, and says why when it is pressed. A new
 * rule is a row of a table. Screen thread.
 */
#ifndef VIRTDECK_UI_WHYNOT_H
#define VIRTDECK_UI_WHYNOT_H

#include "ui/deck.h"

/* NULL: the line can run, as far as is known here. Else a sentence; the caller frees. */
char *why_not(const struct deck *d, const char *line);

#endif
