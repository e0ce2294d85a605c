/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/vmmap.h"

#include <stdlib.h>
#include "base/mem.h"

/* Linear probing; the capacity is a power of two, at most three quarters full. Removing moves later slots
 * back instead of leaving tombstones, so that a map that lives for months does not silt up. */

static size_t home_of(const struct vmmap *m, int host, const struct vm_uuid *uuid)
{
    return (size_t)uuid_hash(uuid, host) & (m->cap - 1);
}

/* The slot of the key, or the free one where it would go. */
static struct vmmap_slot *probe(const struct vmmap *m, int host, const struct vm_uuid *uuid)
{
    size_t i = home_of(m, host, uuid);
    while (m->slots[i].used && !(m->slots[i].host == host && uuid_equal(&m->slots[i].uuid, uuid))) {
        i = (i + 1) & (m->cap - 1);
    }
    return &m->slots[i];
}

static void grow(struct vmmap *m)
{
    struct vmmap bigger = {.cap = m->cap ? m->cap * 2 : 16, .len = m->len};
    bigger.slots = xcalloc(bigger.cap, sizeof(*bigger.slots));
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].used) {
            *probe(&bigger, m->slots[i].host, &m->slots[i].uuid) = m->slots[i];
        }
    }
    free(m->slots);
    *m = bigger;
}

void *vmmap_get(const struct vmmap *m, int host, const struct vm_uuid *uuid)
{
    return m->len ? probe(m, host, uuid)->value : NULL;
}

bool vmmap_has(const struct vmmap *m, int host, const struct vm_uuid *uuid)
{
    return m->len && probe(m, host, uuid)->used;
}

void *vmmap_set(struct vmmap *m, int host, const struct vm_uuid *uuid, void *value)
{
    if ((m->len + 1) * 4 > m->cap * 3) {
        grow(m);
    }
    struct vmmap_slot *slot = probe(m, host, uuid);
    void *old = slot->value;
    m->len += slot->used ? 0 : 1;
    *slot = (struct vmmap_slot){.uuid = *uuid, .host = host, .used = true, .value = value};
    return old;
}

void *vmmap_remove(struct vmmap *m, int host, const struct vm_uuid *uuid)
{
    if (!vmmap_has(m, host, uuid)) {
        return NULL;
    }
    struct vmmap_slot *slot = probe(m, host, uuid);
    void *old = slot->value;
    size_t mask = m->cap - 1;
    size_t hole = (size_t)(slot - m->slots);
    for (size_t i = (hole + 1) & mask; m->slots[i].used; i = (i + 1) & mask) {
        size_t home = home_of(m, m->slots[i].host, &m->slots[i].uuid);
        /* It may move into the hole unless its home lies behind the hole. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = (struct vmmap_slot){0};
    m->len--;
    return old;
}

struct vmmap_slot *vmmap_next(const struct vmmap *m, size_t *i)
{
    while (*i < m->cap) {
        struct vmmap_slot *slot = &m->slots[(*i)++];
        if (slot->used) {
            return slot;
        }
    }
    return NULL;
}

void vmmap_free(struct vmmap *m)
{
    free(m->slots);
    *m = (struct vmmap){0};
}
