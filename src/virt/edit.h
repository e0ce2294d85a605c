/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changing definitions: the jobs. One job reads both definitions, makes the changes in their trees, checks
 * them, writes the old definition into the journal, asks libvirt by the narrowest call that does it, and
 * tells what took effect and when. Submitted with fleet_submit(); any thread.
 */
#ifndef VIRTDECK_VIRT_EDIT_H
#define VIRTDECK_VIRT_EDIT_H

#include "device/change.h"
#include "virt/fleet.h"

enum edit_when {
    EDIT_AS_POSSIBLE, /* now where libvirt can, and at the next boot */
    EDIT_LIVE,        /* now only: fails where that is not possible */
    EDIT_CONFIG       /* at the next boot only */
};

/* Libvirt's own autostart flag: whether its daemon starts the domain with the host. */
enum native_flag { NATIVE_KEEP, NATIVE_OFF, NATIVE_ON, NATIVE_ONCE };

struct edit_request {
    VEC(struct change) changes;
    enum edit_when when;
    bool dry_run; /* says what would be done: the difference, and virsh commands for it */
    bool force;   /* in spite of errors that the checks found */
    char *what;   /* for the journal; NULL: the changes in words */
    enum native_flag
        native; /* what libvirt's flag becomes: journalled with the changes, so that `undo` knows */
    /* Says what `native` shall be, once the changes are made in the configured tree; NULL: it stands there.
     * before_xml: the configured definition without them. In the job's thread. */
    enum native_flag (*native_for)(void *ctx, const char *before_xml, xmlNodePtr after);
    void *ctx;
    /* A new volume for a disk that is added: made before, taken away again when the change fails. */
    char *pool, *volume, *format; /* NULL: none */
    unsigned long long capacity;  /* bytes */
    double unplug_timeout_s;      /* how long to wait for the guest to let a device go; 0: 10 s */
};
ATTR_NONNULL struct edit_request *edit_request_new(void);
void edit_request_free(void *request);

/* args->data: a struct edit_request, args->free_data = edit_request_free. Result json: {"changes":[{"device",
 * "change","when"}],"findings":[…],"journal":N,"dry_run":bool,"diff":…,"virsh":[…]};
 * where `native` was set also "native": "on", "once" or "off", and "native_before". */
extern const struct job_kind edit_job;
/* Whether libvirt there can start a domain at the next boot alone. */
struct job_context;
bool edit_knows_once(const struct job_context *c);
/* Both definitions as text (secrets left out): result json {"live","config","diff":[…]}, output the
 * difference in lines. */
extern const struct job_kind diff_job;
/* The configured definition with its secrets, for an editor: result json {"xml"}; never shown or logged. */
extern const struct job_kind read_job;

#endif
