/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Can this domain start? A table of checks over what was gathered about it and its host (virt/preflight.c):
 * each answers yes, no or unknown, and says what stands in the way and what to do about it. What could not be
 * looked at is unknown, never fine. Pure: nothing is read here; any thread.
 */
#ifndef VIRTDECK_PREFLIGHT_PREFLIGHT_H
#define VIRTDECK_PREFLIGHT_PREFLIGHT_H

#include "device/facts.h"
#include "model/finding.h"

struct preflight_input; /* preflight/input.h: all that the checks look at */

struct preflight_answer {
    const char *id;     /* of the check's row; static */
    const char *asks;   /* "networks are active"; static */
    enum answer answer; /* ANSWER_YES: nothing stands in the way, as far as it was looked */
    char *why;          /* of NO and UNKNOWN: a sentence; raw; NULL for YES */
};

struct preflight {
    VEC(struct preflight_answer) answers; /* one a check that concerns this domain, in the table's order */
    finding_list findings;                /* errors first */
};

void preflight_run(const struct preflight_input *in, struct preflight *out);
void preflight_clear(struct preflight *p);
/* Nothing known stands in the way: no finding is an error. */
bool preflight_ok(const struct preflight *p);
/* A line a check with its answer, then the findings with their remedies. */
void preflight_print(const struct preflight *p, struct strbuf *out);
/* {"ok","findings":[…],"checks":[{"id","asks","answer","why"}]} */
json_object *preflight_json(const struct preflight *p);

#endif
