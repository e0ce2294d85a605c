/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What benchmarks that watch a running program share.
 */
#ifndef VIRTDECK_BENCH_MEASURE_H
#define VIRTDECK_BENCH_MEASURE_H

#include <stdio.h>
#include <sys/types.h>

/* For qsort: doubles, the smallest first. */
static inline int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* p: 0..100 */
static inline double percentile(const double *sorted, int n, double p)
{
    int i = (int)(p / 100 * n);
    return sorted[i < n ? i : n - 1];
}

/* Memory of a process that is in RAM; 0: it is gone. */
static inline long rss_kib(pid_t pid)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

#endif
