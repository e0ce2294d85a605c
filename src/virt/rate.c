/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/rate.h"
#include <math.h>

void rate_reset(struct rate *r)
{
    *r = (struct rate){.value = NAN};
}

void rate_feed(struct rate *r, uint64_t counter, int64_t now_us)
{
    if (r->last_us && now_us - r->last_us < 1000)
        return;
    if (!r->last_us || counter < r->last)
        r->value = NAN;
    else
        r->value = (double)(counter - r->last) * 1e6 / (double)(now_us - r->last_us);
    r->last = counter;
    r->last_us = now_us;
}
