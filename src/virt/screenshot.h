/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A domain's screen as a picture: a job that asks libvirt for it. What it makes lies in a box that the job
 * and whoever asked share, for one may go while the other still works: a job that was cancelled goes on in
 * its thread until libvirt answers. Any thread.
 */
#ifndef VIRTDECK_VIRT_SCREENSHOT_H
#define VIRTDECK_VIRT_SCREENSHOT_H

#include "picture/picture.h"
#include "virt/fleet.h"

struct shot;

/* `screen`: which one, from 0. `path`: where the job writes it as PNG, whole or not at all; NULL: nowhere.
 * `replace`: also where there is such a file. The caller has a reference. */
struct shot *shot_new(unsigned screen, const char *path, bool replace);
struct shot *shot_ref(struct shot *s);
void shot_unref(void *shot);
/* The picture, moved to *out (picture_clear()), and its hash; false: there is none (yet, or any more). */
bool shot_take(struct shot *s, struct picture *out, uint64_t *hash);
/* Nobody holds it but the caller: the job, which gave back its own when it was freed, works no more. */
bool shot_is_idle(struct shot *s);

/* args->data: a reference to a struct shot, args->free_data: shot_unref. Result json
 * {"file","width","height"}; file is null where none was written. */
extern const struct job_kind screenshot_job;

#endif
