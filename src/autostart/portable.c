/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/portable.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

#define VERSION      1
#define MOST_DOMAINS 20000

/* ---- out ---- */

static json_object *left_out(const struct survey_vm *vm, const char *why)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "name", json_object_new_string(vm->name));
    json_object_object_add(o, "why", json_object_new_string(why));
    return o;
}

static json_object *vm_json(const struct survey_vm *vm)
{
    json_object *o = json_object_new_object();
    char uuid[UUID_TEXT_LEN + 1];
    uuid_format(&vm->uuid, uuid);
    json_object_object_add(o, "name", json_object_new_string(vm->name));
    json_object_object_add(o, "uuid", json_object_new_string(uuid));
    if (vm->flags_known) {
        const char *word = vm->native ? "on" : vm->once ? "once" : "off";
        json_object_object_add(o, "autostart", json_object_new_string(word));
    }
    if (vm->item->policy.present)
        json_object_object_add(o, "policy", policy_json(&vm->item->policy));
    return o;
}

/* What is not known whole would be another policy where it is read. */
static const char *why_left_out(const struct survey_vm *vm)
{
    if (!vm->persistent)
        return "it is transient";
    if (!vm->item)
        return "its definition could not be read";
    if (vm->item->policy.newer)
        return "its policy was written by a newer version";
    for (enum policy_id id = 0; id < POLICY_FIELDS; id++)
        if (vm->item->policy.v[id].broken)
            return "its policy cannot be read";
    return NULL;
}

json_object *portable_json(const struct survey *s)
{
    json_object *o = json_object_new_object(), *domains = json_object_new_array();
    json_object *out = json_object_new_array();
    for (size_t i = 0; i < s->vms.len; i++) {
        const struct survey_vm *vm = &s->vms.items[i];
        const char *why = why_left_out(vm);
        if (why)
            json_object_array_add(out, left_out(vm, why));
        else
            json_object_array_add(domains, vm_json(vm));
    }
    json_object_object_add(o, "version", json_object_new_int(VERSION));
    json_object_object_add(o, "host", s->host_name ? json_object_new_string(s->host_name) : NULL);
    json_object_object_add(o, "domains", domains);
    if (json_object_array_length(out))
        json_object_object_add(o, "left_out", json_object_get(out));
    json_object_put(out);
    return o;
}

/* ---- in ---- */

static bool bad_key(const char *key, const char *const *known, size_t n, struct error *e)
{
    struct nearest near = nearest_to(key);
    for (size_t i = 0; i < n; i++)
        nearest_offer(&near, known[i]);
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_FAILED, "there is no key \"%.80s\"%s", key, hint);
    free(hint);
    return false;
}

static bool check_keys(json_object *o, const char *const *known, size_t n, struct error *e)
{
    json_object_object_foreach(o, key, value)
    {
        bool found = false;
        (void)value;
        for (size_t i = 0; i < n; i++)
            found = found || strcmp(known[i], key) == 0;
        if (!found)
            return bad_key(key, known, n, e);
    }
    return true;
}

/* NULL: it is no text, or there is a NUL byte in it. */
static const char *text_of(json_object *v)
{
    if (!json_object_is_type(v, json_type_string))
        return NULL;
    const char *text = json_object_get_string(v);
    return strlen(text) == (size_t)json_object_get_string_len(v) ? text : NULL;
}

static bool read_name(json_object *o, struct portable_vm *vm, struct error *e)
{
    json_object *v;
    const char *name = json_object_object_get_ex(o, "name", &v) ? text_of(v) : NULL;
    if (!name || !name[0])
        return error_set(e, STATUS_FAILED, "the key \"name\" must be there and hold the domain's name");
    vm->name = xstrdup(name);
    return true;
}

static bool read_uuid(json_object *o, struct portable_vm *vm, struct error *e)
{
    json_object *v;
    if (!json_object_object_get_ex(o, "uuid", &v) || !v)
        return true;
    const char *text = text_of(v);
    return (text && uuid_parse(text, &vm->uuid)) ||
           error_set(e, STATUS_FAILED, "the key \"uuid\" holds no UUID: %.80s",
                     json_object_to_json_string(v));
}

/* "once" is libvirt's flag where it knows it, else a policy: policy_job (virt/policy_edit.h) finds out. */
static bool read_flag(json_object *o, struct portable_vm *vm, struct error *e)
{
    json_object *v;
    if (!json_object_object_get_ex(o, "autostart", &v) || !v)
        return true;
    const char *word = text_of(v);
    bool once = word && strcmp(word, "once") == 0;
    if (!word || (!once && strcmp(word, "on") != 0 && strcmp(word, "off") != 0))
        return error_set(e, STATUS_FAILED, "the key \"autostart\" is one of on, off, once, not %.80s",
                         json_object_to_json_string(v));
    vm->native_known = true;
    vm->native = strcmp(word, "on") == 0;
    return !once || vm->policy.present || policy_set(&vm->policy, POLICY_MODE, "once", e);
}

static bool read_policy(json_object *o, struct portable_vm *vm, struct error *e)
{
    json_object *v;
    if (!json_object_object_get_ex(o, "policy", &v) || !v)
        return true;
    return policy_from_json(v, &vm->policy, e);
}

static bool read_vm(json_object *o, struct portable_vm *vm, struct error *e)
{
    static const char *const keys[] = {"name", "uuid", "autostart", "policy"};
    if (!json_object_is_type(o, json_type_object))
        return error_set(e, STATUS_FAILED, "it must be an object: {\"name\": …}");
    return check_keys(o, keys, ARRAY_LEN(keys), e) && read_name(o, vm, e) && read_uuid(o, vm, e) &&
           read_policy(o, vm, e) && read_flag(o, vm, e);
}

static void vm_clear(struct portable_vm *vm)
{
    free(vm->name);
    policy_free(&vm->policy);
}

static void say_where(size_t i, const struct portable_vm *vm, struct error *e)
{
    error_prefix(e, "domain %zu%s%.80s%s", i + 1, vm->name ? " (" : "", vm->name ? vm->name : "",
                 vm->name ? ")" : "");
    if (e)
        e->status = STATUS_FAILED;
}

/* Twice the same domain: nobody could tell which of them holds. */
static bool check_twins(const portable_list *l, const struct portable_vm *vm, struct error *e)
{
    for (size_t i = 0; i < l->len; i++) {
        const struct portable_vm *other = &l->items[i];
        bool both = !uuid_is_nil(&other->uuid) && !uuid_is_nil(&vm->uuid);
        if (both ? uuid_compare(&other->uuid, &vm->uuid) == 0 : strcmp(other->name, vm->name) == 0)
            return error_set(e, STATUS_FAILED, "the same domain stands there twice");
    }
    return true;
}

static bool read_domains(json_object *array, portable_list *out, struct error *e)
{
    if (json_object_array_length(array) > MOST_DOMAINS)
        return error_set(e, STATUS_FAILED, "the list holds more than %d domains", MOST_DOMAINS);
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct portable_vm vm = {0};
        policy_init(&vm.policy);
        if (!read_vm(json_object_array_get_idx(array, i), &vm, e) || !check_twins(out, &vm, e)) {
            say_where(i, &vm, e);
            vm_clear(&vm);
            return false;
        }
        vec_push(out, vm);
    }
    return true;
}

static bool read_head(json_object *json, json_object **domains, struct error *e)
{
    static const char *const keys[] = {"version", "host", "domains", "left_out"};
    json_object *version;
    if (!json_object_is_type(json, json_type_object))
        return error_set(e, STATUS_FAILED, "it must be an object: {\"version\": %d, \"domains\": […]}",
                         VERSION);
    if (!json_object_object_get_ex(json, "version", &version) ||
        !json_object_is_type(version, json_type_int) || json_object_get_int64(version) != VERSION)
        return error_set(e, STATUS_FAILED, "the key \"version\" must be %d, the one that this program knows",
                         VERSION);
    if (!check_keys(json, keys, ARRAY_LEN(keys), e))
        return false;
    if (!json_object_object_get_ex(json, "domains", domains) ||
        !json_object_is_type(*domains, json_type_array))
        return error_set(e, STATUS_FAILED, "the key \"domains\" must be there and hold a list");
    return true;
}

bool portable_read(json_object *json, portable_list *out, struct error *e)
{
    json_object *domains = NULL;
    *out = (portable_list){0};
    if (read_head(json, &domains, e) && read_domains(domains, out, e))
        return true;
    portable_free(out);
    return false;
}

void portable_free(portable_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        vm_clear(&l->items[i]);
    vec_free(l);
}

const struct survey_vm *portable_match(const struct survey *s, const struct portable_vm *v)
{
    const struct survey_vm *vm = uuid_is_nil(&v->uuid) ? NULL : survey_find(s, &v->uuid);
    return vm ? vm : survey_find_name(s, v->name);
}
