/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What disks' fields and new disks have in common. Any thread.
 */
#ifndef VIRTDECK_DEVICE_DISK_H
#define VIRTDECK_DEVICE_DISK_H

#include <libxml/tree.h>

/* A path, POOL/VOLUME or PROTOCOL:NAME; NULL: there is none. The caller frees. */
char *disk_source_get(xmlNodePtr disk);
/* The image format that a name tells by its end; NULL: it tells none. Static. */
const char *disk_format_of(const char *source);
/* "vd" of bus virtio …; NULL: unknown. Static. */
const char *disk_prefix(const char *bus);
/* The first name of that prefix that no disk under `devices` (NULL: there are none) has but `but`. The caller
 * frees. */
char *disk_free_target(xmlNodePtr devices, xmlNodePtr but, const char *prefix);

#endif
