/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/file.h"
#include "base/jsondoc.h"
#include "base/paths.h"
#include "model/xml.h"
#include "virt/convert_private.h"

#define MAX_BYTES (4u * XML_MAX_BYTES)

static char *path_of(const struct convert *cv, const char *ending)
{
    char name[UUID_TEXT_LEN + 1];
    uuid_format(&cv->c->uuid, name);
    return xasprintf("%s/convert/%s.%s", paths_state_dir(), name, ending);
}

bool convert_lock(struct convert *cv)
{
    struct error *e = &cv->c->error;
    char *dir = paths_join(paths_state_dir(), "convert"), *path = path_of(cv, "lock");
    bool good = file_make_dirs(dir, e);
    cv->lock = good ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (good && cv->lock < 0)
        good = error_set(e, STATUS_FAILED, "can't open %s: %s", path, strerror(errno));
    if (good && flock(cv->lock, LOCK_EX | LOCK_NB) != 0)
        good = error_set(e, STATUS_FAILED, "virtio %s: it is being converted already", cv->c->vm_name);
    free(dir);
    free(path);
    return good;
}

void convert_state_clear(struct convert_state *s)
{
    free(s->uri);
    free(s->ready);
    free(s->old_xml);
    free(s->known_xml);
    free(s->probe);
    free(s->marker);
    free(s->driver);
    free(s->evidence);
    *s = (struct convert_state){0};
}

/* ---- as JSON ---- */

enum member_type { MEMBER_TEXT, MEMBER_BOOL, MEMBER_UNSIGNED, MEMBER_DOUBLE, MEMBER_BUS };
struct member {
    const char *key;
    enum member_type type;
    size_t offset;
};
#define MEMBER(name, type)                                                                                   \
    {                                                                                                        \
#name, type, offsetof(struct convert_state, name)                                                    \
    }
static const struct member members[] = {
    MEMBER(uri, MEMBER_TEXT),           MEMBER(step, MEMBER_UNSIGNED),    MEMBER(reverting, MEMBER_BOOL),
    MEMBER(was_active, MEMBER_BOOL),    MEMBER(stopping, MEMBER_BOOL),    MEMBER(bus, MEMBER_BUS),
    MEMBER(assume_driver, MEMBER_BOOL), MEMBER(timeout_s, MEMBER_DOUBLE), MEMBER(ready, MEMBER_TEXT),
    MEMBER(old_xml, MEMBER_TEXT),       MEMBER(known_xml, MEMBER_TEXT),   MEMBER(probe, MEMBER_TEXT),
    MEMBER(journal, MEMBER_UNSIGNED),   MEMBER(marker, MEMBER_TEXT),      MEMBER(ignored, MEMBER_UNSIGNED),
    MEMBER(evidence, MEMBER_TEXT),      MEMBER(driver, MEMBER_TEXT),
};

static json_object *member_json(const struct convert_state *s, const struct member *m)
{
    const void *at = (const char *)s + m->offset;
    switch (m->type) {
    case MEMBER_TEXT: {
        const char *text = *(char *const *)at;
        return text ? json_object_new_string(text) : NULL;
    }
    case MEMBER_BOOL:
        return json_object_new_boolean(*(const bool *)at);
    case MEMBER_UNSIGNED:
        return json_object_new_int64(*(const unsigned *)at);
    case MEMBER_DOUBLE:
        return json_object_new_double(*(const double *)at);
    case MEMBER_BUS:
        return json_object_new_int64(*(const enum virtio_bus *)at);
    }
    return NULL;
}

static bool read_number(json_object *v, int64_t most, int64_t *out)
{
    *out = json_object_get_int64(v);
    return json_object_is_type(v, json_type_int) && *out >= 0 && *out <= most;
}

static bool read_member(struct convert_state *s, const struct member *m, json_object *v)
{
    void *at = (char *)s + m->offset;
    int64_t n = 0;
    switch (m->type) {
    case MEMBER_TEXT:
        *(char **)at = v ? xstrdup(json_object_get_string(v)) : NULL;
        return !v || json_object_is_type(v, json_type_string);
    case MEMBER_BOOL:
        *(bool *)at = json_object_get_boolean(v);
        return json_object_is_type(v, json_type_boolean);
    case MEMBER_UNSIGNED:
        if (!read_number(v, UINT32_MAX, &n))
            return false;
        *(unsigned *)at = (unsigned)n;
        return true;
    case MEMBER_DOUBLE:
        *(double *)at = json_object_get_double(v);
        return json_object_is_type(v, json_type_double) && *(double *)at >= 0;
    case MEMBER_BUS:
        if (!read_number(v, VIRTIO_SCSI, &n))
            return false;
        *(enum virtio_bus *)at = (enum virtio_bus)n;
        return true;
    }
    return false;
}

static bool read_all(struct convert_state *s, json_object *o)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_object *v;
        if (!json_object_object_get_ex(o, members[i].key, &v) || !read_member(s, &members[i], v))
            return false;
    }
    return s->old_xml && s->step < n_convert_steps;
}

bool convert_load(struct convert *cv, bool *there)
{
    char *path = path_of(cv, "json"), *text = NULL;
    size_t len = 0;
    bool missing;
    bool good = file_read(path, MAX_BYTES, &text, &len, &missing, &cv->c->error);
    *there = good;
    if (missing) {
        error_clear(&cv->c->error);
        good = true;
    } else if (good) {
        json_object *o = jsondoc_object(text, len, 0);
        good = o && read_all(&cv->s, o);
        json_object_put(o);
        if (!good)
            error_set(
                &cv->c->error, STATUS_FAILED,
                "%s is damaged: `history %s` has the definition before; take the file away to begin anew",
                path, cv->c->vm_name);
    }
    free(text);
    free(path);
    return good;
}

bool convert_save(struct convert *cv)
{
    json_object *o = json_object_new_object();
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        json_object_object_add(o, members[i].key, member_json(&cv->s, &members[i]));
    const char *text =
        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    char *path = path_of(cv, "json");
    bool good = file_write(path, text, strlen(text), 0600, &cv->c->error);
    json_object_put(o);
    free(path);
    return good;
}

void convert_forget(struct convert *cv)
{
    char *path = path_of(cv, "json");
    unlink(path);
    free(path);
}
