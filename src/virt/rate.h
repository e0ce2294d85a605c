/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A counter that only grows, to a rate. A counter that went back (restarted VM, wrapped, device replaced)
 * begins anew: its rate is unknown until the next sample, never negative and never a spike. Pure; no thread
 * safety of its own.
 */
#ifndef VIRTDECK_VIRT_RATE_H
#define VIRTDECK_VIRT_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
    uint64_t last;
    int64_t last_us; /* 0: never */
    double value;    /* units a second; NAN unknown */
};

void rate_reset(struct rate *r);
/* Feeds the counter's value read at `now_us`; two readings less than 1 ms apart are one. */
void rate_feed(struct rate *r, uint64_t counter, int64_t now_us);

#endif
