/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a guard remembers, for the one that comes after it. Times are those of a clock that begins anew with
 * each boot: whoever keeps it sees to it that it is of this boot.
 */
#include <stdlib.h>
#include "autostart/guard_private.h"

#define GUARD_VERSION 1
/* As many as restart-tries can be. */
#define RESTARTS_MAX 100

static void put_true(json_object *o, const char *key, bool is)
{
    if (is)
        json_object_object_add(o, key, json_object_new_boolean(true));
}

static json_object *ward_json(const struct ward *w)
{
    json_object *o = json_object_new_object();
    if (w->restarts.len) {
        json_object *all = json_object_new_array();
        for (size_t i = 0; i < w->restarts.len; i++)
            json_object_array_add(all, json_object_new_int64(w->restarts.items[i]));
        json_object_object_add(o, "restarts", all);
    }
    put_true(o, "active", w->known ? w->active : w->was_active);
    put_true(o, "given_up", w->given_up);
    put_true(o, "left", w->left);
    put_true(o, "unhealthy", w->unhealthy);
    put_true(o, "restarting", w->busy || (w->restart_ms != NEVER && !w->active));
    return o;
}

json_object *guard_json(const struct guard *g)
{
    json_object *o = json_object_new_object(), *all = json_object_new_object();
    json_object_object_add(o, "version", json_object_new_int(GUARD_VERSION));
    json_object_object_add(o, "domains", all);
    for (size_t i = 0; i < g->heap.len; i++) {
        const struct ward *w = g->heap.items[i];
        char uuid[UUID_TEXT_LEN + 1];
        json_object *one = ward_json(w);
        uuid_format(&w->uuid, uuid);
        if (json_object_object_length(one))
            json_object_object_add(all, uuid, one);
        else
            json_object_put(one);
    }
    return o;
}

static bool get_true(json_object *o, const char *key)
{
    json_object *v;
    return json_object_object_get_ex(o, key, &v) && json_object_get_boolean(v);
}

static void ward_restore(struct ward *w, json_object *o)
{
    json_object *all;
    w->was_active = get_true(o, "active");
    w->given_up = get_true(o, "given_up");
    w->left = get_true(o, "left");
    w->unhealthy = get_true(o, "unhealthy");
    w->busy = get_true(o, "restarting") ? GUARD_START : GUARD_NOTHING;
    if (!json_object_object_get_ex(o, "restarts", &all) || !json_object_is_type(all, json_type_array))
        return;
    for (size_t i = 0; i < json_object_array_length(all) && i < RESTARTS_MAX; i++) {
        int64_t at = json_object_get_int64(json_object_array_get_idx(all, i));
        if (at >= 0)
            vec_push(&w->restarts, at);
    }
}

bool guard_restore(struct guard *g, json_object *saved, struct error *e)
{
    json_object *version, *all;
    if (!json_object_is_type(saved, json_type_object) ||
        !json_object_object_get_ex(saved, "version", &version) ||
        json_object_get_int(version) != GUARD_VERSION || !json_object_object_get_ex(saved, "domains", &all) ||
        !json_object_is_type(all, json_type_object))
        return error_set(e, STATUS_FAILED,
                         "the supervisor's saved state is none of this version; it begins anew");
    json_object_object_foreach(all, key, one)
    {
        struct vm_uuid uuid;
        if (!uuid_parse(key, &uuid) || vmmap_has(&g->wards, 0, &uuid) ||
            !json_object_is_type(one, json_type_object))
            continue;
        ward_restore(ward_add(g, &uuid), one);
    }
    return true;
}
