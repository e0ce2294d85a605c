/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The person's terminal, lent to a guest's console: keys go to the guest, the guest's bytes to the terminal,
 * until the escape key, the guest's end, or a signal. The terminal comes back as it was in each case, a crash
 * included. Where standard input is no terminal, it is passed on as it is, to its end. One at a time; main
 * thread.
 */
#ifndef VIRTDECK_COMMAND_TERMINAL_H
#define VIRTDECK_COMMAND_TERMINAL_H

#include <stdint.h>
#include "base/error.h"

struct terminal_loan {
    int from_guest;       /* read to its end */
    int to_guest;         /* written to; closed by it at the end of standard input */
    int tee;              /* the guest's bytes are written here, too, as far as they fit; -1 */
    int escape;           /* the byte that ends it, where standard input is a terminal */
    const char *greeting; /* a line, shown (escaped) before; NULL. Standard error */
    double linger_s;      /* standard input that is no terminal has ended, and the guest was silent so long */
    int fd;               /* when it is readable, and a few times a second, `turn` is called; -1 */
    void (*turn)(void *ctx);
    void *ctx;
};

enum terminal_end {
    TERMINAL_LEFT,   /* the escape key; the end of standard input */
    TERMINAL_CLOSED, /* the guest's side */
    TERMINAL_GONE,   /* standard output can't be written to, the terminal has gone */
    TERMINAL_SIGNAL  /* one came; it is raised again when this returns */
};
enum terminal_end terminal_lend(const struct terminal_loan *loan);

/* "^]", "^A", or a single character: the byte. False with e set for anything else. */
bool terminal_key_read(const char *word, int *key, struct error *e);

#endif
