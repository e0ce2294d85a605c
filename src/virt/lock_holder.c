/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/lock_holder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "model/xml.h"
#include "virt/facts.h"
#include "virt/image_lock.h"

void locked_clear(struct locked *l)
{
    free(l->image);
    free(l->words);
    free(l->domain);
    *l = (struct locked){0};
}

static void set_who(struct locked *l, enum who who, char *words)
{
    free(l->words);
    l->who = who;
    l->words = words;
}

/* A domain that is about to end, or is none of this libvirt's any more, lets its images go by itself. */
static bool is_staying(virDomainPtr dom)
{
    int state;
    return virDomainIsActive(dom) == 1 && virDomainGetState(dom, &state, NULL, 0) == 0 &&
           state != VIR_DOMAIN_SHUTDOWN && state != VIR_DOMAIN_SHUTOFF && state != VIR_DOMAIN_CRASHED;
}

static void judge_guest(struct job_context *c, const struct lock_holder *h, struct locked *l)
{
    virDomainPtr dom = uuid_is_nil(&h->uuid) ? NULL : virDomainLookupByUUID(c->conn, h->uuid.b);
    if (!dom) {
        set_who(l, WHO_DOMAIN, xasprintf("the domain %s of another libvirt (process %ld)", h->guest, h->pid));
        return;
    }
    if (is_staying(dom)) {
        bool itself = uuid_equal(&h->uuid, &c->uuid);
        set_who(l, WHO_DOMAIN,
                xasprintf("the running domain %s%s", virDomainGetName(dom), itself ? " itself" : ""));
        l->domain = itself ? NULL : xstrdup(virDomainGetName(dom));
    } else {
        set_who(l, WHO_PASSING, xasprintf("the QEMU of %s, which is ending (process %ld)", h->guest, h->pid));
    }
    virDomainFree(dom);
}

void images_free(image_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i]);
    vec_free(l);
}

void images_read(virDomainPtr dom, unsigned flags, image_list *out)
{
    char *xml = virDomainGetXMLDesc(dom, flags);
    xmlDocPtr doc = xml ? xml_parse(xml, strlen(xml), NULL) : NULL;
    xmlNodePtr devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL;
    for (xmlNodePtr d = xml_child(devices, "disk"); d; d = xml_next(d, "disk")) {
        char *image =
            xml_child(d, "readonly") || xml_child(d, "shareable") ? NULL : xml_get(d, "source@file");
        if (!image && !xml_child(d, "readonly") && !xml_child(d, "shareable"))
            image = xml_get(d, "source@dev");
        if (image)
            vec_push(out, image);
    }
    xmlFreeDoc(doc);
    free(xml);
}

static bool same_image(const char *a, const char *b, bool local)
{
    struct stat sa, sb;
    return strcmp(a, b) == 0 || (local && stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_ino == sb.st_ino &&
                                 sa.st_dev == sb.st_dev);
}

static bool uses(virDomainPtr dom, const char *image, bool local)
{
    image_list images = {0};
    bool found = false;
    if (!domain_keeps_waiting(dom))
        images_read(dom, 0, &images);
    for (size_t i = 0; i < images.len && !found; i++)
        found = same_image(images.items[i], image, local);
    images_free(&images);
    return found;
}

void start_holder(struct job_context *c, const char *image, struct image_holder *out)
{
    struct lock_holder holder = {0};
    struct locked l = {.who = WHO_NOBODY_SEEN};
    if (image_lock_look(image, &holder) == IMAGE_HELD && holder.guest)
        judge_guest(c, &holder, &l);
    else if (holder.command)
        set_who(&l, WHO_PASSING, xasprintf("%s (process %ld)", holder.command, holder.pid));
    lock_holder_clear(&holder);
    out->is = l.who == WHO_DOMAIN ? HOLDER_DOMAIN : HOLDER_PASSING;
    out->words = l.words;
    out->domain = l.domain;
}

/* Where processes can't be seen, definitions tell which running domain has the image. */
static void look_at_definitions(struct job_context *c, struct locked *l, bool local)
{
    virDomainPtr *list = NULL;
    int n = virConnectListAllDomains(c->conn, &list, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    for (int i = 0; i < n; i++) {
        struct vm_uuid uuid;
        bool other = virDomainGetUUID(list[i], uuid.b) == 0 && !uuid_equal(&uuid, &c->uuid);
        if (l->who != WHO_DOMAIN && other && uses(list[i], l->image, local) && is_staying(list[i])) {
            set_who(l, WHO_DOMAIN, xasprintf("the running domain %s", virDomainGetName(list[i])));
            l->domain = xstrdup(virDomainGetName(list[i]));
        }
        virDomainFree(list[i]);
    }
    free(list);
}

void locked_look(struct job_context *c, struct locked *l)
{
    struct lock_holder holder = {0};
    bool local = !uri_is_remote(c->host->uri);
    enum image_lock found = l->image && local ? image_lock_look(l->image, &holder) : IMAGE_UNSEEN;
    free(l->domain);
    l->domain = NULL;
    if (found == IMAGE_HELD && holder.guest)
        judge_guest(c, &holder, l);
    else if (found == IMAGE_HELD)
        set_who(l, WHO_PASSING, xasprintf("%s (process %ld)", holder.command, holder.pid));
    else if (found == IMAGE_FREE)
        set_who(l, WHO_FREE,
                xstrdup("nobody on this machine; on storage that machines share, another one may have it"));
    else
        set_who(l, WHO_NOBODY_SEEN, xstrdup("somebody who can't be seen from here"));
    if (found == IMAGE_UNSEEN && l->image)
        look_at_definitions(c, l, local);
    lock_holder_clear(&holder);
}
