/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The terminal: the only file that knows curses. Hands the canvas to it (only changed cells are written),
 * turns what comes in into struct input, gives the terminal back on exit, crash and Ctrl-Z. Screen thread.
 */
#ifndef VIRTDECK_UI_TERM_H
#define VIRTDECK_UI_TERM_H

#include "ui/canvas.h"
#include "ui/key.h"
#include "ui/theme.h"

struct term_config {
    int colors;  /* -1 what the terminal has, 0 mono, 16, 256, 1<<24 */
    int unicode; /* -1 by locale */
    bool mouse;
    const char *graphics; /* the option "graphics"; static or the caller's for ever; NULL: auto */
};

/* Takes the terminal. False with e set when there is none or it can't address the cursor. */
bool term_open(const struct term_config *config, struct error *e);
void term_close(void);
void term_size(int *w, int *h);
void term_cell_size(int *w, int *h); /* pixels; a usual one where the terminal does not tell */
bool term_unicode(void);
int term_colors(void);
void term_set_theme(const struct theme *t);
/* How pictures are shown from now on: a value of the option "graphics". */
void term_set_graphics(const char *wish);
/* Shows the canvas; what did not change since the last time is not sent. */
void term_show(const struct canvas *c);
void term_redraw(void); /* forget what is on the screen: the next show sends all */
/* File descriptors to wait on: the keyboard, and a pipe that signals write to. */
int term_input_fd(void);
int term_signal_fd(void);
/* The next thing that came in; INPUT_NONE when there is nothing more. */
void term_read(struct input *in);
bool term_pending(void); /* bytes already read wait inside curses */
void term_suspend(void); /* Ctrl-Z: gives the terminal back, stops, takes it again */
/* Gives the terminal to another program and takes it back. */
void term_leave(void);
void term_return(void);
/* Reads and writes wait again: a program that had the terminal may have left it otherwise (O_NONBLOCK is
 * shared by all who have it open). Part of term_return(). */
void term_block(void);
void term_beep(void);
/* Gives text to the terminal's clipboard, where it has one. */
void term_clip(const char *text);

#endif
