/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fields of a domain's autostart policy, to be looked through and changed. Nothing changes before it is
 * applied, by one `autostart` command. Screen thread.
 */
#ifndef VIRTDECK_UI_POLICY_FORM_H
#define VIRTDECK_UI_POLICY_FORM_H

#include "autostart/policy.h"
#include "ui/dialog.h"

/* The policies are copied: the domain's own (NULL: it has none) and the host's defaults (NULL: none). False
 * with e set: it is of a version that must not be changed. */
bool policy_form_open(struct deck *d, int host, const struct vm_uuid *uuid, const char *name,
                      const struct policy *policy, const struct policy *defaults, struct error *e);

#endif
