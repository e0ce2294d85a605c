/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fields of one device of the selected domain, or of one that is to be added: what holds now, what at the
 * next boot, and what it shall be. Nothing changes before it is applied, by one command. Screen thread.
 */
#ifndef VIRTDECK_UI_FORM_H
#define VIRTDECK_UI_FORM_H

#include "device/list.h"
#include "ui/dialog.h"

/* The entry is of the selected domain's list; what is needed of it is copied. `field` (id; NULL: the first)
 * has the cursor. False with e set: it has no fields. */
bool form_open(struct deck *d, const struct device_entry *entry, const char *field, struct error *e);
/* For a device of that kind that the selected domain shall get. */
bool form_open_new(struct deck *d, const struct device_kind *kind, struct error *e);

#endif
