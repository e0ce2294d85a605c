/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who holds the lock of a disk image. QEMU locks images by byte ranges that belong to an open file (OFD
 * locks), whose process /proc/locks does not name: the descriptors of all processes are looked at. Only
 * processes of this machine can be seen, and without root only the user's own. Any thread; blocks for some
 * milliseconds.
 */
#ifndef VIRTDECK_VIRT_IMAGE_LOCK_H
#define VIRTDECK_VIRT_IMAGE_LOCK_H

#include <stdbool.h>
#include "model/uuid.h"

enum image_lock {
    IMAGE_FREE, /* every process was looked at, and none has it */
    IMAGE_HELD,
    IMAGE_UNSEEN /* none of those that may be looked at has it, or there is no such file here */
};

struct lock_holder {
    long pid;
    char *command;       /* "qemu-img"; owned */
    char *guest;         /* QEMU's guest=NAME; owned; NULL */
    struct vm_uuid uuid; /* QEMU's -uuid; nil */
};

/* Whether this is the complaint of a QEMU (or of libvirt's lock manager) about a lock. */
bool image_lock_is(int code, const char *message);
/* The image that the complaint names; NULL: it names none. The caller frees. */
char *image_lock_path(const char *message);
/* Whether a QEMU that writes to it, or only reads it, would meet a lock now; shared: it lets others write to
 * it meanwhile. The kernel is asked: no processes are looked at, and holders on other machines count where
 * the file system tells of them. UNSEEN: the file may not be opened. */
enum image_lock image_lock_meets(const char *path, bool writes, bool shared);
/* *holder is filled where it is HELD; lock_holder_clear(). */
enum image_lock image_lock_look(const char *path, struct lock_holder *holder);
void lock_holder_clear(struct lock_holder *h);

#endif
