/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The line that tells what the keys do at this place. Screen thread.
 */
#ifndef VIRTDECK_UI_KEYBAR_H
#define VIRTDECK_UI_KEYBAR_H

#include "ui/deck.h"

void keybar_draw(struct deck *d, struct canvas *c, struct rect area);

#endif
