/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/convert.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "device/journal.h"
#include "model/xml.h"
#include "virt/convert_private.h"
#include "virt/edit_private.h"
#include "virt/facts.h"

void convert_request_free(void *request)
{
    struct convert_request *r = request;
    if (!r)
        return;
    free(r->ready);
    free(r);
}

/* ---- the plan ---- */

static bool tell_plan(struct convert *cv, xmlNodePtr domain)
{
    struct strbuf out = {0};
    struct virtio_plan p;
    facts_gather(&cv->facts, cv->c->conn, domain, &cv->c->uuid);
    virtio_plan_make(domain, &cv->facts, cv->c->vm_name, cv->request->bus, &p);
    virtio_plan_print(&p, &out);
    cv->c->json = json_object_new_object();
    json_object_object_add(cv->c->json, "plan", virtio_plan_json(&p));
    json_object_object_add(cv->c->json, "findings", findings_json(&p.findings));
    if (p.n_convert)
        context_say(cv->c, "%zu of %zu devices would be converted", p.n_convert, p.items.len);
    else
        context_say(cv->c, "there is nothing to convert");
    cv->c->output = strbuf_steal(&out);
    virtio_plan_clear(&p);
    return true;
}

static bool run_plan(struct job_context *c)
{
    struct convert cv = {.c = c, .request = c->args->data, .lock = -1};
    char *xml = virDomainGetXMLDesc(c->dom, virDomainIsPersistent(c->dom) == 1 ? VIR_DOMAIN_XML_INACTIVE : 0);
    xmlDocPtr doc = xml ? xml_parse_element(xml, "domain", &c->error) : NULL;
    bool good = xml ? doc && tell_plan(&cv, xmlDocGetRootElement(doc)) : context_failed(c);
    facts_clear(&cv.facts);
    xmlFreeDoc(doc);
    free(xml);
    return good;
}

const struct job_kind convert_plan_job = {.action = "plan", .doing = "planning", .run = run_plan};

/* ---- whether it may begin ---- */

static bool check_plan(struct convert *cv, xmlNodePtr domain)
{
    struct virtio_plan p;
    struct strbuf text = {0};
    virtio_plan_make(domain, &cv->facts, cv->c->vm_name, cv->s.bus, &p);
    for (size_t i = 0; i < p.findings.len; i++)
        if (p.findings.items[i].severity == SEV_ERROR)
            strbuf_printf(&text, "%s%s", text.len ? "; " : "", p.findings.items[i].text);
    bool good =
        text.len == 0 || error_set(&cv->c->error, STATUS_FAILED, "virtio %s: %s", cv->c->vm_name, text.s);
    if (good && p.n_convert == 0)
        good = error_set(&cv->c->error, STATUS_FAILED,
                         "virtio %s: there is nothing to convert; `virtio %s --plan` tells why",
                         cv->c->vm_name, cv->c->vm_name);
    strbuf_free(&text);
    virtio_plan_clear(&p);
    return good;
}

/* libvirt itself says whether this host can do what is to come, before the guest is disturbed. */
static bool check_dry_run(struct convert *cv, xmlDocPtr doc)
{
    struct error *e = &cv->c->error;
    xmlDocPtr after = xmlCopyDoc(doc, 1);
    bool good = virtio_apply(xmlDocGetRootElement(after), &cv->facts, cv->c->vm_name, cv->s.bus, e);
    char *xml = good ? xml_print(after) : NULL;
    if (xml)
        facts_dry_run_change(&cv->facts, cv->c->conn, cv->s.old_xml, xml);
    if (good && cv->facts.native_error)
        good = error_set(e, STATUS_FAILED, "virtio %s: this host can't: %s", cv->c->vm_name,
                         cv->facts.native_error);
    free(xml);
    xmlFreeDoc(after);
    return good;
}

static bool check_domain(struct convert *cv)
{
    struct job_context *c = cv->c;
    if (virDomainIsPersistent(c->dom) != 1)
        return error_set(&c->error, STATUS_FAILED,
                         "virtio %s: it is transient: there is no definition to change", c->vm_name);
    if (virDomainHasManagedSaveImage(c->dom, 0) == 1)
        return error_set(
            &c->error, STATUS_FAILED,
            "virtio %s: its memory is saved, with the old devices in it: start it and shut it down first",
            c->vm_name);
    return true;
}

/* Nothing is changed before the old definition is in the journal and in the state. */
static bool keep_old(struct convert *cv)
{
    struct job_context *c = cv->c;
    char *uri = virConnectGetURI(c->conn);
    cv->s.uri = uri ? uri_without_password(uri) : NULL;
    free(uri);
    struct journal_entry entry = {.uuid = c->uuid,
                                  .vm = xstrdup(c->vm_name),
                                  .uri = xstrdup(cv->s.uri),
                                  .what = xstrdup("virtio: before"),
                                  .old_xml = xstrdup(cv->s.old_xml)};
    bool good = journal_begin(NULL, &entry, &c->error);
    cv->s.journal = entry.number;
    journal_entry_clear(&entry);
    cv->s.known_xml = xstrdup(cv->s.old_xml);
    return good && convert_save(cv);
}

static bool begin(struct convert *cv)
{
    struct job_context *c = cv->c;
    const struct convert_request *r = cv->request;
    cv->s = (struct convert_state){.was_active = virDomainIsActive(c->dom) == 1,
                                   .assume_driver = r->assume_driver,
                                   .bus = r->bus,
                                   .timeout_s = c->args->timeout_s,
                                   .ready = xstrdup(r->ready)};
    if (!check_domain(cv))
        return false;
    cv->s.old_xml = edit_read_config(c);
    xmlDocPtr doc = cv->s.old_xml ? xml_parse_element(cv->s.old_xml, "domain", &c->error) : NULL;
    bool good = doc != NULL;
    if (good)
        facts_gather(&cv->facts, cv->c->conn, xmlDocGetRootElement(doc), &cv->c->uuid);
    good = good && check_plan(cv, xmlDocGetRootElement(doc)) && check_dry_run(cv, doc) && keep_old(cv);
    xmlFreeDoc(doc);
    return good;
}

static bool go_on(struct convert *cv)
{
    char *uri = virConnectGetURI(cv->c->conn), *plain = uri ? uri_without_password(uri) : NULL;
    bool same = !cv->s.uri || !plain || strcmp(cv->s.uri, plain) == 0;
    xmlDocPtr doc = xml_parse_element(cv->s.old_xml, "domain", &cv->c->error);
    if (doc)
        facts_gather(&cv->facts, cv->c->conn, xmlDocGetRootElement(doc), &cv->c->uuid);
    if (!same)
        error_set(&cv->c->error, STATUS_FAILED, "virtio %s: its conversion was begun on %s: go on there",
                  cv->c->vm_name, cv->s.uri);
    cv->s.assume_driver = cv->s.assume_driver || cv->request->assume_driver;
    free(plain);
    free(uri);
    bool good = same && doc;
    xmlFreeDoc(doc);
    return good;
}

/* ---- the run ---- */

static void report(struct convert *cv, const char *outcome)
{
    json_object *j = json_object_new_object();
    json_object_object_add(j, "steps", json_object_get(cv->steps));
    json_object_object_add(j, "outcome", json_object_new_string(outcome));
    json_object_object_add(j, "evidence", cv->s.evidence ? json_object_new_string(cv->s.evidence) : NULL);
    cv->c->json = j;
}

/* c->error says why; it stays in front of what putting back has to say. */
static bool put_back(struct convert *cv, bool asked_for)
{
    struct job_context *c = cv->c;
    char *why = xstrdup(c->error.text);
    error_clear(&c->error);
    bool good = convert_put_back(cv);
    if (!good && cv->s.reverting && why)
        error_prefix(&c->error,
                     "virtio %s: %s; putting everything back failed (`virtio %s --abort` tries again)",
                     c->vm_name, why, c->vm_name);
    else if (!good)
        error_prefix(&c->error, "virtio %s: putting everything back failed", c->vm_name);
    else if (!asked_for)
        error_set(&c->error, STATUS_FAILED, "virtio %s: %s; everything was put back as it was", c->vm_name,
                  why ? why : "it was given up before");
    report(cv, good ? "reverted" : "stopped");
    if (good && asked_for)
        context_say(c, "everything was put back as it was");
    free(why);
    return good && asked_for;
}

static bool stop(struct convert *cv)
{
    struct job_context *c = cv->c;
    char *why = xstrdup(error_text(&c->error));
    error_set(&c->error, STATUS_FAILED,
              "virtio %s: %s: %s; `virtio %s --resume` goes on, `virtio %s --abort` puts everything back",
              c->vm_name, convert_steps[cv->s.step].doing, why, c->vm_name, c->vm_name);
    free(why);
    report(cv, "stopped");
    return false;
}

/* The driver's evidence belongs to its step, the boot's to the boot. */
static void note_step(struct convert *cv, const struct convert_step *step, enum step_result r)
{
    static const char *const words[] = {[STEP_DONE] = "ok", [STEP_BACK] = "failed", [STEP_STOP] = "stopped"};
    convert_note(cv, step->id, words[r], r == STEP_DONE ? cv->s.evidence : error_text(&cv->c->error));
}

static bool run_steps(struct convert *cv)
{
    for (; cv->s.step < n_convert_steps; cv->s.step++) {
        const struct convert_step *step = &convert_steps[cv->s.step];
        bool last = cv->s.step + 1 == n_convert_steps;
        if (!convert_save(cv))
            return stop(cv);
        context_progress(cv->c, "%s", step->doing);
        if (!last) {
            free(cv->s.evidence);
            cv->s.evidence = NULL;
        }
        enum step_result r = step->run(cv);
        note_step(cv, step, r);
        if (r == STEP_BACK && !context_cancelled(cv->c))
            return put_back(cv, false);
        if (r != STEP_DONE)
            return stop(cv);
    }
    context_say(cv->c, "converted to virtio; %s", cv->s.evidence ? cv->s.evidence : "it is up");
    report(cv, "converted");
    return true;
}

static bool run_verb(struct convert *cv)
{
    bool there;
    struct job_context *c = cv->c;
    enum convert_verb verb = cv->request->verb;
    if (!convert_lock(cv) || !convert_load(cv, &there))
        return false;
    if (there && verb == CONVERT_BEGIN)
        return error_set(
            &c->error, STATUS_FAILED,
            "virtio %s: a conversion was stopped while %s: `virtio %s --resume` goes on, `virtio %s --abort` "
            "puts everything back",
            c->vm_name, convert_steps[cv->s.step].doing, c->vm_name, c->vm_name);
    if (!there && verb != CONVERT_BEGIN)
        return error_set(&c->error, STATUS_FAILED, "virtio %s: no conversion of it was begun", c->vm_name);
    if (!(there ? go_on(cv) : begin(cv)))
        return false;
    if (verb == CONVERT_ABORT || cv->s.reverting)
        return put_back(cv, verb == CONVERT_ABORT);
    return run_steps(cv);
}

static bool run_convert(struct job_context *c)
{
    struct convert cv = {.c = c, .request = c->args->data, .lock = -1, .steps = json_object_new_array()};
    bool good = run_verb(&cv);
    if (cv.lock >= 0)
        close(cv.lock);
    convert_state_clear(&cv.s);
    facts_clear(&cv.facts);
    json_object_put(cv.steps);
    return good;
}

const struct job_kind convert_job = {.action = "convert", .doing = "converting", .run = run_convert};
