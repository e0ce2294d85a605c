/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/history.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "model/vmmap.h"

const struct window_info windows[WINDOW_COUNT] = {
    [WINDOW_1MIN] = {"1m", 60, 60},
    [WINDOW_5MIN] = {"5m", 300, 120},
    [WINDOW_15MIN] = {"15m", 900, 120},
    [WINDOW_1H] = {"1h", 3600, 120},
};

/* Where each window's ring begins in `points`. */
static const int ring_start[WINDOW_COUNT + 1] = {0, 60, 180, 300, 420};

#define RING_POINTS        420
#define DEVICE_DOMAINS     16
#define DEVICES_PER_DOMAIN 32
#define LONGEST_PACE_MS    60000

/* The four rings of one figure. The newest point of each is a mean under construction. */
struct rings {
    float sum[WINDOW_COUNT];
    uint16_t count[WINDOW_COUNT];
    uint16_t points[RING_POINTS]; /* bfloat16 */
};

/* Figures recorded together. A point's place in its ring is its time divided by the window's step: the rings
 * of all domains are in step, and a copy needs no times. */
struct series {
    int64_t newest[WINDOW_COUNT]; /* time / step of the newest point */
    int64_t last_ms;              /* of the last sample */
    int64_t pace_ms;              /* between samples, lately */
    struct rings rings[];         /* one a figure */
};

struct device {
    char *name;
    bool is_nic;
    struct series *series;
};

/* The device series of one domain; n 0: free. */
struct device_set {
    int host;
    struct vm_uuid uuid;
    int64_t last_ms;
    size_t n;
    struct device devices[DEVICES_PER_DOMAIN];
};

struct history {
    pthread_mutex_t lock;
    struct vmmap map; /* of struct series */
    struct device_set sets[DEVICE_DOMAINS];
};

#define BF16_NAN 0x7fc0

static uint16_t to_bf16(float value)
{
    uint32_t bits;
    if (!isfinite(value)) {
        return BF16_NAN;
    }
    memcpy(&bits, &value, sizeof(bits));
    bits += 0x7fff + (bits >> 16 & 1); /* to nearest, ties to even */
    return (uint16_t)(bits >> 16);
}

static float from_bf16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof(value));
    return isfinite(value) ? value : NAN;
}

static int64_t step_ms(enum window w)
{
    return (int64_t)windows[w].seconds * 1000 / windows[w].points;
}

static uint16_t *point_at(struct rings *rings, int w, int64_t index)
{
    return &rings->points[ring_start[w] + (int)(index % windows[w].points)];
}

static size_t series_bytes(unsigned n)
{
    return sizeof(struct series) + n * sizeof(struct rings);
}

static struct series *series_new(unsigned n, int64_t mono_ms)
{
    struct series *s = xcalloc(1, series_bytes(n));
    s->last_ms = mono_ms;
    s->pace_ms = 1000;
    for (int w = 0; w < WINDOW_COUNT; w++) {
        s->newest[w] = mono_ms / step_ms((enum window)w);
    }
    for (unsigned m = 0; m < n; m++) {
        for (int i = 0; i < RING_POINTS; i++) {
            s->rings[m].points[i] = BF16_NAN;
        }
    }
    return s;
}

/* A sample stands for the time since the one before it: ticks that are longer than a point, or a little
 * late, leave no holes. A pause out of all proportion to those before it does. */
static bool is_hole(const struct series *s, int64_t gap_ms)
{
    return gap_ms > s->pace_ms * 5 / 2 + 500;
}

/* Up at once, down by halves: a tick that catches up with a late one must not make the next look late. */
static int64_t next_pace(int64_t pace, int64_t gap)
{
    int64_t next = gap > pace ? gap : (pace + gap) / 2;
    return next < LONGEST_PACE_MS ? next : LONGEST_PACE_MS;
}

static void add_sample(struct rings *rings, int w, int64_t index, float value)
{
    if (isnan(value) || rings->count[w] == UINT16_MAX) {
        return;
    }
    rings->sum[w] += value;
    rings->count[w]++;
    *point_at(rings, w, index) = to_bf16(rings->sum[w] / (float)rings->count[w]);
}

/* Moves a ring on to the point `index`; the points passed over get `between`. */
static void advance(struct rings *rings, int w, int64_t newest, int64_t index, float between)
{
    int64_t first = newest + 1;
    if (index - first >= windows[w].points) {
        first = index - windows[w].points + 1;
    }
    for (int64_t i = first; i < index; i++) {
        *point_at(rings, w, i) = to_bf16(between);
    }
    *point_at(rings, w, index) = BF16_NAN;
    rings->sum[w] = 0;
    rings->count[w] = 0;
}

static void series_record(struct series *s, int64_t mono_ms, unsigned n, const double *values)
{
    int64_t gap = mono_ms - s->last_ms;
    bool hole = is_hole(s, gap);
    if (gap < 0) {
        return;
    }
    for (int w = 0; w < WINDOW_COUNT; w++) {
        int64_t index = mono_ms / step_ms((enum window)w);
        for (unsigned m = 0; m < n; m++) {
            float value = isfinite(values[m]) ? (float)values[m] : NAN;
            if (index > s->newest[w]) {
                advance(&s->rings[m], w, s->newest[w], index, hole ? NAN : value);
            }
            add_sample(&s->rings[m], w, index, value);
        }
        s->newest[w] = index;
    }
    if (gap > 0) { /* two records of one tick are no pace */
        s->pace_ms = next_pace(s->pace_ms, gap);
    }
    s->last_ms = mono_ms;
}

static bool series_copy(struct series *s, unsigned m, enum window w, int64_t now_ms, float *out)
{
    int n = windows[w].points;
    int64_t last = now_ms / step_ms(w);
    int64_t newest = s->newest[w];
    bool due = !is_hole(s, now_ms - s->last_ms); /* the next sample may still come in time */
    bool any = false;
    for (int i = 0; i < n; i++) {
        int64_t index = last - n + 1 + i;
        if (index > newest && due) {
            index = newest;
        }
        bool held = index >= 0 && index <= newest && index > newest - n;
        out[i] = held ? from_bf16(*point_at(&s->rings[m], (int)w, index)) : NAN;
        any = any || !isnan(out[i]);
    }
    return any;
}

static bool copy_nothing(enum window w, float *out)
{
    for (int i = 0; i < windows[w].points; i++) {
        out[i] = NAN;
    }
    return false;
}

struct history *history_new(void)
{
    struct history *h = xcalloc(1, sizeof(*h));
    pthread_mutex_init(&h->lock, NULL);
    return h;
}

static void set_clear(struct device_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        free(set->devices[i].name);
        free(set->devices[i].series);
    }
    *set = (struct device_set){0};
}

void history_free(struct history *h)
{
    if (!h) {
        return;
    }
    size_t i = 0;
    for (struct vmmap_slot *slot; (slot = vmmap_next(&h->map, &i));) {
        free(slot->value);
    }
    vmmap_free(&h->map);
    for (size_t d = 0; d < DEVICE_DOMAINS; d++) {
        set_clear(&h->sets[d]);
    }
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static bool all_unknown(const double *values, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

void history_record(struct history *h, int host, const struct vm_uuid *uuid, int64_t mono_ms,
                    const double values[METRIC_COUNT])
{
    if (mono_ms < 0) {
        return;
    }
    pthread_mutex_lock(&h->lock);
    struct series *s = vmmap_get(&h->map, host, uuid);
    if (!s && !all_unknown(values, METRIC_COUNT)) {
        s = series_new(METRIC_COUNT, mono_ms);
        vmmap_set(&h->map, host, uuid, s);
    }
    if (s) {
        series_record(s, mono_ms, METRIC_COUNT, values);
    }
    pthread_mutex_unlock(&h->lock);
}

static struct device_set *set_find(struct history *h, int host, const struct vm_uuid *uuid)
{
    for (size_t i = 0; i < DEVICE_DOMAINS; i++) {
        struct device_set *set = &h->sets[i];
        if (set->n && set->host == host && uuid_equal(&set->uuid, uuid)) {
            return set;
        }
    }
    return NULL;
}

/* A free set, else that of the domain longest not recorded. */
static struct device_set *set_new(struct history *h, int host, const struct vm_uuid *uuid)
{
    struct device_set *oldest = &h->sets[0];
    for (size_t i = 0; i < DEVICE_DOMAINS && oldest->n; i++) {
        if (!h->sets[i].n || h->sets[i].last_ms < oldest->last_ms) {
            oldest = &h->sets[i];
        }
    }
    set_clear(oldest);
    oldest->host = host;
    oldest->uuid = *uuid;
    return oldest;
}

static struct device *device_find(struct device_set *set, const char *name)
{
    for (size_t i = 0; set && i < set->n; i++) {
        if (strcmp(set->devices[i].name, name) == 0) {
            return &set->devices[i];
        }
    }
    return NULL;
}

/* A free place, else that of the device longest not recorded (one that was unplugged). */
static struct device *device_new(struct device_set *set, const char *name, bool is_nic, int64_t mono_ms)
{
    struct device *d = &set->devices[0];
    if (set->n < DEVICES_PER_DOMAIN) {
        d = &set->devices[set->n++];
    } else {
        for (size_t i = 1; i < set->n; i++) {
            d = set->devices[i].series->last_ms < d->series->last_ms ? &set->devices[i] : d;
        }
        free(d->name);
        free(d->series);
    }
    *d = (struct device){.name = xstrdup(name), .is_nic = is_nic, .series = series_new(2, mono_ms)};
    return d;
}

void history_record_device(struct history *h, int host, const struct vm_uuid *uuid, const char *device,
                           bool is_nic, int64_t mono_ms, double in, double out)
{
    const double values[2] = {in, out};
    if (mono_ms < 0 || !device) {
        return;
    }
    pthread_mutex_lock(&h->lock);
    struct device_set *set = set_find(h, host, uuid);
    struct device *d = device_find(set, device);
    if (!d && !all_unknown(values, 2)) {
        set = set ? set : set_new(h, host, uuid);
        d = device_new(set, device, is_nic, mono_ms);
    } else if (d && d->is_nic != is_nic) { /* the name went to another device */
        free(d->series);
        d->series = series_new(2, mono_ms);
        d->is_nic = is_nic;
    }
    if (d) {
        set->last_ms = mono_ms;
        series_record(d->series, mono_ms, 2, values);
    }
    pthread_mutex_unlock(&h->lock);
}

bool history_copy(struct history *h, int host, const struct vm_uuid *uuid, enum metric metric, enum window w,
                  int64_t now_ms, float out[WINDOW_MAX_POINTS])
{
    pthread_mutex_lock(&h->lock);
    struct series *s = vmmap_get(&h->map, host, uuid);
    bool known = s ? series_copy(s, metric, w, now_ms, out) : copy_nothing(w, out);
    pthread_mutex_unlock(&h->lock);
    return known;
}

bool history_copy_device(struct history *h, int host, const struct vm_uuid *uuid, const char *device,
                         bool out_direction, enum window w, int64_t now_ms, float out[WINDOW_MAX_POINTS])
{
    pthread_mutex_lock(&h->lock);
    struct device *d = device_find(set_find(h, host, uuid), device);
    bool known = d ? series_copy(d->series, out_direction ? 1 : 0, w, now_ms, out) : copy_nothing(w, out);
    pthread_mutex_unlock(&h->lock);
    return known;
}

void history_forget(struct history *h, int host, const struct vm_uuid *uuid)
{
    pthread_mutex_lock(&h->lock);
    free(vmmap_remove(&h->map, host, uuid));
    struct device_set *set = set_find(h, host, uuid);
    if (set) {
        set_clear(set);
    }
    pthread_mutex_unlock(&h->lock);
}

size_t history_bytes(struct history *h)
{
    pthread_mutex_lock(&h->lock);
    size_t bytes = sizeof(*h) + h->map.cap * sizeof(*h->map.slots) + h->map.len * series_bytes(METRIC_COUNT);
    for (size_t i = 0; i < DEVICE_DOMAINS; i++) {
        for (size_t d = 0; d < h->sets[i].n; d++) {
            bytes += series_bytes(2) + strlen(h->sets[i].devices[d].name) + 1;
        }
    }
    pthread_mutex_unlock(&h->lock);
    return bytes;
}
