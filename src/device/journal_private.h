/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the journal share; nobody else includes it.
 *
 *   journal.c        the folder, its lock, the order of the files
 *   journal_entry.c  one entry, as JSON
 */
#ifndef VIRTDECK_DEVICE_JOURNAL_PRIVATE_H
#define VIRTDECK_DEVICE_JOURNAL_PRIVATE_H

#include <json-c/json.h>
#include "device/journal.h"

/* What its file holds, with a newline at the end; the caller frees. */
char *journal_entry_text(const struct journal_entry *e);
/* False: it is none, or another number's; then what was read is in *out all the same, to be cleared.
 * with_xml: with the definitions. */
bool journal_entry_read(json_object *o, unsigned number, bool with_xml, struct journal_entry *out);

#endif
