/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What happens when the host comes up, or goes down: which domains, networks and pools are started (or
 * stopped), in which waves, what each waits for, and when that is to be expected. Worked out from policies
 * and facts alone; nothing is started here. The same input gives the same plan. A plan owns all that it
 * holds. Any thread, a plan by one at a time.
 *
 * A domain waits
 *   - for the domains that its `after` names,
 *   - for what it needs: networks, pools, mounts, paths,
 *   - with an order: until each domain of a lower order is ready or has failed,
 *   - then for its delay, then for a free place among those that start at one time.
 * Where order and `after` contradict each other, `after` holds: what an earlier one waits for is started with
 * the earlier one's order. Going down, each waits until all that wait for it are off, and higher orders are.
 */
#ifndef VIRTDECK_AUTOSTART_PLAN_H
#define VIRTDECK_AUTOSTART_PLAN_H

#include <json-c/json.h>
#include "autostart/config.h"
#include "autostart/policy_item.h"
#include "model/uuid.h"

#define PLAN_NONE UINT32_MAX

typedef VEC(struct need) need_list;

/* Adds the networks and pools that the definition names, each once. */
void plan_needs(xmlNodePtr domain, need_list *needs);
void need_list_free(need_list *l);

struct plan_item {
    const char *name;
    struct vm_uuid uuid;
    const struct policy *policy; /* NULL: it has none */
    const need_list *needs;      /* of its definition; NULL: none */
    double memory_kib;           /* NAN: unknown */
    double start_s, ready_s;     /* from the call until it ran, until it was ready, the last times; NAN */
    double stop_s;               /* from the call until it was off; NAN */
    bool running;                /* now */
    bool native;                 /* libvirt starts it by its own flag */
};

enum need_state { NEED_UNKNOWN, NEED_ACTIVE, NEED_INACTIVE, NEED_MISSING };

struct plan_need {
    enum need_kind kind;
    const char *name;
    enum need_state state;
};

/* Everything is borrowed, for the time of the call. */
struct plan_input {
    const struct plan_item *items;
    size_t n_items;
    const struct plan_need *needs; /* those not here are of unknown state */
    size_t n_needs;
    const struct autostart_config *config;
    bool reverse;    /* the host goes down */
    bool after_boot; /* as if nothing ran now; going down: as if all that is started with the host ran */
};

enum plan_kind { PLAN_NEED, PLAN_DOMAIN, PLAN_BARRIER /* between two orders; not shown */ };

enum plan_who {
    PLAN_OURS,   /* started by this plan */
    PLAN_NATIVE, /* by libvirt's own flag */
    PLAN_NOBODY  /* by nobody: others wait for it */
};

enum plan_until { UNTIL_STARTED, UNTIL_READY, UNTIL_OVER /* ready, failed or skipped; going down: off */ };

struct plan_wait {
    uint32_t node;
    enum plan_until until;
};

struct plan_node {
    enum plan_kind kind;
    enum plan_who who;
    enum need_kind need;
    char *name;
    struct vm_uuid uuid;
    int order;               /* as its policy says; -1: none */
    int place;               /* the order that it is started with; -1: none */
    int wave;                /* from 1 on; needs 0; -1: it is not started */
    uint32_t waits, n_waits; /* in plan->waits */
    uint32_t nexts, n_nexts; /* those that wait for it, in plan->nexts */
    bool running;            /* there is nothing to start; going down: it is to be stopped */
    char *blocked;           /* why it will not be started; NULL: it will */
    bool probes;             /* it has to answer before it is ready */
    int64_t delay_ms, timeout_ms, stop_timeout_ms;
    enum policy_on_timeout on_timeout;
    enum policy_stop stop;
    bool stop_force;
    double memory_kib; /* NAN: unknown */

    /* What is to be expected, from the beginning on; -1 where it is not started. */
    int64_t start_ms, started_ms, ready_ms; /* going down: call, -, off */
    bool guessed;                           /* nothing is known from earlier times */
    uint32_t cause;                         /* the last one that it waited for; PLAN_NONE */
    bool held;                              /* `cause` gave its place free */
    bool critical;                          /* on the path that decides the end */
};

struct plan {
    bool reverse;
    struct plan_node *nodes; /* needs, then domains by place and name, then barriers */
    uint32_t n_nodes;
    struct plan_wait *waits;
    struct plan_wait *nexts; /* `node` waits for it, until … */
    VEC(uint32_t) path;      /* critical, from the first to the last */
    int64_t total_ms;        /* until all are ready, or off */
    int64_t worst_ms;        /* the same if each takes as long as it may */
    double memory_kib;       /* of the domains that will be started */
    finding_list
        findings; /* cycle, order-against-after, after-unknown, after-nobody, needs-missing, not-started */
};

/* Never NULL: what is wrong is in its findings. */
struct plan *plan_new(const struct plan_input *in);
void plan_free(struct plan *p);

/* The nodes that are shown, in the order in which they start; the caller frees. */
uint32_t *plan_sequence(const struct plan *p, size_t *n);
/* "db1 ready", "order 10", "+5s", "network default", in this order, separated by ", ". */
void plan_waits_text(const struct plan *p, uint32_t node, struct strbuf *out);
/* A table with a head, what decides its end, and the findings; escaped. */
void plan_print(const struct plan *p, bool unicode, struct strbuf *out);
json_object *plan_json(const struct plan *p);

#endif
