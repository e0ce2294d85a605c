/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench_rss URI: opens a connection, lists its domains, prints "rss_kib N": what libvirt itself takes, and
 * the in-process test driver with it.
 */
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    char line[256];
    long kib = 0;
    virDomainPtr *doms = NULL;
    virConnectPtr conn = argc == 2 ? virConnectOpen(argv[1]) : NULL;
    int n = conn ? virConnectListAllDomains(conn, &doms, 0) : -1;
    if (n < 0)
        return 1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    printf("rss_kib %ld\n", kib);
    for (int i = 0; i < n; i++)
        virDomainFree(doms[i]);
    free(doms);
    virConnectClose(conn);
    return 0;
}
