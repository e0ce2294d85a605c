/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When what is to be expected: the plan is played through with the times that earlier starts took. Events lie
 * in a heap by time, nodes that wait for a place in one by their order; each link is looked at once.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "autostart/plan_private.h"

#define GUESS_START_MS 1000
#define GUESS_READY_MS 30000 /* with probes: a guest boots */
#define GUESS_STOP_MS  20000
#define GUESS_NEED_MS  1000
#define FORCE_MS       2000
#define LONGEST_MS     1e9 /* what earlier times are believed up to */

enum moment { MOMENT_OVER, MOMENT_STARTED, MOMENT_TURN };

struct entry {
    int64_t key;
    enum moment moment;
    uint32_t node;
};

typedef VEC(struct entry) heap;

struct play {
    struct plan *p;
    const struct plan_input *in;
    const uint32_t *item_of;
    bool worst;        /* each takes as long as it may; only the end is of interest */
    uint32_t *pending; /* of a node: links that are not done */
    int64_t *turn;     /* when it could start if there were a place */
    heap events, waiting;
    int64_t now;
    int places;
    uint32_t freed; /* who gave a place free last */
};

/* ---- heaps ---- */

static bool before(const struct entry *a, const struct entry *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    return a->moment != b->moment ? a->moment < b->moment : a->node < b->node;
}

static void heap_push(heap *h, struct entry e)
{
    vec_push(h, e);
    for (size_t i = h->len - 1; i > 0 && before(&h->items[i], &h->items[(i - 1) / 2]); i = (i - 1) / 2) {
        struct entry swap = h->items[i];
        h->items[i] = h->items[(i - 1) / 2];
        h->items[(i - 1) / 2] = swap;
    }
}

static struct entry heap_pop(heap *h)
{
    struct entry top = h->items[0];
    h->items[0] = h->items[--h->len];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < h->len; child++)
            if (before(&h->items[child], &h->items[least]))
                least = child;
        if (least == i)
            return top;
        struct entry swap = h->items[i];
        h->items[i] = h->items[least];
        h->items[least] = swap;
        i = least;
    }
}

/* ---- how long it takes ---- */

static int64_t known_ms(double seconds, int64_t guess, bool *guessed)
{
    bool known = isfinite(seconds) && seconds >= 0;
    *guessed = *guessed || !known;
    if (!known)
        return guess;
    return seconds * 1000 > LONGEST_MS ? (int64_t)LONGEST_MS : llround(seconds * 1000);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t stop_ms(const struct play *t, struct plan_node *n, const struct plan_item *item)
{
    int64_t longest = n->stop_timeout_ms + (n->stop_force ? FORCE_MS : 0);
    if (n->stop == STOP_NONE)
        return 0;
    if (t->worst)
        return n->stop == STOP_DESTROY ? FORCE_MS : longest;
    return least(known_ms(item->stop_s, n->stop == STOP_DESTROY ? FORCE_MS : GUESS_STOP_MS, &n->guessed),
                 longest);
}

/* From its start on: until it has started, and until it is ready. */
static void durations(const struct play *t, uint32_t node, int64_t *started, int64_t *ready)
{
    struct plan_node *n = &t->p->nodes[node];
    const struct plan_item *item = t->item_of[node] == PLAN_NONE ? NULL : &t->in->items[t->item_of[node]];
    *started = *ready = 0;
    if (n->kind == PLAN_BARRIER || (n->running && !t->p->reverse))
        return;
    if (!item) {
        *started = *ready = n->need > NEED_POOL ? 0 : GUESS_NEED_MS;
        if (t->worst)
            *started = *ready = n->timeout_ms;
        n->guessed = true;
        return;
    }
    if (t->p->reverse) {
        *started = *ready = stop_ms(t, n, item);
        return;
    }
    *started = known_ms(item->start_s, GUESS_START_MS, &n->guessed) + (int64_t)t->in->config->v[LIMIT_GRACE];
    *ready = n->probes ? known_ms(item->ready_s, GUESS_READY_MS, &n->guessed) : *started;
    if (t->worst)
        *ready = n->timeout_ms;
    *started = least(*started, n->timeout_ms);
    *ready = least(*ready < *started ? *started : *ready, n->timeout_ms);
}

/* ---- playing ---- */

static bool takes_place(const struct play *t, const struct plan_node *n)
{
    if (n->kind != PLAN_DOMAIN || n->blocked)
        return false;
    return t->p->reverse ? n->stop != STOP_NONE : !n->running && n->who == PLAN_OURS;
}

/* Nobody asks it to wait: it runs, or libvirt starts it by itself. */
static bool free_of_waits(const struct plan *p, const struct plan_node *n)
{
    return !p->reverse && n->kind != PLAN_BARRIER && (n->running || n->who == PLAN_NATIVE);
}

static int deeper(const struct plan *p, const struct plan_node *n)
{
    int wave = n->kind == PLAN_DOMAIN ? 1 : 0;
    for (uint32_t i = n->waits; i < n->waits + n->n_waits; i++) {
        const struct plan_node *w = &p->nodes[p->waits[i].node];
        int behind = w->wave + (n->kind == PLAN_DOMAIN);
        if (w->wave >= 0 && behind > wave)
            wave = behind;
    }
    return wave;
}

static void start(struct play *t, uint32_t node)
{
    struct plan_node *n = &t->p->nodes[node];
    int64_t started, ready;
    durations(t, node, &started, &ready);
    if (!t->worst) {
        n->wave = deeper(t->p, n);
        n->start_ms = t->now;
        n->started_ms = t->now + started;
        n->ready_ms = t->now + ready;
        if (t->now > t->turn[node] && t->freed != PLAN_NONE) {
            n->held = true;
            n->cause = t->freed;
        }
    }
    if (started < ready)
        heap_push(&t->events, (struct entry){t->now + started, MOMENT_STARTED, node});
    heap_push(&t->events, (struct entry){t->now + ready, MOMENT_OVER, node});
}

static void come_true(struct play *t, uint32_t node, bool over)
{
    const struct plan_node *n = &t->p->nodes[node];
    int64_t started, ready;
    durations(t, node, &started, &ready);
    for (uint32_t i = n->nexts; i < n->nexts + n->n_nexts; i++) {
        const struct plan_wait *w = &t->p->nexts[i];
        bool due = w->until == UNTIL_STARTED && started < ready && !n->blocked ? !over : over;
        if (!due || --t->pending[w->node] > 0)
            continue;
        struct plan_node *next = &t->p->nodes[w->node];
        if (!t->worst && n->start_ms >= 0 && !free_of_waits(t->p, next))
            next->cause = node;
        if (next->blocked || free_of_waits(t->p, next))
            continue;
        t->turn[w->node] = t->now + (t->p->reverse ? 0 : next->delay_ms);
        heap_push(&t->events, (struct entry){t->turn[w->node], MOMENT_TURN, w->node});
    }
}

static void give_places(struct play *t)
{
    while (t->places > 0 && t->waiting.len > 0) {
        t->places--;
        start(t, heap_pop(&t->waiting).node);
    }
}

/* Higher places go first on the way down. */
static int64_t rank(const struct play *t, uint32_t node)
{
    return t->p->reverse ? -(int64_t)node : (int64_t)node;
}

static void happen(struct play *t, struct entry e)
{
    const struct plan_node *n = &t->p->nodes[e.node];
    t->now = e.key;
    if (e.moment == MOMENT_TURN) {
        if (takes_place(t, n))
            heap_push(&t->waiting, (struct entry){rank(t, e.node), MOMENT_TURN, e.node});
        else
            start(t, e.node);
        return;
    }
    if (e.moment == MOMENT_OVER && takes_place(t, n)) {
        t->places++;
        t->freed = e.node;
    }
    come_true(t, e.node, e.moment == MOMENT_OVER);
}

/* Nodes that wait for nothing; what is not started is over at once, so that the orders behind it go on. */
static void begin(struct play *t)
{
    int64_t first = t->p->reverse ? 0 : (int64_t)t->in->config->v[LIMIT_INITIAL_WAIT];
    t->now = first;
    t->places = (int)t->in->config->v[t->p->reverse ? LIMIT_PARALLEL_STOPS : LIMIT_PARALLEL];
    t->freed = PLAN_NONE;
    for (uint32_t i = 0; i < t->p->n_nodes; i++) {
        const struct plan_node *n = &t->p->nodes[i];
        t->pending[i] = n->n_waits;
        if (n->blocked) {
            heap_push(&t->events, (struct entry){first, MOMENT_OVER, i});
        } else if (n->n_waits == 0 || free_of_waits(t->p, n)) {
            t->turn[i] = first + (t->p->reverse || free_of_waits(t->p, n) ? 0 : n->delay_ms);
            heap_push(&t->events, (struct entry){t->turn[i], MOMENT_TURN, i});
        }
    }
}

static int64_t play(struct plan *p, const struct plan_input *in, const uint32_t *item_of, bool worst)
{
    struct play t = {.p = p,
                     .in = in,
                     .item_of = item_of,
                     .worst = worst,
                     .pending = xcalloc(p->n_nodes + 1, sizeof(uint32_t)),
                     .turn = xcalloc(p->n_nodes + 1, sizeof(int64_t))};
    begin(&t);
    while (t.events.len > 0) {
        /* All of a moment first: who may start then is chosen among all. */
        int64_t at = t.events.items[0].key;
        while (t.events.len > 0 && t.events.items[0].key == at)
            happen(&t, heap_pop(&t.events));
        give_places(&t);
    }
    free(t.pending);
    free(t.turn);
    vec_free(&t.events);
    vec_free(&t.waiting);
    return t.now;
}

/* From the one that is ready last back to the first. */
static void find_path(struct plan *p)
{
    uint32_t last = PLAN_NONE;
    for (uint32_t i = 0; i < p->n_nodes; i++)
        if (p->nodes[i].kind != PLAN_BARRIER &&
            p->nodes[i].ready_ms > (last == PLAN_NONE ? 0 : p->nodes[last].ready_ms))
            last = i;
    for (uint32_t i = last; i != PLAN_NONE; i = p->nodes[i].cause) {
        p->nodes[i].critical = true;
        if (p->nodes[i].kind != PLAN_BARRIER)
            vec_push(&p->path, i);
    }
    for (size_t i = 0; i < p->path.len / 2; i++) {
        uint32_t swap = p->path.items[i];
        p->path.items[i] = p->path.items[p->path.len - 1 - i];
        p->path.items[p->path.len - 1 - i] = swap;
    }
}

void plan_find_times(struct plan *p, const struct plan_input *in, const uint32_t *item_of)
{
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = &p->nodes[i];
        n->wave = -1;
        n->start_ms = n->started_ms = n->ready_ms = -1;
    }
    p->worst_ms = play(p, in, item_of, true);
    for (uint32_t i = 0; i < p->n_nodes; i++)
        p->nodes[i].guessed = false;
    p->total_ms = play(p, in, item_of, false);
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = &p->nodes[i];
        if (n->kind == PLAN_DOMAIN && !n->running && n->start_ms >= 0 && isfinite(n->memory_kib) &&
            n->memory_kib > 0)
            p->memory_kib += n->memory_kib;
    }
    find_path(p);
}
