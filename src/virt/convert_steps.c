/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The steps. Each finds out by itself how much of it was done already, so that it can be run again after the
 * program was killed in the middle of it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "device/journal.h"
#include "model/xml.h"
#include "virt/convert_private.h"
#include "virt/edit_private.h"
#include "virt/patience.h"
#include "virt/start.h"

#define DRIVER_WAIT_S 60
#define TURN_WAIT_S   30
#define MOST_TRIES    20
#define GRACE_S       20 /* for a guest that may hear its power button, or may hang */

/* ---- definitions ---- */

static bool define(struct convert *cv, const char *xml)
{
    virDomainPtr dom = virDomainDefineXML(cv->c->conn, xml);
    if (!dom)
        return context_failed(cv->c);
    virDomainFree(dom);
    return true;
}

/* Changes the tree; false with the error set when it can't be. *differs: there is something to define. */
typedef bool (*config_edit)(struct convert *cv, xmlNodePtr domain, bool *differs);

/* Between the two saves it is not known which definition is there: it may be ours, and is treated so. */
static bool define_and_keep(struct convert *cv, const char *xml)
{
    free(cv->s.known_xml);
    cv->s.known_xml = NULL;
    bool good = convert_save(cv) && define(cv, xml);
    cv->s.known_xml = good ? edit_read_config(cv->c) : NULL;
    return good && cv->s.known_xml && convert_save(cv);
}

/* The right to change the domain, among programs of ours; -1 with the error set. close() gives it back. */
static int take_turn(struct convert *cv)
{
    int64_t until = clock_mono_ms() + TURN_WAIT_S * 1000;
    uint64_t seen = 0;
    bool busy;
    int turn;
    while ((turn = journal_lock_domain(NULL, &cv->c->uuid, &busy, &cv->c->error)) < 0 && busy) {
        if (clock_mono_ms() >= until || !context_wait_news(cv->c, &seen)) {
            error_set(&cv->c->error, STATUS_FAILED, "another change of it is still under way");
            break;
        }
    }
    return turn;
}

/* One try; *again: somebody else wrote the definition meanwhile. */
static bool try_edit(struct convert *cv, config_edit edit, bool *again)
{
    bool differs = false;
    char *before = edit_read_config(cv->c), *now = NULL, *after = NULL;
    xmlDocPtr doc = before ? xml_parse_element(before, "domain", &cv->c->error) : NULL;
    bool good = doc && edit(cv, xmlDocGetRootElement(doc), &differs);
    *again = false;
    if (good && differs) {
        after = xml_print(doc);
        now = edit_read_config(cv->c);
        *again = now && strcmp(now, before) != 0;
        good = now && (*again || define_and_keep(cv, after));
    }
    xmlFreeDoc(doc);
    free(before);
    free(now);
    free(after);
    return good;
}

/* Changes what is configured now, whoever has changed it since. */
static bool edit_config(struct convert *cv, config_edit edit)
{
    bool good = true, again = true;
    int turn = take_turn(cv);
    if (turn < 0)
        return false;
    for (int tries = 0; good && again && tries < MOST_TRIES; tries++)
        good = try_edit(cv, edit, &again);
    close(turn);
    return good && (!again || error_set(&cv->c->error, STATUS_FAILED, "others keep changing its definition"));
}

static bool converts_disks(struct convert *cv)
{
    struct virtio_plan p;
    xmlDocPtr old = xml_parse_element(cv->s.old_xml, "domain", NULL);
    if (!old)
        return false;
    virtio_plan_make(xmlDocGetRootElement(old), &cv->facts, cv->c->vm_name, cv->s.bus, &p);
    bool does = p.n_disks > 0;
    virtio_plan_clear(&p);
    xmlFreeDoc(old);
    return does;
}

static bool wants_probe(struct convert *cv)
{
    return !cv->s.assume_driver && converts_disks(cv);
}

/* ---- the steps ---- */

static bool add_probe(struct convert *cv, xmlNodePtr domain, bool *differs)
{
    *differs = !virtio_probe_find(domain, cv->s.probe);
    if (*differs)
        virtio_probe_add(domain, cv->s.probe, cv->s.bus);
    return true;
}

static enum step_result step_probe(struct convert *cv)
{
    if (!wants_probe(cv))
        return STEP_DONE;
    bool good = (cv->s.probe || convert_probe_make(cv)) && convert_save(cv) && edit_config(cv, add_probe);
    return good ? STEP_DONE : STEP_BACK;
}

static bool live_has_probe(struct convert *cv)
{
    xmlDocPtr live = convert_live(cv);
    bool has = live && cv->s.probe && virtio_probe_find(xmlDocGetRootElement(live), cv->s.probe);
    xmlFreeDoc(live);
    return has;
}

static enum step_result step_boot(struct convert *cv)
{
    /* One that runs without the probe was started before this began. */
    if (convert_runs(cv) && !live_has_probe(cv)) {
        enum step_result r = convert_stop(cv, convert_timeout(cv));
        if (r != STEP_DONE)
            return r;
    }
    return convert_boot(cv, false);
}

static enum step_result step_driver(struct convert *cv)
{
    int64_t until = clock_mono_ms() + DRIVER_WAIT_S * 1000;
    uint64_t seen = 0;
    if (!wants_probe(cv))
        return STEP_DONE;
    while (!convert_probe_seen(cv)) {
        if (clock_mono_ms() >= until) {
            error_set(&cv->c->error, STATUS_FAILED,
                      "the guest did not take the small virtio disk within %d s: it has no driver for it, or "
                      "nothing "
                      "tells of it; where it has one for sure, --assume-driver goes on without this",
                      DRIVER_WAIT_S);
            return STEP_BACK;
        }
        context_progress(cv->c, "looking whether the guest takes the small virtio disk");
        if (!context_wait_news(cv->c, &seen)) {
            error_set(&cv->c->error, STATUS_FAILED, "stopped while the guest's driver was looked for");
            return STEP_STOP;
        }
    }
    return STEP_DONE;
}

static enum step_result step_stop(struct convert *cv)
{
    return convert_stop(cv, convert_timeout(cv));
}

static bool flip(struct convert *cv, xmlNodePtr domain, bool *differs)
{
    struct virtio_plan p;
    xmlNodePtr probe = cv->s.probe ? virtio_probe_find(domain, cv->s.probe) : NULL;
    if (probe)
        xml_remove(probe);
    virtio_plan_make(domain, &cv->facts, cv->c->vm_name, cv->s.bus, &p);
    bool converts = p.n_convert > 0;
    virtio_plan_clear(&p);
    *differs = probe || converts;
    return !converts || virtio_apply(domain, &cv->facts, cv->c->vm_name, cv->s.bus, &cv->c->error);
}

static enum step_result step_flip(struct convert *cv)
{
    return edit_config(cv, flip) ? STEP_DONE : STEP_BACK;
}

/* Whether what runs is the converted domain: one that runs with other devices was started by somebody. */
static bool runs_converted(struct convert *cv)
{
    struct virtio_plan p = {0};
    xmlDocPtr live = convert_live(cv);
    if (live)
        virtio_plan_make(xmlDocGetRootElement(live), &cv->facts, cv->c->vm_name, cv->s.bus, &p);
    bool is = live && p.n_convert == 0;
    virtio_plan_clear(&p);
    xmlFreeDoc(live);
    return is;
}

static enum step_result step_watch(struct convert *cv)
{
    if (convert_runs(cv) && !runs_converted(cv)) {
        enum step_result r = convert_stop(cv, convert_timeout(cv));
        if (r != STEP_DONE)
            return r;
    }
    return convert_boot(cv, true);
}

static void end_journal(struct convert *cv, enum journal_state state)
{
    struct error e = ERROR_INIT;
    struct journal_entry entry = {.uuid = cv->c->uuid, .number = cv->s.journal};
    char *now = edit_read_config(cv->c);
    entry.when = state == JOURNAL_DONE ? xstrdup("now and at next boot") : NULL;
    if (cv->s.journal)
        journal_end(NULL, &entry, state, now, &e);
    free(now);
    free(entry.when);
    error_clear(&e);
}

static enum step_result step_finish(struct convert *cv)
{
    convert_probe_delete(cv);
    end_journal(cv, JOURNAL_DONE);
    if (!cv->s.was_active && convert_stop(cv, convert_timeout(cv)) == STEP_STOP)
        return STEP_STOP;
    error_clear(&cv->c->error);
    convert_forget(cv);
    return STEP_DONE;
}

const struct convert_step convert_steps[] = {
    {"probe", "adding a small virtio disk", step_probe},
    {"boot", "booting once on the old devices", step_boot},
    {"driver", "looking for the guest's driver", step_driver},
    {"stop", "shutting the guest down", step_stop},
    {"flip", "changing the devices", step_flip},
    {"watch", "booting on virtio", step_watch},
    {"finish", "tidying up", step_finish},
};
const size_t n_convert_steps = ARRAY_LEN(convert_steps);

void convert_note(struct convert *cv, const char *step, const char *result, const char *detail)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "step", json_object_new_string(step));
    json_object_object_add(o, "result", json_object_new_string(result));
    json_object_object_add(o, "detail", detail ? json_object_new_string(detail) : NULL);
    json_object_array_add(cv->steps, o);
}

/* ---- putting everything back ---- */

/* The definition without the small disk, which is soon gone. The caller frees. */
static char *without_probe(struct convert *cv, const char *xml)
{
    xmlDocPtr doc = xml_parse_element(xml, "domain", NULL);
    xmlNodePtr probe = doc && cv->s.probe ? virtio_probe_find(xmlDocGetRootElement(doc), cv->s.probe) : NULL;
    if (probe)
        xml_remove(probe);
    char *text = probe ? xml_print(doc) : xstrdup(xml);
    xmlFreeDoc(doc);
    return text;
}

/* Whatever is there and is not what this conversion wrote is somebody's work: it can be had back by `undo`.
 */
static bool keep_foreign(struct convert *cv)
{
    char *now = edit_read_config(cv->c);
    bool foreign =
        now && cv->s.known_xml && strcmp(now, cv->s.known_xml) != 0 && strcmp(now, cv->s.old_xml) != 0;
    bool good = now != NULL;
    if (foreign) {
        struct journal_entry e = {
            .uuid = cv->c->uuid,
            .vm = xstrdup(cv->c->vm_name),
            .uri = xstrdup(cv->s.uri),
            .what = xstrdup("virtio: changed by somebody meanwhile, replaced by the one before"),
            .old_xml = without_probe(cv, now),
            .new_xml = xstrdup(cv->s.old_xml)};
        good = journal_begin(NULL, &e, &cv->c->error) &&
               journal_end(NULL, &e, JOURNAL_DONE, NULL, &cv->c->error);
        journal_entry_clear(&e);
        convert_note(cv, "journal", "ok", "the definition that somebody changed meanwhile is in the journal");
    }
    free(now);
    return good;
}

static bool pull_plug(struct convert *cv)
{
    return virDomainDestroy(cv->c->dom) == 0 || !convert_runs(cv) || context_failed(cv->c);
}

static void detach_probe(struct convert *cv)
{
    xmlDocPtr live = convert_live(cv);
    xmlNodePtr probe = live ? virtio_probe_find(xmlDocGetRootElement(live), cv->s.probe) : NULL;
    char *xml = probe ? xml_print_node(probe) : NULL;
    if (xml)
        virDomainDetachDeviceFlags(cv->c->dom, xml, VIR_DOMAIN_AFFECT_LIVE);
    free(xml);
    xmlFreeDoc(live);
}

/* A guest that runs on the old devices, as it did before, is left alone, unless it is about to shut down:
 * then that is waited for. Any other is stopped: it is asked first, as it may be up in spite of all. */
static bool leave_virtio(struct convert *cv)
{
    bool probe = live_has_probe(cv), converted = convert_runs(cv) && !probe && runs_converted(cv);
    if (probe && cv->s.was_active) {
        detach_probe(cv);
        probe = live_has_probe(cv);
    }
    bool as_before = !probe && !converted && cv->s.was_active;
    if (!convert_runs(cv) || (as_before && !cv->s.stopping))
        return true;
    enum step_result r = convert_stop(cv, converted || as_before ? GRACE_S : convert_timeout(cv));
    if (r == STEP_STOP && context_cancelled(cv->c))
        return false;
    error_clear(&cv->c->error);
    return r == STEP_DONE || as_before || pull_plug(cv);
}

/* Byte for byte what libvirt printed before. */
static bool check_same(struct convert *cv)
{
    char *now = edit_read_config(cv->c);
    bool same = now && strcmp(now, cv->s.old_xml) == 0;
    if (now && !same)
        error_set(&cv->c->error, STATUS_FAILED,
                  "libvirt prints the definition otherwise than before: `diff` and `history %s` show it",
                  cv->c->vm_name);
    free(now);
    convert_note(cv, "definition", same ? "ok" : "failed",
                 same ? "as it was before, byte for byte" : "differs");
    return same;
}

static bool define_old(struct convert *cv)
{
    int turn = take_turn(cv);
    bool good = turn >= 0 && keep_foreign(cv) && define(cv, cv->s.old_xml);
    if (turn >= 0)
        close(turn);
    return good;
}

/* Why it is put back is told even where the start is fine. */
static bool start_again(struct job_context *c)
{
    struct error why = ERROR_INIT;
    bool ran;
    error_move(&why, &c->error);
    bool good = patience_grace(c) && start_patiently(c, 0, "job", &ran);
    if (c->error.status == STATUS_OK)
        error_move(&c->error, &why);
    error_clear(&why);
    return good;
}

bool convert_put_back(struct convert *cv)
{
    cv->s.reverting = true;
    context_progress(cv->c, "putting everything back");
    if (!convert_save(cv) || !leave_virtio(cv) || !define_old(cv))
        return false;
    bool good = check_same(cv);
    if (cv->s.was_active && !convert_runs(cv)) {
        good = start_again(cv->c) && good;
        convert_note(cv, "start", convert_runs(cv) ? "ok" : "failed", "it ran before");
    }
    convert_probe_delete(cv);
    end_journal(cv, JOURNAL_FAILED);
    convert_forget(cv);
    return good;
}
