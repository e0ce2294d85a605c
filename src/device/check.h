/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of a changed definition before libvirt gets it: a row of a table each. Pure but for files of this
 * machine, which are looked at only where facts->local. Any thread.
 */
#ifndef VIRTDECK_DEVICE_CHECK_H
#define VIRTDECK_DEVICE_CHECK_H

#include "device/facts.h"
#include "model/finding.h"

struct check_input {
    const struct facts *facts;
    const char *vm; /* name, for sentences and remedies */
    const struct vm_uuid *uuid;
    xmlNodePtr before;    /* <domain> as it was; NULL: none */
    xmlNodePtr after;     /* <domain> as it will be */
    const char *new_path; /* a volume that is made for the change: not there yet; NULL: none */
    bool active;          /* it runs */
};

/* Adds what is wrong with `after` and was not wrong with `before` in the same way: whoever changes one thing
 * is not told of older ones. */
void checks_run(const struct check_input *in, finding_list *out);
/* One check by its id, of `after` as it is. The id must be one. */
void check_one(const struct check_input *in, const char *id, finding_list *out);

/* The next element under <devices> called `name` (NULL: any) behind `after` (NULL: the first). */
xmlNodePtr device_next(xmlNodePtr domain, const char *name, xmlNodePtr after);
/* What commands call it: its target, MAC, alias or name; the caller frees. */
char *device_handle(xmlNodePtr device);
/* With its kind: "disk vda", "nic 52:54:00:…"; the caller frees. */
char *device_words(xmlNodePtr device);

#endif
