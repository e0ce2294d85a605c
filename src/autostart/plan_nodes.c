/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The graph of a plan: a node for each domain and each thing that is needed, and barriers between two orders.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "autostart/plan_private.h"

/* ---- nodes ---- */

static void fill_policy(struct plan_node *node, const struct policy *p, const struct policy *host)
{
    const struct policy_value *ready = policy_value(p, host, POLICY_READY);
    for (size_t i = 0; i < ready->items.len; i++)
        node->probes = node->probes || strcmp(ready->items.items[i], "running") != 0;
    node->delay_ms = policy_number(p, host, POLICY_DELAY);
    node->timeout_ms = policy_number(p, host, POLICY_TIMEOUT);
    node->on_timeout = (enum policy_on_timeout)policy_number(p, host, POLICY_ON_TIMEOUT);
    node->stop = (enum policy_stop)policy_number(p, host, POLICY_STOP);
    node->stop_timeout_ms = policy_number(p, host, POLICY_STOP_TIMEOUT);
    node->stop_force = policy_number(p, host, POLICY_STOP_FORCE) != 0;
}

static void fill_node(struct plan_build *b, uint32_t item, struct plan_node *node)
{
    const struct plan_item *it = &b->in->items[item];
    const struct policy_value *order = &b->policies[item]->v[POLICY_ORDER];
    *node = (struct plan_node){.kind = PLAN_DOMAIN,
                               .name = xstrdup(it->name),
                               .uuid = it->uuid,
                               .order = order->given ? (int)order->number : -1,
                               .place = b->place[item],
                               .running = it->running && !b->in->after_boot,
                               .blocked = b->blocked[item],
                               .memory_kib = it->memory_kib,
                               .cause = PLAN_NONE};
    node->who = plan_is_ours(b, item) ? PLAN_OURS : it->native ? PLAN_NATIVE : PLAN_NOBODY;
    b->blocked[item] = NULL;
    if (b->in->reverse) {
        node->running = true;
        node->who = PLAN_OURS;
    }
    fill_policy(node, b->policies[item], &b->in->config->defaults);
    if (node->running && !b->in->reverse) {
        free(node->blocked);
        node->blocked = NULL;
    }
}

struct numbered {
    int place;
    uint32_t item;
};

static int by_place(const void *left, const void *right)
{
    const struct numbered *a = left, *b = right;
    /* Those without a place come last: -1 is the largest number without a sign. */
    unsigned pa = (unsigned)a->place, pb = (unsigned)b->place;
    return pa != pb ? (pa < pb ? -1 : 1) : (a->item > b->item) - (a->item < b->item);
}

static int by_need(const void *left, const void *right)
{
    const struct need *a = left, *b = right;
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : strcmp(a->name, b->name);
}

struct want_edge {
    uint32_t item, need;
};

struct want {
    struct need need;
    uint32_t item;
};

typedef VEC(struct want) want_list;

static int by_want(const void *left, const void *right)
{
    const struct want *a = left, *b = right;
    int order = by_need(&a->need, &b->need);
    return order ? order : (a->item > b->item) - (a->item < b->item);
}

typedef VEC(struct want_edge) want_edges;

/* ---- needs ---- */

static void collect_wants(const struct plan_build *b, uint32_t item, want_list *all)
{
    const struct policy_value *own = &b->policies[item]->v[POLICY_NEEDS];
    const need_list *named = b->in->items[item].needs;
    for (size_t i = 0; i < own->items.len; i++) {
        struct want n = {.item = item};
        if (need_read(own->items.items[i], &n.need, NULL))
            vec_push(all, n);
    }
    for (size_t i = 0; named && i < named->len; i++) {
        const struct need *r = &named->items[i];
        vec_push(all, ((struct want){{r->kind, xstrdup(r->name)}, item}));
    }
}

static enum need_state state_of(const struct plan_build *b, const struct need *r)
{
    for (size_t i = 0; i < b->in->n_needs; i++) {
        const struct plan_need *known = &b->in->needs[i];
        if (known->kind == r->kind && strcmp(known->name, r->name) == 0)
            return b->in->after_boot && known->state == NEED_ACTIVE && r->kind <= NEED_POOL ? NEED_INACTIVE
                                                                                            : known->state;
    }
    return NEED_UNKNOWN;
}

static void missing_need(struct plan_build *b, uint32_t item, const struct need *r)
{
    finding_add(&b->plan->findings, "needs-missing", SEV_ERROR, NULL, "%s needs %s %s, which is not there",
                b->in->items[item].name, need_words[r->kind], r->name);
    plan_block(b, item, xasprintf("it needs %s %s, which is not there", need_words[r->kind], r->name));
}

/* Nodes of what is needed, and who needs it. */
static void add_needs(struct plan_build *b, struct plan_node *nodes, const need_list *all)
{
    for (size_t i = 0; i < all->len; i++) {
        enum need_state state = state_of(b, &all->items[i]);
        nodes[i] = (struct plan_node){.kind = PLAN_NEED,
                                      .need = all->items[i].kind,
                                      .name = xstrdup(all->items[i].name),
                                      .order = -1,
                                      .place = -1,
                                      .timeout_ms = (int64_t)b->in->config->v[LIMIT_NEEDS_TIMEOUT],
                                      .running = state == NEED_ACTIVE,
                                      .memory_kib = NAN,
                                      .cause = PLAN_NONE};
        if (state == NEED_MISSING)
            nodes[i].blocked = xstrdup("it is not there");
    }
}

/* Sorted, so that equal ones lie beside each other: each becomes one node, whoever needs it. */
static void find_wants(struct plan_build *b, need_list *all, want_edges *edges)
{
    want_list wants = {0};
    bool missing = false;
    for (uint32_t item = 0; item < b->in->n_items && !b->in->reverse; item++)
        if (b->taken[item] && plan_is_ours(b, item))
            collect_wants(b, item, &wants);
    if (wants.len > 0)
        qsort(wants.items, wants.len, sizeof *wants.items, by_want);
    for (size_t i = 0; i < wants.len; i++) {
        struct want *n = &wants.items[i];
        struct need *last = all->len > 0 ? &all->items[all->len - 1] : NULL;
        bool same = last && by_need(last, &n->need) == 0;
        if (same && wants.items[i - 1].item == n->item) {
            need_clear(&n->need);
            continue;
        }
        if (same) {
            need_clear(&n->need);
        } else {
            missing = state_of(b, &n->need) == NEED_MISSING;
            vec_push(all, n->need);
        }
        vec_push(edges, ((struct want_edge){n->item, (uint32_t)all->len - 1}));
        if (missing)
            missing_need(b, n->item, &all->items[all->len - 1]);
    }
    vec_free(&wants);
}

/* ---- the graph ---- */

struct link {
    uint32_t from, to; /* nodes; `from` waits for `to` */
    enum plan_until until;
};

typedef VEC(struct link) link_list;

/* Both directions as arrays: no list a node. */
static void store_links(struct plan *p, const link_list *links)
{
    p->waits = xcalloc(links->len + 1, sizeof *p->waits);
    p->nexts = xcalloc(links->len + 1, sizeof *p->nexts);
    for (size_t i = 0; i < links->len; i++) {
        p->nodes[links->items[i].from].n_waits++;
        p->nodes[links->items[i].to].n_nexts++;
    }
    uint32_t waits = 0, nexts = 0;
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *node = &p->nodes[i];
        node->waits = waits;
        node->nexts = nexts;
        waits += node->n_waits;
        nexts += node->n_nexts;
        node->n_waits = node->n_nexts = 0;
    }
    for (size_t i = 0; i < links->len; i++) {
        const struct link *l = &links->items[i];
        struct plan_node *from = &p->nodes[l->from], *to = &p->nodes[l->to];
        p->waits[from->waits + from->n_waits++] = (struct plan_wait){l->to, l->until};
        p->nexts[to->nexts + to->n_nexts++] = (struct plan_wait){l->from, l->until};
    }
}

/* Down, who waits is stopped before what it waits for; a circle has no first one, so its waits do not count.
 */
static void link_edges(const struct plan_build *b, link_list *links)
{
    for (size_t i = 0; i < b->edges.len; i++) {
        const struct plan_edge *e = &b->edges.items[i];
        uint32_t from = b->node[e->from], to = b->node[e->to];
        bool circle = b->cycle[e->from] != PLAN_NONE && b->cycle[e->from] == b->cycle[e->to];
        if (from == PLAN_NONE || to == PLAN_NONE || circle)
            continue;
        if (b->in->reverse)
            vec_push(links, ((struct link){to, from, UNTIL_OVER}));
        else
            vec_push(links, ((struct link){from, to, e->until}));
    }
}

/* One barrier between two neighbouring places, so that the links of an order stay linear. */
static void link_places(const struct plan_build *b, const struct numbered *order, size_t n,
                        uint32_t first_domain, uint32_t barrier, link_list *links)
{
    uint32_t before = PLAN_NONE; /* the barrier in front of this place */
    for (size_t i = 0; i < n && order[i].place >= 0;) {
        size_t end = i;
        while (end < n && order[end].place == order[i].place)
            end++;
        bool last = end == n || order[end].place < 0;
        for (size_t k = i; k < end; k++) {
            uint32_t node = first_domain + (uint32_t)k;
            if (b->plan->reverse) {
                if (before != PLAN_NONE)
                    vec_push(links, ((struct link){before, node, UNTIL_OVER}));
                if (!last)
                    vec_push(links, ((struct link){node, barrier, UNTIL_OVER}));
            } else {
                if (before != PLAN_NONE)
                    vec_push(links, ((struct link){node, before, UNTIL_OVER}));
                if (!last)
                    vec_push(links, ((struct link){barrier, node, UNTIL_OVER}));
            }
        }
        if (before != PLAN_NONE && !last) {
            struct link chain = {barrier, before, UNTIL_OVER};
            if (b->plan->reverse)
                chain = (struct link){before, barrier, UNTIL_OVER};
            vec_push(links, chain);
        }
        before = barrier++;
        i = end;
    }
}

static uint32_t count_barriers(const struct numbered *order, size_t n)
{
    uint32_t places = 0;
    for (size_t i = 0; i < n && order[i].place >= 0; i++)
        places += i == 0 || order[i].place != order[i - 1].place;
    return places > 0 ? places - 1 : 0;
}

/* What waits for something that is not started is not started either. */
static void spread_blocked(struct plan *p)
{
    VEC(uint32_t) todo = {0};
    for (uint32_t i = 0; i < p->n_nodes; i++)
        if (p->nodes[i].blocked)
            vec_push(&todo, i);
    for (size_t at = 0; at < todo.len; at++) {
        const struct plan_node *node = &p->nodes[todo.items[at]];
        for (uint32_t i = node->nexts; i < node->nexts + node->n_nexts; i++) {
            struct plan_node *next = &p->nodes[p->nexts[i].node];
            if (next->kind == PLAN_BARRIER || next->blocked || next->running || next->who == PLAN_NATIVE)
                continue;
            next->blocked = xasprintf("it waits for %s, which is not started", node->name);
            finding_add(&p->findings, "not-started", SEV_ERROR, NULL, "%s is not started: %s", next->name,
                        next->blocked);
            vec_push(&todo, p->nexts[i].node);
        }
    }
    vec_free(&todo);
}

void plan_make_graph(struct plan_build *b, uint32_t **item_of)
{
    struct plan *p = b->plan;
    need_list all = {0};
    want_edges edges = {0};
    link_list links = {0};
    VEC(struct numbered) order = {0};
    find_wants(b, &all, &edges);
    for (uint32_t i = 0; i < b->in->n_items; i++)
        if (b->taken[i])
            vec_push(&order, ((struct numbered){b->place[i], i}));
    if (order.len > 0)
        qsort(order.items, order.len, sizeof *order.items, by_place);
    uint32_t first = (uint32_t)all.len, barrier = first + (uint32_t)order.len;
    p->n_nodes = barrier + count_barriers(order.items, order.len);
    p->nodes = xcalloc(p->n_nodes + 1, sizeof *p->nodes);
    *item_of = xmalloc((p->n_nodes + 1) * sizeof **item_of);
    memset(*item_of, 0xff, (p->n_nodes + 1) * sizeof **item_of);
    add_needs(b, p->nodes, &all);
    for (uint32_t i = 0; i < order.len; i++) {
        fill_node(b, order.items[i].item, &p->nodes[first + i]);
        b->node[order.items[i].item] = first + i;
        (*item_of)[first + i] = order.items[i].item;
    }
    for (uint32_t i = barrier; i < p->n_nodes; i++)
        p->nodes[i] = (struct plan_node){
            .kind = PLAN_BARRIER, .order = -1, .place = -1, .memory_kib = NAN, .cause = PLAN_NONE};
    for (size_t i = 0; i < edges.len; i++)
        vec_push(&links, ((struct link){b->node[edges.items[i].item], edges.items[i].need, UNTIL_READY}));
    link_edges(b, &links);
    link_places(b, order.items, order.len, first, barrier, &links);
    store_links(p, &links);
    need_list_free(&all);
    vec_free(&edges);
    vec_free(&links);
    vec_free(&order);
    spread_blocked(p);
}
