/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * "What happens at the next boot, and at the next shutdown?": everything that stands in the way, one row of a
 * table a check, from a survey alone. Any thread.
 */
#ifndef VIRTDECK_AUTOSTART_CHECK_H
#define VIRTDECK_AUTOSTART_CHECK_H

#include "autostart/survey.h"

struct vm_verdict {
    struct vm_uuid uuid;
    enum vm_autostart verdict; /* model/vm.h */
    int order;                 /* -1: none */
    const char *why;           /* why it is not as asked for; lives as long as the check; NULL */
    char *why_text;            /* owned */
};

struct autostart_check {
    finding_list boot,
        shutdown; /* what concerns the one and the other; each has a remedy where there is one */
    VEC(struct vm_verdict) verdicts; /* sorted by UUID */
};

/* `up` and `down`: survey_plan(s, false, true), survey_plan(s, true, true). Their findings are taken in. */
void autostart_check(struct autostart_check *out, const struct survey *s, const struct plan *up,
                     const struct plan *down);
void autostart_check_clear(struct autostart_check *c);
const struct vm_verdict *autostart_verdict(const struct autostart_check *c, const struct vm_uuid *uuid);
/* Two paragraphs: what happens at the next boot, at the next shutdown, then the findings. */
void autostart_check_print(const struct autostart_check *c, const struct survey *s, const struct plan *up,
                           const struct plan *down, struct strbuf *out);
/* {"host","boot":{"starts":N,"ready_after":S,"findings":[…]},"shutdown":{…},"domains":[{"domain","verdict","order","why"}],"ok":bool}
 */
json_object *autostart_check_json(const struct autostart_check *c, const struct survey *s,
                                  const struct plan *up, const struct plan *down);

#endif
