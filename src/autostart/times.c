/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/times.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/jsondoc.h"

#define FILE_MAX    (8u * 1024 * 1024)
#define DOMAINS_MAX 20000
#define LONGEST     (7 * 86400.0) /* seconds; more is no measurement */

static const char *const words[] = {[TIME_START] = "start", [TIME_READY] = "ready", [TIME_STOP] = "stop"};

static int by_uuid(const void *left, const void *right)
{
    const struct start_time *a = left, *b = right;
    return uuid_compare(&a->uuid, &b->uuid);
}

static bool plausible(double seconds)
{
    return isfinite(seconds) && seconds >= 0 && seconds <= LONGEST;
}

static double *value_of(struct start_time *t, enum time_kind kind)
{
    return kind == TIME_START ? &t->start_s : kind == TIME_READY ? &t->ready_s : &t->stop_s;
}

static struct start_time *find(const struct start_times *t, const struct vm_uuid *uuid)
{
    struct start_time wanted = {.uuid = *uuid};
    return t->items.len ? bsearch(&wanted, t->items.items, t->items.len, sizeof wanted, by_uuid) : NULL;
}

const struct start_time *times_find(const struct start_times *t, const struct vm_uuid *uuid)
{
    return find(t, uuid);
}

/* Where it belongs among the sorted ones. */
static size_t place_of(const struct start_times *t, const struct vm_uuid *uuid)
{
    size_t low = 0, high = t->items.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (uuid_compare(&t->items.items[middle].uuid, uuid) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void times_add(struct start_times *t, const struct vm_uuid *uuid, enum time_kind kind, double seconds)
{
    if (!plausible(seconds))
        return;
    struct start_time *item = find(t, uuid);
    if (!item) {
        size_t at = place_of(t, uuid);
        struct start_time fresh = {*uuid, NAN, NAN, NAN};
        vec_push(&t->items, fresh);
        memmove(t->items.items + at + 1, t->items.items + at, (t->items.len - 1 - at) * sizeof fresh);
        item = &t->items.items[at];
        *item = fresh;
    }
    double *value = value_of(item, kind);
    *value = isnan(*value) ? seconds : (*value + seconds) / 2;
}

/* ---- the file: {"version":1,"domains":{"UUID":{"start":1.2,"ready":14,"stop":3}}} ---- */

static void load_domain(struct start_times *t, const char *key, json_object *value)
{
    struct start_time item = {.start_s = NAN, .ready_s = NAN, .stop_s = NAN};
    if (t->items.len >= DOMAINS_MAX || !uuid_parse(key, &item.uuid) ||
        !json_object_is_type(value, json_type_object))
        return;
    for (int kind = TIME_START; kind <= TIME_STOP; kind++) {
        json_object *n = NULL;
        bool number = json_object_object_get_ex(value, words[kind], &n) &&
                      (json_object_is_type(n, json_type_double) || json_object_is_type(n, json_type_int));
        double seconds = number ? json_object_get_double(n) : NAN;
        if (plausible(seconds))
            *value_of(&item, (enum time_kind)kind) = seconds;
    }
    vec_push(&t->items, item);
}

/* "5f…" and "5F…" are one UUID: the last one stays. */
static void sort(struct start_times *t)
{
    size_t kept = 0;
    if (t->items.len)
        qsort(t->items.items, t->items.len, sizeof *t->items.items, by_uuid);
    for (size_t i = 0; i < t->items.len; i++) {
        bool same = kept && uuid_equal(&t->items.items[kept - 1].uuid, &t->items.items[i].uuid);
        t->items.items[same ? kept - 1 : kept] = t->items.items[i];
        kept += !same;
    }
    t->items.len = kept;
}

void times_load(struct start_times *t, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    json_object *domains = NULL;
    times_clear(t);
    if (!file_read(path, FILE_MAX, &text, &len, NULL, NULL))
        return;
    json_object *root = jsondoc_object(text, len, JSON_TOKENER_VALIDATE_UTF8);
    if (root && json_object_object_get_ex(root, "domains", &domains) &&
        json_object_is_type(domains, json_type_object)) {
        json_object_object_foreach(domains, key, value)
        {
            load_domain(t, key, value);
        }
    }
    sort(t);
    json_object_put(root);
    free(text);
}

static json_object *domain_json(const struct start_time *item)
{
    json_object *o = json_object_new_object();
    struct start_time copy = *item;
    for (int kind = TIME_START; kind <= TIME_STOP; kind++) {
        double seconds = *value_of(&copy, (enum time_kind)kind);
        if (plausible(seconds)) /* milliseconds are exact enough */
            json_object_object_add(o, words[kind], json_object_new_double(round(seconds * 1000) / 1000));
    }
    return o;
}

bool times_save(const struct start_times *t, const char *path, struct error *e)
{
    json_object *root = json_object_new_object(), *domains = json_object_new_object();
    json_object_object_add(root, "version", json_object_new_int(1));
    json_object_object_add(root, "domains", domains);
    for (size_t i = 0; i < t->items.len && i < DOMAINS_MAX; i++) {
        char uuid[UUID_TEXT_LEN + 1];
        uuid_format(&t->items.items[i].uuid, uuid);
        json_object_object_add(domains, uuid, domain_json(&t->items.items[i]));
    }
    const char *slash = strrchr(path, '/');
    char *dir = slash && slash > path ? xstrndup(path, (size_t)(slash - path)) : NULL;
    const char *text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
    bool ok = (!dir || file_make_dirs(dir, e)) && file_write(path, text, strlen(text), 0644, e);
    free(dir);
    json_object_put(root);
    return ok;
}

void times_clear(struct start_times *t)
{
    vec_free(&t->items);
}
