/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/retry.h"

static bool pause_for(struct retry *r, int64_t now_ms, int64_t pause_ms, int64_t *until_ms)
{
    int64_t end = r->first_ms + RETRY_BUDGET_MS;
    *until_ms = now_ms + pause_ms < end ? now_ms + pause_ms : end;
    return now_ms < end;
}

/* Written so that what is no chance at all (NAN) gives the longest pause. */
static int64_t drawn(struct retry *r, int64_t most_ms)
{
    double chance = r->chance(r->ctx);
    return chance >= 0 && chance < 1 ? (int64_t)((double)most_ms * chance) : most_ms;
}

bool retry_failed(struct retry *r, int64_t now_ms, int64_t *until_ms)
{
    int64_t bound = RETRY_FIRST_MS;
    for (int i = 0; i < r->tries && bound < RETRY_CAP_MS; i++)
        bound *= 2;
    if (r->tries++ == 0)
        r->first_ms = now_ms;
    return r->tries < RETRY_TRIES && pause_for(r, now_ms, drawn(r, bound), until_ms);
}

bool retry_still(struct retry *r, int64_t now_ms, int64_t *until_ms)
{
    return pause_for(r, now_ms, RETRY_LOOK_MS / 2 + drawn(r, RETRY_LOOK_MS / 2), until_ms);
}
