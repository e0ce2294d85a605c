/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/plan_private.h"
#include "base/nearest.h"
#include "model/xml.h"

static const struct policy no_policy;

/* ---- what a definition names ---- */

static void add_need(need_list *needs, enum need_kind kind, char *name)
{
    for (size_t i = 0; i < needs->len && name; i++) {
        if (needs->items[i].kind == kind && strcmp(needs->items[i].name, name) == 0) {
            free(name);
            return;
        }
    }
    if (name)
        vec_push(needs, ((struct need){kind, name}));
}

void plan_needs(xmlNodePtr domain, need_list *needs)
{
    xmlNodePtr devices = xml_child(domain, "devices");
    for (xmlNodePtr n = xml_child(devices, "interface"); n; n = xml_next(n, "interface"))
        if (xml_get_is(n, "@type", "network"))
            add_need(needs, NEED_NETWORK, xml_get(n, "source@network"));
    for (xmlNodePtr n = xml_child(devices, "disk"); n; n = xml_next(n, "disk"))
        if (xml_get_is(n, "@type", "volume"))
            add_need(needs, NEED_POOL, xml_get(n, "source@pool"));
}

void need_list_free(need_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        need_clear(&l->items[i]);
    vec_free(l);
}

/* ---- who takes part ---- */

bool plan_is_ours(const struct plan_build *b, uint32_t item)
{
    const struct policy *p = b->policies[item];
    return p->present && policy_number(p, NULL, POLICY_MODE) != MODE_OFF;
}

/* Going down, whatever runs is to be stopped: also what a person has started. */
static bool takes_part(const struct plan_build *b, uint32_t item)
{
    bool with_host = plan_is_ours(b, item) || b->in->items[item].native;
    if (!b->in->reverse)
        return with_host;
    return b->in->after_boot ? with_host : b->in->items[item].running;
}

/* ---- names ---- */

static int by_name(const void *left, const void *right)
{
    const struct plan_item *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : uuid_compare(&a->uuid, &b->uuid);
}

static int by_uuid(const void *left, const void *right)
{
    const struct uuid_item *a = left, *b = right;
    return uuid_compare(&a->uuid, &b->uuid);
}

/* By their names, so that a plan does not depend on the order in which the host lists its domains. */
static struct plan_item *sorted_items(const struct plan_input *in)
{
    struct plan_item *items = xcalloc(in->n_items + 1, sizeof *items);
    if (in->n_items > 0) {
        memcpy(items, in->items, in->n_items * sizeof *items);
        qsort(items, in->n_items, sizeof *items, by_name);
    }
    return items;
}

static void sort_uuids(struct plan_build *b)
{
    for (uint32_t i = 0; i < b->in->n_items; i++)
        b->by_uuid[i] = (struct uuid_item){b->in->items[i].uuid, i};
    if (b->in->n_items > 0)
        qsort(b->by_uuid, b->in->n_items, sizeof *b->by_uuid, by_uuid);
}

/* The first of that name; PLAN_NONE. */
static uint32_t find_name(const struct plan_build *b, const char *name)
{
    size_t low = 0, high = b->in->n_items;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(b->in->items[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < b->in->n_items && strcmp(b->in->items[low].name, name) == 0)
        return (uint32_t)low;
    return PLAN_NONE;
}

static uint32_t find_item(const struct plan_build *b, const char *vm)
{
    struct vm_uuid uuid;
    uint32_t item = find_name(b, vm);
    if (item != PLAN_NONE || !uuid_parse(vm, &uuid))
        return item;
    struct uuid_item wanted = {uuid, 0};
    const struct uuid_item *found = bsearch(&wanted, b->by_uuid, b->in->n_items, sizeof wanted, by_uuid);
    return found ? found->item : PLAN_NONE;
}

/* A word of a command line: in quotes where it has anything but plain bytes in it. */
static void put_word(const char *s, struct strbuf *out)
{
    bool plain = *s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:=,/@-") ==
                           strlen(s);
    if (plain) {
        strbuf_puts(out, s);
        return;
    }
    strbuf_putc(out, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            strbuf_putc(out, '\\');
        strbuf_putc(out, *s);
    }
    strbuf_putc(out, '"');
}

char *plan_remedy(const char *name, const char *word)
{
    struct strbuf out = {0};
    strbuf_puts(&out, "autostart ");
    put_word(name, &out);
    strbuf_putc(&out, ' ');
    put_word(word, &out);
    return strbuf_steal(&out);
}

char *plan_remedy_without(const struct plan_build *b, uint32_t item, uint32_t at)
{
    struct policy rest;
    struct strbuf word = {0};
    const struct policy_value *after = &b->policies[item]->v[POLICY_AFTER];
    policy_init(&rest);
    for (size_t i = 0; i < after->items.len; i++)
        if (i != at)
            policy_add(&rest, POLICY_AFTER, after->items.items[i], NULL);
    strbuf_puts(&word, "after=");
    policy_text(&rest, POLICY_AFTER, &word);
    char *remedy = plan_remedy(b->in->items[item].name, strbuf_str(&word));
    strbuf_free(&word);
    policy_free(&rest);
    return remedy;
}

/* ---- who waits for whom ---- */

void plan_block(struct plan_build *b, uint32_t item, char *why)
{
    if (b->blocked[item] || b->in->reverse)
        free(why);
    else
        b->blocked[item] = why;
}

#define HINTS_MAX 2000 /* names that are compared with a wrong one, over all: it must not grow with n * m */

static void unknown_name(struct plan_build *b, uint32_t item, const char *vm, uint32_t at, size_t *budget)
{
    struct nearest near = nearest_to(vm);
    for (size_t i = 0; i<b->in->n_items && * budget> 0; i++, (*budget)--)
        nearest_offer(&near, b->in->items[i].name);
    char *hint = nearest_hint(&near), *remedy = plan_remedy_without(b, item, at);
    finding_add(&b->plan->findings, "after-unknown", SEV_ERROR, remedy,
                "%s waits for %s, which is no domain of this host%s", b->in->items[item].name, vm, hint);
    plan_block(b, item, xasprintf("it waits for %s, which is no domain of this host", vm));
    free(remedy);
    free(hint);
}

static void add_edges(struct plan_build *b, uint32_t item, size_t *budget)
{
    const struct policy_value *after = &b->policies[item]->v[POLICY_AFTER];
    for (uint32_t i = 0; i < after->items.len; i++) {
        struct policy_after a = {0};
        if (!policy_after_read(after->items.items[i], &a, NULL))
            continue;
        uint32_t to = find_item(b, a.vm);
        if (to == PLAN_NONE)
            unknown_name(b, item, a.vm, i, budget);
        else
            vec_push(&b->edges, ((struct plan_edge){item, to, a.ready ? UNTIL_READY : UNTIL_STARTED, i}));
        policy_after_clear(&a);
    }
}

static void find_edges(struct plan_build *b)
{
    size_t budget = HINTS_MAX;
    for (uint32_t item = 0; item < b->in->n_items; item++) {
        b->first[item] = (uint32_t)b->edges.len;
        if (b->in->reverse ? takes_part(b, item) : plan_is_ours(b, item))
            add_edges(b, item, &budget);
    }
    b->first[b->in->n_items] = (uint32_t)b->edges.len;
}

/* What others wait for is in the plan, too, with what comes of it. */
static void take_items(struct plan_build *b)
{
    for (uint32_t item = 0; item < b->in->n_items; item++)
        b->taken[item] = takes_part(b, item);
    for (size_t i = 0; i < b->edges.len && !b->in->reverse; i++) {
        uint32_t item = b->edges.items[i].from, to = b->edges.items[i].to;
        const struct plan_item *waited = &b->in->items[to];
        b->taken[to] = true;
        if (takes_part(b, to) || (waited->running && !b->in->after_boot))
            continue;
        char *remedy = plan_remedy(waited->name, "on");
        finding_add(&b->plan->findings, "after-nobody", SEV_ERROR, remedy,
                    "%s waits for %s, which nobody starts", b->in->items[item].name, waited->name);
        free(remedy);
        plan_block(b, to, xstrdup("it is not started with the host"));
    }
}

struct plan *plan_new(const struct plan_input *given)
{
    size_t n = given->n_items;
    struct plan_input sorted = *given, *in = &sorted;
    struct plan_item *items = sorted_items(given);
    sorted.items = items;
    struct plan *p = xcalloc(1, sizeof *p);
    struct plan_build b = {.in = in,
                           .plan = p,
                           .policies = xcalloc(n + 1, sizeof *b.policies),
                           .by_uuid = xcalloc(n + 1, sizeof *b.by_uuid),
                           .taken = xcalloc(n + 1, sizeof *b.taken),
                           .blocked = xcalloc(n + 1, sizeof *b.blocked),
                           .first = xcalloc(n + 1, sizeof *b.first),
                           .cycle = xcalloc(n + 1, sizeof *b.cycle),
                           .place = xcalloc(n + 1, sizeof *b.place),
                           .node = xcalloc(n + 1, sizeof *b.node)};
    uint32_t *item_of;
    p->reverse = in->reverse;
    memset(b.node, 0xff, (n + 1) * sizeof *b.node);
    for (size_t i = 0; i < n; i++)
        b.policies[i] = in->items[i].policy ? in->items[i].policy : &no_policy;
    sort_uuids(&b);
    find_edges(&b);
    plan_find_cycles(&b);
    take_items(&b);
    plan_find_places(&b);
    plan_make_graph(&b, &item_of);
    plan_find_times(p, in, item_of);
    free(item_of);
    for (size_t i = 0; i < n; i++)
        free(b.blocked[i]);
    free(b.policies);
    free(b.by_uuid);
    free(b.taken);
    free(b.blocked);
    vec_free(&b.edges);
    free(b.first);
    free(b.cycle);
    free(b.place);
    free(b.node);
    free(items);
    return p;
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        free(p->nodes[i].name);
        free(p->nodes[i].blocked);
    }
    free(p->nodes);
    free(p->waits);
    free(p->nexts);
    vec_free(&p->path);
    findings_free(&p->findings);
    free(p);
}
