/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chooses the sources of the logs pane, and says what stands in the way of each. Screen thread.
 */
#ifndef VIRTDECK_UI_LOGS_SOURCES_H
#define VIRTDECK_UI_LOGS_SOURCES_H

#include "ui/dialog.h"

/* Nothing changes before Enter. */
void logs_sources_open(struct deck *d);

#endif
