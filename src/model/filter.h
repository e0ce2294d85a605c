/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The filter language of the table and of command targets.
 *
 *   web            name, title, tags or address contain it
 *   web*           the name fits the shell pattern
 *   state=running  cpu>50 mem>=2G uptime<1h  host=kvm7  tag=prod  os!=win*   a column id, an operator, a
 * value idle  stale  tagged  autostart …         a predicate;  !x  not x;   a b  both;  a | b  either;  ( … )
 *
 * Operators: = != < <= > >= ~ (contains). "quotes" around a word with spaces. `state` takes vm_state names,
 * also without spaces (shutoff). Compiled once, run on many rows. Pure; any thread.
 */
#ifndef VIRTDECK_MODEL_FILTER_H
#define VIRTDECK_MODEL_FILTER_H

#include "base/error.h"
#include "model/column.h"

struct filter; /* NULL is the filter that lets all through */

/* Empty text gives NULL with e untouched. A bad one gives NULL with e set: position and what would be right.
 */
struct filter *filter_compile(const char *text, struct error *e);
bool filter_match(const struct filter *f, const struct row *row);
void filter_free(struct filter *f);

/* Predicates, for help and completion: name and one line each, NULL-terminated. */
struct filter_predicate {
    const char *name, *help;
    bool (*test)(const struct row *r);
};
extern const struct filter_predicate filter_predicates[];

#endif
