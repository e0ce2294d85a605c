/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/verify.h"

#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "virt/evidence.h"

/* ---- verifying ---- */

struct named_level {
    const char *id, *title;
    const struct toggle_level *level;
};

static void tell_verdict(struct job_context *c, const struct verdict *v)
{
    const struct named_level levels[] = {{"host", "host", &v->host},
                                         {"definition", "definition", &v->definition},
                                         {"qemu", "QEMU", &v->qemu},
                                         {"guest", "guest", &v->guest}};
    struct strbuf out = {0};
    json_object *why = json_object_new_object();
    c->json = json_object_new_object();
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        const struct toggle_level *l = levels[i].level;
        strbuf_printf(&out, "%-10s  %-7s  %s\n", levels[i].title, answer_word(l->answer), l->evidence);
        json_object_object_add(c->json, levels[i].id, json_object_new_string(answer_word(l->answer)));
        json_object_object_add(why, levels[i].id, json_object_new_string(l->evidence));
    }
    if (v->mismatch)
        strbuf_printf(&out, "mismatch: %s\n", v->mismatch);
    json_object_object_add(c->json, "evidence", why);
    json_object_object_add(c->json, "mismatch", v->mismatch ? json_object_new_string(v->mismatch) : NULL);
    c->output = strbuf_steal(&out);
}

static bool run_verify(struct job_context *c)
{
    const struct toggle *toggle = toggle_find(c->args->text ? c->args->text : "");
    struct evidence ev = {0};
    struct verdict verdict = {0};
    if (!toggle)
        return error_set(&c->error, STATUS_USAGE, "verify: \"%s\" is nothing that can be verified",
                         c->args->text ? c->args->text : "");
    bool good = evidence_host(c, &ev);
    if (good) {
        evidence_running(c, &ev);
        toggle->judge(&ev.input, &verdict);
        tell_verdict(c, &verdict);
    }
    verdict_clear(&verdict);
    evidence_clear(&ev);
    return good;
}

const struct job_kind verify_job = {.action = "verify", .doing = "verifying", .run = run_verify};

/* ---- turning ---- */

struct toggle_request *toggle_request_new(const struct toggle *toggle, const char *value,
                                          struct edit_request *edit)
{
    struct toggle_request *r = xcalloc(1, sizeof *r);
    r->toggle = toggle;
    r->value = xstrdup(value);
    r->edit = edit;
    return r;
}

void toggle_request_free(void *request)
{
    struct toggle_request *r = request;
    if (!r)
        return;
    free(r->value);
    edit_request_free(r->edit);
    free(r);
}

static bool refuse(struct job_context *c, const finding_list *findings)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < findings->len; i++) {
        const struct finding *f = &findings->items[i];
        if (f->severity != SEV_ERROR)
            continue;
        strbuf_printf(&text, "%s%s", text.len ? "; " : "", f->text);
        if (f->remedy)
            strbuf_printf(&text, " (%s)", f->remedy);
    }
    c->json = json_object_new_object();
    json_object_object_add(c->json, "findings", findings_json(findings));
    error_set(&c->error, STATUS_FAILED, "%s: %s; nothing was changed (--force tries it all the same)",
              c->vm_name, strbuf_str(&text));
    strbuf_free(&text);
    return false;
}

/* Ours before those of the edit's own checks. */
static void add_findings(struct job_context *c, const finding_list *findings)
{
    struct strbuf out = {0};
    json_object *all = findings_json(findings), *theirs = NULL;
    if (!c->json)
        c->json = json_object_new_object();
    if (json_object_object_get_ex(c->json, "findings", &theirs))
        for (size_t i = 0; i < json_object_array_length(theirs); i++)
            json_object_array_add(all, json_object_get(json_object_array_get_idx(theirs, i)));
    json_object_object_add(c->json, "findings", all);
    findings_print(findings, &out);
    if (out.len && c->output)
        strbuf_puts(&out, c->output);
    if (out.len) {
        free(c->output);
        c->output = strbuf_steal(&out);
    }
    strbuf_free(&out);
}

/* Lets the edit job do it, with this change. */
static bool edit(struct job_context *c, struct toggle_request *r, char *arg)
{
    struct change change = {.verb = CHANGE_EDIT, .edit = r->toggle->edit, .arg = arg};
    const struct job_args *own = c->args;
    struct job_args args = {.data = r->edit};
    vec_push(&r->edit->changes, change);
    r->edit->what = xasprintf("%s %s", r->toggle->edit->name, r->value);
    c->args = &args;
    bool good = edit_job.run(c);
    c->args = own;
    return good;
}

/* In the form of an edit's result, for what is so already. */
static json_object *nothing_json(const char *what, const finding_list *findings, bool dry_run)
{
    json_object *j = json_object_new_object(), *changes = json_object_new_array(),
                *change = json_object_new_object();
    json_object_object_add(change, "change", json_object_new_string(what));
    json_object_object_add(change, "when", json_object_new_string("nothing to change"));
    json_object_array_add(changes, change);
    json_object_object_add(j, "changes", changes);
    json_object_object_add(j, "findings", findings_json(findings));
    json_object_object_add(j, "journal", NULL);
    json_object_object_add(j, "dry_run", json_object_new_boolean(dry_run));
    return j;
}

static void tell_nothing(struct job_context *c, const struct toggle_request *r, const finding_list *findings)
{
    char *what = xasprintf("%s %s", r->toggle->edit->name, r->value);
    context_say(c, "%s: it is so already", what);
    c->json = nothing_json(what, findings, r->edit->dry_run);
    free(what);
}

static bool run_toggle(struct job_context *c)
{
    struct toggle_request *r = c->args->data;
    struct evidence ev = {0};
    finding_list findings = {0};
    char *arg = NULL;
    bool good = evidence_host(c, &ev);
    if (good && !ev.config)
        good =
            error_set(&c->error, STATUS_FAILED,
                      "%s is transient: there is no definition whose next boot could be changed", c->vm_name);
    if (good)
        good = (arg = r->toggle->plan(&ev.input, r->value, &c->error)) != NULL;
    if (good)
        r->toggle->preflight(&ev.input, r->value, &findings);
    if (good && findings_count(&findings, SEV_ERROR) && !r->edit->force && !r->edit->dry_run) {
        good = refuse(c, &findings);
        free(arg);
    } else if (good && !arg[0]) {
        tell_nothing(c, r, &findings);
        free(arg);
    } else if (good) {
        good = edit(c, r, arg);
        if (good)
            add_findings(c, &findings);
    }
    evidence_clear(&ev);
    findings_free(&findings);
    return good;
}

const struct job_kind *toggle_job(const struct toggle *toggle)
{
    static const struct {
        const char *id;
        struct job_kind kind;
    } jobs[] = {{"nested", {.action = "nested", .doing = "turning nested virtualization", .run = run_toggle}},
                {"sound", {.action = "sound", .doing = "turning sound", .run = run_toggle}},
                {"offload", {.action = "tso", .doing = "turning TSO", .run = run_toggle}},
                {"memory-tso", {.action = "tso", .doing = "turning memory ordering", .run = run_toggle}}};
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        if (strcmp(jobs[i].id, toggle->id) == 0)
            return &jobs[i].kind;
    return NULL;
}
