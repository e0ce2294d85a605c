/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the term*.c files share: the only files that know curses. Screen thread.
 */
#ifndef VIRTDECK_UI_TERM_PARTS_H
#define VIRTDECK_UI_TERM_PARTS_H

#include "ui/term.h"

/* term_color.c */

/* The terminal type to open: a "-direct" one where 24 bits of colour are wanted and it is installed, else
 * NULL for what $TERM says. The caller frees. */
char *term_color_type(const struct term_config *config);
void term_color_start(const struct term_config *config); /* after newterm() */
int term_color_count(void);
void term_color_theme(const struct theme *t);
/* What a role, with another laid over it, looks like here: curses attributes and a colour pair. */
void term_color_look(enum role role, enum role over, unsigned *attr, short *pair);

/* term_input.c */

void term_input_start(bool mouse);
void term_input_stop(void);
/* Whether the terminal was told to report the mouse. */
bool term_input_mouse(void);
/* The next key, mouse press or paste; false when nothing is there. Never waits longer than curses does for
 * the rest of a key's sequence. */
bool term_input_next(struct input *in);
/* Whether the terminal has gone: it is readable, and there is nothing to read. */
bool term_input_gone(void);

#endif
