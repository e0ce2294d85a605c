/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The line (or lines) at the top: which hosts, how they stand, how old the figures are. Screen thread.
 */
#ifndef VIRTDECK_UI_HOSTLINE_H
#define VIRTDECK_UI_HOSTLINE_H

#include "ui/deck.h"

/* One a host up to three; more hosts share one line. */
int hostline_rows(const struct deck *d);
void hostline_draw(struct deck *d, struct canvas *c, struct rect area);

#endif
