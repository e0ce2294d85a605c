/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A host of domains made from words, for tests of plans and of what carries them out.
 */
#ifndef VIRTDECK_TESTS_PLAN_FIXTURE_H
#define VIRTDECK_TESTS_PLAN_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/plan.h"

struct plan_host {
    VEC(struct plan_item) items;
    VEC(struct plan_need) needs;
    struct autostart_config config;
    bool reverse, after_boot;
};

static inline void host_open(struct plan_host *h)
{
    memset(h, 0, sizeof *h);
    autostart_config_init(&h->config);
    h->config.v[LIMIT_GRACE] = 0;
    h->config.v[LIMIT_PARALLEL] = 1000;
}

/* `words`: the policy, a blank between; NULL: none. It takes a second to start and ten until it is ready. */
static inline struct plan_item *host_add(struct plan_host *h, const char *name, const char *words)
{
    struct plan_item item = {
        .name = xstrdup(name), .memory_kib = 1024, .start_s = 1, .ready_s = 10, .stop_s = 5};
    size_t n = h->items.len + 1;
    memcpy(item.uuid.b, &n, sizeof n);
    if (words) {
        struct policy *p = xcalloc(1, sizeof *p);
        struct error e = ERROR_INIT;
        char *copy = xstrdup(words), *rest = NULL;
        const char *list[32];
        size_t len = 0;
        for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
            list[len++] = w;
        if (!policy_set_words(p, len, list, &e)) {
            fprintf(stderr, "%s: %s\n", words, error_text(&e));
            abort();
        }
        p->present = true;
        item.policy = p;
        free(copy);
    }
    vec_push(&h->items, item);
    return &h->items.items[h->items.len - 1];
}

static inline struct plan *host_plan(const struct plan_host *h)
{
    struct plan_input in = {.items = h->items.items,
                            .n_items = h->items.len,
                            .needs = h->needs.items,
                            .n_needs = h->needs.len,
                            .config = &h->config,
                            .reverse = h->reverse,
                            .after_boot = h->after_boot};
    return plan_new(&in);
}

static inline void host_close(struct plan_host *h)
{
    for (size_t i = 0; i < h->items.len; i++) {
        struct policy *p = (struct policy *)(uintptr_t)h->items.items[i].policy;
        if (p)
            policy_free(p);
        free(p);
        free((char *)(uintptr_t)h->items.items[i].name);
    }
    vec_free(&h->items);
    vec_free(&h->needs);
    autostart_config_free(&h->config);
}

static inline uint32_t node_of(const struct plan *p, const char *name)
{
    for (uint32_t i = 0; i < p->n_nodes; i++)
        if (p->nodes[i].name && strcmp(p->nodes[i].name, name) == 0)
            return i;
    fprintf(stderr, "no node %s\n", name);
    abort();
}

#endif
