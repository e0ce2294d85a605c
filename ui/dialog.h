/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Boxes over the screen: questions, choosers, texts. They stack; the top one has the keys. A dialog is a
 * struct that begins with a struct dialog; one file each. Screen thread.
 */
#ifndef VIRTDECK_UI_DIALOG_H
#define VIRTDECK_UI_DIALOG_H

#include "ui/deck.h"

enum move { MOVE_UP, MOVE_DOWN, MOVE_LEFT, MOVE_RIGHT, MOVE_PAGE_UP, MOVE_PAGE_DOWN, MOVE_HOME, MOVE_END };

struct dialog_ops {
    enum place place;
    void (*draw)(struct deck *d, struct dialog *g, struct canvas *c);
    /* A key, before the keymap is asked; true: taken. NULL: none. */
    bool (*key)(struct deck *d, struct dialog *g, keycode key);
    void (*move)(struct deck *d, struct dialog *g, enum move how); /* NULL: nothing moves */
    void (*accept)(struct deck *d, struct dialog *g);              /* Enter; may close it */
    void (*cancel)(struct deck *d, struct dialog *g);              /* Esc; must close it. NULL: just closes */
    /* Opens the prompt it needs; called while it is on top and no prompt is open. NULL: it needs none. */
    void (*ask)(struct deck *d, struct dialog *g);
    /* What was typed into that prompt; NULL: cancelled. */
    void (*answer)(struct deck *d, struct dialog *g, const char *line);
    bool (*search)(struct deck *d, struct dialog *g, bool backwards); /* as a pane's */
    void (*point)(struct deck *d, struct dialog *g, long item); /* a click on an item, from 0; NULL: none */
    void (*free)(struct dialog *g);                             /* what it owns and itself */
};

struct dialog {
    const struct dialog_ops *ops;
};

/* On top, or below the one that is being typed into. */
void dialog_open(struct deck *d, struct dialog *g);
struct dialog *dialog_top(const struct deck *d); /* NULL: none */
void dialog_close(struct deck *d);               /* the top one */
void dialog_cancel(struct deck *d);              /* the same after asking it */
void dialog_draw_all(struct deck *d, struct canvas *c);

/* A box of at most w × h in the middle of the screen; returns what is inside of the border. */
struct rect dialog_box(struct deck *d, struct canvas *c, int w, int h, const char *title);
/* The common keys: arrows and paging by ops->move, Enter, Esc and q. */
bool dialog_common_key(struct deck *d, struct dialog *g, keycode key);
/* New index of `n` items, `page` of them on the screen. */
long dialog_moved(enum move how, long index, long n, long page);

#endif
