/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Policies and flags of a host as one JSON text, to be kept or put into another host:
 *     {"version":1,"host":…,"domains":[{"name","uuid","autostart":"on|off|once","policy":{…}}]}
 * Any thread.
 */
#ifndef VIRTDECK_AUTOSTART_PORTABLE_H
#define VIRTDECK_AUTOSTART_PORTABLE_H

#include "autostart/survey.h"

struct portable_vm {
    char *name;
    struct vm_uuid uuid;  /* nil: the text names none */
    struct policy policy; /* not present: none */
    bool native, native_known;
};
typedef VEC(struct portable_vm) portable_list;

json_object *portable_json(const struct survey *s);
/* False with e set (which entry, which key, what it takes): nothing is in `out`. */
bool portable_read(json_object *json, portable_list *out, struct error *e);
void portable_free(portable_list *l);
/* The domain of the survey that an entry means: by UUID, else by name. NULL: none. */
const struct survey_vm *portable_match(const struct survey *s, const struct portable_vm *v);

#endif
