/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the checks share. A check looks at in->after only, adds findings, and says nothing where a fact that
 * it needs is unknown. Private to device/check*.c and their tests.
 */
#ifndef VIRTDECK_DEVICE_CHECK_PRIVATE_H
#define VIRTDECK_DEVICE_CHECK_PRIVATE_H

#include "device/check.h"

struct check {
    const char *id; /* of its findings */
    void (*run)(const struct check_input *in, const char *id, finding_list *out);
};

/* The families, each in a file of its own. */
struct check_family {
    const struct check *checks;
    size_t len;
};
extern const struct check_family host_checks, model_checks, bus_checks, shared_checks, path_checks;
extern const struct check_family *const check_families[];
extern const size_t n_check_families;

/* The value as a number in any base; `missing` where there is none. */
long long get_number(xmlNodePtr node, const char *path, long long missing);
/* KiB in an element such as <memory unit='GiB'>4</memory>; 0: it says nothing. */
unsigned long long get_kib(xmlNodePtr node, const char *path);

/* Whether domcaps list the value: `path` leads (from <domainCapabilities>) to an element that has <enum
 * name='ENUM'>. Unknown: no domcaps, no such enum in them, or no value. An element that says supported='no'
 * has none. */
enum answer caps_enum(const struct facts *f, const char *path, const char *enum_name, const char *value);
/* The values of that enum: "a, b, c"; "none". The caller frees. */
char *caps_values(const struct facts *f, const char *path, const char *enum_name);

/* How the machine type begins without its version: "q35", "i440fx", "virt" …; "" unknown. Static. */
const char *machine_family(xmlNodePtr domain);

/* Adds a finding; `remedy` may be NULL and is freed. */
void say(finding_list *out, const char *id, enum severity severity, char *remedy, const char *fmt, ...)
    ATTR_PRINTF(5, 6);
/* Remedies. "device VM DEVICE set WORD": the caller gives them to say(). */
char *remedy_set(const struct check_input *in, xmlNodePtr device, const char *assignment);
/* "VERB VM WORDS". */
char *remedy_vm(const struct check_input *in, const char *verb, const char *words);
/* "$ COMMAND NAME", the name quoted for a shell. */
char *remedy_shell(const char *command, const char *name);

#endif
