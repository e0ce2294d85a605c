/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A text over the screen, to be scrolled and searched: what a command printed, and help. Screen thread.
 */
#ifndef VIRTDECK_UI_VIEWER_H
#define VIRTDECK_UI_VIEWER_H

#include "ui/dialog.h"

struct viewer; /* a dialog */

/* Not on the screen before viewer_show(). Texts are raw and copied. */
struct viewer *viewer_new(const char *title, enum place place);
/* A line: `lead` (NULL: none) stands in front in a column of its own; long texts are wrapped beside it. */
void viewer_add(struct viewer *v, enum role role, const char *lead, const char *text);
/* Each line of a text. Where it is a difference of two texts (a heading "@@ -1,2 +3,4 @@"), its lines stand
 * out. */
void viewer_add_text(struct viewer *v, const char *text);
/* Called once, after it was closed; d NULL: because the program ends. */
void viewer_then(struct viewer *v, void (*then)(struct deck *d));
/* Takes it over. */
void viewer_show(struct deck *d, struct viewer *v);

#endif
