/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

/* Only tests freeze the clock, and they don't race to do it: three separate atomics are enough. */
static atomic_bool frozen;
static _Atomic int64_t frozen_mono_ms, frozen_wall_ms;

static int64_t read_us(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
    return atomic_load(&frozen) ? atomic_load(&frozen_mono_ms) * 1000 : read_us(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

int64_t clock_wall_ms(void)
{
    return atomic_load(&frozen) ? atomic_load(&frozen_wall_ms) : read_us(CLOCK_REALTIME) / 1000;
}

void clock_freeze(int64_t mono_ms, int64_t wall_ms)
{
    atomic_store(&frozen_mono_ms, mono_ms);
    atomic_store(&frozen_wall_ms, wall_ms);
    atomic_store(&frozen, true);
}

void clock_advance(int64_t ms)
{
    atomic_fetch_add(&frozen_mono_ms, ms);
    atomic_fetch_add(&frozen_wall_ms, ms);
}

void clock_release(void)
{
    atomic_store(&frozen, false);
}
