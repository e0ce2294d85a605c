/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/complete_resources.h"

#include <stdlib.h>
#include <string.h>

#include "base/format.h"

/* Which resources each type of field takes. */
static const struct {
    enum field_type type;
    enum resource_kind kind;
} takes[] = {{FIELD_NETWORK, RESOURCE_NETWORK},
             {FIELD_BRIDGE, RESOURCE_BRIDGE},
             {FIELD_PATH, RESOURCE_VOLUME},
             {FIELD_USB, RESOURCE_USB},
             {FIELD_PCI, RESOURCE_PCI}};

static struct candidate candidate_of(const struct resource *r)
{
    struct candidate c = {.text = xstrdup(r->path ? r->path : r->name), .note = xstrdup(r->note)};
    if (r->kind == RESOURCE_VOLUME) {
        struct strbuf note = {0};
        if (r->path)
            strbuf_printf(&note, "%s, ", r->name);
        format_bytes(&note, (double)r->capacity, false);
        free(c.note);
        c.note = strbuf_steal(&note);
    }
    return c;
}

void resources_candidates(const struct host_resources *r, enum field_type type, candidate_list *out)
{
    for (size_t t = 0; t < ARRAY_LEN(takes); t++)
        for (size_t i = 0; r && takes[t].type == type && i < r->items.len; i++)
            if (r->items.items[i].kind == takes[t].kind)
                vec_push(out, candidate_of(&r->items.items[i]));
}
