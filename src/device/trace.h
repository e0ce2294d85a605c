/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a change left in a definition, so that one can tell later whether it is still there. A definition is
 * taken apart into facts, a text each ("domain/devices/rng/rate@bytes=16",
 * "domain/devices/disk[vda]/driver@cache=none"): neither libvirt's layout nor the order of attributes
 * matters. A trace is the facts whose number a change made another. Pure; any thread.
 */
#ifndef VIRTDECK_DEVICE_TRACE_H
#define VIRTDECK_DEVICE_TRACE_H

#include <json-c/json.h>
#include <stdbool.h>
#include "base/vec.h"

/* A fact and how often a definition has it. */
struct fact {
    char *text;
    int count;
};
typedef VEC(struct fact) fact_list; /* sorted by text */

/* Of a text that is no XML there are none. */
void fact_list_make(const char *xml, fact_list *out);
void fact_list_free(fact_list *l);

struct trace_fact {
    char *text;
    int before, after; /* how often the definition had it, and has it because of the change */
    bool meant;        /* false: it came along; that it goes again tells nothing */
};
typedef VEC(struct trace_fact) trace; /* sorted by text */

void trace_make(const char *old_xml, const char *new_xml, trace *out);
void trace_free(trace *t);
/* Of what a change was to do, from old_xml, and the definition that came of it: what is not as it was meant
 * no longer counts as that, for libvirt writes some things another way; what came along is added. */
void trace_end(trace *t, const char *old_xml, const char *new_xml);
/* Adds, as what came along, all that the definition has of the devices that the change has its hands on. */
void trace_widen(trace *t, const char *xml);
/* Adds copies of the other one's facts; of those that both have t's stay as they are. */
void trace_join(trace *t, const trace *other);
/* Whether nothing of what the change brought is there any more; of one that brought nothing, whether all that
 * it took is back. What later changes of ours have had their hands on (NULL: none) tells nothing of that, nor
 * does a device that is not there any more, or goes by another name. Where nothing tells, it is not gone. */
bool trace_gone(const trace *t, const trace *later, const fact_list *now);
/* Whether nothing that it brought is there, and all that it took is. A trace without facts never is. */
bool trace_undone(const trace *t, const fact_list *now);

json_object *trace_json(const trace *t); /* {fact: [before, after, meant], …} */
/* False: it is none. */
bool trace_read(json_object *o, trace *out);

#endif
