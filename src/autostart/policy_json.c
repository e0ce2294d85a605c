/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A policy as JSON, both ways.
 */
#include <stdlib.h>
#include <string.h>

#include "autostart/policy.h"
#include "base/nearest.h"

/* ---- out ---- */

static json_object *list_json(const struct policy_value *v)
{
    json_object *array = json_object_new_array();
    for (size_t i = 0; i < v->items.len; i++)
        json_object_array_add(array, json_object_new_string(v->items.items[i]));
    return array;
}

static json_object *duration_json(int64_t ms)
{
    return ms % 1000 == 0 ? json_object_new_int64(ms / 1000) : json_object_new_double((double)ms / 1000);
}

static json_object *value_json(const struct policy *p, enum policy_id id)
{
    const struct policy_field *f = &policy_fields[id];
    const struct policy_value *v = &p->v[id];
    if (policy_is_list(f))
        return list_json(v);
    if (f->type == POLICY_NUMBER)
        return json_object_new_int64(v->number);
    if (f->type == POLICY_DURATION)
        return duration_json(v->number);
    if (f->type == POLICY_SWITCH)
        return json_object_new_boolean(v->number != 0);
    struct strbuf text = {0};
    policy_text(p, id, &text);
    json_object *json = json_object_new_string(strbuf_str(&text));
    strbuf_free(&text);
    return json;
}

json_object *policy_json(const struct policy *p)
{
    json_object *json = json_object_new_object();
    json_object_object_add(json, "version", json_object_new_int(POLICY_VERSION));
    for (enum policy_id id = 0; id < POLICY_FIELDS; id++)
        if (p->v[id].given)
            json_object_object_add(json, policy_fields[id].word, value_json(p, id));
    return json;
}

/* ---- in ---- */

static bool has_nul(json_object *string)
{
    return strlen(json_object_get_string(string)) != (size_t)json_object_get_string_len(string);
}

static bool wrong_kind(const struct policy_field *f, struct error *e)
{
    struct strbuf takes = {0};
    policy_field_takes(f, &takes);
    error_set(e, STATUS_USAGE, "%s takes %s", f->word, strbuf_str(&takes));
    strbuf_free(&takes);
    return false;
}

static bool list_from_json(const struct policy_field *f, json_object *array, struct policy *p,
                           struct error *e)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *item = json_object_array_get_idx(array, i);
        if (!json_object_is_type(item, json_type_string) || has_nul(item))
            return error_set(e, STATUS_USAGE, "%s: the list must hold words in \"quotes\" only", f->word);
        if (!policy_add(p, f->id, json_object_get_string(item), e))
            return false;
    }
    return true;
}

/* Numbers and switches are taken as they would be typed. */
static bool value_from_json(const struct policy_field *f, json_object *value, struct policy *p,
                            struct error *e)
{
    char number[64];
    const char *text = number;
    switch (json_object_get_type(value)) {
    case json_type_array:
        return policy_is_list(f) ? list_from_json(f, value, p, e) : wrong_kind(f, e);
    case json_type_string:
        if (policy_is_list(f) || has_nul(value))
            return wrong_kind(f, e);
        text = json_object_get_string(value);
        break;
    case json_type_int:
        snprintf(number, sizeof number, "%lld", (long long)json_object_get_int64(value));
        break;
    case json_type_double:
        snprintf(number, sizeof number, "%.3f", json_object_get_double(value));
        break;
    case json_type_boolean:
        text = json_object_get_boolean(value) ? "yes" : "no";
        break;
    default:
        return wrong_kind(f, e);
    }
    return policy_is_list(f) ? wrong_kind(f, e) : policy_set(p, f->id, text, e);
}

static bool check_version(json_object *json, struct error *e)
{
    json_object *version;
    if (!json_object_object_get_ex(json, "version", &version))
        return true;
    if (json_object_is_type(version, json_type_int) && json_object_get_int64(version) == POLICY_VERSION)
        return true;
    return error_set(e, STATUS_USAGE, "the policy has version %s; this program knows version %d",
                     version ? json_object_to_json_string(version) : "null", POLICY_VERSION);
}

static bool member_from_json(const char *key, json_object *value, struct policy *p, struct error *e)
{
    const struct policy_field *f = policy_field_find(key);
    if (f)
        return !value || value_from_json(f, value, p, e);
    struct nearest near = nearest_to(key);
    for (size_t i = 0; i < POLICY_FIELDS; i++)
        nearest_offer(&near, policy_fields[i].word);
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "there is no field \"%.80s\" in an autostart policy%s", key, hint);
    free(hint);
    return false;
}

bool policy_from_json(json_object *json, struct policy *p, struct error *e)
{
    policy_free(p);
    if (!json_object_is_type(json, json_type_object))
        return error_set(e, STATUS_USAGE, "an autostart policy must be an object: {\"order\": 10, …}");
    bool ok = check_version(json, e);
    json_object_object_foreach(json, key, value)
    {
        ok = ok && (strcmp(key, "version") == 0 || member_from_json(key, value, p, e));
    }
    p->present = ok;
    if (!ok)
        policy_free(p);
    return ok;
}
