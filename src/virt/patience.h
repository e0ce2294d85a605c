/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Patience of a job whose call met the lock of an image: who holds it for a moment is waited for
 * (virt/retry.h), each try told as progress and as an event; a running domain that holds it is named at once.
 * For jobs only; one thread.
 */
#ifndef VIRTDECK_VIRT_PATIENCE_H
#define VIRTDECK_VIRT_PATIENCE_H

#include "virt/lock_holder.h"
#include "virt/retry.h"

struct patience {
    struct job_context *c;
    const char *event_kind;
    /* The image that was asked for and may be the locked one, where the complaint names none: NULL: there is
     * none. The caller frees. */
    char *(*image)(void *ctx);
    void *ctx;
    bool silent_failures; /* the image is asked for also where QEMU died and left no reason */
    struct retry retry;   /* `chance` NULL: true chance */
    struct locked locked;
};

/* After a call that failed, with its error in c->error. True: a lock was the reason, and it is time for
 * another try. False: c->error is what is to be told, also when the job was cancelled meanwhile. */
bool patience_again(struct patience *p);
void patience_end(struct patience *p);

/* After a definition or a volume was made, before something counts on it: waits for the grace time (an
 * option, usually 0: a probe is better than a sleep). False with c->error set: cancelled. */
bool patience_grace(struct job_context *c);

/* After a call that waited in vain for another one on the same domain (68): nothing is done again. Puts
 * behind c->error what the domain is now (`state`) and who has to end first. */
bool patience_is_job_lock(const struct job_context *c);
void patience_tell_job_lock(struct job_context *c, const char *state);

#endif
