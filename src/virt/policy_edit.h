/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Setting a domain's autostart: policy (metadata) and libvirt's own flag together, so that they agree: what
 * is under an order has libvirt's flag off. Journalled, so that `undo` takes both back. A job on one domain;
 * any thread.
 */
#ifndef VIRTDECK_VIRT_POLICY_EDIT_H
#define VIRTDECK_VIRT_POLICY_EDIT_H

#include "autostart/policy.h"
#include "virt/fleet.h"

enum policy_verb {
    POLICY_EDIT_WORDS,   /* "order=10" "after=db1" …, or on, off, once */
    POLICY_EDIT_REPLACE, /* the policy as it is in the request (import) */
    POLICY_EDIT_SPENT,   /* a once-policy was carried out: it goes off; quietly */
    POLICY_EDIT_NATIVE   /* give back to libvirt: the policy goes, libvirt's flag as the policy's mode says */
};

struct policy_request {
    enum policy_verb verb;
    VEC(char *) words;
    struct policy policy;
    int native; /* REPLACE: libvirt's flag: 0, 1; -1: as the policy demands */
    bool dry_run;
};
struct policy_request *policy_request_new(void);
void policy_request_free(void *request);

/* args->data. What a virsh user expects: `on` without order or anything to wait for sets libvirt's flag, and
 * so does `once` where libvirt knows it (11.2); `off` takes libvirt's flag off and keeps a policy with mode
 * off. Result json: {"policy":{…},"native":bool,"once":bool,"journal":N,"dry_run":bool}. */
extern const struct job_kind policy_job;

#endif
