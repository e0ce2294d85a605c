/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/image_chain.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/spawn.h"
#include "base/strbuf.h"

#define ANSWER_MAX (4u << 20) /* a chain of thousands of images */

/* ---- what it printed ---- */

static const char *text_of(json_object *o, const char *key)
{
    json_object *v;
    return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string)
               ? json_object_get_string(v)
               : NULL;
}

static bool is_corrupt(json_object *image)
{
    json_object *special, *data, *flag;
    return json_object_object_get_ex(image, "format-specific", &special) &&
           json_object_object_get_ex(special, "data", &data) &&
           json_object_object_get_ex(data, "corrupt", &flag) && json_object_get_boolean(flag);
}

/* libvirt takes a backing file of unsaid format only where that is based on nothing itself. */
static void read_link(json_object *image, json_object *base, struct image_chain *out)
{
    const char *format = base ? text_of(base, "format") : NULL;
    if (!base || out->state != CHAIN_WHOLE || text_of(image, "backing-filename-format") ||
        !text_of(base, "backing-filename"))
        return;
    out->state = CHAIN_UNNAMED;
    out->image = xstrdup(text_of(image, "filename"));
    out->backing = xstrdup(text_of(base, "filename"));
    out->found = xstrdup(format);
}

static bool is_image(json_object *o)
{
    return json_object_is_type(o, json_type_object) && text_of(o, "filename") && text_of(o, "format");
}

static bool read_json(const char *json, struct image_chain *out)
{
    json_object *chain = json ? json_tokener_parse(json) : NULL;
    bool good = chain && json_object_is_type(chain, json_type_array) && json_object_array_length(chain) > 0;
    for (size_t i = 0; good && i < json_object_array_length(chain); i++)
        good = is_image(json_object_array_get_idx(chain, i));
    out->state = good ? CHAIN_WHOLE : CHAIN_UNKNOWN;
    /* What is only read from may be damaged. */
    if (good && is_corrupt(json_object_array_get_idx(chain, 0))) {
        out->state = CHAIN_CORRUPT;
        out->image = xstrdup(text_of(json_object_array_get_idx(chain, 0), "filename"));
    }
    for (size_t i = 0; good && i < json_object_array_length(chain); i++) {
        bool last = i + 1 == json_object_array_length(chain);
        read_link(json_object_array_get_idx(chain, i), last ? NULL : json_object_array_get_idx(chain, i + 1),
                  out);
    }
    json_object_put(chain);
    return good;
}

/* "qemu-img: Could not open '/a/b': Image is not in qcow2 format": the last name that it could not open. */
static char *opened_last(const char *complaint)
{
    static const char words[] = "Could not open '";
    const char *last = NULL;
    for (const char *p = complaint; (p = strstr(p, words)) != NULL; p += sizeof words - 1)
        last = p + sizeof words - 1;
    const char *end = last ? strstr(last, "': ") : NULL;
    return end ? xstrndup(last, (size_t)(end - last)) : NULL;
}

static char *first_line(const char *text)
{
    static const char name[] = "qemu-img: ";
    if (strncmp(text, name, sizeof name - 1) == 0)
        text += sizeof name - 1;
    return xstrndup(text, strcspn(text, "\n"));
}

static void read_complaint(const char *path, const char *complaint, struct image_chain *out)
{
    char *named = opened_last(complaint);
    const char *in = strstr(complaint, "mage is not in ");
    if (named && strcmp(named, path) != 0 && strstr(complaint, "No such file")) {
        out->state = CHAIN_MISSING;
        out->image = xstrdup(path);
        out->backing = xstrdup(named);
    } else if (in && named) {
        const char *word = in + strlen("mage is not in ");
        out->state = CHAIN_FORMAT;
        out->image = xstrdup(named);
        out->format = xstrndup(word, strcspn(word, " "));
    } else if (strstr(complaint, "Permission denied")) {
        out->why = xasprintf("you may not look into %s", named ? named : path);
    } else {
        /* Of what lies elsewhere, and of drivers that it has not, qemu-img is no judge. */
        bool judge =
            (named && *named == '/' && !strstr(complaint, "nknown ")) || strstr(complaint, "infinite loop");
        out->state = judge ? CHAIN_BROKEN : CHAIN_UNKNOWN;
        out->why = first_line(complaint);
    }
    free(named);
}

void image_chain_read(const char *path, const char *json, const char *complaint, struct image_chain *out)
{
    if (read_json(json, out))
        return;
    if (complaint && *complaint)
        read_complaint(path, complaint, out);
    else
        out->why = xstrdup("qemu-img gave no answer");
}

/* ---- asking it ---- */

/* False: it could not be asked; then out->why says so. */
static bool ask(const char *const *argv, int64_t until_ms, struct strbuf *out, struct strbuf *err,
                struct image_chain *chain)
{
    enum spawned how = spawn_capture(argv, until_ms, ANSWER_MAX, out, err, NULL);
    if (how == SPAWN_FAILED)
        chain->why = xasprintf("qemu-img can't be run: %s", strerror(errno));
    else if (how == SPAWN_LATE)
        chain->why = xstrdup("qemu-img gave no answer in time");
    return how == SPAWN_DONE || how == SPAWN_MUCH;
}

static bool info(const char *path, const char *format, bool whole, int64_t until_ms, struct strbuf *out,
                 struct strbuf *err, struct image_chain *chain)
{
    const char *argv[9] = {"qemu-img", "info", "-U", "--output=json"};
    size_t n = 4;
    if (whole)
        argv[n++] = "--backing-chain";
    if (format) {
        argv[n++] = "-f";
        argv[n++] = format;
    }
    argv[n++] = path;
    return ask(argv, until_ms, out, err, chain);
}

/* What the image really is. The caller frees; NULL. */
static char *format_of(const char *path, int64_t until_ms)
{
    struct strbuf out = {0}, err = {0};
    struct image_chain none = {0};
    json_object *image =
        info(path, NULL, false, until_ms, &out, &err, &none) ? json_tokener_parse(strbuf_str(&out)) : NULL;
    char *format = image ? xstrdup(text_of(image, "format")) : NULL;
    json_object_put(image);
    strbuf_free(&out);
    strbuf_free(&err);
    free(none.why);
    return format;
}

/* A missing file that lies beside the image that names it was moved together with it. And which image names
 * it, and as what. */
static void find_missing(const char *path, const char *format, int64_t until_ms, struct image_chain *c)
{
    struct strbuf out = {0}, err = {0};
    struct image_chain none = {0};
    json_object *image =
        info(path, format, false, until_ms, &out, &err, &none) ? json_tokener_parse(strbuf_str(&out)) : NULL;
    const char *backing = image ? text_of(image, "full-backing-filename") : NULL;
    const char *slash = strrchr(path, '/'), *name = strrchr(c->backing, '/');
    if (backing && strcmp(backing, c->backing) == 0 && slash && name) {
        char *beside = xasprintf("%.*s%s", (int)(slash - path), path, name);
        c->format = xstrdup(text_of(image, "backing-filename-format"));
        if (access(beside, F_OK) == 0)
            c->found = beside;
        else
            free(beside);
    } else if (backing) { /* further down */
        char *next = xstrdup(backing), *next_format = xstrdup(text_of(image, "backing-filename-format"));
        free(c->image);
        c->image = xstrdup(next);
        if (*next == '/' && strcmp(next, path) != 0)
            find_missing(next, next_format, until_ms, c);
        free(next);
        free(next_format);
    }
    json_object_put(image);
    strbuf_free(&out);
    strbuf_free(&err);
    free(none.why);
}

void image_chain_look(const char *path, const char *format, int64_t until_ms, struct image_chain *out)
{
    struct strbuf text = {0}, complaint = {0};
    if (format && strcmp(format, "raw") == 0) {
        out->state = CHAIN_WHOLE; /* it is based on nothing, and all of it is data */
        return;
    }
    if (info(path, format, true, until_ms, &text, &complaint, out))
        image_chain_read(path, strbuf_str(&text), strbuf_str(&complaint), out);
    if (out->state == CHAIN_MISSING)
        find_missing(path, format, until_ms, out);
    if (out->state == CHAIN_FORMAT && strcmp(out->image, path) == 0)
        out->found = format_of(path, until_ms);
    strbuf_free(&text);
    strbuf_free(&complaint);
}
