/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether the QEMU of a domain may use a file of this machine: as which user it runs, whether libvirt gives
 * the file to that user first, and what owners, modes and ACLs of the file and of the folders above it say.
 * Blocks on files; any thread.
 */
#ifndef VIRTDECK_VIRT_IMAGE_ACCESS_H
#define VIRTDECK_VIRT_IMAGE_ACCESS_H

#include "preflight/input.h"

struct qemu_user {
    bool known;
    unsigned uid, gid;
    char *name; /* or "64055" */
    unsigned groups[64];
    int n_groups;
    enum answer relabels; /* libvirt makes files its own before a start (dynamic_ownership) */
};

/* From the definition's own label, else what capabilities say of the driver that sets owners; a session's is
 * ourselves. `conf`: the path of qemu.conf. */
void qemu_user_read(struct qemu_user *u, xmlNodePtr domain, xmlDocPtr hostcaps, bool session,
                    const char *conf);
void qemu_user_clear(struct qemu_user *u);
/* Below `root` ("" for this machine). What of a disk counts besides: it is only read; its source says that
 * libvirt has to leave its owner alone. */
void image_access_look(const struct qemu_user *u, const char *root, const char *path, bool read_only,
                       bool left_alone, struct image_access *out);

#endif
