/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The row list of the view: sorted, filtered, grouped. The order of last time is the start of the next: rows
 * barely move between two ticks, and a merge sort that takes the runs it finds then needs one comparison a
 * row.
 */
#include "ui/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What wants attention comes first. */
static const int state_rank[VM_STATE_COUNT] = {
    [VM_CRASHED] = 0,     [VM_PAUSED] = 1,      [VM_RUNNING] = 2, [VM_BLOCKED] = 3,
    [VM_IN_SHUTDOWN] = 4, [VM_PMSUSPENDED] = 5, [VM_SHUTOFF] = 6, [VM_NOSTATE] = 7,
};

static const char *row_tags(const struct row *r)
{
    return r->vm->def && r->vm->def->tags ? r->vm->def->tags : "";
}

static int group_order(const struct view *v, const struct row *a, const struct row *b)
{
    switch (v->group) {
    case GROUP_HOST:
        return a->host->id - b->host->id;
    case GROUP_STATE:
        return state_rank[a->vm->state] - state_rank[b->vm->state];
    case GROUP_TAG: {
        const char *ta = row_tags(a), *tb = row_tags(b);
        if (!*ta != !*tb)
            return *ta ? -1 : 1; /* untagged ones last */
        return strcmp(ta, tb);
    }
    default:
        return 0;
    }
}

static bool not_after(const struct view *v, uint32_t a, uint32_t b)
{
    const struct row *ra = &v->all[a], *rb = &v->all[b];
    int c = group_order(v, ra, rb);
    if (c == 0)
        c = column_compare(v->sort, v->descending, ra, rb);
    return c <= 0;
}

static void merge(struct view *v, size_t from, size_t middle, size_t to)
{
    memcpy(v->scratch + from, v->order + from, (middle - from) * sizeof(v->order[0]));
    size_t a = from, b = middle, out = from;
    while (a < middle && b < to) {
        if (not_after(v, v->scratch[a], v->order[b]))
            v->order[out++] = v->scratch[a++];
        else
            v->order[out++] = v->order[b++];
    }
    while (a < middle)
        v->order[out++] = v->scratch[a++];
}

static size_t run_end(const struct view *v, size_t from, size_t n)
{
    size_t i = from + 1;
    while (i < n && not_after(v, v->order[i - 1], v->order[i]))
        i++;
    return i;
}

/* Short runs make many passes: they are grown by insertion first. */
static void insertion(struct view *v, size_t from, size_t to)
{
    for (size_t i = from + 1; i < to; i++) {
        uint32_t x = v->order[i];
        size_t k = i;
        for (; k > from && !not_after(v, v->order[k - 1], x); k--)
            v->order[k] = v->order[k - 1];
        v->order[k] = x;
    }
}

#define SHORT_RUN 8

static void natural_sort(struct view *v, size_t n)
{
    VEC(size_t) starts = {0};
    for (size_t i = 0; i < n;) {
        vec_push(&starts, i);
        size_t end = run_end(v, i, n);
        if (end - i < SHORT_RUN && end < n) {
            end = i + SHORT_RUN < n ? i + SHORT_RUN : n;
            insertion(v, i, end);
        }
        i = end;
    }
    while (starts.len > 1) {
        size_t out = 0;
        for (size_t i = 0; i < starts.len; i += 2) {
            size_t end = i + 2 < starts.len ? starts.items[i + 2] : n;
            if (i + 1 < starts.len)
                merge(v, starts.items[i], starts.items[i + 1], end);
            starts.items[out++] = starts.items[i];
        }
        starts.len = out;
    }
    vec_free(&starts);
}

static void collect(struct view *v, struct snapshot *const *hosts, size_t n_hosts, const struct row *base)
{
    size_t total = 0;
    for (size_t h = 0; h < n_hosts; h++)
        total += hosts[h]->n_vms;
    if (total > v->cap) {
        v->cap = total + total / 4;
        v->all = xrealloc(v->all, v->cap * sizeof(v->all[0]));
        v->order = xrealloc(v->order, v->cap * sizeof(v->order[0]));
        v->scratch = xrealloc(v->scratch, v->cap * sizeof(v->scratch[0]));
    }
    size_t n = 0;
    for (size_t h = 0; h < n_hosts; h++)
        for (size_t i = 0; i < hosts[h]->n_vms; i++) {
            struct row *r = &v->all[n++];
            *r = *base;
            r->host = &hosts[h]->host;
            r->vm = &hosts[h]->vms[i];
            r->tagged = view_tagged(v, r->host->id, &r->vm->uuid);
        }
    if (v->ordered != total)
        for (size_t i = 0; i < total; i++)
            v->order[i] = (uint32_t)i;
    v->ordered = v->total = total;
}

static const struct snapshot *snapshot_of(struct snapshot *const *hosts, const struct host_info *info)
{
    size_t h = 0;
    while (&hosts[h]->host != info)
        h++;
    return hosts[h];
}

const char *view_host_label(struct snapshot *const *hosts, size_t n_hosts, const struct host_info *h)
{
    bool unique = h->name && *h->name;
    for (size_t i = 0; i < n_hosts && unique; i++) {
        const struct host_info *other = &hosts[i]->host;
        unique = other->id == h->id || !other->name || strcmp(other->name, h->name) != 0;
    }
    return unique || !h->uri ? (h->name ? h->name : "") : h->uri;
}

static char *group_label(const struct view *v, struct snapshot *const *hosts, size_t n_hosts,
                         const struct row *r)
{
    if (v->group == GROUP_HOST)
        return xstrdup(view_host_label(hosts, n_hosts, r->host));
    if (v->group == GROUP_STATE)
        return xstrdup(vm_state_name(r->vm->state));
    return xstrdup(*row_tags(r) ? row_tags(r) : "untagged");
}

static bool is_folded(const struct view *v, const char *label)
{
    for (size_t i = 0; i < v->folded.len; i++)
        if (strcmp(v->folded.items[i], label) == 0)
            return true;
    return false;
}

static void add_known(double *sum, double x)
{
    if (!isnan(x))
        *sum = isnan(*sum) ? x : *sum + x;
}

static void group_add(struct view_group *g, const struct vm *vm)
{
    g->count++;
    g->active += vm_state_is_active(vm->state) ? 1 : 0;
    add_known(&g->cpu, vm->cpu);
    add_known(&g->mem_kib, vm->mem_kib);
    add_known(&g->rx, vm->rx);
    add_known(&g->tx, vm->tx);
    add_known(&g->rd, vm->rd);
    add_known(&g->wr, vm->wr);
}

static void group_open(struct view *v, struct snapshot *const *hosts, size_t n_hosts, const struct row *r)
{
    struct view_group g = {.label = group_label(v, hosts, n_hosts, r),
                           .snap = snapshot_of(hosts, r->host),
                           .state = r->vm->state,
                           .cpu = NAN,
                           .mem_kib = NAN,
                           .rx = NAN,
                           .tx = NAN,
                           .rd = NAN,
                           .wr = NAN};
    g.folded = is_folded(v, g.label);
    vec_push(&v->groups, g);
    struct view_row head = {g.snap, NULL, (int)v->groups.len - 1};
    vec_push(&v->rows, head);
}

static void emit(struct view *v, struct snapshot *const *hosts, size_t n_hosts)
{
    for (size_t i = 0; i < v->groups.len; i++)
        free(v->groups.items[i].label);
    vec_clear(&v->groups);
    vec_clear(&v->rows);
    v->shown = 0;
    const struct row *last = NULL;
    const struct snapshot *snap = NULL;
    for (size_t i = 0; i < v->total; i++) {
        const struct row *r = &v->all[v->order[i]];
        if (v->filter && !filter_match(v->filter, r))
            continue;
        if (v->group != GROUP_NONE && (!last || group_order(v, last, r) != 0))
            group_open(v, hosts, n_hosts, r);
        last = r;
        v->shown++;
        struct view_group *g = v->groups.len ? &v->groups.items[v->groups.len - 1] : NULL;
        if (g)
            group_add(g, r->vm);
        if (g && g->folded)
            continue;
        if (!snap || &snap->host != r->host)
            snap = snapshot_of(hosts, r->host);
        struct view_row row = {snap, r->vm, g ? (int)v->groups.len - 1 : -1};
        vec_push(&v->rows, row);
    }
}

static bool is_cursor(const struct view *v, const struct view_row *r)
{
    if (!r->vm)
        return v->cursor_group && strcmp(v->groups.items[r->group].label, v->cursor_group) == 0;
    return !v->cursor_group && r->snap->host.id == v->cursor_host &&
           uuid_equal(&r->vm->uuid, &v->cursor_uuid);
}

/* The cursor goes where its domain went; a domain that is gone leaves it where it was on the screen. */
static void find_cursor(struct view *v)
{
    if (v->rows.len == 0) {
        v->cursor = 0;
        return;
    }
    bool known = v->pinned && (v->cursor_group || !uuid_is_nil(&v->cursor_uuid));
    if (known)
        for (size_t i = 0; i < v->rows.len; i++)
            if (is_cursor(v, &v->rows.items[i])) {
                v->cursor = i;
                return;
            }
    bool pinned = v->pinned;
    size_t at = known ? v->cursor : 0;
    if (at >= v->rows.len)
        at = v->rows.len - 1;
    if (!v->rows.items[at].vm && at + 1 < v->rows.len)
        at++; /* a domain rather than a header */
    view_move_to(v, at);
    v->pinned = pinned;
}

void view_rebuild(struct view *v, struct snapshot *const *hosts, size_t n_hosts, const struct row *base)
{
    collect(v, hosts, n_hosts, base);
    natural_sort(v, v->total);
    emit(v, hosts, n_hosts);
    find_cursor(v);
    for (size_t h = 0; h < n_hosts; h++)
        if (hosts[h]->host.ticks > 0 && v->rows.len > 0 && !v->pinned)
            view_move_to(v, v->cursor);
}
