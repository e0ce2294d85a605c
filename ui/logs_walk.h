/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the logs pane does over several turns of the loop: a search, a copy to a file. Screen thread.
 */
#ifndef VIRTDECK_UI_LOGS_WALK_H
#define VIRTDECK_UI_LOGS_WALK_H

#include "ui/deck.h"

/* Goes on with what was begun, and tells its outcome. */
void logs_walk_on(struct deck *d);

#endif
