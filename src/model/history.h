/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The series behind the graphs: per domain (and per host, and per device of domains that are looked at) fixed
 * rings in four resolutions. Recorded by samplers only, copied out by the screen; a mutex is held for the
 * copying, never for drawing. Points are bfloat16 (0.4 % steps: less than a graph can show), NAN where
 * nothing was known. A domain costs nothing until it first runs, then about 5 KiB.
 */
#ifndef VIRTDECK_MODEL_HISTORY_H
#define VIRTDECK_MODEL_HISTORY_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "model/uuid.h"

enum metric { METRIC_CPU, METRIC_MEM, METRIC_RX, METRIC_TX, METRIC_RD, METRIC_WR, METRIC_COUNT };
/* CPU: percent of one CPU (host: percent of all). MEM: KiB. The rest: bytes a second. */

enum window { WINDOW_1MIN, WINDOW_5MIN, WINDOW_15MIN, WINDOW_1H, WINDOW_COUNT };

struct window_info {
    const char *id; /* "1m" "5m" "15m" "1h" */
    int seconds;
    int points; /* in the ring */
};
extern const struct window_info windows[WINDOW_COUNT];
#define WINDOW_MAX_POINTS 120

struct history; /* opaque, thread-safe */

struct history *history_new(void);
void history_free(struct history *h);

/* Records what was measured at `mono_ms` for one domain; a nil UUID is the host itself. NAN: unknown. Samples
 * falling into one point of a coarser ring are averaged. Gaps in time become NAN points. Sampler thread. */
void history_record(struct history *h, int host, const struct vm_uuid *uuid, int64_t mono_ms,
                    const double values[METRIC_COUNT]);
/* The same for one device (name: vda, vnet3) of a domain, METRIC_RX/TX or RD/WR as fits: two values. At most
 * 16 domains have device series; the one longest not recorded is forgotten. */
void history_record_device(struct history *h, int host, const struct vm_uuid *uuid, const char *device,
                           bool is_nic, int64_t mono_ms, double in, double out);

/* Copies a ring, oldest first, ending at `now_ms`: exactly windows[w].points values (NAN where unknown).
 * Returns false (all NAN) when nothing is known. Any thread. */
bool history_copy(struct history *h, int host, const struct vm_uuid *uuid, enum metric metric, enum window w,
                  int64_t now_ms, float out[WINDOW_MAX_POINTS]);
bool history_copy_device(struct history *h, int host, const struct vm_uuid *uuid, const char *device,
                         bool out_direction, enum window w, int64_t now_ms, float out[WINDOW_MAX_POINTS]);
void history_forget(struct history *h, int host, const struct vm_uuid *uuid); /* undefined domains */
size_t history_bytes(struct history *h);

#endif
