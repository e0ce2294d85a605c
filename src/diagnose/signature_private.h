/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by src/diagnose/signature*.c.
 */
#ifndef VIRTDECK_DIAGNOSE_SIGNATURE_PRIVATE_H
#define VIRTDECK_DIAGNOSE_SIGNATURE_PRIVATE_H

#include <stdatomic.h>
#include "diagnose/signature.h"

/* Of built-in and user's together. */
#define SIGNATURES_MAX 1280

/* Signatures of one source that are ruled out together. */
struct signature_block {
    VEC(int) items;      /* indices into those of the set */
    struct pattern *any; /* NULL: each has to be tried */
};

struct signatures {
    atomic_int more_refs;        /* beside the first */
    VEC(struct signature) items; /* by rank */
    VEC(struct signature_block) blocks[SOURCES];
};

/* Once all signatures are there. */
void signatures_join(struct signatures *s);

void signature_clear(struct signature *s);

/* What a match gave: the text of each group, and what else may be put in. */
struct captured {
    const struct signature *signature;
    const char *text;
    const struct pattern_span *spans; /* NULL: matched by code */
    const struct evidence_context *context;
};

/* Fills cause, remedy and command of `d` (signature and `at` are set by the caller). */
void signature_fill(const struct captured *c, struct diagnosis *d);

#endif
