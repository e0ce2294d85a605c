/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The edit job: read both definitions, plan, check, write the old one down, act, look at what came of it.
 */
#include "virt/edit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/linediff.h"
#include "device/check.h"
#include "model/xml.h"
#include "virt/edit_private.h"
#include "virt/patience.h"
#include "virt/facts.h"

/* libvirt itself waits 30 s for a domain that is busy. */
#define TURN_MS 40000

struct edit_request *edit_request_new(void)
{
    return xcalloc(1, sizeof(struct edit_request));
}

void edit_request_free(void *request)
{
    struct edit_request *r = request;
    if (!r)
        return;
    for (size_t i = 0; i < r->changes.len; i++)
        change_clear(&r->changes.items[i]);
    vec_free(&r->changes);
    free(r->what);
    free(r->pool);
    free(r->volume);
    free(r->format);
    free(r);
}

/* ---- beginning and end ---- */

static bool read_definitions(struct edit *ed)
{
    struct job_context *c = ed->c;
    if (!context_read_state(c, &ed->active, &ed->persistent))
        return false;
    if (ed->persistent) {
        ed->config_xml = edit_read_config(c);
        ed->config = ed->config_xml ? xml_parse_element(ed->config_xml, "domain", &c->error) : NULL;
    }
    if (ed->active) {
        ed->live_xml = virDomainGetXMLDesc(c->dom, VIR_DOMAIN_XML_SECURE);
        if (!ed->live_xml)
            return context_failed(c);
        ed->live = xml_parse_element(ed->live_xml, "domain", &c->error);
    }
    return (!ed->persistent || ed->config) && (!ed->active || ed->live);
}

static void give_turn(struct edit *ed)
{
    if (ed->turn >= 0)
        close(ed->turn);
    ed->turn = -1;
}

static void edit_clear(struct edit *ed)
{
    give_turn(ed);
    edit_watch_end(ed);
    for (size_t i = 0; i < ed->acts.len; i++)
        act_clear(&ed->acts.items[i]);
    vec_free(&ed->acts);
    for (size_t i = 0; i < ed->request->changes.len; i++) {
        changed_clear(&ed->outcomes[i].live);
        changed_clear(&ed->outcomes[i].config);
        free(ed->outcomes[i].why_not_now);
    }
    free(ed->outcomes);
    xmlFreeDoc(ed->live);
    xmlFreeDoc(ed->config);
    free(ed->live_xml);
    free(ed->config_xml);
    free(ed->new_xml);
    edit_volume_end(ed);
    facts_clear(&ed->facts);
    findings_free(&ed->findings);
    journal_entry_clear(&ed->entry);
    journal_list_free(&ed->earlier);
}

static char *words(const struct edit *ed)
{
    struct strbuf out = {0};
    if (ed->request->what)
        return xstrdup(ed->request->what);
    for (size_t i = 0; i < ed->request->changes.len; i++) {
        char *one = change_words(&ed->request->changes.items[i]);
        strbuf_printf(&out, "%s%s", i ? "; " : "", one);
        free(one);
    }
    return strbuf_steal(&out);
}

/* ---- checks ---- */

static void check(struct edit *ed)
{
    bool config = ed->config && ed->request->when != EDIT_LIVE;
    xmlDocPtr after = config ? ed->config : ed->live;
    const char *text = config ? ed->config_xml : ed->live_xml;
    xmlDocPtr before = xml_parse_element(text, "domain", NULL);
    facts_gather(&ed->facts, ed->c->conn, xmlDocGetRootElement(after), &ed->c->uuid);
    char *new_xml = xml_print(after);
    facts_dry_run_change(&ed->facts, ed->c->conn, text, new_xml);
    free(new_xml);
    struct check_input in = {.facts = &ed->facts,
                             .vm = ed->c->vm_name,
                             .uuid = &ed->c->uuid,
                             .before = before ? xmlDocGetRootElement(before) : NULL,
                             .after = xmlDocGetRootElement(after),
                             .new_path = ed->volume_path,
                             .active = ed->active};
    checks_run(&in, &ed->findings);
    xmlFreeDoc(before);
}

static bool refuse_findings(struct edit *ed)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < ed->findings.len; i++) {
        const struct finding *f = &ed->findings.items[i];
        if (f->severity != SEV_ERROR)
            continue;
        strbuf_printf(&text, "%s%s", text.len ? "; " : "", f->text);
        if (f->remedy)
            strbuf_printf(&text, " (%s)", f->remedy);
    }
    error_set(&ed->c->error, STATUS_FAILED, "%s: %s; nothing was changed (--force tries it all the same)",
              ed->c->vm_name, strbuf_str(&text));
    strbuf_free(&text);
    return false;
}

/* ---- the journal ---- */

static bool journal(struct edit *ed)
{
    bool configures = ed->define || edit_native_differs(ed);
    for (size_t i = 0; i < ed->acts.len; i++)
        configures = configures || ed->acts.items[i].affect & VIR_DOMAIN_AFFECT_CONFIG;
    if (!configures)
        return true;
    char *uri = virConnectGetURI(ed->c->conn);
    ed->entry = (struct journal_entry){
        .uuid = ed->c->uuid,
        .vm = xstrdup(ed->c->vm_name),
        .uri = uri ? uri_without_password(uri) : NULL,
        .what = words(ed),
        .start_before = xstrdup(native_word(ed->native_before)),
        .start_after = ed->native_before ? xstrdup(native_word(ed->request->native)) : NULL,
        .old_xml = xstrdup(ed->config_xml),
        .new_xml = xml_print(ed->config)};
    free(uri);
    ed->journalled = journal_begin(NULL, &ed->entry, &ed->c->error);
    if (!ed->journalled)
        error_prefix(&ed->c->error, "%s: nothing was changed, for the definition before could not be kept",
                     ed->c->vm_name);
    return ed->journalled;
}

static const char *when_words(const struct outcome *o)
{
    if (o->pending)
        return o->boot ? "at next boot; now once the guest lets it go" : "once the guest lets it go";
    return o->now && o->boot ? "now and at next boot" : o->now ? "now" : o->boot ? "at next boot" : NULL;
}

bool edit_did_something(const struct edit *ed)
{
    for (size_t i = 0; i < ed->request->changes.len; i++)
        if (when_words(&ed->outcomes[i]))
            return true;
    return ed->native_done;
}

/* The journal's word for all changes together: that of the first which did something. */
static const char *when_of_all(const struct edit *ed)
{
    const char *word = NULL;
    for (size_t i = 0; !word && i < ed->request->changes.len; i++)
        word = when_words(&ed->outcomes[i]);
    return word;
}

static void journal_finish(struct edit *ed, bool good)
{
    struct error e = ERROR_INIT;
    if (!ed->journalled)
        return;
    ed->entry.when = xstrdup(when_of_all(ed));
    if (!ed->entry.when && ed->native_done)
        ed->entry.when = xstrdup("at next boot");
    if (ed->native_before && !ed->native_done) {
        free(ed->entry.start_after);
        ed->entry.start_after = xstrdup(ed->entry.start_before);
    }
    /* After a failure, too: of several acts the first ones may have been done. */
    bool changed = ed->native_done || (ed->new_xml && strcmp(ed->new_xml, ed->entry.old_xml) != 0);
    journal_end(NULL, &ed->entry, good || changed ? JOURNAL_DONE : JOURNAL_FAILED, ed->new_xml, &e);
    if (e.status != STATUS_OK)
        finding_add(&ed->findings, "journal", SEV_WARN, NULL, "%s", error_text(&e));
    error_clear(&e);
}

/* ---- acting ---- */

static bool run_acts(struct edit *ed)
{
    for (size_t i = 0; i < ed->acts.len; i++)
        if (!act_run(ed, &ed->acts.items[i]))
            return false;
    return true;
}

static void wait_for_unplugs(struct edit *ed)
{
    for (size_t i = 0; i < ed->acts.len; i++) {
        const struct act *a = &ed->acts.items[i];
        struct outcome *o = &ed->outcomes[a->change];
        if (a->kind != ACT_DETACH || !(a->affect & VIR_DOMAIN_AFFECT_LIVE))
            continue;
        if (act_wait_unplugged(ed, a)) {
            o->pending = false;
            o->now = true;
        } else {
            struct note n = {.type = NOTE_UNPLUG, .uuid = ed->c->uuid, .text = xstrdup(a->key)};
            host_post(ed->c->host, &n);
        }
    }
}

/* ---- what is told ---- */

static json_object *change_json(const struct edit *ed, size_t i)
{
    const struct outcome *o = &ed->outcomes[i];
    const struct changed *d = o->config.found ? &o->config : &o->live;
    char *what = change_words(&ed->request->changes.items[i]);
    json_object *j = json_object_new_object();
    const char *when = o->nothing ? "nothing to change" : when_words(o);
    json_object_object_add(j, "device", d->name ? json_object_new_string(d->name) : NULL);
    json_object_object_add(j, "kind", d->kind ? json_object_new_string(d->kind->id) : NULL);
    json_object_object_add(j, "change", json_object_new_string(what));
    json_object_object_add(j, "when", when ? json_object_new_string(when) : NULL);
    json_object_object_add(j, "pending", json_object_new_boolean(o->pending));
    json_object_object_add(j, "why_not_now", o->why_not_now ? json_object_new_string(o->why_not_now) : NULL);
    free(what);
    return j;
}

static json_object *report_json(const struct edit *ed)
{
    json_object *j = json_object_new_object(), *changes = json_object_new_array();
    for (size_t i = 0; i < ed->request->changes.len; i++)
        json_object_array_add(changes, change_json(ed, i));
    json_object_object_add(j, "changes", changes);
    json_object_object_add(j, "findings", findings_json(&ed->findings));
    json_object_object_add(j, "journal", ed->journalled ? json_object_new_int64(ed->entry.number) : NULL);
    json_object_object_add(j, "dry_run", json_object_new_boolean(ed->request->dry_run));
    if (ed->native_before) {
        json_object_object_add(j, "native", json_object_new_string(native_word(ed->request->native)));
        json_object_object_add(j, "native_before", json_object_new_string(native_word(ed->native_before)));
    }
    return j;
}

static void put_change(struct strbuf *out, const struct edit *ed, size_t i)
{
    const struct outcome *o = &ed->outcomes[i];
    char *what =
        ed->request->what ? xstrdup(ed->request->what) : change_words(&ed->request->changes.items[i]);
    strbuf_printf(out, "%s%s", out->len ? "; " : "", what);
    if (o->nothing)
        strbuf_puts(out, edit_native_differs(ed) ? "" : ": it is so already");
    else if (when_words(o))
        strbuf_printf(out, ", %s", when_words(o));
    if (o->why_not_now)
        strbuf_printf(out, " (not now: %s)", o->why_not_now);
    free(what);
}

static void report(struct edit *ed)
{
    struct strbuf text = {0}, notes = {0};
    for (size_t i = 0; i < ed->request->changes.len; i++)
        put_change(&text, ed, i);
    if (ed->native_done)
        strbuf_printf(&text, "; libvirt's own autostart flag is %s", native_word(ed->request->native));
    context_say(ed->c, "%s", strbuf_str(&text));
    findings_print(&ed->findings, &notes);
    if (notes.len)
        ed->c->output = strbuf_steal(&notes);
    ed->c->json = report_json(ed);
    strbuf_free(&text);
    strbuf_free(&notes);
}

/* ---- dry run ---- */

/* A definition that changes without a line that may be shown: its passwords do. */
static const char *no_lines(const struct edit *ed)
{
    return ed->acts.len || edit_native_differs(ed)
               ? "what changes is never shown: passwords, or what stands in no definition\n"
               : "nothing would change\n";
}

static void put_diff(struct strbuf *out, const char *title, const char *before_xml, xmlDocPtr after)
{
    xmlDocPtr before = before_xml ? xml_parse_element(before_xml, "domain", NULL) : NULL;
    xmlDocPtr copy = after ? xmlCopyDoc(after, 1) : NULL;
    if (before && copy) {
        xml_hide_secrets(before);
        xml_hide_secrets(copy);
        char *a = xml_print(before), *b = xml_print(copy);
        if (strcmp(a, b) != 0) {
            strbuf_printf(out, "%s:\n", title);
            linediff(out, a, b);
        }
        free(a);
        free(b);
    }
    xmlFreeDoc(before);
    xmlFreeDoc(copy);
}

static void tell_dry_run(struct edit *ed)
{
    struct strbuf out = {0}, diff = {0};
    json_object *virsh = json_object_new_array();
    put_diff(&diff, "in the definition, at next boot", ed->config_xml, ed->config);
    put_diff(&diff, "in the running domain, now", ed->live_xml, ed->live);
    strbuf_puts(&out, diff.len ? strbuf_str(&diff) : no_lines(ed));
    if (ed->acts.len || edit_native_differs(ed))
        strbuf_puts(&out, "\nthe same with virsh:\n");
    char *made = edit_volume_virsh(ed);
    if (made) {
        strbuf_printf(&out, "%s\n", made);
        json_object_array_add(virsh, json_object_new_string(made));
        free(made);
    }
    for (size_t i = 0; i <= ed->acts.len; i++) {
        char *line = i < ed->acts.len ? act_virsh(ed, &ed->acts.items[i]) : edit_native_virsh(ed);
        if (!line)
            break;
        strbuf_printf(&out, "%s\n", line);
        json_object_array_add(virsh, json_object_new_string(line));
        free(line);
    }
    if (ed->findings.len) {
        strbuf_puts(&out, "\n");
        findings_print(&ed->findings, &out);
    }
    ed->c->json = report_json(ed);
    json_object_object_add(ed->c->json, "diff", json_object_new_string(strbuf_str(&diff)));
    json_object_object_add(ed->c->json, "virsh", virsh);
    ed->c->output = strbuf_steal(&out);
    context_say(ed->c, "nothing was changed: this was a dry run");
    strbuf_free(&diff);
}

/* ---- the job ---- */

static void drop_what_is_so(struct edit *ed)
{
    for (size_t i = 0; i < ed->request->changes.len; i++) {
        struct outcome *o = &ed->outcomes[i];
        o->nothing = !o->live.differs && !o->config.differs;
        for (size_t s = 0; s < ed->request->changes.items[i].sets.len; s++)
            if (ed->request->changes.items[i].sets.items[s].field->call == CALL_RESIZE)
                o->nothing = false; /* it stands in no tree, so nothing tells */
    }
}

static bool anything_to_do(const struct edit *ed)
{
    for (size_t i = 0; i < ed->request->changes.len; i++)
        if (!ed->outcomes[i].nothing)
            return true;
    return false;
}

/* Libvirt's flag may be all that is left to do. */
static void drop_acts(struct edit *ed)
{
    for (size_t i = 0; i < ed->acts.len; i++)
        act_clear(&ed->acts.items[i]);
    ed->acts.len = 0;
    ed->define = false;
}

/* Two changes of ours on one domain, in this program or in two, would read the same definition and the second
 * one would undo the first. */
static bool take_turn(struct edit *ed)
{
    int64_t until = clock_mono_ms() + TURN_MS;
    uint64_t seen = 0;
    bool busy;
    while ((ed->turn = journal_lock_domain(NULL, &ed->c->uuid, &busy, &ed->c->error)) < 0) {
        if (!busy) {
            error_prefix(&ed->c->error,
                         "%s: nothing was changed, for the definition before could not be kept",
                         ed->c->vm_name);
            return false;
        }
        if (clock_mono_ms() >= until || !context_wait_news(ed->c, &seen))
            return error_set(&ed->c->error, STATUS_FAILED,
                             "%s: another change of it is still under way; nothing was changed",
                             ed->c->vm_name);
        context_progress(ed->c, "waiting for another change of it");
    }
    return true;
}

/* How often the acts write the configured definition: what comes before a definition anew is not counted. */
static int writes(const struct edit *ed)
{
    int n = 0;
    for (size_t i = 0; i < ed->acts.len; i++)
        n += ed->acts.items[i].affect & VIR_DOMAIN_AFFECT_CONFIG ? 1 : 0;
    return ed->define ? 1 : n;
}

/* Of several changes the first ones may have been made. */
static void tell_what_was_done(struct edit *ed)
{
    struct strbuf done = {0};
    for (size_t i = 0; i < ed->request->changes.len; i++) {
        if (!when_words(&ed->outcomes[i]))
            continue;
        char *what =
            ed->request->what ? xstrdup(ed->request->what) : change_words(&ed->request->changes.items[i]);
        strbuf_printf(&done, "%s%s (%s)", done.len ? ", " : "; done all the same: ", what,
                      when_words(&ed->outcomes[i]));
        free(what);
    }
    if (done.len)
        error_suffix(&ed->c->error, strbuf_str(&done));
    strbuf_free(&done);
}

/* After a failure, too, which stays the error. */
static void read_back(struct edit *ed)
{
    struct error kept = ERROR_INIT;
    if (!ed->journalled)
        return;
    error_move(&kept, &ed->c->error);
    ed->new_xml = edit_read_config(ed->c);
    error_clear(&ed->c->error);
    error_move(&ed->c->error, &kept);
}

static bool act(struct edit *ed)
{
    struct job_context *c = ed->c;
    if (!journal(ed))
        return false;
    int own = writes(ed);
    bool good = edit_volume_make(ed) && (!ed->volume || patience_grace(c)) && run_acts(ed) &&
                edit_outlives(ed, own) && edit_native_run(ed);
    read_back(ed);
    edit_find_after(ed, own);
    good = good && edit_is_kept(ed, own);
    if (!good) {
        edit_volume_undo(ed);
        tell_what_was_done(ed);
    }
    give_turn(ed);
    if (good)
        wait_for_unplugs(ed);
    journal_finish(ed, good);
    return good;
}

static bool edit(struct edit *ed)
{
    if (!ed->request->dry_run && !take_turn(ed))
        return false;
    if (!ed->request->dry_run)
        edit_watch_begin(ed);
    if (!read_definitions(ed))
        return false;
    if (!ed->request->dry_run)
        edit_find_before(ed);
    if (!edit_volume_plan(ed) || !edit_plan(ed) || !edit_native_plan(ed))
        return false;
    drop_what_is_so(ed);
    if (!anything_to_do(ed))
        drop_acts(ed);
    if (!ed->acts.len && !edit_native_differs(ed)) {
        report(ed);
        return true;
    }
    if (!ed->metadata_only && ed->acts.len)
        check(ed);
    if (ed->request->dry_run) {
        tell_dry_run(ed);
        return true;
    }
    if (findings_count(&ed->findings, SEV_ERROR) && !ed->request->force) {
        ed->c->json = report_json(ed);
        return refuse_findings(ed);
    }
    if (!act(ed))
        return false;
    report(ed);
    return true;
}

static bool run_edit(struct job_context *c)
{
    struct edit ed = {.c = c, .request = c->args->data, .turn = -1, .watch = {.fd = -1}};
    ed.outcomes = xcalloc(ed.request->changes.len, sizeof *ed.outcomes);
    bool good = edit(&ed);
    if (!good)
        edit_tell_overwritten(&ed);
    edit_clear(&ed);
    return good;
}

const struct job_kind edit_job = {.action = "change", .doing = "changing", .run = run_edit};

static bool run_read(struct job_context *c)
{
    char *xml = edit_read_config(c);
    if (!xml)
        return false;
    c->json = json_object_new_object();
    json_object_object_add(c->json, "xml", json_object_new_string(xml));
    free(xml);
    return true;
}

const struct job_kind read_job = {.action = "read", .doing = "reading", .run = run_read};
