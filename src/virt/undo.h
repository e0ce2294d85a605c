/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The journal of a domain, as jobs: what was changed, and putting it back. Jobs, because reading it waits for
 * the disk. Submitted with fleet_submit(); any thread.
 */
#ifndef VIRTDECK_VIRT_UNDO_H
#define VIRTDECK_VIRT_UNDO_H

#include "virt/fleet.h"

/* Result json {"history":[{"number","time","user","what","when","state","overwritten"}]}, oldest first,
 * times in ISO 8601; overwritten: when it was seen that another program had taken the change out of the
 * definition, or null. Output a table. */
extern const struct job_kind history_job;

struct undo_request {
    unsigned number; /* of the entry whose old definition is put back; 0: the newest that changed something */
    bool dry_run;
    bool force; /* although the definition was changed since, or checks found errors */
};
/* args->data: a struct undo_request, args->free_data = free. Result json: as edit_job's (virt/edit.h). */
extern const struct job_kind undo_job;

#endif
