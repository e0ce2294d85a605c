/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changes of ours that another program wrote over: libvirt keeps no versions and asks nobody, so a client
 * that read a definition before a change and defines it afterwards takes the change out again. The journal's
 * traces tell. Pure; any thread.
 */
#ifndef VIRTDECK_DEVICE_OVERWRITTEN_H
#define VIRTDECK_DEVICE_OVERWRITTEN_H

#include "base/strbuf.h"
#include "device/journal.h"

/* The entries of that host (its URI as the journal has it) whose change is not in `now`, the configured
 * definition with its secrets, though no later entry took it out; those that were noted before are left out.
 * The list was read before `now` was; they are noted in it, not in the files. */
void overwritten_find(journal_list *l, const char *uri, const char *now, journal_numbers *out);
/* "change 12 (rng0: rate=3) is not …" in words; raw. */
void overwritten_words(struct strbuf *out, const journal_list *l, const journal_numbers *numbers,
                       const char *vm);

#endif
