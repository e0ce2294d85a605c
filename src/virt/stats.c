/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One domain's figures out of what libvirt answers. The host thread's own.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "virt/private.h"

/* Sums over a domain's disks and NICs, and the current device while a record is walked. */
struct sums {
    double rx, tx, rd, wr, rd_ops, wr_ops;
    int nics, disks; /* -1: the record has none of the group */
    /* Of how many there are figures. A busy domain (NOWAIT) names its disks and tells nothing of them. */
    int told_nics, told_disks;
};

static double param_number(const virTypedParameter *p)
{
    switch (p->type) {
    case VIR_TYPED_PARAM_INT:
        return p->value.i;
    case VIR_TYPED_PARAM_UINT:
        return p->value.ui;
    case VIR_TYPED_PARAM_LLONG:
        return (double)p->value.l;
    case VIR_TYPED_PARAM_ULLONG:
        return (double)p->value.ul;
    case VIR_TYPED_PARAM_DOUBLE:
        return p->value.d;
    default:
        return NAN;
    }
}

static struct device_counter *device_of(struct dom *d, const char *name, bool is_nic)
{
    for (size_t i = 0; i < d->devices.len; i++)
        if (d->devices.items[i].is_nic == is_nic && strcmp(d->devices.items[i].name, name) == 0)
            return &d->devices.items[i];
    struct device_counter c = {.is_nic = is_nic, .capacity = NAN, .allocation = NAN};
    snprintf(c.name, sizeof c.name, "%s", name);
    struct rate *const rates[] = {&c.in, &c.out, &c.in_ops, &c.out_ops};
    for (size_t i = 0; i < ARRAY_LEN(rates); i++)
        rate_reset(rates[i]);
    vec_push(&d->devices, c);
    return &d->devices.items[d->devices.len - 1];
}

/* What a field of a device adds to. */
static const struct {
    const char *field;
    bool is_nic;
    size_t sum;  /* offset in struct sums */
    size_t rate; /* offset in struct device_counter */
} device_fields[] = {
    {"rx.bytes", true, offsetof(struct sums, rx), offsetof(struct device_counter, in)},
    {"tx.bytes", true, offsetof(struct sums, tx), offsetof(struct device_counter, out)},
    {"rx.pkts", true, SIZE_MAX, offsetof(struct device_counter, in_ops)},
    {"tx.pkts", true, SIZE_MAX, offsetof(struct device_counter, out_ops)},
    {"rd.bytes", false, offsetof(struct sums, rd), offsetof(struct device_counter, in)},
    {"wr.bytes", false, offsetof(struct sums, wr), offsetof(struct device_counter, out)},
    {"rd.reqs", false, offsetof(struct sums, rd_ops), offsetof(struct device_counter, in_ops)},
    {"wr.reqs", false, offsetof(struct sums, wr_ops), offsetof(struct device_counter, out_ops)},
};

/* "net.0.rx.bytes" and the like. `current` is the device the last ".name" named, NULL when not in the focus.
 */
static void read_device_param(struct dom *d, const virTypedParameter *p, const char *field, bool is_nic,
                              bool focus, struct sums *sums, struct device_counter **current, int64_t now_us)
{
    if (strcmp(field, "name") == 0) {
        *current = focus && p->type == VIR_TYPED_PARAM_STRING ? device_of(d, p->value.s, is_nic) : NULL;
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(device_fields); i++) {
        if (device_fields[i].is_nic != is_nic || strcmp(device_fields[i].field, field) != 0)
            continue;
        double value = param_number(p);
        if (!(value >= 0))
            return;
        sums->told_nics += device_fields[i].sum == offsetof(struct sums, rx);
        sums->told_disks += device_fields[i].sum == offsetof(struct sums, rd);
        if (device_fields[i].sum != SIZE_MAX)
            *(double *)(void *)((char *)sums + device_fields[i].sum) += value;
        if (*current)
            rate_feed((struct rate *)(void *)((char *)*current + device_fields[i].rate), (uint64_t)value,
                      now_us);
        return;
    }
    if (*current && !is_nic && strcmp(field, "capacity") == 0)
        (*current)->capacity = param_number(p);
    if (*current && !is_nic && strcmp(field, "allocation") == 0)
        (*current)->allocation = param_number(p);
}

static void feed_rate(struct rate *r, double *figure, double counter, int64_t now_us)
{
    if (counter >= 0)
        rate_feed(r, (uint64_t)counter, now_us);
    else
        rate_reset(r);
    *figure = r->value;
}

static bool disks_told(const struct sums *s)
{
    return s->disks == 0 || (s->disks > 0 && s->told_disks > 0);
}

static void feed_sums(struct dom *d, const struct sums *s, int64_t now_us)
{
    if (s->nics == 0 || (s->nics > 0 && s->told_nics > 0)) {
        if (s->told_nics != d->nic_count) {
            rate_reset(&d->rx);
            rate_reset(&d->tx);
        }
        d->nic_count = s->told_nics;
        feed_rate(&d->rx, &d->vm.rx, s->rx, now_us);
        feed_rate(&d->tx, &d->vm.tx, s->tx, now_us);
    }
    if (disks_told(s)) {
        if (s->told_disks != d->disk_count) {
            rate_reset(&d->rd);
            rate_reset(&d->wr);
            rate_reset(&d->rd_ops);
            rate_reset(&d->wr_ops);
        }
        d->disk_count = s->told_disks;
        feed_rate(&d->rd, &d->vm.rd, s->rd, now_us);
        feed_rate(&d->wr, &d->vm.wr, s->wr, now_us);
        feed_rate(&d->rd_ops, &d->vm.rd_ops, s->rd_ops, now_us);
        feed_rate(&d->wr_ops, &d->vm.wr_ops, s->wr_ops, now_us);
    }
}

static void feed_cpu(struct dom *d, double ns, int64_t now_us)
{
    rate_feed(&d->cpu, (uint64_t)ns, now_us);
    d->vm.cpu = d->cpu.value / 1e7; /* ns a second to percent */
}

/* What the balloon driver tells. Used is what the guest itself can't give back; without a guest driver's
 * figures it is the host memory QEMU occupies. All in KiB. */
struct balloon {
    double current, maximum, rss, available, unused, usable;
};

static double balloon_used(const struct balloon *b)
{
    if (!isnan(b->available) && !isnan(b->usable))
        return b->available - b->usable;
    if (!isnan(b->available) && !isnan(b->unused))
        return b->available - b->unused;
    /* QEMU's own overhead is in the RSS, too: never more than the guest may have. */
    return b->rss > b->current ? b->current : b->rss;
}

static const struct {
    const char *field;
    size_t offset;
} balloon_fields[] = {
    {"balloon.current", offsetof(struct balloon, current)},
    {"balloon.maximum", offsetof(struct balloon, maximum)},
    {"balloon.rss", offsetof(struct balloon, rss)},
    {"balloon.usable", offsetof(struct balloon, usable)},
    {"balloon.available", offsetof(struct balloon, available)},
    {"balloon.unused", offsetof(struct balloon, unused)},
};

static bool read_balloon_param(struct balloon *b, const virTypedParameter *p)
{
    for (size_t i = 0; i < ARRAY_LEN(balloon_fields); i++)
        if (strcmp(p->field, balloon_fields[i].field) == 0)
            *(double *)(void *)((char *)b + balloon_fields[i].offset) = param_number(p);
    return strncmp(p->field, "balloon.", 8) == 0;
}

static void feed_balloon(struct dom *d, const struct balloon *b)
{
    double used = balloon_used(b);
    if (!isnan(used))
        d->vm.mem_kib = used;
    if (!isnan(b->maximum))
        d->vm.maxmem_kib = isnan(b->current) ? b->maximum : b->current;
}

void stats_read_record(struct dom *d, virDomainStatsRecordPtr record, int64_t now_us, bool focus)
{
    struct sums sums = {.nics = -1, .disks = -1};
    struct balloon balloon = {NAN, NAN, NAN, NAN, NAN, NAN};
    struct device_counter *current = NULL;
    double cpu_ns = NAN;
    int state = -1, reason = 0;
    dom_set_id(d, record->dom);
    for (int i = 0; i < record->nparams; i++) {
        const virTypedParameter *p = &record->params[i];
        char group[8];
        int index, used = 0;
        if (strcmp(p->field, "state.state") == 0)
            state = (int)param_number(p);
        else if (strcmp(p->field, "state.reason") == 0)
            reason = (int)param_number(p);
        else if (strcmp(p->field, "cpu.time") == 0)
            cpu_ns = param_number(p);
        else if (strcmp(p->field, "net.count") == 0)
            sums.nics = (int)param_number(p);
        else if (strcmp(p->field, "block.count") == 0)
            sums.disks = (int)param_number(p);
        else if (!read_balloon_param(&balloon, p) &&
                 sscanf(p->field, "%7[a-z].%d.%n", group, &index, &used) == 2 && used)
            read_device_param(d, p, p->field + used, group[0] == 'n', focus, &sums, &current, now_us);
    }
    if (state >= 0)
        dom_set_state(d, state, reason);
    /* libvirt 9.0 gives a domain that is off the daemon's own CPU time. */
    if (!vm_state_is_active(d->vm.state))
        return;
    if (!isnan(cpu_ns))
        feed_cpu(d, cpu_ns, now_us);
    feed_sums(d, &sums, now_us);
    feed_balloon(d, &balloon);
    if (disks_told(&sums) || (sums.disks < 0 && !isnan(balloon.current)))
        d->vm.dear_ms = now_us / 1000;
}

void stats_read_info(struct dom *d, const virDomainInfo *info, int64_t now_us)
{
    if ((int)info->state != (int)d->vm.state)
        dom_set_state(d, info->state, -1);
    if (!vm_state_is_active(d->vm.state))
        return;
    feed_cpu(d, (double)info->cpuTime, now_us);
    d->vm.vcpus = info->nrVirtCpu;
    d->vm.maxmem_kib = (double)info->memory;
}

/* ---- drivers without bulk statistics ---- */

static void read_balloon_singly(struct dom *d)
{
    virDomainMemoryStatStruct mem[VIR_DOMAIN_MEMORY_STAT_NR];
    int n = virDomainMemoryStats(d->ptr, mem, VIR_DOMAIN_MEMORY_STAT_NR, 0);
    struct balloon balloon = {NAN, NAN, NAN, NAN, NAN, NAN};
    for (int i = 0; i < n; i++) {
        double value = (double)mem[i].val;
        if (mem[i].tag == VIR_DOMAIN_MEMORY_STAT_RSS)
            balloon.rss = value;
        else if (mem[i].tag == VIR_DOMAIN_MEMORY_STAT_AVAILABLE)
            balloon.available = value;
        else if (mem[i].tag == VIR_DOMAIN_MEMORY_STAT_UNUSED)
            balloon.unused = value;
        else if (mem[i].tag == VIR_DOMAIN_MEMORY_STAT_USABLE)
            balloon.usable = value;
    }
    feed_balloon(d, &balloon);
}

static void feed_device(struct dom *d, const char *target, bool nic, long long in, long long out,
                        int64_t now_us)
{
    struct device_counter *c = device_of(d, target, nic);
    rate_feed(&c->in, (uint64_t)in, now_us);
    rate_feed(&c->out, (uint64_t)out, now_us);
}

/* -1 stands for what the driver does not know, here and of disks. */
static void read_nic_singly(struct dom *d, const char *target, int64_t now_us, bool focus, struct sums *sums)
{
    virDomainInterfaceStatsStruct net;
    sums->nics++;
    if (virDomainInterfaceStats(d->ptr, target, &net, sizeof net) != 0 || net.rx_bytes < 0 ||
        net.tx_bytes < 0)
        return;
    sums->told_nics++;
    sums->rx += (double)net.rx_bytes;
    sums->tx += (double)net.tx_bytes;
    if (focus)
        feed_device(d, target, true, net.rx_bytes, net.tx_bytes, now_us);
}

static void read_disk_singly(struct dom *d, const char *target, int64_t now_us, bool focus, struct sums *sums)
{
    virDomainBlockStatsStruct block;
    sums->disks++;
    if (virDomainBlockStats(d->ptr, target, &block, sizeof block) != 0 || block.rd_bytes < 0 ||
        block.wr_bytes < 0)
        return;
    sums->told_disks++;
    sums->rd += (double)block.rd_bytes;
    sums->wr += (double)block.wr_bytes;
    sums->rd_ops += block.rd_req < 0 ? NAN : (double)block.rd_req;
    sums->wr_ops += block.wr_req < 0 ? NAN : (double)block.wr_req;
    if (focus)
        feed_device(d, target, false, block.rd_bytes, block.wr_bytes, now_us);
}

/* The definition says which disks and NICs to ask for. */
void stats_read_singly(struct dom *d, int64_t now_us, bool focus)
{
    struct sums sums = {0};
    read_balloon_singly(d);
    for (size_t i = 0; d->vm.def && i < d->vm.def->devices.len; i++) {
        const struct vm_device *dev = &d->vm.def->devices.items[i];
        if (dev->mac && dev->target)
            read_nic_singly(d, dev->target, now_us, focus, &sums);
        else if (dev->is_disk && dev->target)
            read_disk_singly(d, dev->target, now_us, focus, &sums);
    }
    if (d->vm.def)
        feed_sums(d, &sums, now_us);
    d->vm.dear_ms = now_us / 1000;
}

/* ---- the host itself ---- */

static void read_host_cpu(struct host *h, int64_t now_us)
{
    int n = 0;
    if (virNodeGetCPUStats(h->link.conn, VIR_NODE_CPU_STATS_ALL_CPUS, NULL, &n, 0) < 0 || n <= 0) {
        h->link.host_cpu = false;
        return;
    }
    virNodeCPUStatsPtr stats = xcalloc((size_t)n, sizeof *stats);
    uint64_t busy = 0, total = 0;
    if (virNodeGetCPUStats(h->link.conn, VIR_NODE_CPU_STATS_ALL_CPUS, stats, &n, 0) == 0) {
        for (int i = 0; i < n; i++) {
            total += stats[i].value;
            if (strcmp(stats[i].field, VIR_NODE_CPU_STATS_IDLE) != 0 &&
                strcmp(stats[i].field, VIR_NODE_CPU_STATS_IOWAIT) != 0)
                busy += stats[i].value;
        }
        rate_feed(&h->node_busy, busy, now_us);
        rate_feed(&h->node_total, total, now_us);
        h->info.cpu_percent = h->node_total.value > 0 ? 100 * h->node_busy.value / h->node_total.value : NAN;
    }
    free(stats);
}

static void read_host_memory(struct host *h)
{
    int n = 0;
    if (virNodeGetMemoryStats(h->link.conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &n, 0) < 0 || n <= 0) {
        h->link.host_mem = false;
        return;
    }
    virNodeMemoryStatsPtr stats = xcalloc((size_t)n, sizeof *stats);
    double total = NAN, available = 0;
    if (virNodeGetMemoryStats(h->link.conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &n, 0) == 0)
        for (int i = 0; i < n; i++) {
            if (strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_TOTAL) == 0)
                total = (double)stats[i].value;
            else
                available += (double)stats[i].value; /* free, buffers, cached */
        }
    h->info.mem_used_kib = total - available;
    if (!isnan(total))
        h->info.mem_kib = total; /* virNodeGetInfo leaves hot-plugged memory out */
    free(stats);
}

void stats_read_host(struct host *h)
{
    if (h->link.host_cpu)
        read_host_cpu(h, clock_mono_us());
    if (h->link.host_mem)
        read_host_memory(h);
}

/* ---- series ---- */

/* A dear figure older than this is no longer true enough for a graph. */
#define DEAR_FRESH_MS 30000

static void record_domain(struct host *h, const struct dom *d, int64_t now_ms)
{
    bool fresh = d->vm.dear_ms && now_ms - d->vm.dear_ms < DEAR_FRESH_MS;
    double values[METRIC_COUNT] = {
        [METRIC_CPU] = d->vm.cpu,
        [METRIC_MEM] = fresh ? d->vm.mem_kib : NAN,
        [METRIC_RX] = d->vm.rx,
        [METRIC_TX] = d->vm.tx,
        [METRIC_RD] = fresh ? d->vm.rd : NAN,
        [METRIC_WR] = fresh ? d->vm.wr : NAN,
    };
    history_record(h->fleet->history, h->id, &d->uuid, now_ms, values);
    for (size_t i = 0; i < d->devices.len; i++) {
        const struct device_counter *c = &d->devices.items[i];
        history_record_device(h->fleet->history, h->id, &d->uuid, c->name, c->is_nic, now_ms, c->in.value,
                              c->out.value);
    }
}

void stats_record_history(struct host *h, int64_t now_ms)
{
    static const struct vm_uuid host_itself;
    static const struct {
        enum metric metric;
        size_t figure; /* offset in struct vm */
    } sums[] = {{METRIC_RX, offsetof(struct vm, rx)},
                {METRIC_TX, offsetof(struct vm, tx)},
                {METRIC_RD, offsetof(struct vm, rd)},
                {METRIC_WR, offsetof(struct vm, wr)}};
    double values[METRIC_COUNT] = {h->info.cpu_percent, h->info.mem_used_kib, 0, 0, 0, 0};
    size_t active = 0, known[ARRAY_LEN(sums)] = {0};
    for (size_t i = 0; i < h->doms.len; i++) {
        const struct vm *vm = &h->doms.items[i]->vm;
        if (!vm_state_is_active(vm->state))
            continue;
        record_domain(h, h->doms.items[i], now_ms);
        active++;
        for (size_t m = 0; m < ARRAY_LEN(sums); m++) {
            double figure = *(const double *)(const void *)((const char *)vm + sums[m].figure);
            known[m] += isnan(figure) ? 0 : 1;
            values[sums[m].metric] += isnan(figure) ? 0 : figure;
        }
    }
    /* Before anybody's second sample nothing is known, which is not 0. */
    for (size_t m = 0; m < ARRAY_LEN(sums); m++)
        if (active && !known[m])
            values[sums[m].metric] = NAN;
    history_record(h->fleet->history, h->id, &host_itself, now_ms, values);
}
