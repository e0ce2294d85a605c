/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Regular expressions over bytes, in time that grows with the text and no faster: for lines that strangers
 * wrote and expressions that somebody types. The language is that of POSIX's extended ones, read by bytes and
 * the same in every locale: . [ ] [^ ] [:digit:] * + ? {n,m} | ( ) ^ $, and \d \D \s \S \w \W \b \B \n \t;
 * no references back. Of several matches at one place the first alternative and the longest repetition win.
 * A pattern is constant once made: any thread, many at once.
 */
#ifndef VIRTDECK_BASE_PATTERN_H
#define VIRTDECK_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

#define PATTERN_GROUPS  9    /* ( ) of one expression */
#define PATTERN_LONGEST 1000 /* bytes of one expression */

struct pattern;

struct pattern_span {
    size_t begin, end; /* bytes of the text; both PATTERN_NONE: the group had no part in the match */
};
#define PATTERN_NONE ((size_t)-1)

/* NULL with e set: what is wrong, and at which byte. any_case: ASCII letters match both ways. The caller
 * frees it. */
struct pattern *pattern_new(const char *regex, bool any_case, struct error *e);
void pattern_free(struct pattern *p);
size_t pattern_groups(const struct pattern *p);
/* The leftmost match in `len` bytes (any bytes, NUL too) that begins before `before` (PATTERN_NONE:
 * anywhere). spans[0] is the whole, spans[i] group i; `spans` may be NULL, else it has PATTERN_GROUPS + 1
 * places. */
bool pattern_find(const struct pattern *p, const char *text, size_t len, size_t before,
                  struct pattern_span *spans);
/* Strings of which each matching text has at least one, so that a cheap search can rule most texts out.
 * *n = 0: there are none to be named. They belong to the pattern. */
const char *const *pattern_literals(const struct pattern *p, size_t *n);

#endif
