/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nested virtualization as one of the toggles (device/toggle.h): on x86 a CPU feature, svm or vmx; on aarch64
 * and under HVF an option of the machine, which libvirt has no element for. Pure; any thread.
 */
#ifndef VIRTDECK_DEVICE_NESTED_H
#define VIRTDECK_DEVICE_NESTED_H

#include "device/toggle.h"

void nested_judge(const struct toggle_input *in, struct verdict *out);
void nested_preflight(const struct toggle_input *in, const char *value, finding_list *out);
/* "require:svm", "disable:svm,drop:vmx", "machine:on" … "" where nothing has to change. */
char *nested_plan(const struct toggle_input *in, const char *value, struct error *e);
extern const struct change_edit nested_edit;

/* Whether the definition asks for it by name. A CPU that passes on what the host has does not count: nearly
 * every domain has one. */
bool nested_is_asked_for(xmlNodePtr domain);
/* The same of a definition as text; most are not even parsed for it. */
bool nested_is_asked_for_in(const char *domain_xml);

#endif
