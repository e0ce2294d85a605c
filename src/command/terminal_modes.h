/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What bytes that went to a terminal have left it in, and the bytes that put it right again: a guest that is
 * cut off in the middle of an editor leaves the alternate screen, mouse reports, colours. Knows only what
 * differs from a terminal's usual state, so that where a guest printed text alone there is nothing to put
 * right. Pure; one thread.
 */
#ifndef VIRTDECK_COMMAND_TERMINAL_MODES_H
#define VIRTDECK_COMMAND_TERMINAL_MODES_H

#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_PARAMS 16

/* All zero: a terminal as it usually is. */
struct terminal_modes {
    int state;                          /* within a sequence; 0: none */
    char prefix, middle;                /* of a control sequence: "?", ">" …; " ", "!" … */
    unsigned param[TERMINAL_PARAMS], n; /* its numbers */
    unsigned odd;                       /* bits of the table of private modes: not as usual */
    bool styled, shifted, charset, charset1, margins, insert, keypad, shape, keys;
    bool bytes, locked, echo, newline;
};

void terminal_modes_feed(struct terminal_modes *m, const char *bytes, size_t len);

#define TERMINAL_RESET_MAX 512
/* The bytes that bring it back, as many as there are (at most TERMINAL_RESET_MAX); safe in a signal handler.
 */
size_t terminal_modes_reset(const struct terminal_modes *m, char out[TERMINAL_RESET_MAX]);

#endif
