/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the checks share. A row looks at the input, says of each thing whether it is fine, stands in the way
 * or is not known, and says nothing where it has nothing to look at. Private to src/preflight/ and its tests.
 */
#ifndef VIRTDECK_PREFLIGHT_ROW_H
#define VIRTDECK_PREFLIGHT_ROW_H

#include "preflight/input.h"
#include "preflight/preflight.h"

struct looking {
    const struct preflight_input *in;
    const char *id; /* of the row */
    finding_list *out;
    bool concerned; /* there was something to look at */
    char *no;       /* the first that stands in the way */
    char *unknown;  /* the first that is not known, and why */
};

enum row_flag {
    ROW_SAVED = 1, /* holds for a start from a managed save image, too */
    ROW_LAST = 2   /* what it says is said by no one else: left out where an error was found before */
};

struct preflight_row {
    const char *id, *asks;
    void (*look)(struct looking *l);
    unsigned flags;
};

struct preflight_family {
    const struct preflight_row *rows;
    size_t len;
};
/* A file each; the table is all of them in their order. */
extern const struct preflight_family preflight_needs, preflight_images, preflight_host, preflight_shared,
    preflight_last;
extern const struct preflight_family *const preflight_families[];
extern const size_t n_preflight_families;

void look_fine(struct looking *l);
/* `remedy` may be NULL and is freed. */
void look_no(struct looking *l, enum severity severity, char *remedy, const char *fmt, ...) ATTR_PRINTF(4, 5);
/* The remedy of the finding that was added last has a place that a person has to fill in first. */
void look_fill_in(struct looking *l);
/* Only good to know: the answer stays. */
void look_note(struct looking *l, char *remedy, const char *fmt, ...) ATTR_PRINTF(3, 4);
void look_unknown(struct looking *l, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* The same because the host's files can't be looked at; or, where they can, because this one may not be. */
void look_unseen(struct looking *l, const char *path);
/* What one of the checks of device/check*.c says of the definition as it is. `known`: all that it looks at is
 * there. */
void look_check(struct looking *l, const char *check, bool known, const char *why_not);

/* ---- remedies; the caller frees ---- */

/* "VERB VM WORDS" */
char *remedy_ours(const struct looking *l, const char *verb, const char *words);
/* "device VM DEVICE set ASSIGNMENT" */
char *remedy_device(const struct looking *l, xmlNodePtr device, const char *assignment);
/* "$ virsh -c URI WORDS NAME"; NAME quoted; may be NULL */
char *remedy_virsh(const struct looking *l, const char *words, const char *name);
/* "$ LINE" or, for another machine, "$ ssh HOST 'LINE'" */
char *remedy_line(const struct looking *l, const char *fmt, ...) ATTR_PRINTF(2, 3);

#endif
