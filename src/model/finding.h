/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a check found: how bad it is, a sentence, and a command that helps. Lists belong to whoever declared
 * them. Any thread.
 */
#ifndef VIRTDECK_MODEL_FINDING_H
#define VIRTDECK_MODEL_FINDING_H

#include <json-c/json.h>
#include "base/strbuf.h"
#include "base/vec.h"
#include "model/eventlog.h"

struct finding {
    const char *id;         /* static: "duplicate-mac" */
    enum severity severity; /* SEV_ERROR: it will not work; SEV_WARN: it may not; SEV_INFO: good to know */
    char *text;             /* a sentence; raw */
    char *remedy;           /* a command line of ours, or a shell line that begins with "$ "; NULL for none */
    bool fill_in; /* the remedy has a place, a word in capitals, that a person has to fill in first */
};

typedef VEC(struct finding) finding_list;

/* Adds one; text as by printf. `remedy` is copied. */
void finding_add(finding_list *l, const char *id, enum severity severity, const char *remedy, const char *fmt,
                 ...) ATTR_PRINTF(5, 6);
void findings_free(finding_list *l);
/* How many are that severe. */
size_t findings_count(const finding_list *l, enum severity severity);
const char *finding_word(enum severity severity); /* "error" "warning" "info" "good"; static */
/* A line each: "error: text" and below it "  remedy". */
void findings_print(const finding_list *l, struct strbuf *out);
json_object *findings_json(const finding_list *l); /* [{"id","severity","text","remedy","complete"}];
                                                    * complete: the remedy can be run as it stands */

#endif
