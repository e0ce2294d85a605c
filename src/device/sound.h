/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sound as one of the toggles (device/toggle.h): which card this host can give this machine, and whether
 * anybody hears it. Pure; any thread.
 */
#ifndef VIRTDECK_DEVICE_SOUND_H
#define VIRTDECK_DEVICE_SOUND_H

#include "device/toggle.h"

#define SOUND_MODELS "virtio ich9 ich6 ac97 usb es1370 sb16 pcspk"

void sound_judge(const struct toggle_input *in, struct verdict *out);
void sound_preflight(const struct toggle_input *in, const char *value, finding_list *out);
/* The model, or "off". */
char *sound_plan(const struct toggle_input *in, const char *value, struct error *e);
extern const struct change_edit sound_edit;

/* The best card that works on this host for this machine. Static. */
const char *sound_best(const struct facts *f, xmlNodePtr domain);
/* What the host lacks for virtio sound: "libvirt 9.0.0 is older than 10.4.0 and …"; NULL: nothing known of.
 * The caller frees. */
char *sound_virtio_lacks(const struct facts *f);

#endif
