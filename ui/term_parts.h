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

/* How many colours may be used where curses has no part in it: 24 bits also where no "-direct" type is
 * installed. */
int term_color_free(void);

/* term_picture.c: pictures, which curses knows nothing of. It is given cells of its own to believe in, and
 * they are painted over after it has written. */

void term_picture_start(bool unicode); /* after term_color_start() */
void term_picture_stop(void);
/* False: nothing has changed. True: cells of pictures look otherwise from now on. */
bool term_picture_wish(const char *wish);
/* What the terminal said of sixel graphics. */
void term_picture_answer(bool sixel);
/* Whether what term_picture_cell() says has changed since the last time it was asked. */
bool term_picture_turned(void);
/* What curses is told to stand in a picture's cell; 0: the cell's own character, no picture is shown. */
wchar_t term_picture_cell(void);
/* Curses writes to that cell: whatever of a picture is there, is no more. */
void term_picture_touch(int x, int y);
/* After curses has written. */
void term_picture_show(const struct canvas *c);
/* Before the terminal is left: takes away what would stay. */
void term_picture_leave(void);
/* Bytes that take it away in a crash, whatever is just being sent; "" for none. */
const char *term_picture_rescue(void);

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
