/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The CPU features of nested virtualization on x86: what a definition's <cpu> asks for, what its model brings
 * along unsaid, and the changes that turn it. Part of device/nested.c; pure; any thread.
 */
#ifndef VIRTDECK_DEVICE_NESTED_CPU_H
#define VIRTDECK_DEVICE_NESTED_CPU_H

#include "device/toggle.h"

extern const char *const nested_features[]; /* "svm" "vmx", NULL at the end */

struct nested_cpu {
    enum answer answer;
    char *words; /* why; the caller frees */
};
/* nest NULL: models are not looked into. */
struct nested_cpu nested_cpu_of(xmlNodePtr domain, const struct nest_host *nest);
/* Whether the definition wants that feature by name. */
bool nested_cpu_asks(xmlNodePtr domain, const char *feature);
/* The feature that a CPU written out with all its features has: "svm", "vmx"; NULL: neither. */
const char *nested_cpu_offers(xmlDocPtr expanded);
/* Whether QEMU was started with another choice about svm or vmx than the definition makes by name. */
bool nested_cpu_differs(const struct toggle_input *in, xmlNodePtr domain);
void nested_cpu_judge_arguments(const struct toggle_input *in, struct toggle_level *out);
char *nested_cpu_plan(const struct toggle_input *in, xmlNodePtr domain, bool on);
bool nested_cpu_edit(xmlNodePtr domain, const char *arg, struct changed *out, struct error *e);

#endif
