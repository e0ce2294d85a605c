/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the devices pane share. Screen thread.
 */
#ifndef VIRTDECK_UI_PANE_DEVICES_H
#define VIRTDECK_UI_PANE_DEVICES_H

#include "ui/devices.h"
#include "ui/pane.h"

/* What it is about: source, addresses, size. `r` NULL: no rates are known. */
void devices_what(const struct vm_device *dev, const struct vm_device_rate *r, bool unicode,
                  struct strbuf *out);
/* What it moves; wide: with requests or packets. */
void devices_rate(const struct vm_device_rate *r, bool wide, bool unicode, struct strbuf *out);
/* The list without toggles, from what is known of every domain. */
void devices_draw_plain(struct deck *d, struct canvas *c, struct rect area, const struct vm *vm);

#endif
