/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A tick: the state and the cheap figures of all domains, then the dear ones (disks, balloon: a monitor round
 * trip each) for as long as the budget lasts, the longest waiting first, those on the screen before the rest.
 * Which calls are the cheapest depends on the link: many small ones locally, few large ones over a long round
 * trip.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "virt/private.h"

/* Measured on 101 domains: a single GetInfo costs the daemon 0.06 ms, its share of a bulk call 0.8 ms. So
 * single calls win until a round trip costs about a millisecond. Between the two bounds nothing changes. */
#define RTT_BULK_MS  1.2
#define RTT_CALLS_MS 0.7
#define RTT_AGAIN_MS 30000
/* Small chunks keep to the budget; large ones save round trips. */
#define CHUNK_LOCAL 8
#define CHUNK_FAR   64
#define NODE_FAR_MS 5000

/* A domain that stands still is asked again this seldom, once QUIET_SAMPLES after it stopped have shown its
 * rates at 0. */
#define STILL_INFO_MS 10000
#define STILL_DEAR_MS 25000
/* The dear figures of a domain that nobody sees. */
#define UNSEEN_DEAR_MS 2000
/* Ticks are not to the millisecond: what is due every other tick must not wait for the third. */
#define TICK_SLACK_MS 200

static bool is_still(const struct dom *d, int samples, int64_t asked_ms, int64_t every_ms)
{
    bool stands = d->vm.state == VM_PAUSED || d->vm.state == VM_PMSUSPENDED || d->vm.state == VM_CRASHED;
    return stands && samples >= QUIET_SAMPLES && clock_mono_ms() - asked_ms < every_ms;
}

/* Whether NICs, CPU and memory are worth a question in this tick. */
static bool is_due(const struct dom *d, const struct vm_uuid *selected)
{
    return d->ptr && vm_state_is_active(d->vm.state) &&
           (uuid_equal(&d->uuid, selected) || !is_still(d, d->quiet_infos, d->info_ms, STILL_INFO_MS));
}

static bool alive(struct host *h)
{
    return virConnectIsAlive(h->link.conn) == 1;
}

/* The two count CPU time differently: QEMU's own, or all of its control group's. */
static void use_mode(struct host *h, const char *mode)
{
    bool other = !h->info.mode || strcmp(mode, h->info.mode) != 0;
    h->info.mode = mode;
    for (size_t i = 0; other && i < h->doms.len; i++)
        rate_reset(&h->doms.items[i]->cpu);
}

static void measure_round_trip(struct host *h)
{
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        unsigned long version;
        int64_t start = clock_mono_us();
        if (virConnectGetLibVersion(h->link.conn, &version) < 0)
            return;
        double ms = (double)(clock_mono_us() - start) / 1000;
        best = ms < best ? ms : best;
    }
    h->info.rtt_ms = best;
    h->rtt_at_ms = clock_mono_ms();
    bool bulk = h->info.mode && strcmp(h->info.mode, "bulk") == 0;
    bulk = bulk ? best > RTT_CALLS_MS : best > RTT_BULK_MS;
    use_mode(h, bulk && h->link.bulk_dear ? "bulk" : "calls");
}

/* Whether the driver has these groups; it is asked about one domain, so that it costs little. False when that
 * domain is gone: then nothing is known. */
static bool ask_groups(struct dom *d, unsigned groups, bool *has)
{
    virDomainPtr one[] = {d->ptr, NULL};
    virDomainStatsRecordPtr *records = NULL;
    int n = virDomainListGetStats(one, groups, &records,
                                  VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS |
                                      VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    virErrorPtr e = n < 0 ? virGetLastError() : NULL;
    if (n >= 0)
        virDomainStatsRecordListFree(records);
    *has = n >= 0;
    return !e || e->code != VIR_ERR_NO_DOMAIN;
}

void sample_probe(struct host *h)
{
    h->info.mode = "calls";
    measure_round_trip(h);
}

/* One that libvirt has named on this connection; of others nothing can be asked. */
static struct dom *any_known(const struct host *h)
{
    for (size_t i = 0; i < h->doms.len; i++)
        if (h->doms.items[i]->ptr)
            return h->doms.items[i];
    return NULL;
}

static void probe_groups(struct host *h)
{
    struct dom *d = h->link.probed ? NULL : any_known(h);
    if (!d)
        return;
    h->link.probed = ask_groups(d, VIR_DOMAIN_STATS_STATE, &h->link.bulk_state) &&
                     ask_groups(d, VIR_DOMAIN_STATS_INTERFACE, &h->link.bulk_cheap) &&
                     ask_groups(d, VIR_DOMAIN_STATS_BLOCK | VIR_DOMAIN_STATS_BALLOON, &h->link.bulk_dear);
    if (h->link.probed)
        measure_round_trip(h);
    else
        h->relist = true;
}

static bool is_focus(const struct dom *d, const struct vm_uuid *selected)
{
    return uuid_equal(&d->uuid, selected);
}

static void read_records(struct host *h, virDomainStatsRecordPtr *records, int n,
                         const struct vm_uuid *selected, bool cheap)
{
    int64_t now_us = clock_mono_us();
    for (int i = 0; i < n; i++) {
        struct vm_uuid uuid;
        virDomainGetUUID(records[i]->dom, uuid.b);
        struct dom *d = inventory_find(h, &uuid);
        if (!d) {
            h->relist = true;
            continue;
        }
        stats_read_record(d, records[i], now_us, is_focus(d, selected));
        if (cheap) {
            d->vm.sampled_ms = now_us / 1000;
            d->seen = h->listing;
        }
    }
    virDomainStatsRecordListFree(records);
}

/* For each NIC the daemon walks through all NICs of the host. Where many domains stand still it is cheaper to
 * name those that don't, in a call of their own. */
static bool most_stand_still(struct host *h, const struct vm_uuid *selected)
{
    size_t active = 0, due = 0;
    for (size_t i = 0; i < h->doms.len; i++) {
        active += vm_state_is_active(h->doms.items[i]->vm.state);
        due += is_due(h->doms.items[i], selected);
    }
    return due < active / 2;
}

static bool nics_of_some(struct host *h, const struct vm_uuid *selected)
{
    virDomainPtr *list = xcalloc(h->doms.len + 1, sizeof *list);
    virDomainStatsRecordPtr *records = NULL;
    size_t n = 0;
    for (size_t i = 0; i < h->doms.len; i++)
        if (is_due(h->doms.items[i], selected))
            list[n++] = h->doms.items[i]->ptr;
    int got = n ? virDomainListGetStats(list, VIR_DOMAIN_STATS_INTERFACE, &records,
                                        VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)
                : 0;
    if (got < 0)
        h->relist = true; /* one of them vanished */
    else if (n)
        read_records(h, records, got, selected, false);
    free(list);
    return alive(h);
}

static bool all_in_bulk(struct host *h, const struct vm_uuid *selected)
{
    bool bulk = strcmp(h->info.mode, "bulk") == 0;
    bool apart = !bulk && h->link.bulk_cheap && most_stand_still(h, selected);
    unsigned groups = VIR_DOMAIN_STATS_STATE |
                      (h->link.bulk_cheap && !apart ? VIR_DOMAIN_STATS_INTERFACE : 0) |
                      (bulk ? VIR_DOMAIN_STATS_CPU_TOTAL : 0);
    virDomainStatsRecordPtr *records = NULL;
    int n =
        virConnectGetAllDomainStats(h->link.conn, groups, &records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    if (n < 0)
        return alive(h);
    if ((size_t)n != h->doms.len)
        h->relist = true; /* one came or went without an event */
    read_records(h, records, n, selected, true);
    return !apart || nics_of_some(h, selected);
}

static bool state_one_by_one(struct host *h)
{
    for (size_t i = 0; i < h->doms.len; i++) {
        struct dom *d = h->doms.items[i];
        int state, reason;
        if (!d->ptr)
            continue;
        if (virDomainGetState(d->ptr, &state, &reason, 0) == 0) {
            dom_set_state(d, state, reason);
            d->vm.sampled_ms = clock_mono_ms();
        } else if (!alive(h)) {
            return false;
        } else {
            h->relist = true;
        }
    }
    return true;
}

static bool info_one_by_one(struct host *h, const struct vm_uuid *selected)
{
    for (size_t i = 0; i < h->doms.len; i++) {
        struct dom *d = h->doms.items[i];
        virDomainInfo info;
        if (!is_due(d, selected))
            continue;
        d->info_ms = clock_mono_ms();
        d->quiet_infos += d->quiet_infos < QUIET_SAMPLES;
        if (virDomainGetInfo(d->ptr, &info) == 0)
            stats_read_info(d, &info, clock_mono_us());
        else if (!alive(h))
            return false;
    }
    return true;
}

/* ---- the dear groups ---- */

struct candidate_dom {
    struct dom *d;
    int64_t rank; /* smaller goes first */
};

static int compare_rank(const void *a, const void *b)
{
    const struct candidate_dom *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* Active domains in the order they deserve: the selected one, those on the screen, the rest; within each the
 * one that waited longest. */
static size_t rank_candidates(struct host *h, const struct vm_uuid *selected, struct candidate_dom *out)
{
    const int64_t second_class = INT64_C(1) << 50;
    /* What one command prints is seen, though no screen shows it. */
    const int64_t unseen_ms = h->fleet->config.sample_all ? 0 : UNSEEN_DEAR_MS - TICK_SLACK_MS;
    size_t n = 0;
    for (size_t i = 0; i < h->doms.len; i++) {
        struct dom *d = h->doms.items[i];
        if (!d->ptr || !vm_state_is_active(d->vm.state))
            continue;
        bool focus = is_focus(d, selected);
        if (!focus && (is_still(d, d->quiet_dears, d->dear_tried_ms, STILL_DEAR_MS) ||
                       (!d->visible && clock_mono_ms() - d->dear_tried_ms < unseen_ms)))
            continue;
        out[n++] = (struct candidate_dom){d, focus ? -1 : d->dear_tried_ms + (d->visible ? 0 : second_class)};
    }
    qsort(out, n, sizeof *out, compare_rank);
    return n;
}

static bool dear_chunk(struct host *h, const struct candidate_dom *first, size_t n,
                       const struct vm_uuid *selected)
{
    /* Tried counts, not answered: a busy domain gives nothing and must not be asked first again and again. */
    for (size_t i = 0; i < n; i++) {
        first[i].d->dear_tried_ms = clock_mono_ms();
        /* Without bulk statistics the definition says what to ask for: before it was read nothing was. */
        first[i].d->quiet_dears += first[i].d->vm.def && first[i].d->quiet_dears < QUIET_SAMPLES;
    }
    if (!h->link.bulk_dear) {
        for (size_t i = 0; i < n; i++)
            stats_read_singly(first[i].d, clock_mono_us(), is_focus(first[i].d, selected));
        return alive(h);
    }
    virDomainPtr list[CHUNK_FAR + 1];
    virDomainStatsRecordPtr *records = NULL;
    for (size_t i = 0; i < n; i++)
        list[i] = first[i].d->ptr;
    list[n] = NULL;
    int got = virDomainListGetStats(list, VIR_DOMAIN_STATS_BLOCK | VIR_DOMAIN_STATS_BALLOON, &records,
                                    VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    if (got >= 0)
        read_records(h, records, got, selected, false);
    else
        h->relist = true; /* one of them vanished */
    return alive(h);
}

static bool dear_for_some(struct host *h, const struct vm_uuid *selected, int64_t deadline_ms)
{
    size_t chunk = h->info.rtt_ms > RTT_BULK_MS ? CHUNK_FAR : CHUNK_LOCAL;
    struct candidate_dom *all = xcalloc(h->doms.len + 1, sizeof *all);
    size_t n = rank_candidates(h, selected, all), from = 0;
    bool ok = true;
    while (ok && from < n) {
        size_t some = n - from < chunk ? n - from : chunk;
        ok = dear_chunk(h, all + from, some, selected);
        from += some;
        if (clock_mono_ms() >= deadline_ms)
            break;
    }
    free(all);
    return ok;
}

bool sample_tick(struct host *h, int64_t deadline_ms)
{
    bool ok = true;
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&h->lock);
    struct vm_uuid selected = h->selected;
    pthread_mutex_unlock(&h->lock);
    for (size_t i = 0; i < h->doms.len; i++)
        if (!is_focus(h->doms.items[i], &selected))
            vec_clear(&h->doms.items[i]->devices);
    probe_groups(h);
    if (now - h->rtt_at_ms > RTT_AGAIN_MS)
        measure_round_trip(h);
    if (h->doms.len)
        ok = h->link.bulk_state ? all_in_bulk(h, &selected) : state_one_by_one(h);
    if (ok && strcmp(h->info.mode, "bulk") != 0)
        ok = info_one_by_one(h, &selected);
    if (ok && (h->info.rtt_ms < RTT_BULK_MS || now - h->node_ms > NODE_FAR_MS)) {
        stats_read_host(h);
        h->node_ms = now;
        ok = alive(h);
    }
    if (ok && h->fleet->config.want_dear)
        ok = dear_for_some(h, &selected, deadline_ms);
    if (ok)
        stats_record_history(h, clock_mono_ms());
    return ok;
}
