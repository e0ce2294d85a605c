/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Setting a policy is a change of our own metadata together with libvirt's flag: the edit job makes it, with
 * its journal, its dry run and its eye on others. Here is what either of them becomes.
 */
#include "virt/policy_edit.h"

#include <stdlib.h>
#include <string.h>
#include "autostart/policy_item.h"
#include "autostart/survey.h"
#include "model/xml.h"
#include "virt/edit_private.h"

struct policy_request *policy_request_new(void)
{
    struct policy_request *r = xcalloc(1, sizeof *r);
    policy_init(&r->policy);
    r->native = -1;
    return r;
}

void policy_request_free(void *request)
{
    struct policy_request *r = request;
    if (!r)
        return;
    for (size_t i = 0; i < r->words.len; i++)
        free(r->words.items[i]);
    vec_free(&r->words);
    policy_free(&r->policy);
    free(r);
}

/* ---- what the policy becomes ---- */

/* Nothing in it that libvirt's own flag could not say. */
static bool is_plain(const struct policy *p)
{
    for (enum policy_id id = 0; id < POLICY_FIELDS; id++)
        if (p->v[id].broken || (id != POLICY_MODE && p->v[id].given))
            return false;
    return !p->newer;
}

static int64_t mode_of(const struct policy *p)
{
    return policy_number(p, NULL, POLICY_MODE);
}

static void read_policy(xmlNodePtr domain, struct policy *p)
{
    finding_list found = {0};
    policy_init(p);
    policy_from_xml(domain, p, &found);
    findings_free(&found);
}

/* What would be lost with the policy. */
static bool may_go(const struct policy *p, struct error *e)
{
    return !p->newer || error_set(e, STATUS_FAILED,
                                  "the autostart policy has %s, which this program does not know: it is not "
                                  "taken away; use the program that wrote it",
                                  p->newer);
}

static bool with_words(struct policy *p, json_object *words, struct error *e)
{
    size_t n = json_object_array_length(words);
    const char **text = xcalloc(n + 1, sizeof *text);
    for (size_t i = 0; i < n; i++)
        text[i] = json_object_get_string(json_object_array_get_idx(words, i));
    bool good = policy_set_words(p, n, text, e);
    free(text);
    return good;
}

static bool edit_words(struct policy *p, json_object *arg, struct error *e)
{
    json_object *words = json_object_object_get(arg, "words");
    if (!with_words(p, words, e))
        return false;
    bool native_once = json_object_object_get(arg, "once") != NULL;
    /* Libvirt's own flag says it all, and its daemon needs no unit of ours for it. */
    if (is_plain(p) && (mode_of(p) != MODE_ONCE || native_once))
        policy_free(p);
    return true;
}

static bool edit_replace(struct policy *p, json_object *arg, struct error *e)
{
    json_object *policy = json_object_object_get(arg, "policy");
    struct policy kept = *p;
    *p = (struct policy){0};
    bool good = policy ? policy_from_json(policy, p, e) : may_go(&kept, e);
    policy_free(&kept);
    if (good && p->present && mode_of(p) == MODE_ONCE && is_plain(p) && json_object_object_get(arg, "once"))
        policy_free(p);
    return good;
}

static bool edit_spent(struct policy *p, json_object *arg, struct error *e)
{
    (void)arg;
    if (!p->present || mode_of(p) != MODE_ONCE)
        return true;
    if (!is_plain(p))
        return policy_set(p, POLICY_MODE, "off", e);
    policy_free(p);
    return true;
}

static bool edit_native(struct policy *p, json_object *arg, struct error *e)
{
    bool native_once = json_object_object_get(arg, "once") != NULL;
    if (!may_go(p, e))
        return false;
    if (p->present && mode_of(p) == MODE_ONCE && !native_once)
        return error_set(
            e, STATUS_FAILED,
            "libvirt there can't start a domain at the next boot alone (11.2 and later can): say "
            "`autostart … on` or off first");
    policy_free(p);
    return true;
}

static bool (*const editors[])(struct policy *p, json_object *arg, struct error *e) = {
    [POLICY_EDIT_WORDS] = edit_words,
    [POLICY_EDIT_REPLACE] = edit_replace,
    [POLICY_EDIT_SPENT] = edit_spent,
    [POLICY_EDIT_NATIVE] = edit_native,
};

static bool edit_policy(xmlNodePtr domain, const char *text, struct changed *out, struct error *e)
{
    struct policy p;
    json_object *arg = json_tokener_parse(text);
    (void)out;
    read_policy(domain, &p);
    bool good =
        !p.unknown || error_set(e, STATUS_FAILED,
                                "the autostart policy has %s, which this program does not know: it is not "
                                "changed; use the program that wrote it",
                                p.newer);
    good = good && editors[json_object_get_int(json_object_object_get(arg, "verb"))](&p, arg, e) &&
           policy_to_xml(domain, &p, e);
    policy_free(&p);
    json_object_put(arg);
    return good;
}

static const struct change_edit policy_change = {"autostart", edit_policy};

/* ---- what libvirt's flag becomes ---- */

/* What the job has to know until its end. */
struct policy_edit {
    const struct policy_request *request;
    json_object *arg;
    struct policy before, after;
};

static enum native_flag flag_of(int64_t mode)
{
    return mode == MODE_OFF ? NATIVE_OFF : mode == MODE_ONCE ? NATIVE_ONCE : NATIVE_ON;
}

/* The policy is gone, or there was none. */
static enum native_flag flag_without(const struct policy_edit *pe)
{
    const struct policy *was = &pe->before;
    struct policy asked;
    enum native_flag flag = NATIVE_KEEP;
    switch (pe->request->verb) {
    case POLICY_EDIT_WORDS:
        policy_init(&asked);
        policy_copy(&asked, was);
        with_words(&asked, json_object_object_get(pe->arg, "words"), NULL);
        /* "order=" where there was no policy says nothing of the flag. */
        if (asked.v[POLICY_MODE].given || was->present)
            flag = flag_of(mode_of(&asked));
        policy_free(&asked);
        return flag;
    case POLICY_EDIT_REPLACE:
        if (pe->request->policy.present)
            return NATIVE_ONCE; /* which is all that it said */
        return pe->request->native < 0 ? NATIVE_KEEP : pe->request->native ? NATIVE_ON : NATIVE_OFF;
    case POLICY_EDIT_SPENT:
        return was->present ? NATIVE_OFF : NATIVE_KEEP;
    case POLICY_EDIT_NATIVE:
        return was->present ? flag_of(mode_of(was)) : NATIVE_KEEP;
    }
    return flag;
}

static enum native_flag native_for(void *ctx, const char *before_xml, xmlNodePtr after)
{
    struct policy_edit *pe = ctx;
    xmlDocPtr before = xml_parse_element(before_xml, "domain", NULL);
    policy_free(&pe->before);
    policy_free(&pe->after);
    if (before)
        read_policy(xmlDocGetRootElement(before), &pe->before);
    read_policy(after, &pe->after);
    xmlFreeDoc(before);
    if (!pe->after.present)
        return flag_without(pe);
    /* Libvirt would start it in any order. */
    return pe->request->verb == POLICY_EDIT_REPLACE && pe->request->native == 1 ? NATIVE_ON : NATIVE_OFF;
}

/* ---- the job ---- */

static json_object *arg_of(const struct policy_request *r, bool knows_once)
{
    json_object *arg = json_object_new_object();
    json_object_object_add(arg, "verb", json_object_new_int((int)r->verb));
    if (r->verb == POLICY_EDIT_WORDS) {
        json_object *words = json_object_new_array();
        for (size_t i = 0; i < r->words.len; i++)
            json_object_array_add(words, json_object_new_string(r->words.items[i]));
        json_object_object_add(arg, "words", words);
    }
    if (r->verb == POLICY_EDIT_REPLACE && r->policy.present)
        json_object_object_add(arg, "policy", policy_json(&r->policy));
    if (knows_once)
        json_object_object_add(arg, "once", json_object_new_boolean(true));
    return arg;
}

static char *journal_words(const struct policy_request *r)
{
    static const char *const words[] = {[POLICY_EDIT_WORDS] = "",
                                        [POLICY_EDIT_REPLACE] = " import",
                                        [POLICY_EDIT_SPENT] = " off: the one start is over",
                                        [POLICY_EDIT_NATIVE] = " native"};
    struct strbuf out = {0};
    strbuf_printf(&out, "autostart%s", words[r->verb]);
    for (size_t i = 0; i < r->words.len; i++)
        strbuf_printf(&out, " %s", r->words.items[i]);
    if (r->policy.present) {
        struct strbuf policy = {0};
        policy_words(&r->policy, &policy);
        strbuf_printf(&out, " %s", strbuf_str(&policy));
        strbuf_free(&policy);
    }
    return strbuf_steal(&out);
}

/* ---- what it names that is not there ---- */

static struct snapshot *newest(struct job_context *c)
{
    pthread_mutex_lock(&c->host->lock);
    struct snapshot *snap = snapshot_ref(c->host->latest);
    pthread_mutex_unlock(&c->host->lock);
    return snap;
}

static bool is_domain(const struct snapshot *snap, const char *name)
{
    for (size_t i = 0; i < snap->n_vms; i++)
        if (snap->vms[i].name && strcmp(snap->vms[i].name, name) == 0)
            return true;
    return false;
}

static void look_after(struct job_context *c, const struct policy *p, finding_list *found)
{
    const struct policy_value *after = &p->v[POLICY_AFTER];
    struct snapshot *snap = newest(c);
    for (size_t i = 0; i < after->items.len; i++) {
        struct policy_after a = {0};
        if (!policy_after_read(after->items.items[i], &a, NULL))
            continue;
        if (strcmp(a.vm, c->vm_name) == 0)
            finding_add(found, "after-itself", SEV_WARN, NULL, "it waits for itself, so it never starts");
        else if (!is_domain(snap, a.vm))
            finding_add(found, "after-unknown", SEV_WARN, NULL,
                        "it waits for %s, which is no domain of this host, so it is not started", a.vm);
        policy_after_clear(&a);
    }
    snapshot_unref(snap);
}

/* Only what libvirt says for certain counts: another failure of the call tells nothing. */
static bool is_undefined(struct job_context *c, const struct need *n)
{
    if (n->kind == NEED_NETWORK) {
        virNetworkPtr network = virNetworkLookupByName(c->conn, n->name);
        if (network)
            virNetworkFree(network);
        return !network && virGetLastErrorCode() == VIR_ERR_NO_NETWORK;
    }
    if (n->kind == NEED_POOL) {
        virStoragePoolPtr pool = virStoragePoolLookupByName(c->conn, n->name);
        if (pool)
            virStoragePoolFree(pool);
        return !pool && virGetLastErrorCode() == VIR_ERR_NO_STORAGE_POOL;
    }
    return false; /* mounts and paths come and go */
}

static void look_needs(struct job_context *c, const struct policy *p, finding_list *found)
{
    const struct policy_value *needs = &p->v[POLICY_NEEDS];
    for (size_t i = 0; i < needs->items.len; i++) {
        struct need n = {0};
        if (!need_read(needs->items.items[i], &n, NULL))
            continue;
        if (is_undefined(c, &n))
            finding_add(found, "needs-missing", SEV_WARN, NULL,
                        "it needs %s %s, which is not defined, so it is not started", need_words[n.kind],
                        n.name);
        need_clear(&n);
    }
}

/* Taken all the same, for it may come yet: said behind `text`, and in the findings of `json`. */
static void tell_missing(struct job_context *c, const struct policy *p, struct strbuf *text,
                         json_object *json)
{
    finding_list found = {0};
    json_object *all;
    look_after(c, p, &found);
    look_needs(c, p, &found);
    for (size_t i = 0; i < found.len; i++)
        strbuf_printf(text, "; warning: %s", found.items[i].text);
    if (!json_object_object_get_ex(json, "findings", &all)) {
        all = json_object_new_array();
        json_object_object_add(json, "findings", all);
    }
    json_object *mine = findings_json(&found);
    for (size_t i = 0; i < json_object_array_length(mine); i++)
        json_object_array_add(all, json_object_get(json_object_array_get_idx(mine, i)));
    json_object_put(mine);
    findings_free(&found);
}

/* ---- the outcome in words ---- */

/* Whether somebody is there who carries a policy out when the host comes up; also where nobody can tell. */
static bool is_carried_out(struct job_context *c)
{
    struct snapshot *snap = newest(c);
    enum unit_state unit = survey_start_unit(&snap->host, "");
    snapshot_unref(snap);
    return unit == UNIT_UNKNOWN || unit == UNIT_ENABLED || unit == UNIT_STATIC;
}

static const char *outcome_of_policy(struct job_context *c, enum policy_mode mode)
{
    static const char *const modes[] = {[MODE_ON] = "virtdeck starts it with the host",
                                        [MODE_OFF] = "it is not started with the host",
                                        [MODE_ONCE] = "virtdeck starts it at the next boot, once"};
    if (mode == MODE_OFF || is_carried_out(c))
        return modes[mode];
    return "nobody starts it with the host before `autostart enable` was run";
}

static const char *outcome(struct job_context *c, const struct policy *p, const char *native)
{
    if (p->present)
        return outcome_of_policy(c, (enum policy_mode)mode_of(p));
    if (!native)
        return "it has no policy, and libvirt's flag stays as it is";
    if (strcmp(native, "off") == 0)
        return "it is not started with the host";
    return strcmp(native, "once") == 0 ? "libvirt starts it at the next boot, once"
                                       : "libvirt starts it with the host, in no order";
}

/* What the edit job told, in the words of autostart. */
static void tell(struct job_context *c, const struct policy_edit *pe)
{
    struct strbuf words = {0};
    json_object *told = c->json, *mine = json_object_new_object(), *v;
    const char *native = json_object_object_get_ex(told, "native", &v) ? json_object_get_string(v) : NULL;
    bool once = native && strcmp(native, "once") == 0;
    json_object_object_add(mine, "policy", pe->after.present ? policy_json(&pe->after) : NULL);
    json_object_object_add(mine, "native",
                           native ? json_object_new_boolean(strcmp(native, "on") == 0) : NULL);
    json_object_object_add(
        mine, "once",
        json_object_new_boolean(once || (pe->after.present && mode_of(&pe->after) == MODE_ONCE)));
    static const char *const kept[] = {"journal", "findings", "dry_run", "diff", "virsh"};
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (json_object_object_get_ex(told, kept[i], &v))
            json_object_object_add(mine, kept[i], json_object_get(v));
    c->json = mine;
    policy_words(&pe->after, &words);
    strbuf_printf(&words, "%s%s%s", words.len ? ": " : "", outcome(c, &pe->after, native),
                  pe->request->dry_run ? "; nothing was changed: this was a dry run" : "");
    tell_missing(c, &pe->after, &words, mine);
    context_say(c, "%s", strbuf_str(&words));
    json_object_put(told); /* `native` is a text in it */
    strbuf_free(&words);
}

static bool possible(struct job_context *c)
{
    bool active, persistent;
    if (!context_read_state(c, &active, &persistent))
        return false;
    return persistent ||
           error_set(&c->error, STATUS_FAILED,
                     "autostart %s: it is transient, so it ends with its host and there is nothing to "
                     "start again; `virsh define` makes it persistent",
                     c->vm_name);
}

static void advise(struct job_context *c)
{
    error_prefix(&c->error, "autostart %s", c->vm_name);
    if (c->error.code == VIR_ERR_ACCESS_DENIED)
        error_suffix(&c->error,
                     ": polkit must allow org.libvirt.api.domain.write and, for the definition, "
                     "org.libvirt.api.domain.save (a rule in /etc/polkit-1/rules.d); or run virtdeck "
                     "as root");
}

static bool run_policy(struct job_context *c)
{
    const struct policy_request *r = c->args->data;
    struct policy_edit pe = {.request = r};
    const struct job_args *mine = c->args;
    if (!possible(c))
        return false;
    pe.arg = arg_of(r, edit_knows_once(c));
    struct edit_request *edit = edit_request_new();
    struct change change = {.verb = CHANGE_METADATA,
                            .edit = &policy_change,
                            .arg = xstrdup(json_object_to_json_string_ext(pe.arg, JSON_C_TO_STRING_PLAIN))};
    struct job_args args = {.data = edit};
    vec_push(&edit->changes, change);
    edit->what = journal_words(r);
    edit->dry_run = r->dry_run;
    edit->native_for = native_for;
    edit->ctx = &pe;
    c->args = &args;
    bool good = edit_job.run(c);
    c->args = mine;
    if (good)
        tell(c, &pe);
    else
        advise(c);
    edit_request_free(edit);
    policy_free(&pe.before);
    policy_free(&pe.after);
    json_object_put(pe.arg);
    return good;
}

const struct job_kind policy_job = {
    .action = "autostart", .doing = "setting autostart of", .run = run_policy};
