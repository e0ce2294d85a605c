/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The other TSO, total store ordering: an option of HVF on Apple silicon that one QEMU fork has and libvirt
 * has no element for. Recognised where a definition hands it to QEMU by <qemu:commandline>. Pure; any thread.
 */
#ifndef VIRTDECK_DEVICE_MEMORY_TSO_H
#define VIRTDECK_DEVICE_MEMORY_TSO_H

#include "device/toggle.h"

void memory_tso_judge(const struct toggle_input *in, struct verdict *out);
void memory_tso_preflight(const struct toggle_input *in, const char *value, finding_list *out);
char *memory_tso_plan(const struct toggle_input *in, const char *value, struct error *e);
extern const struct change_edit memory_tso_edit;

/* Whether the definition has it on. */
bool memory_tso_is_on(xmlNodePtr domain);

#endif
