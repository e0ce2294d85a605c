/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether changes are still there. libvirt keeps no versions: a client that read the definition before a
 * change and defines it after it (virsh edit does) takes the change out again, and nobody is told. So it is
 * looked for: in the moment after the change, where its files can be watched; when the definition is read for
 * the journal; before and after each later change; when libvirt says that somebody defined the domain anew,
 * while a screen is open; and by `history`.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "device/overwritten.h"
#include "model/xml.h"
#include "virt/edit_private.h"

#define OVERWRITTEN "overwritten" /* the finding */

/* ---- the change just made ---- */

/* The other's call was mostly on its way when the change was made, so that it is seen soon. */
#define OVERWRITTEN_WITHIN_MS 60

/* Whether the change is in a definition: making it again makes no difference. */
static bool is_in(const struct change *c, const struct changed *made, const char *xml)
{
    struct error e = ERROR_INIT;
    struct changed again = {0};
    struct device_walk w = {0};
    xmlDocPtr doc = xml_parse_element(xml, "domain", &e);
    bool in = doc != NULL;
    if (in && (c->verb == CHANGE_SET || c->verb == CHANGE_METADATA))
        in = !change_apply(c, doc, &again, &e) || !again.differs;
    else if (in && (c->verb == CHANGE_ADD || c->verb == CHANGE_REMOVE))
        in = change_find_device(made->key, xmlDocGetRootElement(doc), &w, &e) == (c->verb == CHANGE_ADD);
    device_walk_end(&w);
    changed_clear(&again);
    error_clear(&e);
    xmlFreeDoc(doc);
    return in;
}

static bool say_overwritten(struct edit *ed)
{
    ed->entry.overwritten_ms = clock_wall_ms();
    return error_set(&ed->c->error, STATUS_FAILED,
                     "%s: somebody else wrote an older definition over the change in the same instant: it "
                     "is not there any more; make it again",
                     ed->c->vm_name);
}

static bool written_again(struct edit *ed, int own)
{
    struct pollfd p = {.fd = ed->watch.fd, .events = POLLIN};
    int64_t until = clock_mono_ms() + OVERWRITTEN_WITHIN_MS;
    edit_watch_count(&ed->watch);
    for (int64_t left; ed->watch.seen <= own && (left = until - clock_mono_ms()) > 0;) {
        poll(&p, 1, (int)left);
        edit_watch_count(&ed->watch);
    }
    return ed->watch.seen > own;
}

bool edit_outlives(struct edit *ed, int own)
{
    if (ed->watch.fd < 0 || own == 0 || !written_again(ed, own))
        return true;
    char *now = edit_read_config(ed->c);
    bool good = now != NULL;
    for (size_t i = 0; good && i < ed->request->changes.len; i++)
        if (ed->outcomes[i].boot && !is_in(&ed->request->changes.items[i], &ed->outcomes[i].config, now))
            good = ed->outcomes[i].boot = say_overwritten(ed);
    free(now);
    return good;
}

enum writers { NOBODY_ELSE, SOMEBODY_ELSE, NOBODY_KNOWS };

/* A watch that has not seen our own writes sees none: the files are elsewhere. */
static enum writers who_wrote(struct edit *ed, int own)
{
    edit_watch_count(&ed->watch);
    if (ed->watch.fd < 0 || ed->watch.seen < own)
        return NOBODY_KNOWS;
    return ed->watch.seen > own ? SOMEBODY_ELSE : NOBODY_ELSE;
}

/* Whether the definition, as it was read afterwards, is as it was before in all that was meant. */
static bool is_undone(const struct edit *ed)
{
    trace t;
    fact_list now;
    char *meant = xml_print(ed->config);
    trace_make(ed->config_xml, meant, &t);
    fact_list_make(ed->new_xml, &now);
    bool undone = trace_undone(&t, &now);
    fact_list_free(&now);
    trace_free(&t);
    free(meant);
    return undone;
}

/* A host that lives in this process alone (the demo) has nobody who would write over ours, and it had other
 * domains the last time. NULL, or the host's URI, which the caller frees. */
static char *shared_uri(virConnectPtr conn)
{
    char *found = virConnectGetURI(conn);
    char *uri = found && !uri_in_process(found) ? uri_without_password(found) : NULL;
    free(found);
    return uri;
}

/* libvirt has its own way of writing things, and puts some back that it holds for needed. */
static void warn_unkept(struct edit *ed)
{
    char *uri = shared_uri(ed->c->conn);
    if (uri)
        finding_add(
            &ed->findings, "unkept", SEV_WARN, NULL,
            "the definition of %s is as it was before: libvirt put it back, or another program wrote an "
            "older one over it in the same instant",
            ed->c->vm_name);
    free(uri);
}

bool edit_is_kept(struct edit *ed, int own)
{
    bool boots = false;
    for (size_t i = 0; i < ed->request->changes.len; i++)
        boots = boots || ed->outcomes[i].boot;
    enum writers who = who_wrote(ed, own);
    if (!boots || own == 0 || !ed->config || !ed->new_xml || who == NOBODY_ELSE || !is_undone(ed))
        return true;
    if (who == NOBODY_KNOWS) {
        warn_unkept(ed);
        return true;
    }
    for (size_t i = 0; i < ed->request->changes.len; i++)
        ed->outcomes[i].boot = false;
    return say_overwritten(ed);
}

/* ---- earlier changes ---- */

/* In words that the caller frees, each but once; NULL: all are there. */
static char *find_overwritten(journal_list *l, virDomainPtr dom, const char *uri, const char *now)
{
    struct strbuf words = {0};
    journal_numbers gone = {0};
    struct error e = ERROR_INIT;
    struct vm_uuid uuid;
    virDomainGetUUID(dom, uuid.b);
    overwritten_find(l, uri, now, &gone);
    /* Where it can't be written down it is said again the next time. */
    bool noted = gone.len && journal_note_overwritten(NULL, &uuid, &gone, l->items[l->len - 1].number, &e);
    if (gone.len && (noted || e.status != STATUS_OK))
        overwritten_words(&words, l, &gone, virDomainGetName(dom));
    error_clear(&e);
    vec_free(&gone);
    return words.len ? strbuf_steal(&words) : NULL;
}

/* What this change takes out of the definition, and libvirt on its account, is not lost. */
static void add_own(struct edit *ed)
{
    struct journal_entry own = {.number = ed->entry.number,
                                .state = JOURNAL_DONE,
                                .uri = xstrdup(ed->entry.uri),
                                .traced = true,
                                .overwritten_ms = clock_wall_ms()}; /* it is looked at by edit_is_kept() */
    char *meant = xml_print(ed->config);
    trace_make(ed->config_xml, meant, &own.trace);
    trace_widen(&own.trace, ed->config_xml);
    trace_widen(&own.trace, ed->new_xml);
    vec_push(&ed->earlier, own);
    free(meant);
}

static void find_earlier(struct edit *ed, const char *now)
{
    char *uri = shared_uri(ed->c->conn), *words = NULL;
    if (uri && ed->earlier.len)
        words = find_overwritten(&ed->earlier, ed->c->dom, uri, now);
    if (words)
        finding_add(&ed->findings, OVERWRITTEN, SEV_WARN, NULL, "%s", words);
    free(words);
    free(uri);
}

void edit_find_before(struct edit *ed)
{
    if (!ed->config_xml)
        return;
    /* What is damaged is told by `history`. */
    journal_list_entries(NULL, &ed->c->uuid, &ed->earlier, NULL);
    find_earlier(ed, ed->config_xml);
}

void edit_find_after(struct edit *ed, int own)
{
    if (!ed->new_xml || !ed->earlier.len || who_wrote(ed, own) == NOBODY_ELSE)
        return;
    add_own(ed);
    find_earlier(ed, ed->new_xml);
}

void edit_tell_overwritten(struct edit *ed)
{
    for (size_t i = 0; i < ed->findings.len; i++) {
        const char *id = ed->findings.items[i].id;
        if (strcmp(id, OVERWRITTEN) != 0 && strcmp(id, EDITED_AT_ONCE) != 0)
            continue;
        char *text = xasprintf("; besides, %s", ed->findings.items[i].text);
        error_suffix(&ed->c->error, text);
        free(text);
    }
}

char *edit_overwritten(virDomainPtr dom)
{
    struct vm_uuid uuid;
    journal_list l = {0};
    virDomainGetUUID(dom, uuid.b);
    if (!journal_has_entries(NULL, &uuid) || virDomainIsPersistent(dom) != 1)
        return NULL;
    char *uri = shared_uri(virDomainGetConnect(dom)), *words = NULL;
    /* The journal is read before the definition: a change between the two would pass for one that is gone. */
    if (uri)
        journal_list_entries(NULL, &uuid, &l, NULL);
    char *now = l.len ? virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_INACTIVE) : NULL;
    if (now)
        words = find_overwritten(&l, dom, uri, now);
    free(now);
    free(uri);
    journal_list_free(&l);
    return words;
}
