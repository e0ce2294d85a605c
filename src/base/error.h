/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one way an expected failure travels: the function returns false (or NULL) and fills the error it was
 * given with a message for a person (what was tried, on what, why, what to do). Values only: an error is
 * owned by whoever declared it and freed with error_clear(). Messages may quote strangers' text raw; whoever
 * shows them escapes them.
 */
#ifndef VIRTDECK_BASE_ERROR_H
#define VIRTDECK_BASE_ERROR_H

#include <stdbool.h>
#include "base/mem.h"

/* The shell contract's exit statuses. */
enum status { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_NO_CONNECTION = 3 };

struct error {
    enum status status; /* STATUS_OK while nothing failed */
    int code, domain;   /* libvirt's own numbers (VIR_ERR_*, VIR_FROM_*), 0 where it had no part */
    int position;       /* byte offset in the input that was wrong, -1 where that says nothing */
    char *text;
};

#define ERROR_INIT                                                                                           \
    {                                                                                                        \
        .position = -1                                                                                       \
    }

/* Fills `e` (which may be NULL: then nothing is kept), replacing what was in it. Returns false always, so
 * that `return error_set(e, …)` reads well. */
bool error_set(struct error *e, enum status status, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* The same, pointing at a byte of the input. */
bool error_set_at(struct error *e, enum status status, int position, const char *fmt, ...) ATTR_PRINTF(4, 5);
/* Puts "…: " in front of the text. */
void error_prefix(struct error *e, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* Puts the text behind it. */
void error_suffix(struct error *e, const char *text);
const char *error_text(const struct error *e); /* never NULL */
void error_move(struct error *to, struct error *from);
void error_clear(struct error *e);

#endif
