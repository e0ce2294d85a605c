/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Circles among those that wait for each other, and contradictions between order and waiting.
 */
#include <stdlib.h>
#include <string.h>

#include "autostart/plan_private.h"

#define NAMED 24 /* members of a circle that a message names */

/* ---- circles: Tarjan's strongly connected components, without recursion, for chains may be long ---- */

struct search {
    struct plan_build *b;
    uint32_t *index, *low, *next; /* of an item; index 0: not visited */
    bool *open;
    VEC(uint32_t) stack, path;
    uint32_t count, cycles;
};

static bool waits_for_itself(const struct plan_build *b, uint32_t item)
{
    for (uint32_t i = b->first[item]; i < b->first[item + 1]; i++)
        if (b->edges.items[i].to == item)
            return true;
    return false;
}

static void visit(struct search *s, uint32_t item)
{
    s->index[item] = s->low[item] = ++s->count;
    s->next[item] = s->b->first[item];
    s->open[item] = true;
    vec_push(&s->stack, item);
    vec_push(&s->path, item);
}

static void close_component(struct search *s, uint32_t root)
{
    bool circle = s->stack.items[s->stack.len - 1] != root || waits_for_itself(s->b, root);
    uint32_t item;
    do {
        item = s->stack.items[--s->stack.len];
        s->open[item] = false;
        if (circle)
            s->b->cycle[item] = s->cycles;
    } while (item != root);
    s->cycles += circle;
}

static void leave(struct search *s, uint32_t item)
{
    s->path.len--;
    if (s->path.len > 0) {
        uint32_t up = s->path.items[s->path.len - 1];
        if (s->low[item] < s->low[up])
            s->low[up] = s->low[item];
    }
    if (s->low[item] == s->index[item])
        close_component(s, item);
}

static void search_from(struct search *s, uint32_t item)
{
    visit(s, item);
    while (s->path.len > 0) {
        item = s->path.items[s->path.len - 1];
        if (s->next[item] == s->b->first[item + 1]) {
            leave(s, item);
            continue;
        }
        uint32_t to = s->b->edges.items[s->next[item]++].to;
        if (s->index[to] == 0)
            visit(s, to);
        else if (s->open[to] && s->index[to] < s->low[item])
            s->low[item] = s->index[to];
    }
}

/* The way back to `start` inside its circle, the shortest one: breadth first. Returns the one that `start`
 * waits for. `from`: an array of n_items PLAN_NONEs, which only this circle's members change. */
static uint32_t name_cycle(struct plan_build *b, uint32_t start, uint32_t *from, struct strbuf *out)
{
    VEC(uint32_t) queue = {0};
    uint32_t last = PLAN_NONE;
    vec_push(&queue, start);
    for (size_t at = 0; at < queue.len && last == PLAN_NONE; at++) {
        uint32_t item = queue.items[at];
        for (uint32_t i = b->first[item]; i < b->first[item + 1]; i++) {
            uint32_t to = b->edges.items[i].to;
            if (to == start) {
                last = item;
                break;
            }
            if (b->cycle[to] == b->cycle[start] && from[to] == PLAN_NONE) {
                from[to] = item;
                vec_push(&queue, to);
            }
        }
    }
    queue.len = 0;
    for (uint32_t item = last; item != start && item != PLAN_NONE; item = from[item])
        vec_push(&queue, item);
    strbuf_puts(out, b->in->items[start].name);
    for (size_t i = queue.len, n = 0; i > 0; i--, n++) {
        if (n == NAMED) {
            strbuf_printf(out, " → … (%zu more)", i);
            break;
        }
        strbuf_printf(out, " → %s", b->in->items[queue.items[i - 1]].name);
    }
    strbuf_printf(out, " → %s", b->in->items[start].name);
    uint32_t next = queue.len > 0 ? queue.items[queue.len - 1] : start;
    vec_free(&queue);
    return next;
}

/* A circle opens where its first member does not wait any more. */
static char *cycle_remedy(const struct plan_build *b, uint32_t start, uint32_t next)
{
    for (uint32_t i = b->first[start]; i < b->first[start + 1]; i++)
        if (b->edges.items[i].to == next)
            return plan_remedy_without(b, start, b->edges.items[i].at);
    return NULL;
}

/* In order of names, each circle once, beginning with its first name. */
static void say_cycles(struct plan_build *b, uint32_t cycles)
{
    char **names = xcalloc(cycles, sizeof *names);
    uint32_t *from = xmalloc(b->in->n_items * sizeof *from);
    memset(from, 0xff, b->in->n_items * sizeof *from);
    for (uint32_t item = 0; item < b->in->n_items; item++) {
        uint32_t cycle = b->cycle[item];
        if (cycle == PLAN_NONE)
            continue;
        if (!names[cycle]) {
            struct strbuf text = {0};
            char *remedy = cycle_remedy(b, item, name_cycle(b, item, from, &text));
            names[cycle] = strbuf_steal(&text);
            finding_add(&b->plan->findings, "cycle", SEV_ERROR, remedy,
                        "domains wait for each other in a circle: %s", names[cycle]);
            free(remedy);
        }
        if (!b->blocked[item] && !b->in->reverse)
            b->blocked[item] = xasprintf("it waits for itself: %s", names[cycle]);
    }
    for (uint32_t i = 0; i < cycles; i++)
        free(names[i]);
    free(names);
    free(from);
}

void plan_find_cycles(struct plan_build *b)
{
    size_t n = b->in->n_items;
    struct search s = {.b = b,
                       .index = xcalloc(n + 1, sizeof(uint32_t)),
                       .low = xcalloc(n + 1, sizeof(uint32_t)),
                       .next = xcalloc(n + 1, sizeof(uint32_t)),
                       .open = xcalloc(n + 1, sizeof(bool))};
    memset(b->cycle, 0xff, n * sizeof *b->cycle);
    for (uint32_t item = 0; item < n; item++)
        if (s.index[item] == 0)
            search_from(&s, item);
    if (s.cycles > 0)
        say_cycles(b, s.cycles);
    free(s.index);
    free(s.low);
    free(s.next);
    free(s.open);
    vec_free(&s.stack);
    vec_free(&s.path);
}

/* ---- places ---- */

struct placing {
    struct plan_build *b;
    uint32_t *by; /* who gave an item its place */
    VEC(uint32_t) todo;
};

static void say_contradiction(struct plan_build *b, uint32_t item, int order, uint32_t by)
{
    const char *name = b->in->items[item].name, *waiter = b->in->items[by].name;
    if (b->cycle[item] != PLAN_NONE || b->cycle[by] != PLAN_NONE || !b->taken[item])
        return;
    char *word = xasprintf("order=%d", b->place[by]), *remedy = plan_remedy(name, word);
    finding_add(&b->plan->findings, "order-against-after", SEV_WARN, remedy,
                "%s has order %d, but %s, which waits for it, has order %d: it is started with order %d",
                name, order, waiter, b->place[by], b->place[by]);
    free(remedy);
    free(word);
}

/* Whatever an item waits for has its place at most: the first who comes has the lowest. */
static void place_from(struct placing *p, uint32_t start, int place)
{
    struct plan_build *b = p->b;
    vec_push(&p->todo, start);
    p->by[start] = start;
    b->place[start] = place;
    while (p->todo.len > 0) {
        uint32_t item = p->todo.items[--p->todo.len];
        for (uint32_t i = b->first[item]; i < b->first[item + 1]; i++) {
            uint32_t to = b->edges.items[i].to;
            if (p->by[to] != PLAN_NONE)
                continue;
            p->by[to] = start;
            b->place[to] = place;
            vec_push(&p->todo, to);
        }
    }
}

struct ordered {
    int order;
    uint32_t item;
};

static int by_order(const void *left, const void *right)
{
    const struct ordered *a = left, *b = right;
    return a->order != b->order ? (a->order < b->order ? -1 : 1) : (a->item > b->item) - (a->item < b->item);
}

static int order_of(const struct plan_build *b, uint32_t item)
{
    const struct policy_value *v = &b->policies[item]->v[POLICY_ORDER];
    return v->given ? (int)v->number : -1;
}

void plan_find_places(struct plan_build *b)
{
    size_t n = b->in->n_items;
    struct placing p = {.b = b, .by = xmalloc((n + 1) * sizeof(uint32_t))};
    VEC(struct ordered) ordered = {0};
    memset(p.by, 0xff, (n + 1) * sizeof *p.by);
    for (uint32_t item = 0; item < n; item++) {
        b->place[item] = -1;
        if (b->taken[item] && order_of(b, item) >= 0)
            vec_push(&ordered, ((struct ordered){order_of(b, item), item}));
    }
    if (ordered.len > 0)
        qsort(ordered.items, ordered.len, sizeof *ordered.items, by_order);
    for (size_t i = 0; i < ordered.len; i++) {
        uint32_t item = ordered.items[i].item;
        if (p.by[item] == PLAN_NONE)
            place_from(&p, item, ordered.items[i].order);
        else if (b->place[item] < ordered.items[i].order)
            say_contradiction(b, item, ordered.items[i].order, p.by[item]);
    }
    /* Without an order of its own an item keeps none: nobody waits for it but those who name it. */
    for (uint32_t item = 0; item < n; item++)
        if (order_of(b, item) < 0)
            b->place[item] = -1;
    vec_free(&p.todo);
    vec_free(&ordered);
    free(p.by);
}
