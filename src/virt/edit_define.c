/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replacing the whole configured definition. libvirt has no lock for it: whoever defines last wins. So it is
 * read again just before, and when it is not what the changes were made in, they are made anew in what is
 * there now. What is left is the blink between that look and the call: whether somebody wrote the definition
 * in it is told by the files that libvirtd itself writes, where they can be watched.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "model/xml.h"
#include "virt/edit_private.h"
#include "virt/facts.h"

#define MOST_TRIES 20

char *edit_read_config(struct job_context *c)
{
    char *xml = virDomainGetXMLDesc(c->dom, VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_INACTIVE);
    if (!xml)
        context_failed(c);
    return xml;
}

/* ---- watching who writes it ---- */

/* libvirtd renames a new file over the old one each time a definition is saved (virFileRewrite). Only root
 * may look there, and only on the host itself. */
void edit_watch_begin(struct edit *ed)
{
    ed->watch.fd = -1;
    if (!ed->c->is_qemu || !facts_local(ed->c->conn))
        return;
    ed->watch.file = xasprintf("%s.xml", ed->c->vm_name);
    ed->watch.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    /* The kernel makes one event of equal ones in a row; the old name's between them keeps them apart. */
    if (ed->watch.fd >= 0 &&
        inotify_add_watch(ed->watch.fd, "/etc/libvirt/qemu", IN_MOVED_FROM | IN_MOVED_TO) < 0) {
        close(ed->watch.fd);
        ed->watch.fd = -1;
    }
}

int edit_watch_count(struct edit_watch *w)
{
    _Alignas(struct inotify_event) char buf[8192];
    int n = 0;
    for (ssize_t len; w->fd >= 0 && (len = read(w->fd, buf, sizeof buf)) > 0;) {
        for (ssize_t at = 0; at < len;) {
            const struct inotify_event *e = (const struct inotify_event *)(buf + at);
            n += e->mask & IN_MOVED_TO && e->len && strcmp(e->name, w->file) == 0;
            at += (ssize_t)sizeof *e + (ssize_t)e->len;
        }
    }
    w->seen += n;
    return n;
}

void edit_watch_end(struct edit *ed)
{
    if (ed->watch.file && ed->watch.fd >= 0)
        close(ed->watch.fd);
    free(ed->watch.file);
    ed->watch = (struct edit_watch){.fd = -1};
}

/* ---- defining ---- */

static const char *base_of(const struct edit *ed)
{
    for (size_t i = 0; i < ed->request->changes.len; i++)
        if (ed->request->changes.items[i].verb == CHANGE_DEFINE)
            return ed->request->changes.items[i].base;
    return NULL;
}

/* Made from a definition that is no longer there: only a person can put the two together. */
static bool check_base(struct edit *ed)
{
    const char *base = base_of(ed);
    if (!base || ed->request->force || strcmp(base, ed->config_xml) == 0)
        return true;
    return error_set(
        &ed->c->error, STATUS_FAILED,
        "%s: its definition was changed by somebody else meanwhile; nothing was written. Begin anew "
        "from the present one, or overwrite it with --force",
        ed->c->vm_name);
}

static bool apply_anew(struct edit *ed, const char *xml)
{
    xmlDocPtr doc = xml_parse_element(xml, "domain", &ed->c->error);
    if (!doc)
        return false;
    for (size_t i = 0; i < ed->request->changes.len; i++) {
        struct changed *d = &ed->outcomes[i].config;
        bool was = d->found;
        changed_clear(d);
        if (was && !change_apply(&ed->request->changes.items[i], doc, d, &ed->c->error)) {
            error_prefix(&ed->c->error, "somebody else changed the definition meanwhile");
            xmlFreeDoc(doc);
            return false;
        }
    }
    xmlFreeDoc(ed->config);
    ed->config = doc;
    free(ed->config_xml);
    ed->config_xml = xstrdup(xml);
    char *meant = xml_print(doc);
    bool good =
        check_base(ed) && (!ed->journalled || journal_rebase(NULL, &ed->entry, xml, meant, &ed->c->error));
    free(meant);
    return good;
}

/* virDomainDefineXML keeps the UUID's domain; a text with another UUID or name would make a second one. */
static bool same_domain(struct edit *ed)
{
    char *before = NULL, *after = xml_get(xmlDocGetRootElement(ed->config), "uuid");
    xmlDocPtr old = xml_parse_element(ed->config_xml, "domain", NULL);
    before = old ? xml_get(xmlDocGetRootElement(old), "uuid") : NULL;
    bool same = before && after && strcmp(before, after) == 0;
    if (!same)
        error_set(&ed->c->error, STATUS_FAILED,
                  "%s: the new definition has the UUID %s, which is not this domain's (%s)", ed->c->vm_name,
                  after ? after : "(none)", before ? before : "?");
    xmlFreeDoc(old);
    free(before);
    free(after);
    return same;
}

static bool define(struct edit *ed)
{
    struct job_context *c = ed->c;
    char *xml = xml_print(ed->config);
    virDomainPtr dom = virDomainDefineXMLFlags(c->conn, xml, VIR_DOMAIN_DEFINE_VALIDATE);
    if (!dom) { /* drivers that know no such flag */
        const virError *e = virGetLastError();
        if (e && (e->code == VIR_ERR_NO_SUPPORT || e->code == VIR_ERR_INVALID_ARG))
            dom = virDomainDefineXML(c->conn, xml);
    }
    free(xml);
    if (!dom)
        return context_failed(c);
    virDomainFree(dom);
    return true;
}

static void warn_overwritten(struct edit *ed)
{
    finding_add(
        &ed->findings, EDITED_AT_ONCE, SEV_WARN, NULL,
        "somebody else wrote the definition of %s in the same instant: look with `diff %s` whether both "
        "changes are in it; the one before is in `history %s`",
        ed->c->vm_name, ed->c->vm_name, ed->c->vm_name);
}

bool edit_define(struct edit *ed)
{
    bool good = check_base(ed), done = false;
    for (int tries = 0; good && !done && tries < MOST_TRIES; tries++) {
        edit_watch_count(&ed->watch);
        char *now = edit_read_config(ed->c);
        if (now && strcmp(now, ed->config_xml) == 0)
            good = done = same_domain(ed) && define(ed);
        else
            good = now && apply_anew(ed, now);
        free(now);
    }
    ed->watch.seen = 0; /* from here on: who writes over it */
    if (done && edit_watch_count(&ed->watch) > 1)
        warn_overwritten(ed);
    if (good && !done)
        good = error_set(&ed->c->error, STATUS_FAILED,
                         "%s: others keep changing its definition; %d tries met a new one each time",
                         ed->c->vm_name, MOST_TRIES);
    return good;
}
