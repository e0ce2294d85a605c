/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chooses the table's columns, their order and widths. Screen thread.
 */
#ifndef VIRTDECK_UI_CHOOSER_H
#define VIRTDECK_UI_CHOOSER_H

#include "ui/dialog.h"

/* Nothing changes before Enter. */
void chooser_open(struct deck *d);

#endif
