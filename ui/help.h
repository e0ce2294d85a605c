/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Help, made from the bindings in force and the tables of commands, columns, options and filter words. Screen
 * thread.
 */
#ifndef VIRTDECK_UI_HELP_H
#define VIRTDECK_UI_HELP_H

#include "ui/deck.h"

/* `topic`: keys, commands, filter, columns, options, or a command's name; NULL: all of it. False with e set
 * for another word. */
bool help_open(struct deck *d, const char *topic, struct error *e);

#endif
