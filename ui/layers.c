/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding, layering and inheriting named JSON files.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/builtin.h"
#include "base/paths.h"
#include "base/strbuf.h"
#include "ui/layers.h"

#define SUFFIX ".json"

/* The names being loaded, innermost first: how a circle is noticed. */
struct chain {
    const char *name;
    const struct chain *outer;
};

struct loading {
    const char *dir;
    layer_apply apply;
    void *ctx;
    error_list *mistakes;
};

void layers_mistake(error_list *mistakes, const char *where, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        die("out of memory");
    struct error e = ERROR_INIT;
    error_set(&e, STATUS_FAILED, "%s: %s", where, text);
    vec_push(mistakes, e);
    free(text);
}

char *layers_where(const struct jsondoc *doc, size_t depth, const char *const *keys)
{
    struct strbuf path = {0};
    for (size_t i = 0; i < depth; i++)
        strbuf_printf(&path, "%s%s", i ? "." : "", keys[i]);
    char *where =
        xasprintf("%s:%d: key \"%s\"", doc->name, jsondoc_line(doc, depth, keys), strbuf_str(&path));
    strbuf_free(&path);
    return where;
}

static void add_error(error_list *mistakes, struct error *e)
{
    struct error moved = ERROR_INIT;
    error_move(&moved, e);
    vec_push(mistakes, moved);
}

/* A name is one path component: it must not reach outside its folder. */
static bool good_name(const char *name)
{
    return name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) < 128;
}

static bool load_path(struct jsondoc *doc, const char *dir, const char *sub, const char *name, bool *exists,
                      error_list *mistakes)
{
    char *path = xasprintf("%s/%s/%s" SUFFIX, dir, sub, name);
    struct error e = ERROR_INIT;
    bool missing = false, ok = jsondoc_load(doc, path, &missing, &e);
    *exists = !missing;
    if (!ok && !missing)
        add_error(mistakes, &e);
    error_clear(&e);
    free(path);
    return ok;
}

/* What came with the program. The compiled-in file goes before an installed one: that may be of another
 * version. */
static bool load_own(struct jsondoc *doc, const struct loading *l, const char *name, bool *exists)
{
    char *path = xasprintf("%s/%s" SUFFIX, l->dir, name);
    const struct builtin *b = builtin_find(path);
    bool ok = false;
    *exists = b != NULL;
    if (b) {
        struct error e = ERROR_INIT;
        ok = jsondoc_parse(doc, path, b->data, b->len, &e);
        if (!ok)
            add_error(l->mistakes, &e);
        error_clear(&e);
    }
    free(path);
    return b ? ok : load_path(doc, VIRTDECK_DATADIR, l->dir, name, exists, l->mistakes);
}

static bool load_name(const struct loading *l, const char *name, const struct chain *outer);
static void list_names(struct strbuf *out, const char *dir);

static void apply_doc(const struct loading *l, const struct jsondoc *doc)
{
    if (json_object_is_type(doc->root, json_type_object))
        l->apply(l->ctx, doc, l->mistakes);
    else {
        char *where = xasprintf("%s:1", doc->name);
        layers_mistake(l->mistakes, where, "not an object; the file begins with { and ends with }");
        free(where);
    }
}

static bool in_chain(const struct chain *chain, const char *name)
{
    for (const struct chain *c = chain; c; c = c->outer)
        if (strcmp(c->name, name) == 0)
            return true;
    return false;
}

/* A user's "default" may inherit from "vim", which inherits from "default": the one that came with the
 * program is meant. */
static bool load_own_only(const struct loading *l, const char *name)
{
    struct jsondoc own = {0};
    bool exists, ok = load_own(&own, l, name, &exists);
    if (ok)
        apply_doc(l, &own);
    jsondoc_free(&own);
    return ok;
}

/* Loads what the file says it inherits from; false when it says nothing, or nothing usable. */
static bool load_parent(const struct loading *l, const struct jsondoc *doc, const struct chain *chain)
{
    static const char *const key[] = {"inherit"};
    json_object *value = NULL;
    if (!json_object_is_type(doc->root, json_type_object) ||
        !json_object_object_get_ex(doc->root, "inherit", &value) || !value)
        return false;
    const char *parent = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
    if (parent && strcmp(parent, chain->name) == 0)
        return false; /* a user's file on top of its namesake: that comes next anyway */
    bool circle = parent && in_chain(chain->outer, parent);
    if (parent && (circle ? load_own_only(l, parent) : load_name(l, parent, chain)))
        return true;
    char *where = layers_where(doc, 1, key);
    if (!parent)
        layers_mistake(l->mistakes, where, "not a name; write the name of a file in %s/ as a string", l->dir);
    else if (circle)
        layers_mistake(l->mistakes, where, "\"%s\" itself inherits from \"%s\"; remove one of the two",
                       parent, chain->name);
    else {
        struct strbuf known = {0};
        list_names(&known, l->dir);
        layers_mistake(l->mistakes, where, "no \"%s\" to inherit from: there are %s", parent,
                       strbuf_str(&known));
        strbuf_free(&known);
    }
    free(where);
    return false;
}

/* What a file stands on that says nothing else. */
static void load_default(const struct loading *l, const struct chain *chain)
{
    if (in_chain(chain, "default"))
        load_own_only(l, "default");
    else
        load_name(l, "default", chain);
}

/* The layers below a user's file (NULL: there is none, or it can't be read). */
static bool load_below(const struct loading *l, const char *name, const struct jsondoc *user,
                       bool user_exists, const struct chain *chain)
{
    struct jsondoc own = {0};
    bool exists;
    if (user && load_parent(l, user, chain))
        return true;
    if (load_own(&own, l, name, &exists)) {
        load_parent(l, &own, chain);
        apply_doc(l, &own);
    } else if (!exists && user_exists)
        load_default(l, chain);
    jsondoc_free(&own);
    return exists;
}

static bool load_name(const struct loading *l, const char *name, const struct chain *outer)
{
    if (!good_name(name))
        return false;
    struct chain chain = {name, outer};
    struct jsondoc user = {0};
    bool user_exists;
    bool user_ok = load_path(&user, paths_config_dir(), l->dir, name, &user_exists, l->mistakes);
    bool below = load_below(l, name, user_ok ? &user : NULL, user_exists, &chain);
    if (user_ok)
        apply_doc(l, &user);
    jsondoc_free(&user);
    return below || user_exists;
}

bool layers_load(const char *dir, const char *name, layer_apply apply, void *ctx, error_list *mistakes)
{
    struct loading l = {dir, apply, ctx, mistakes};
    return load_name(&l, name, NULL);
}

void layers_load_text(const char *dir, const char *file, const char *text, size_t len, layer_apply apply,
                      void *ctx, error_list *mistakes)
{
    struct loading l = {dir, apply, ctx, mistakes};
    struct chain chain = {file, NULL};
    struct jsondoc doc = {0};
    struct error e = ERROR_INIT;
    if (jsondoc_parse(&doc, file, text, len, &e)) {
        if (!load_parent(&l, &doc, &chain))
            load_default(&l, &chain);
        apply_doc(&l, &doc);
    } else
        add_error(mistakes, &e);
    error_clear(&e);
    jsondoc_free(&doc);
}

struct name_list {
    char **items;
    size_t len, cap;
};

static void add_name(struct name_list *l, const char *file)
{
    size_t len = strlen(file), suffix = strlen(SUFFIX);
    if (len <= suffix || strcmp(file + len - suffix, SUFFIX) != 0 || file[0] == '.')
        return;
    char *name = xstrndup(file, len - suffix);
    for (size_t i = 0; i < l->len; i++) {
        if (strcmp(l->items[i], name) == 0) {
            free(name);
            return;
        }
    }
    vec_push(l, name);
}

static void add_folder(struct name_list *l, const char *dir, const char *sub)
{
    char *path = xasprintf("%s/%s", dir, sub);
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d));)
        add_name(l, entry->d_name);
    if (d)
        closedir(d);
    free(path);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **layers_names(const char *dir, size_t *n)
{
    struct name_list l = {0};
    size_t len = strlen(dir);
    for (const struct builtin *b = builtins; b->path; b++)
        if (strncmp(b->path, dir, len) == 0 && b->path[len] == '/')
            add_name(&l, b->path + len + 1);
    add_folder(&l, VIRTDECK_DATADIR, dir);
    add_folder(&l, paths_config_dir(), dir);
    if (l.len)
        qsort(l.items, l.len, sizeof *l.items, by_name);
    *n = l.len;
    return l.items;
}

static void list_names(struct strbuf *out, const char *dir)
{
    size_t n;
    char **names = layers_names(dir, &n);
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(out, "%s%s", i ? ", " : "", names[i]);
        free(names[i]);
    }
    free(names);
}

void layers_unknown(const char *dir, const char *what, const char *name, error_list *mistakes)
{
    struct strbuf known = {0};
    list_names(&known, dir);
    struct error e = ERROR_INIT;
    error_set(&e, STATUS_FAILED, "no such %s \"%s\": there are %s", what, name, strbuf_str(&known));
    vec_push(mistakes, e);
    strbuf_free(&known);
}
