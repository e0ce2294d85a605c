/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of devices as JSON. Texts come from XML trees, which hold valid UTF-8 only.
 */
#include <string.h>

#include "device/list.h"

static json_object *text(const char *s)
{
    return s ? json_object_new_string(s) : NULL;
}

/* The toggles as they are now; of a domain that is off, as they will be. */
static json_object *toggles(const struct device_entry *d)
{
    json_object *o = json_object_new_object();
    for (size_t i = 0; i < d->values.len; i++) {
        const struct device_value *v = &d->values.items[i];
        if (v->field->flags & FIELD_TOGGLE)
            json_object_object_add(o, v->field->id, text(device_value_now(v, !d->is_live)));
    }
    return o;
}

static json_object *fields(const struct device_entry *d)
{
    json_object *o = json_object_new_object();
    for (size_t i = 0; i < d->values.len; i++) {
        const struct device_value *v = &d->values.items[i];
        if (v->field->flags & FIELD_ALIAS || v->field->type == FIELD_SECRET)
            continue;
        json_object *pair = json_object_new_object();
        json_object_object_add(pair, "live", text(d->is_live ? device_value_now(v, false) : NULL));
        json_object_object_add(pair, "config", text(d->is_config ? device_value_now(v, true) : NULL));
        json_object_object_add(o, v->field->id, pair);
    }
    return o;
}

static json_object *entry_json(const struct device_entry *d)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "alias", text(d->dev.alias));
    json_object_object_add(o, "kind", text(d->kind->id));
    json_object_object_add(o, "name", text(d->dev.name));
    json_object_object_add(o, "model", text(d->dev.model));
    json_object_object_add(o, "target", text(d->dev.target));
    json_object_object_add(o, "source", text(d->dev.source));
    json_object_object_add(o, "mac", text(d->dev.mac));
    json_object_object_add(o, "live", json_object_new_boolean(d->is_live));
    json_object_object_add(o, "config", json_object_new_boolean(d->is_config));
    json_object_object_add(o, "pending", text(device_pending_word(d->pending)));
    json_object_object_add(o, "toggles", toggles(d));
    json_object_object_add(o, "key", text(d->key));
    json_object_object_add(o, "part", json_object_new_boolean((d->kind->flags & KIND_PART) != 0));
    json_object_object_add(o, "automatic", json_object_new_boolean(d->automatic));
    json_object_object_add(o, "difference", text(d->difference));
    json_object_object_add(o, "fields", fields(d));
    return o;
}

json_object *device_list_json(const struct device_list *l)
{
    json_object *array = json_object_new_array();
    for (size_t i = 0; i < l->entries.len; i++)
        json_object_array_add(array, entry_json(&l->entries.items[i]));
    return array;
}
