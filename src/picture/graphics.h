/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How a terminal can show a picture: by what the environment says of it, by what the user wants, and, for
 * sixel graphics, by its own answer. Pure but for graphics_ask(); any thread.
 */
#ifndef VIRTDECK_PICTURE_GRAPHICS_H
#define VIRTDECK_PICTURE_GRAPHICS_H

#include <stdbool.h>
#include <stddef.h>

enum graphics { GRAPHICS_ASCII, GRAPHICS_BLOCKS_256, GRAPHICS_BLOCKS, GRAPHICS_SIXEL, GRAPHICS_KITTY };

/* NULL: not set. */
struct graphics_facts {
    const char *wish; /* the option "graphics" */
    const char *term, *colorterm, *program;
    bool kitty;   /* kitty's own variable is set */
    bool inside;  /* in tmux or screen, which show no others' graphics */
    bool unicode; /* half blocks can be written */
    bool sixel;   /* it answered that it has them */
    int colors;   /* 0: none are wanted; -1: as the environment says */
};

/* Those that stand in the environment; `wish` is NULL, `colors` -1. The strings stay the environment's. */
void graphics_facts_init(struct graphics_facts *f);
enum graphics graphics_choose(const struct graphics_facts *f);
/* Whether an answer about sixel graphics would change the choice, and the terminal is one that answers. */
bool graphics_worth_asking(const struct graphics_facts *f);

#define GRAPHICS_QUESTION "\033[c"
/* An answer to that, "ESC [ ? 62 ; 4 ; 22 c": 1: it has sixel graphics; 0: it has none; -1: this is no whole
 * answer. */
int graphics_answer(const char *bytes, size_t len);
/* Asks the process's terminal and waits for the answer, at most so long. False: none came, or it has none.
 * Eats what is typed meanwhile. */
bool graphics_ask(int timeout_ms);

#endif
