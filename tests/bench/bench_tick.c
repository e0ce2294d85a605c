/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a tick costs: ours, and the bare libvirt calls below it, on one host.
 *
 *   bench_tick URI SECONDS VISIBLE DAEMON-PID
 *
 * Prints "name value" lines: tick_ms (median wall time of our ticks, VISIBLE rows on the screen), daemon_ms
 * (daemon CPU a tick), floor_ms and floor_daemon_ms (one bulk STATE and INTERFACE call and GetInfo for each),
 * bulk_ms and bulk_daemon_ms (one bulk call of STATE, CPU, BALLOON, INTERFACE and BLOCK for all).
 */
#include <libvirt/libvirt.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/paths.h"
#include "virt/fleet.h"

#define ROUNDS 20

static double daemon_cpu_ms(const char *pid)
{
    char path[64], line[1024];
    unsigned long user = 0, sys = 0;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *f = fopen(path, "r");
    char *paren = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    if (f)
        fclose(f);
    if (!paren || sscanf(paren, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user, &sys) != 2)
        return -1;
    return (double)(user + sys) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void our_ticks(const char *uri, int seconds, size_t visible, const char *daemon)
{
    struct fleet_config config = {.interval_s = 1,
                                  .tick_budget = 0.05,
                                  .reconnect_max_s = 1,
                                  .keepalive_s = 5,
                                  .want_dear = true,
                                  .addr_lease = true};
    struct fleet *f = fleet_new(&config);
    double ticks[4096];
    size_t n = 0;
    uint64_t seen = 5; /* the first ones read every definition */
    double cpu = 0;
    fleet_add(f, uri, false);
    for (int64_t until = clock_mono_ms() + (seconds + 6) * 1000; clock_mono_ms() < until && n < 4096;) {
        struct pollfd p = {.fd = fleet_fd(f), .events = POLLIN};
        poll(&p, 1, 100);
        fleet_drain_fd(f);
        struct snapshot *s = fleet_snapshot(f, 0);
        if (s->host.ticks > seen) {
            if (seen == 5)
                cpu = daemon_cpu_ms(daemon);
            else
                ticks[n++] = s->host.tick_ms;
            seen = s->host.ticks;
        } else if (s->host.ticks == 1) {
            struct vm_uuid *uuids = calloc(s->n_vms + 1, sizeof *uuids);
            size_t rows = s->n_vms < visible ? s->n_vms : visible;
            for (size_t i = 0; i < rows; i++)
                uuids[i] = s->vms[i].uuid;
            fleet_set_interest(f, 0, uuids, rows, rows ? &uuids[0] : NULL);
            free(uuids);
        }
        snapshot_unref(s);
    }
    cpu = daemon_cpu_ms(daemon) - cpu;
    qsort(ticks, n, sizeof *ticks, compare);
    if (n)
        printf("tick_ms %.1f\ntick_ms_max %.1f\ndaemon_ms %.1f\n", ticks[n / 2], ticks[n - 1],
               cpu / (double)n);
    fleet_free(f);
}

static void floor_round(virConnectPtr conn, virDomainPtr *doms, int n)
{
    virDomainStatsRecordPtr *records = NULL;
    virDomainInfo info;
    if (virConnectGetAllDomainStats(conn, VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE, &records,
                                    VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT) >= 0)
        virDomainStatsRecordListFree(records);
    for (int i = 0; i < n; i++)
        virDomainGetInfo(doms[i], &info);
}

static void bulk_round(virConnectPtr conn, virDomainPtr *doms, int n)
{
    virDomainStatsRecordPtr *records = NULL;
    (void)doms;
    (void)n;
    if (virConnectGetAllDomainStats(conn,
                                    VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL |
                                        VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_INTERFACE |
                                        VIR_DOMAIN_STATS_BLOCK,
                                    &records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT) >= 0)
        virDomainStatsRecordListFree(records);
}

static void measure(const char *name, virConnectPtr conn, virDomainPtr *doms, int n, const char *daemon,
                    void (*round)(virConnectPtr, virDomainPtr *, int))
{
    double wall[ROUNDS], cpu = daemon_cpu_ms(daemon);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t start = clock_mono_us();
        round(conn, doms, n);
        wall[i] = (double)(clock_mono_us() - start) / 1000;
    }
    qsort(wall, ROUNDS, sizeof *wall, compare);
    printf("%s_ms %.1f\n%s_daemon_ms %.1f\n", name, wall[ROUNDS / 2], name,
           (daemon_cpu_ms(daemon) - cpu) / ROUNDS);
}

int main(int argc, char **argv)
{
    virDomainPtr *doms = NULL;
    if (argc != 5)
        return 2;
    setlocale(LC_ALL, "C.UTF-8");
    paths_init();
    our_ticks(argv[1], atoi(argv[2]), (size_t)atoi(argv[3]), argv[4]);
    virConnectPtr conn = virConnectOpen(argv[1]);
    int n = conn ? virConnectListAllDomains(conn, &doms, 0) : -1;
    if (n < 0)
        return 1;
    printf("domains %d\n", n);
    measure("floor", conn, doms, n, argv[4], floor_round);
    measure("bulk", conn, doms, n, argv[4], bulk_round);
    for (int i = 0; i < n; i++)
        virDomainFree(doms[i]);
    free(doms);
    virConnectClose(conn);
    return 0;
}
