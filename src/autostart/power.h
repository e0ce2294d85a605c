/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether the host runs on its battery, and whether it has slept: from /sys/class/power_supply (below a root,
 * so that tests can bring a tree) and from two clocks. Any thread.
 */
#ifndef VIRTDECK_AUTOSTART_POWER_H
#define VIRTDECK_AUTOSTART_POWER_H

#include <stdbool.h>
#include <stdint.h>

enum power_source { POWER_UNKNOWN, POWER_MAINS, POWER_BATTERY };

/* A mains supply that is online means mains; else a battery that discharges means battery; UPS count as
 * batteries. POWER_UNKNOWN: the host has no such thing, or it can't be read. Batteries of devices
 * (scope Device: mice) do not count. */
enum power_source power_read(const char *root);

/* A sleep is a jump of the clock that goes on while the host sleeps against the one that does not. */
struct sleep_watch {
    int64_t offset_ms; /* boottime - monotonic, the last time; INT64_MIN: never */
};
#define SLEEP_LEAST_MS 1000
/* How long the host slept since the last look; 0: it has not. */
int64_t sleep_watch_look(struct sleep_watch *w, int64_t boottime_ms, int64_t monotonic_ms);

#endif
