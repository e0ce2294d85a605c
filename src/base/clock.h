/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The time, which tests can set. Any thread.
 */
#ifndef VIRTDECK_BASE_CLOCK_H
#define VIRTDECK_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void); /* milliseconds, never goes back (CLOCK_MONOTONIC) */
int64_t clock_mono_us(void); /* the same in microseconds */
int64_t clock_wall_ms(void); /* milliseconds since 1970 UTC */

/* From now on the clock stands still at these values, until moved or released. For tests. */
void clock_freeze(int64_t mono_ms, int64_t wall_ms);
void clock_advance(int64_t ms);
void clock_release(void);

#endif
