/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/preflight.h"

#include <stdlib.h>
#include "base/text.h"
#include "virt/lifecycle.h"
#include "virt/preflight_private.h"

/* What was known from earlier may be out of date: nothing is refused because of it. */
static bool check(struct job_context *c, bool forget_saved, struct preflight *p)
{
    struct before_start g;
    bool again = false, good = preflight_gather(c, false, forget_saved, &g);
    if (good) {
        preflight_run(&g.in, p);
        again = g.from_cache && !preflight_ok(p);
    }
    before_start_clear(&g);
    if (!again)
        return good;
    preflight_clear(p);
    good = preflight_gather(c, true, forget_saved, &g);
    if (good)
        preflight_run(&g.in, p);
    before_start_clear(&g);
    return good;
}

/* ---- the job ---- */

static bool refuse(struct job_context *c, const struct preflight *p)
{
    size_t errors = findings_count(&p->findings, SEV_ERROR);
    char *name = text_shell_word(c->vm_name);
    error_set(&c->error, STATUS_FAILED, "start %s: %s", c->vm_name, p->findings.items[0].text);
    if (errors > 1) {
        char *more = xasprintf(" (and %zu more: `preflight %s` tells)", errors - 1, name);
        error_suffix(&c->error, more);
        free(more);
    }
    free(name);
    return false;
}

static bool run_preflight(struct job_context *c)
{
    struct preflight p = {0};
    struct strbuf out = {0};
    if (!check(c, false, &p))
        return false;
    bool ok = preflight_ok(&p);
    preflight_print(&p, &out);
    c->output = strbuf_steal(&out);
    c->json = preflight_json(&p);
    const char *runs = virDomainIsActive(c->dom) == 1 ? "runs; after that it " : "";
    if (ok)
        context_say(c, "%scan start%s", runs,
                    findings_count(&p.findings, SEV_WARN) ? "; there are warnings" : "");
    else
        error_set(&c->error, STATUS_FAILED, "%s can't start: %s", c->vm_name, p.findings.items[0].text);
    preflight_clear(&p);
    return ok;
}

const struct job_kind preflight_job = {.action = "preflight", .doing = "checking", .run = run_preflight};

/* ---- the gate ---- */

static void tell(struct job_context *c, const struct finding *f, const char *event_kind)
{
    if (f->severity == SEV_WARN || f->severity == SEV_ERROR)
        fleet_event(c->host, &c->uuid, c->vm_name, event_kind, SEV_WARN, MARK_NONE,
                    "before the start: %s%s%s", f->text, f->remedy ? "; " : "", f->remedy ? f->remedy : "");
}

/* For programs always; for people, when it is held up: they are shown what helps. */
static void keep_findings(struct job_context *c, const struct preflight *p, bool ok)
{
    struct strbuf out = {0};
    if (!p->findings.len)
        return;
    c->json = json_object_new_object();
    json_object_object_add(c->json, "findings", findings_json(&p->findings));
    if (ok)
        return;
    findings_print(&p->findings, &out);
    c->output = strbuf_steal(&out);
}

bool preflight_gate(struct job_context *c, const char *event_kind)
{
    struct preflight p = {0};
    bool forced = (c->args->flags & START_UNCHECKED) != 0,
         forget_saved = (c->args->flags & START_FORCE_BOOT) != 0;
    if (virDomainIsActive(c->dom) == 1)
        return true; /* then nothing is to be started */
    if (!check(c, forget_saved, &p)) {
        /* Whoever can start what can't be read: libvirt will say. */
        error_clear(&c->error);
        return true;
    }
    bool ok = preflight_ok(&p) || forced;
    keep_findings(c, &p, ok);
    for (size_t i = 0; i < p.findings.len && ok; i++)
        tell(c, &p.findings.items[i], event_kind);
    if (!ok)
        refuse(c, &p);
    preflight_clear(&p);
    return ok;
}
