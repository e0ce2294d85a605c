/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a supervisor that was killed leaves to the next one, of the same boot: the guard's memory, and what
 * was taken from domains because of the battery.
 */
#include <stdlib.h>
#include <string.h>
#include "autostart/run_file.h"
#include "base/file.h"
#include "base/jsondoc.h"
#include "base/log.h"
#include "virt/supervise_private.h"

#define STATE_MAX (64 << 20)

static const char *const held_words[] = {
    [HELD_PAUSED] = "paused", [HELD_THROTTLED] = "throttled", [HELD_SAVED] = "saved"};

static char *boot_id(void)
{
    struct run_record r = {0};
    run_record_boot(&r);
    char *id = xstrdup(r.boot_id);
    run_record_clear(&r);
    return id;
}

static json_object *held_json(const struct watched *w)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "what", json_object_new_string(held_words[w->held]));
    if (w->held == HELD_THROTTLED) {
        json_object_object_add(o, "percent", json_object_new_int(w->percent));
        json_object_object_add(o, "before", json_object_new_int64(w->before));
        json_object_object_add(o, "set", json_object_new_int64(w->set));
    }
    json_object_object_add(o, "instead", json_object_new_boolean(w->instead));
    return o;
}

void supervise_save(struct supervisor *s)
{
    json_object *o = json_object_new_object(), *held = json_object_new_object();
    struct error e = ERROR_INIT;
    struct vmmap_slot *slot;
    char *boot = boot_id();
    json_object_object_add(o, "boot", json_object_new_string(boot));
    json_object_object_add(o, "guard", guard_json(s->guard));
    json_object_object_add(o, "battery", json_object_new_boolean(s->power == POWER_BATTERY));
    json_object_object_add(o, "held", held);
    for (size_t i = 0; (slot = vmmap_next(&s->watched, &i));) {
        const struct watched *w = slot->value;
        char uuid[UUID_TEXT_LEN + 1];
        uuid_format(&w->uuid, uuid);
        if (w->held != HELD_NOTHING)
            json_object_object_add(held, uuid, held_json(w));
    }
    const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
    if (!file_write(s->state_path, text, strlen(text), 0600, &e))
        log_write(LEVEL_LOG_WARN, "supervise: %s", error_text(&e));
    error_clear(&e);
    json_object_put(o);
    free(boot);
    s->changed = false;
}

static long long number_of(json_object *o, const char *key)
{
    json_object *v;
    return json_object_object_get_ex(o, key, &v) ? json_object_get_int64(v) : -1;
}

static void restore_held(struct supervisor *s, const char *key, json_object *o)
{
    struct vm_uuid uuid;
    const char *what = json_object_is_type(o, json_type_object) ? jsondoc_text(o, "what") : NULL;
    if (!what || !uuid_parse(key, &uuid) || supervise_find(s, &uuid))
        return;
    for (int i = HELD_PAUSED; i <= HELD_SAVED; i++) {
        if (strcmp(held_words[i], what) != 0)
            continue;
        struct watched *w = supervise_add(s, &uuid);
        long long percent = number_of(o, "percent");
        w->held = (enum held)i;
        w->percent = percent > 0 && percent <= 100 ? (int)percent : 100;
        w->before = number_of(o, "before");
        w->set = number_of(o, "set");
        w->instead = number_of(o, "instead") > 0;
    }
}

static void take_state(struct supervisor *s, json_object *o)
{
    json_object *guard, *held, *battery;
    struct error e = ERROR_INIT;
    if (json_object_object_get_ex(o, "guard", &guard) && !guard_restore(s->guard, guard, &e))
        log_write(LEVEL_LOG_WARN, "supervise: %s", error_text(&e));
    error_clear(&e);
    if (json_object_object_get_ex(o, "battery", &battery) && json_object_get_boolean(battery))
        s->power = POWER_BATTERY;
    if (!json_object_object_get_ex(o, "held", &held) || !json_object_is_type(held, json_type_object))
        return;
    json_object_object_foreach(held, key, one)
    {
        restore_held(s, key, one);
    }
}

void supervise_restore(struct supervisor *s)
{
    char *text = NULL, *boot = boot_id();
    size_t len;
    bool missing;
    if (file_read(s->state_path, STATE_MAX, &text, &len, &missing, NULL)) {
        json_object *o = jsondoc_object(text, len, 0);
        const char *written = o ? jsondoc_text(o, "boot") : NULL;
        if (written && strcmp(written, boot) == 0)
            take_state(s, o);
        json_object_put(o);
    }
    free(text);
    free(boot);
}
