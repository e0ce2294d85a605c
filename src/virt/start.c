/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * QEMU locks images itself and gives up at once where one is taken. Most who take one for a moment (a QEMU
 * that is just ending, qemu-img) are gone a little later; a running domain is not.
 */
#include "virt/start.h"

#include <stdlib.h>
#include <string.h>
#include "virt/image_lock.h"
#include "virt/patience.h"
#include "virt/serial_start.h"

static bool is_active(struct job_context *c)
{
    return virDomainIsActive(c->dom) == 1;
}

static bool is_held(const char *image)
{
    struct lock_holder holder;
    enum image_lock met = image_lock_meets(image, true, false);
    if (met == IMAGE_UNSEEN) {
        met = image_lock_look(image, &holder);
        lock_holder_clear(&holder);
    }
    return met == IMAGE_HELD;
}

/* Now and then libvirt is faster than QEMU's last words and gives no reason at all: then its own images are
 * looked at. NULL: none of them is held. The caller frees. */
static char *find_held_image(void *ctx)
{
    struct job_context *c = ctx;
    image_list images = {0};
    char *held = NULL;
    if (!uri_is_remote(c->host->uri))
        images_read(c->dom, VIR_DOMAIN_XML_INACTIVE, &images);
    for (size_t i = 0; i < images.len && !held; i++)
        held = is_held(images.items[i]) ? xstrdup(images.items[i]) : NULL;
    images_free(&images);
    return held;
}

bool start_patiently(struct job_context *c, unsigned flags, const char *event_kind, bool *ran)
{
    struct patience p = {
        .c = c, .event_kind = event_kind, .image = find_held_image, .ctx = c, .silent_failures = true};
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
         * fulfilled. After a busy job lock, too, nobody knows before the state was read. */
        *ran = good = is_active(c);
        if (!good && patience_is_job_lock(c))
            patience_tell_job_lock(c, "it is off");
        again = !good && patience_again(&p);
    }
    if (good)
        error_clear(&c->error);
    patience_end(&p);
    return good;
}
