/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * "Did you mean": the known name nearest to a mistyped one. Offer every known name, then look at `best`:
 *
 *     struct nearest n = nearest_to(word);
 *     for (…) nearest_offer(&n, table[i].name);
 *     if (n.best) …
 *
 * Values only; any thread.
 */
#ifndef VIRTDECK_BASE_NEAREST_H
#define VIRTDECK_BASE_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word; /* what was typed; borrowed */
    const char *best; /* one of the offered names (borrowed), NULL: none is near enough to be meant */
    size_t distance;  /* of `best`, in edits */
};

struct nearest nearest_to(const char *word);
/* The first of equally near names stays. NULL is ignored. */
void nearest_offer(struct nearest *n, const char *name);
/* " (did you mean "NAME"?)", or "" when nothing is near: to end a message with. The caller
 * frees. */
char *nearest_hint(const struct nearest *n);

#endif
