/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the deck has to say: results for a while, jobs in progress, and the command bar with its hints, errors
 * and candidates. All on the last line and, while there is more to say, in the lines above the key bar.
 * Screen thread.
 */
#ifndef VIRTDECK_UI_MESSAGE_H
#define VIRTDECK_UI_MESSAGE_H

#include "ui/deck.h"
#include "ui/layout.h"

void message_draw(struct deck *d, struct canvas *c, const struct layout *l);
void message_expire(struct deck *d); /* forgets what was shown long enough */
void message_free(struct deck *d);
/* Something with a time runs out or counts on: the screen must be drawn again within a second. */
bool message_is_ticking(const struct deck *d);

#endif
