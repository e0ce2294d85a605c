/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/autostart_rows.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

const struct autostart_view *starts_view(const struct deck *d)
{
    const struct snapshot *host = deck_host(d);
    return host && host->host.id == d->starts.host ? d->starts.view : NULL;
}

const struct run_record *starts_run(const struct deck *d)
{
    const struct autostart_view *v = starts_view(d);
    bool shown = v && v->run.state != RUN_NONE && v->run.begun_wall_ms == d->starts.run_shown;
    return shown ? &v->run : NULL;
}

static bool is_reverse(const struct deck *d)
{
    const struct run_record *run = starts_run(d);
    return run ? run->reverse : d->starts.reverse;
}

const struct plan *starts_plan(const struct deck *d)
{
    const struct autostart_view *v = starts_view(d);
    return !v ? NULL : is_reverse(d) ? v->down : v->up;
}

const finding_list *starts_findings(const struct deck *d)
{
    const struct autostart_view *v = starts_view(d);
    return !v ? NULL : is_reverse(d) ? &v->check.shutdown : &v->check.boot;
}

/* ---- rows ---- */

static bool is_of(const struct run_node *run, const struct plan_node *n)
{
    if (n->kind == PLAN_DOMAIN)
        return uuid_equal(&run->uuid, &n->uuid);
    const char *kind = need_words[n->need];
    size_t len = strlen(kind);
    return strncmp(run->name, kind, len) == 0 && run->name[len] == ' ' &&
           strcmp(run->name + len + 1, n->name) == 0;
}

/* The run's node for one of the plan; both have mostly the same order, so the search goes on where the last
 * one ended. */
static const struct run_node *run_node(const struct run_record *run, const struct plan_node *n, size_t *from)
{
    for (size_t i = 0; i < run->nodes.len; i++) {
        size_t at = (*from + i) % run->nodes.len;
        if (is_of(&run->nodes.items[at], n)) {
            *from = at + 1;
            return &run->nodes.items[at];
        }
    }
    return NULL;
}

static void add_left_over(const struct run_record *run, start_rows *out)
{
    size_t n = out->len;
    bool *taken = xcalloc(run->nodes.len + 1, sizeof *taken);
    for (size_t i = 0; i < n; i++)
        if (out->items[i].run)
            taken[out->items[i].run - run->nodes.items] = true;
    for (size_t i = 0; i < run->nodes.len; i++) {
        struct start_row row = {.node = PLAN_NONE, .run = &run->nodes.items[i]};
        if (!taken[i])
            vec_push(out, row);
    }
    free(taken);
}

void starts_rows(const struct deck *d, start_rows *out)
{
    const struct plan *p = starts_plan(d);
    const struct run_record *run = starts_run(d);
    const finding_list *found = starts_findings(d);
    size_t n = 0, from = 0;
    if (!p)
        return;
    uint32_t *list = plan_sequence(p, &n);
    for (size_t i = 0; i < n; i++) {
        struct start_row row = {.node = list[i], .plan = &p->nodes[list[i]]};
        row.run = run ? run_node(run, row.plan, &from) : NULL;
        if (!run || row.run)
            vec_push(out, row);
    }
    free(list);
    if (run)
        add_left_over(run, out);
    for (size_t i = 0; !run && i < found->len; i++) {
        struct start_row row = {.node = PLAN_NONE, .finding = &found->items[i]};
        vec_push(out, row);
    }
}

const struct vm_uuid *starts_domain(const struct start_row *row)
{
    if (row->plan)
        return row->plan->kind == PLAN_DOMAIN ? &row->plan->uuid : NULL;
    static const struct vm_uuid nil;
    return row->run && !uuid_equal(&row->run->uuid, &nil) ? &row->run->uuid : NULL;
}

const char *starts_name(const struct start_row *row)
{
    return row->plan ? row->plan->name : row->run ? row->run->name : row->finding->id;
}

static uint32_t hash_of(const char *text)
{
    uint32_t h = 2166136261u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h;
}

char *starts_key(const struct start_row *row)
{
    const struct vm_uuid *uuid = starts_domain(row);
    if (row->finding) /* short: clicks carry it */
        return xasprintf("problem %s %08x", row->finding->id, (unsigned)hash_of(row->finding->text));
    if (!uuid)
        return row->plan ? xasprintf("%s %s", need_words[row->plan->need], row->plan->name)
                         : xstrdup(row->run->name);
    char text[UUID_TEXT_LEN + 1];
    uuid_format(uuid, text);
    return xasprintf("vm %s", text);
}

static bool is_chosen(const struct deck *d, const struct start_row *row)
{
    char *key = starts_key(row);
    bool chosen = d->starts.key && strcmp(key, d->starts.key) == 0;
    free(key);
    return chosen;
}

/* The place of the row that was chosen; -1: it has gone, or none was. */
static long chosen_row(const struct deck *d, const start_rows *rows)
{
    for (size_t i = 0; d->starts.key && i < rows->len; i++)
        if (is_chosen(d, &rows->items[i]))
            return (long)i;
    return -1;
}

const struct start_row *starts_cursor(const struct deck *d, const start_rows *rows, long *at)
{
    *at = 0;
    if (rows->len == 0)
        return NULL;
    *at = chosen_row(d, rows);
    long last = (long)rows->len - 1;
    if (*at < 0)
        *at = d->starts.at < 0 ? 0 : d->starts.at > last ? last : d->starts.at;
    return &rows->items[*at];
}

bool starts_is_gone(const struct deck *d, const start_rows *rows)
{
    return d->starts.key && chosen_row(d, rows) < 0;
}

void starts_drawn(struct deck *d, const struct start_row *row, long at)
{
    if (d->starts.at != at || !is_chosen(d, row))
        starts_select(d, row, at);
}

void starts_select(struct deck *d, const struct start_row *row, long at)
{
    free(d->starts.key);
    d->starts.key = starts_key(row);
    d->starts.at = at;
    d->dirty = true;
}

void starts_move(struct deck *d, long by)
{
    start_rows rows = {0};
    long at;
    starts_rows(d, &rows);
    if (starts_cursor(d, &rows, &at)) {
        long last = (long)rows.len - 1, to = at + by;
        to = to < 0 ? 0 : to > last ? last : to;
        starts_select(d, &rows.items[to], to);
    }
    vec_free(&rows);
}

void starts_policy_text(const struct autostart_view *v, const struct vm_uuid *uuid, enum policy_id id,
                        struct strbuf *out)
{
    const struct survey_vm *vm = survey_find(&v->survey, uuid);
    const struct policy *own = vm && vm->item ? &vm->item->policy : NULL;
    const struct policy *host = &v->survey.config.defaults;
    if (own && own->v[id].given)
        policy_text(own, id, out);
    else if (host->v[id].given)
        policy_text(host, id, out);
    else if (policy_fields[id].def)
        strbuf_puts(out, policy_fields[id].def);
}

/* ---- what waits for what ---- */

/* Those behind a barrier, but not those behind the barriers before it: these are waited for only through
 * others. */
static void mark(const struct plan *p, uint32_t node, bool before, enum start_link *links)
{
    const struct plan_node *n = &p->nodes[node];
    uint32_t from = before ? n->waits : n->nexts, len = before ? n->n_waits : n->n_nexts;
    const struct plan_wait *list = before ? p->waits : p->nexts;
    for (uint32_t i = from; i < from + len; i++) {
        uint32_t other = list[i].node;
        if (p->nodes[other].kind != PLAN_BARRIER)
            links[other] = before ? LINK_BEFORE : LINK_BEHIND;
        else if (n->kind != PLAN_BARRIER)
            mark(p, other, before, links);
    }
}

enum start_link *starts_links(const struct plan *p, uint32_t node)
{
    enum start_link *links = xcalloc(p->n_nodes + 1, sizeof *links);
    if (node == PLAN_NONE)
        return links;
    mark(p, node, false, links);
    mark(p, node, true, links);
    return links;
}

/* ---- another order ---- */

static int by_order(const void *a, const void *b)
{
    const struct order_change *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

static void ordered_domains(const struct plan *p, order_changes *out)
{
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = &p->nodes[i];
        struct order_change one = {n->uuid, n->name, n->order};
        if (n->kind == PLAN_DOMAIN && n->order >= 0)
            vec_push(out, one);
    }
    if (out->len)
        qsort(out->items, out->len, sizeof *out->items, by_order);
}

/* How many have that order; the nearest order below (by -1) or above it, -1 for none. */
static size_t alike(const order_changes *all, int order)
{
    size_t n = 0;
    for (size_t i = 0; i < all->len; i++)
        n += all->items[i].order == order;
    return n;
}

static int next_order(const order_changes *all, int order, int by)
{
    int best = -1;
    for (size_t i = 0; i < all->len; i++) {
        int o = all->items[i].order;
        if (by > 0 ? o > order && (best < 0 || o < best) : o < order && o > best)
            best = o;
    }
    return best;
}

#define ORDER_STEP 10 /* between an order and the first free one behind the last */

/* Makes room at `order`: those that have it, and those behind them without a gap between, go up by one. */
static void shift(const order_changes *all, const struct vm_uuid *but, int order, order_changes *out)
{
    for (size_t i = 0; i < all->len; i++) {
        struct order_change one = all->items[i];
        if (one.order < order || uuid_equal(&one.uuid, but))
            continue;
        if (one.order - 1 > order || one.order == INT_MAX)
            return;
        order = one.order++;
        vec_push(out, one);
    }
}

/* A number of its own between its order and the next one. */
static void part(const order_changes *all, struct order_change own, int by, order_changes *out)
{
    int other = next_order(all, own.order, by), order = own.order;
    if (other >= 0)
        own.order += (other - order) / 2;
    else if (by > 0)
        own.order = order > INT_MAX - ORDER_STEP ? INT_MAX : order + ORDER_STEP;
    else
        own.order = order / 2;
    bool taken = own.order == order;
    if (taken && by > 0 && order < INT_MAX)
        own.order++;
    if (own.order != order)
        vec_push(out, own);
    if (taken)
        shift(all, &own.uuid, own.order, out);
}

bool starts_reorder(const struct plan *p, uint32_t node, int by, order_changes *out, struct error *e)
{
    const struct plan_node *n = &p->nodes[node];
    const char *where = by < 0 ? "first" : "last";
    if (n->kind != PLAN_DOMAIN || n->order < 0)
        return error_set(e, STATUS_FAILED, "%s has no order: it starts as soon as what it waits for is there",
                         n->name);
    order_changes all = {0};
    ordered_domains(p, &all);
    struct order_change own = {n->uuid, n->name, n->order};
    int other = next_order(&all, n->order, by);
    bool alone = alike(&all, n->order) == 1;
    if (!alone) {
        part(&all, own, by, out);
    } else if (other >= 0) {
        own.order = other;
        vec_push(out, own);
    }
    vec_free(&all);
    return out->len > 0 || error_set(e, STATUS_FAILED, "%s is the %s already", n->name, where);
}
