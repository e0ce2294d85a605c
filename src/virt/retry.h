/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When to try again what failed because somebody else was at it: pauses that double, each drawn by chance
 * from nothing up to its bound ("full jitter"), so that many who wait do not come back at the same moment.
 * Pure: the time and the chance are the caller's. One thread.
 */
#ifndef VIRTDECK_VIRT_RETRY_H
#define VIRTDECK_VIRT_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_FIRST_MS  250   /* the bound of the first pause */
#define RETRY_CAP_MS    4000  /* of the later ones */
#define RETRY_LOOK_MS   500   /* between looks at what is seen to be held: these are no tries */
#define RETRY_TRIES     6     /* with the first */
#define RETRY_BUDGET_MS 10000 /* from the first failure on */

struct retry {
    int tries;                   /* that failed */
    int64_t first_ms;            /* when the first one failed */
    double (*chance)(void *ctx); /* 0 … 1 */
    void *ctx;
};

/* A try failed at `now_ms`. False: enough. Else *until_ms: not before then. */
bool retry_failed(struct retry *r, int64_t now_ms, int64_t *until_ms);
/* The pause is over, and what is waited for is seen to be still so: that is no try. False: enough. */
bool retry_still(struct retry *r, int64_t now_ms, int64_t *until_ms);

#endif
