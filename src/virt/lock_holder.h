/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who has a locked image, in words: a running domain, which stays, or somebody who is going to leave. Asks
 * libvirt and looks at processes: for jobs only.
 */
#ifndef VIRTDECK_VIRT_LOCK_HOLDER_H
#define VIRTDECK_VIRT_LOCK_HOLDER_H

#include "preflight/input.h"
#include "virt/private.h"

enum who { WHO_NOBODY_SEEN, WHO_FREE, WHO_PASSING, WHO_DOMAIN };

/* The image that is locked, and who has it, as last looked. */
struct locked {
    char *image; /* NULL: unknown */
    enum who who;
    char *words;  /* "qemu-img (process 812)", "the running domain web1" */
    char *domain; /* of WHO_DOMAIN, where it is another one of this host's; NULL */
};

/* Looks at who has l->image now. */
void locked_look(struct job_context *c, struct locked *l);
void locked_clear(struct locked *l);

/* The same for a preflight: the running domain, or who is going to leave by himself, as far as can be seen.
 * The image is locked, and of this machine. */
void start_holder(struct job_context *c, const char *image, struct image_holder *out);

typedef VEC(char *) image_list;
/* Those that its definition lets it write to alone. flags: libvirt's VIR_DOMAIN_XML_… */
void images_read(virDomainPtr dom, unsigned flags, image_list *out);
void images_free(image_list *l);

#endif
