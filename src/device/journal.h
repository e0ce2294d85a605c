/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The journal of changed definitions: before one is replaced, the old one is written down, so that it can be
 * put back. A folder a domain (by UUID) in the state directory, a file an entry, 0600 (definitions hold
 * passwords); each file is written whole or not at all, so killing the program at any instant leaves a
 * readable journal. Bounded: the oldest entries of a domain go first. Any thread; several programs at once.
 */
#ifndef VIRTDECK_DEVICE_JOURNAL_H
#define VIRTDECK_DEVICE_JOURNAL_H

#include <stdint.h>
#include "base/error.h"
#include "base/vec.h"
#include "device/trace.h"
#include "model/uuid.h"

#define JOURNAL_ENTRIES 100 /* a domain keeps so many */

enum journal_state {
    JOURNAL_BEGUN, /* written before libvirt was asked: whether it happened is seen from the definition */
    JOURNAL_DONE,
    JOURNAL_FAILED
};

struct journal_entry {
    unsigned number;           /* from 1, rising; what `undo VM N` means */
    int64_t wall_ms, ended_ms; /* wall clock; 0: not ended, or an older program's */
    enum journal_state state;
    struct vm_uuid uuid;
    char *vm;   /* the domain's name then; raw */
    char *uri;  /* of the host, without password */
    char *user; /* who: the login name */
    char *what; /* "nic net0: link=down", "undo 4", "edit" */
    /* Libvirt's own autostart flag before the change and after it: "on", "once" or "off"; NULL: not touched.
     */
    char *start_before, *start_after;
    char *when; /* "now", "next boot", "now and at next boot"; NULL not known yet */
    char *old_xml,
        *new_xml; /* the configured definition before and after (with secrets); NULL: none, or not loaded */
    bool lasts;   /* it goes on in steps (a conversion), and nobody knows yet what comes of it */
    bool traced;  /* there is a trace: an entry that was not ended, or is an older program's, has none */
    trace trace;  /* what the change left in the definition */
    int64_t
        overwritten_ms; /* wall clock: when it was seen that it is not in the definition any more; 0: never */
};
void journal_entry_clear(struct journal_entry *e);
typedef VEC(struct journal_entry) journal_list;
bool journal_start_differs(const struct journal_entry *e);

/* Writes the entry down and gives it the next number (in *entry, too; also the time and the user, where they
 * are not set). new_xml: as it is meant to be. False with e set: then nothing must be changed. `dir` NULL:
 * the state directory's. */
bool journal_begin(const char *dir, struct journal_entry *entry, struct error *e);
/* Says how it ended; new_xml as libvirt has it now (NULL: as in begin); `when` and `start_after` as the entry
 * has them. */
bool journal_end(const char *dir, const struct journal_entry *entry, enum journal_state state,
                 const char *new_xml, struct error *e);
/* Before the call: somebody else was faster, and this is the definition that will really be replaced, and by
 * what. */
bool journal_rebase(const char *dir, const struct journal_entry *entry, const char *old_xml,
                    const char *new_xml, struct error *e);
typedef VEC(unsigned) journal_numbers;
/* Notes in these entries that their change was overwritten, and leaves out those in which somebody has noted
 * it before. `newest`: the newest entry that was looked at. Where there is a newer one nothing is noted, for
 * it may be what took them out; then, and where it can't be written (e set), false. */
bool journal_note_overwritten(const char *dir, const struct vm_uuid *uuid, journal_numbers *numbers,
                              unsigned newest, struct error *e);
bool journal_has_entries(const char *dir, const struct vm_uuid *uuid);
/* One change of a domain's definition at a time, over all our programs: a descriptor that holds the right to,
 * close() gives it back; -1 while another one has it (*busy) or with e set. Does not wait. */
int journal_lock_domain(const char *dir, const struct vm_uuid *uuid, bool *busy, struct error *e);
/* All entries of a domain, oldest first, with their traces, without the XML. Damaged files are skipped and
 * named in e (then it returns false, the rest is there all the same). */
bool journal_list_entries(const char *dir, const struct vm_uuid *uuid, journal_list *out, struct error *e);
/* One entry whole; number 0: the newest that changed something. False with e set: which there are. */
bool journal_load(const char *dir, const struct vm_uuid *uuid, unsigned number, struct journal_entry *out,
                  struct error *e);
void journal_list_free(journal_list *l);

#endif
