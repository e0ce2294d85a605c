/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hash map from (host, UUID) to a pointer or a number: the one index that sampler, history and view share
 * the code of. No thread safety of its own.
 */
#ifndef VIRTDECK_MODEL_VMMAP_H
#define VIRTDECK_MODEL_VMMAP_H

#include <stddef.h>
#include "model/uuid.h"

struct vmmap_slot {
    struct vm_uuid uuid;
    int host;
    bool used;
    void *value;
};

struct vmmap {
    struct vmmap_slot *slots;
    size_t cap, len;
};

void *vmmap_get(const struct vmmap *m, int host, const struct vm_uuid *uuid); /* NULL where there is none */
bool vmmap_has(const struct vmmap *m, int host, const struct vm_uuid *uuid);
/* Sets; returns the value that was there, or NULL. Values are the caller's. */
void *vmmap_set(struct vmmap *m, int host, const struct vm_uuid *uuid, void *value);
void *vmmap_remove(struct vmmap *m, int host, const struct vm_uuid *uuid);
/* Walk: start with *i = 0; returns the next used slot or NULL. The map must not change meanwhile. */
struct vmmap_slot *vmmap_next(const struct vmmap *m, size_t *i);
void vmmap_free(struct vmmap *m); /* the values stay the caller's */

#endif
