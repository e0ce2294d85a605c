/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Regular expressions over bytes, for lines that strangers wrote and expressions that somebody types: PCRE2's
 * language, in the same way in every locale. "." is any byte, "^" and "$" are the ends of the text. What
 * needs more steps or memory than an expression of this world does counts as no match. A pattern is constant
 * once made: any thread, many at once. VIRTDECK_NO_JIT in the environment keeps
 * patterns from becoming machine code, which reads whole words where a text ends within one: for valgrind.
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
/* Whether the expression means the same as a part of a larger one: it does not refer to its own groups, nor
 * set options. */
bool pattern_joins(const char *regex);
/* One that matches wherever one of these does (each of them pattern_joins()), to rule them all out at once;
 * what takes too long counts as a match here. It has no groups. NULL: it would be too large. The caller frees
 * it. */
struct pattern *pattern_any_of(const char *const *regexes, size_t n);

#endif
