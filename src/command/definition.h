/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Editing a definition as text, as far as the shell's door and the screen's have it in common. Main thread.
 */
#ifndef VIRTDECK_COMMAND_DEFINITION_H
#define VIRTDECK_COMMAND_DEFINITION_H

#include "command/command.h"
#include "command/draft.h"

/* Whether the domain has a definition that can be edited; false with e set: it is transient, or gone. */
bool definition_is_there(struct fleet *f, const struct target *t, struct error *e);
/* Jobs, a reference each: reading the definition; putting the edited one in its place. */
struct job *definition_read(struct fleet *f, const struct target *t);
struct job *definition_apply(struct fleet *f, const struct target *t, const struct draft *d, const char *xml,
                             bool dry_run, bool force);
/* What a read job brought; NULL: it failed (e says why). The caller frees. */
char *definition_of(struct job *job, struct error *e);
/* "the text is kept in …; `edit web1 --resume` takes it up again". The caller frees. */
char *definition_kept(const struct target *t, const struct draft *d);

/* edit_shell.c */
bool edit_run(struct call *call, struct error *e);

#endif
