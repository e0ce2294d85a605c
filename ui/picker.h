/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A list to pick one of, narrowed by what is typed: device kinds, networks, volumes, host devices, the words
 * that a field takes. Screen thread.
 */
#ifndef VIRTDECK_UI_PICKER_H
#define VIRTDECK_UI_PICKER_H

#include "ui/dialog.h"

struct picker; /* a dialog */

/* Not on the screen before picker_show(). Texts are raw and copied. */
struct picker *picker_new(const char *title);
/* `note` explains it beside; NULL: nothing. */
void picker_add(struct picker *p, const char *text, const char *note);
/* The item that the cursor begins at; one that is not there is none. */
void picker_begin_at(struct picker *p, const char *text);
/* What is typed is taken, too, where no item has it: the list is not all there is. */
void picker_allow_other(struct picker *p);
/* Takes it over. `done` is called once, after the dialog has gone, with what was picked (its own until it
 * returns), or NULL: nothing was (`d` is NULL, too, where the program ends). */
void picker_show(struct deck *d, struct picker *p, void (*done)(struct deck *d, void *arg, const char *text),
                 void *arg);

#endif
