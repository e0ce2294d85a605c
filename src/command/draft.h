/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A definition while it is edited: a file of its own (0600, in a private folder of the state directory, for
 * definitions hold passwords) that outlives failures, crashes and refusals until it was applied; the
 * definition that it was made from beside it; and running the user's editor on it. Main thread: it waits for
 * the disk and the editor.
 */
#ifndef VIRTDECK_COMMAND_DRAFT_H
#define VIRTDECK_COMMAND_DRAFT_H

#include "base/error.h"
#include "base/strbuf.h"
#include "model/uuid.h"

struct draft {
    char *path; /* what the editor opens; NULL: there is no draft */
    char *base; /* the definition that it was made from, as libvirt printed it */
    char *base_path;
    int lock; /* held while a program works on it; -1 */
};

/* A new one with the definition as its text. */
bool draft_new(struct draft *d, const struct vm_uuid *uuid, const char *xml, struct error *e);
/* The newest one of that domain that nobody works on. False with d->path NULL: there is none. */
bool draft_take(struct draft *d, const struct vm_uuid *uuid);
/* Leaves it to be taken up again later; frees what is in `d`. */
void draft_leave(struct draft *d);
/* It was applied, or is not wanted: deletes it; frees what is in `d`. */
void draft_drop(struct draft *d);

/* Runs $VISUAL, $EDITOR, or the first of editor, nano, vi that there is, on the file, and waits for its end.
 * False with e set: there is none, or it failed. */
bool draft_edit(const struct draft *d, struct error *e);

/* What an edited text comes to. */
enum draft_state {
    DRAFT_SAME,  /* nothing was changed */
    DRAFT_READY, /* *xml is to be applied */
    DRAFT_BAD    /* e says in which line what is wrong */
};
/* Reads the text. xml: without the note of draft_rebase(), the caller frees; diff: against the base, secrets
 * hidden. Both only for DRAFT_READY. */
enum draft_state draft_look(const struct draft *d, char **xml, struct strbuf *diff, struct error *e);
/* Somebody else changed the definition meanwhile: it becomes the new base, and what they changed stands in a
 * comment above the text, so that a person can put both together. */
bool draft_rebase(struct draft *d, const char *xml, struct error *e);

#endif
