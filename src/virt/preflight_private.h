/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the check before a start share with one another.
 */
#ifndef VIRTDECK_VIRT_PREFLIGHT_PRIVATE_H
#define VIRTDECK_VIRT_PREFLIGHT_PRIVATE_H

#include "virt/evidence.h"
#include "virt/image_access.h"
#include "virt/preflight.h"

struct before_start {
    struct preflight_input in; /* borrows from what follows */
    struct evidence ev;        /* facts and nesting */
    struct snapshot *snap;
    struct survey ports;
    struct qemu_user user;
    bool from_cache; /* what the host can do was known from earlier */
};

/* All that the checks look at. fresh: nothing that is known from earlier. forget_saved: as
 * it starts without its managed save image. False with c->error set where there
 * is no definition to check. before_start_clear() in any case. */
bool preflight_gather(struct job_context *c, bool fresh, bool forget_saved, struct before_start *g);
void before_start_clear(struct before_start *g);

/* preflight_disks.c: the images, and who has them. */
void gather_images(struct job_context *c, struct before_start *g);
/* preflight_caps.c: domcaps and hostcaps; they change seldom and are kept for a minute. True: they were
 * known. */
bool gather_capabilities(struct job_context *c, struct facts *f, xmlNodePtr domain, bool fresh);

#endif
