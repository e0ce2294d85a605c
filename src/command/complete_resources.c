/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/complete_resources.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/format.h"
#include "base/text.h"

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

/* ---- on a line ---- */

#define WAIT_MS 1000

struct wanted {
    struct fleet *fleet;
    int host;
    struct host_resources *found;
};

static bool is_read(void *arg)
{
    struct wanted *w = arg;
    w->found = w->found ? w->found : fleet_resources(w->fleet, w->host);
    return w->found != NULL;
}

/* Control bytes can't be typed. */
static bool is_typable(const char *text)
{
    char *escaped = text_escaped(text);
    bool same = strcmp(escaped, text) == 0;
    free(escaped);
    return same;
}

void complete_resources(struct completion *c, int host, enum field_type type)
{
    const struct frontend *f = c->session->frontend;
    struct wanted w = {.fleet = c->session->fleet, .host = host};
    bool takes_any = false;
    for (size_t t = 0; t < ARRAY_LEN(takes); t++)
        takes_any = takes_any || takes[t].type == type;
    if (!takes_any || !w.fleet)
        return;
    if (!is_read(&w) && f && f->wait)
        f->wait(f->ctx, -1, is_read, &w, clock_mono_ms() + WAIT_MS, NULL);
    candidate_list l = {0};
    resources_candidates(w.found, type, &l);
    for (size_t i = 0; i < l.len; i++)
        if (is_typable(l.items[i].text))
            complete_offer(c, l.items[i].text, l.items[i].note);
    candidates_free(&l);
    resources_unref(w.found);
}
