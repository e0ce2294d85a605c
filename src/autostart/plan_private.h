/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of planning share while a plan is made. Private to plan*.c.
 */
#ifndef VIRTDECK_AUTOSTART_PLAN_PRIVATE_H
#define VIRTDECK_AUTOSTART_PLAN_PRIVATE_H

#include "autostart/plan.h"

/* `from` waits for `to`; items. */
struct plan_edge {
    uint32_t from, to;
    enum plan_until until;
    uint32_t at; /* which of the values of its `after` */
};

struct uuid_item {
    struct vm_uuid uuid;
    uint32_t item;
};

struct plan_build {
    const struct plan_input *in; /* its items sorted by name: an item is its index there */
    struct plan *plan;
    const struct policy **policies; /* of the items; never NULL */
    struct uuid_item *by_uuid;
    bool *taken;                 /* items that are in the plan */
    char **blocked;              /* of the items; moves into the nodes */
    VEC(struct plan_edge) edges; /* sorted by `from` */
    uint32_t *first;             /* of an item's edges; n_items + 1 */
    uint32_t *cycle;             /* of an item; PLAN_NONE */
    int *place;                  /* of an item; -1 */
    uint32_t *node;              /* of an item; PLAN_NONE */
};

/* Whether its policy has it started with the host. */
bool plan_is_ours(const struct plan_build *b, uint32_t item);
/* Says that the item will not be started; the first reason stays. `why` is taken. Going down nothing is. */
void plan_block(struct plan_build *b, uint32_t item, char *why);
/* Finds the circles among the edges: numbers them in `cycle`, names each in a finding. */
void plan_find_cycles(struct plan_build *b);
/* Gives each ordered item its place; says where order and after contradict each other. */
void plan_find_places(struct plan_build *b);
/* Nodes and links; what waits for something that is not started is not started either. `item_of`: the items
 * of the nodes (PLAN_NONE: of none), which the caller frees. */
void plan_make_graph(struct plan_build *b, uint32_t **item_of);
/* Expected times, waves, critical path. */
void plan_find_times(struct plan *p, const struct plan_input *in, const uint32_t *item_of);

/* A remedy: `autostart NAME WORD`, quoted where it has to be. The caller frees. */
char *plan_remedy(const char *name, const char *word);
/* `autostart NAME after=…` without one value, `at`, of what it waits for. The caller frees. */
char *plan_remedy_without(const struct plan_build *b, uint32_t item, uint32_t at);

#endif
