/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How long domains took to start, to become ready and to stop, the last times: kept in a file, so that a plan
 * can say what is to be expected. Values belong to whoever declared them. Any thread.
 */
#ifndef VIRTDECK_AUTOSTART_TIMES_H
#define VIRTDECK_AUTOSTART_TIMES_H

#include "base/error.h"
#include "base/vec.h"
#include "model/uuid.h"

struct start_time {
    struct vm_uuid uuid;
    double start_s, ready_s, stop_s; /* NAN: never measured */
};

struct start_times {
    VEC(struct start_time) items; /* sorted by UUID */
};

enum time_kind { TIME_START, TIME_READY, TIME_STOP };

const struct start_time *times_find(const struct start_times *t, const struct vm_uuid *uuid);
/* A new measurement: half of it counts, half what was known. */
void times_add(struct start_times *t, const struct vm_uuid *uuid, enum time_kind kind, double seconds);
/* A missing or damaged file gives none. */
void times_load(struct start_times *t, const char *path);
/* At most 20,000 domains. False with e set. */
bool times_save(const struct start_times *t, const char *path, struct error *e);
void times_clear(struct start_times *t);

#endif
