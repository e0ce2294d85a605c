/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Situations for the checks before a start: what is known of a domain and its host, and what a row has to say
 * of it.
 */
#ifndef VIRTDECK_TESTS_PREFLIGHT_SITUATIONS_H
#define VIRTDECK_TESTS_PREFLIGHT_SITUATIONS_H

#include "preflight/row.h"

struct stage {
    struct preflight_input in;
    struct facts facts;
    struct nest_host nest;
    struct survey ports;
    struct snapshot *snap;
};
void stage_end(struct stage *s);

struct situation {
    const char *row;
    enum answer answer;
    enum severity worst; /* of NO: of its finding */
    const char *says;    /* in the answer's reason; NULL */
    const char *remedy;  /* of the row's first finding; NULL: none is looked for */
    void (*make)(struct stage *s);
};
extern const struct situation preflight_situations[];
extern const size_t n_preflight_situations;

#endif
