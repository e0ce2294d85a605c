/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * QEMU locks images itself and gives up at once where one is taken. Most who take one for a moment (a QEMU
 * that is just ending, qemu-img) are gone a little later; a running domain is not.
 */
#include "virt/start.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include "base/clock.h"
#include "base/log.h"
#include "model/xml.h"
#include "virt/image_lock.h"
#include "virt/retry.h"
#include "virt/serial_start.h"

enum who { WHO_NOBODY_SEEN, WHO_FREE, WHO_PASSING, WHO_DOMAIN };

/* The image that is locked, and who has it, as last looked. */
struct locked {
    char *image; /* NULL: unknown */
    enum who who;
    char *words;  /* "qemu-img (process 812)", "the running domain web1" */
    char *domain; /* of WHO_DOMAIN, where it is one of this host's; NULL */
};

static void locked_clear(struct locked *l)
{
    free(l->image);
    free(l->words);
    free(l->domain);
    *l = (struct locked){0};
}

static double chance(void *ctx)
{
    uint32_t bits = 0;
    (void)ctx;
    return getrandom(&bits, sizeof bits, 0) == sizeof bits ? (double)bits / 4294967296.0 : 1;
}

static bool is_active(struct job_context *c)
{
    return virDomainIsActive(c->dom) == 1;
}

/* ---- who has it ---- */

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
    if (!uuid_equal(&h->uuid, &c->uuid) && is_staying(dom)) {
        set_who(l, WHO_DOMAIN, xasprintf("the running domain %s", virDomainGetName(dom)));
        l->domain = xstrdup(virDomainGetName(dom));
    } else {
        set_who(l, WHO_PASSING, xasprintf("the QEMU of %s, which is ending (process %ld)", h->guest, h->pid));
    }
    virDomainFree(dom);
}

typedef VEC(char *) image_list;

static void images_free(image_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i]);
    vec_free(l);
}

/* Those that its definition lets it write to alone. */
static void read_images(virDomainPtr dom, unsigned flags, image_list *out)
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
    read_images(dom, 0, &images);
    for (size_t i = 0; i < images.len && !found; i++)
        found = same_image(images.items[i], image, local);
    images_free(&images);
    return found;
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

static void look(struct job_context *c, struct locked *l)
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

/* ---- which image ---- */

static bool is_held(const char *image)
{
    struct lock_holder holder;
    bool held = image_lock_look(image, &holder) == IMAGE_HELD;
    lock_holder_clear(&holder);
    return held;
}

/* Now and then libvirt is faster than QEMU's last words and gives no reason at all: then its own images are
 * looked at. NULL: none of them is held. The caller frees. */
static char *find_held_image(struct job_context *c)
{
    image_list images = {0};
    char *held = NULL;
    if (!uri_is_remote(c->host->uri))
        read_images(c->dom, VIR_DOMAIN_XML_INACTIVE, &images);
    for (size_t i = 0; i < images.len && !held; i++)
        held = is_held(images.items[i]) ? xstrdup(images.items[i]) : NULL;
    images_free(&images);
    return held;
}

/* Whether a lock made it fail; *image is then what is locked, or NULL where that is not known. */
static bool is_lock(struct job_context *c, char **image)
{
    const char *text = error_text(&c->error);
    bool named = image_lock_is(c->error.code, text);
    free(*image);
    *image = named ? image_lock_path(text) : NULL;
    if (!named && c->error.code == VIR_ERR_INTERNAL_ERROR && strstr(text, "monitor"))
        *image = find_held_image(c);
    return named || *image;
}

/* ---- waiting for it ---- */

static bool refuse(struct job_context *c, const struct locked *l)
{
    error_set(&c->error, STATUS_FAILED, "start %s: its image %s is in use by %s", c->vm_name, l->image,
              l->words);
    if (l->domain) {
        char *advice =
            xasprintf(": `shutdown %s` first, or give %s an image of its own", l->domain, c->vm_name);
        error_suffix(&c->error, advice);
        free(advice);
    }
    return false;
}

static bool give_up(struct job_context *c, const struct locked *l, const struct retry *r)
{
    return error_set(&c->error, STATUS_FAILED,
                     "start %s: its image %s is still locked by %s, after %d %s in %.1f s", c->vm_name,
                     l->image ? l->image : "(QEMU names none)", l->words, r->tries,
                     r->tries == 1 ? "try" : "tries", (double)(clock_mono_ms() - r->first_ms) / 1000);
}

static void tell(struct job_context *c, const char *kind, const struct locked *l, const struct retry *r)
{
    const char *image = l->image ? l->image : "an image";
    context_progress(c, "%s is locked by %s; try %d of %d follows", image, l->words, r->tries + 1,
                     RETRY_TRIES);
    fleet_event(c->host, &c->uuid, c->vm_name, kind, SEV_WARN, MARK_NONE,
                "%s is locked by %s; try %d of %d follows", image, l->words, r->tries + 1, RETRY_TRIES);
    log_write(LEVEL_LOG_INFO, "start %s: try %d: %s is locked by %s", c->vm_name, r->tries, image, l->words);
}

static bool wait_until(struct job_context *c, int64_t until_ms)
{
    uint64_t seen = 0;
    while (clock_mono_ms() < until_ms)
        if (!context_wait_until(c, &seen, until_ms))
            return error_set(&c->error, STATUS_FAILED, "start %s: no longer waited for", c->vm_name);
    return true;
}

/* After a try that a lock made fail. True: it is time to try again. */
static bool wait_for_lock(struct job_context *c, struct locked *l, struct retry *r, const char *kind)
{
    int64_t until_ms = 0;
    look(c, l);
    if (l->who == WHO_DOMAIN)
        return refuse(c, l);
    bool more = retry_failed(r, clock_mono_ms(), &until_ms);
    if (more)
        tell(c, kind, l, r);
    while (more) {
        if (!wait_until(c, until_ms))
            return false;
        look(c, l);
        if (l->who == WHO_DOMAIN)
            return refuse(c, l);
        if (l->who != WHO_PASSING)
            return true;
        more = retry_still(r, clock_mono_ms(), &until_ms);
    }
    return give_up(c, l, r);
}

bool start_patiently(struct job_context *c, unsigned flags, const char *event_kind, bool *ran)
{
    struct retry r = {.chance = chance};
    struct locked l = {0};
    bool good = false, again = true;
    *ran = false;
    serial_start_note(c);
    while (again) {
        error_clear(&c->error);
        good = virDomainCreateWithFlags(c->dom, flags) == 0;
        if (good)
            break;
        context_failed(c);
        /* The drivers' codes for "already running" differ; the state tells. Whoever was faster, the wish is
         * fulfilled. After a busy job lock (68), too, nobody knows before the state was read. */
        *ran = good = is_active(c);
        again = !good && is_lock(c, &l.image) && wait_for_lock(c, &l, &r, event_kind);
    }
    if (good)
        error_clear(&c->error);
    locked_clear(&l);
    return good;
}
