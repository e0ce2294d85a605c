/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loading keymaps and finding what a key does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "command/command.h"
#include "ui/keymap.h"
#include "ui/layers.h"

#define BAR_MAX 999

const char *const place_names[PLACE_COUNT] = {
    [PLACE_ANY] = "any",       [PLACE_TABLE] = "table",
    [PLACE_PANE] = "pane",     [PLACE_LOGS] = "logs",
    [PLACE_GRAPHS] = "graphs", [PLACE_DEVICES] = "devices",
    [PLACE_EVENTS] = "events", [PLACE_DIALOG] = "dialog",
    [PLACE_HELP] = "help",     [PLACE_AUTOSTART] = "autostart",
    [PLACE_SCREEN] = "screen",
};

enum place place_parent(enum place p)
{
    switch (p) {
    case PLACE_LOGS:
    case PLACE_GRAPHS:
    case PLACE_DEVICES:
    case PLACE_EVENTS:
    case PLACE_AUTOSTART:
    case PLACE_SCREEN:
        return PLACE_PANE;
    default:
        return PLACE_ANY;
    }
}

static void binding_free(struct binding *b)
{
    free(b->run);
    free(b->note);
}

static struct binding *find_own(const struct keymap *m, enum place place, keycode key)
{
    for (size_t i = 0; i < m->bindings.len; i++)
        if (m->bindings.items[i].place == place && m->bindings.items[i].key == key)
            return &m->bindings.items[i];
    return NULL;
}

static void unbind(struct keymap *m, enum place place, keycode key)
{
    struct binding *b = find_own(m, place, key);
    if (!b)
        return;
    binding_free(b);
    vec_remove(&m->bindings, (size_t)(b - m->bindings.items));
}

/* An overriding row keeps the place of the one it overrides: the order of a help page stays. */
static void bind(struct keymap *m, struct binding row)
{
    struct binding *b = find_own(m, row.place, row.key);
    if (!b) {
        vec_push(&m->bindings, row);
        return;
    }
    binding_free(b);
    *b = row;
}

static bool check_command(const word_list *words, size_t from, size_t end, struct error *e)
{
    const char **argv = xcalloc(end - from + 1, sizeof(*argv));
    for (size_t i = from; i < end; i++)
        argv[i - from] = words->items[i].text;
    bool ok = command_check(true, (int)(end - from), argv, e);
    free(argv);
    return ok;
}

/* Every command of the line must be one, with words that it takes. */
static bool check_line(const char *line, struct error *e)
{
    word_list words = {0};
    bool ok = words_split(line, &words, e);
    if (ok && words.len == 0)
        ok = error_set(e, STATUS_USAGE,
                       "no command; write a line such as \"start\", or null to unbind the key");
    for (size_t from = 0, end; ok && from < words.len; from = end + 1) {
        end = words_command_end(line, &words, from);
        ok = end + 1 == words.len || end == from
                 ? error_set(e, STATUS_USAGE, "&& stands between two commands")
                 : check_command(&words, from, end, e);
    }
    words_free(&words);
    return ok;
}

/* One field of a row; false when the row can't be used. */
static bool read_field(struct binding *b, const char *field, json_object *value, struct error *e)
{
    bool text = json_object_is_type(value, json_type_string);
    if (strcmp(field, "run") == 0) {
        if (!text)
            return error_set(e, STATUS_USAGE, "not a string; write a line of the command language");
        free(b->run);
        b->run = xstrdup(json_object_get_string(value));
        return check_line(b->run, e);
    }
    if (strcmp(field, "note") == 0) {
        if (!text)
            return error_set(e, STATUS_USAGE, "not a string; write a word or two for the key bar and help");
        free(b->note);
        b->note = xstrdup(json_object_get_string(value));
        return true;
    }
    if (strcmp(field, "bar") == 0) {
        int64_t rank = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;
        if (rank < 0 || rank > BAR_MAX)
            return error_set(e, STATUS_USAGE,
                             "not a rank; write a number from 0 (kept longest) to %d, or leave it out",
                             BAR_MAX);
        b->bar = (int)rank;
        return true;
    }
    return error_set(e, STATUS_USAGE, "a binding has \"run\", \"note\" and \"bar\"");
}

static void add_mistake(const struct jsondoc *doc, size_t depth, const char *const *keys,
                        const struct error *e, error_list *mistakes)
{
    char *where = layers_where(doc, depth, keys);
    layers_mistake(mistakes, where, "%s", error_text(e));
    free(where);
}

/* keys: "bindings", the place, the key. */
static void read_row(struct keymap *m, enum place place, keycode key, const struct jsondoc *doc,
                     json_object *row, const char *const *keys, error_list *mistakes)
{
    struct binding b = {.place = place, .key = key, .bar = -1};
    struct error e = ERROR_INIT;
    bool ok = true;
    json_object_object_foreach(row, field, value)
    {
        const char *const path[] = {keys[0], keys[1], keys[2], field};
        if (!read_field(&b, field, value, &e)) {
            add_mistake(doc, 4, path, &e, mistakes);
            ok = ok && strcmp(field, "run") != 0; /* the rest of a row may be wrong: the key works */
            error_clear(&e);
        }
    }
    if (ok && !b.run) {
        error_set(&e, STATUS_USAGE, "\"run\" is missing; write the command line that the key runs");
        add_mistake(doc, 3, keys, &e, mistakes);
        error_clear(&e);
    }
    if (ok && b.run)
        bind(m, b);
    else
        binding_free(&b);
}

static void read_place(struct keymap *m, enum place place, const struct jsondoc *doc, json_object *rows,
                       error_list *mistakes)
{
    json_object_object_foreach(rows, name, row)
    {
        const char *const keys[] = {"bindings", place_names[place], name};
        struct error e = ERROR_INIT;
        keycode key;
        bool ok = key_parse(name, &key, &e);
        if (ok && !row)
            unbind(m, place, key);
        else if (ok && json_object_is_type(row, json_type_object))
            read_row(m, place, key, doc, row, keys, mistakes);
        else if (ok)
            ok = error_set(&e, STATUS_USAGE,
                           "not an object; write { \"run\": \"…\", \"note\": \"…\" }, or null to unbind");
        if (!ok)
            add_mistake(doc, 3, keys, &e, mistakes);
        error_clear(&e);
    }
}

static int place_named(const char *name)
{
    for (int i = 0; i < PLACE_COUNT; i++)
        if (strcmp(place_names[i], name) == 0)
            return i;
    return -1;
}

static void read_bindings(struct keymap *m, const struct jsondoc *doc, json_object *places,
                          error_list *mistakes)
{
    json_object_object_foreach(places, name, rows)
    {
        const char *const keys[] = {"bindings", name};
        int place = place_named(name);
        if (place >= 0 && json_object_is_type(rows, json_type_object)) {
            read_place(m, (enum place)place, doc, rows, mistakes);
            continue;
        }
        struct error e = ERROR_INIT;
        if (place < 0)
            error_set(&e, STATUS_USAGE,
                      "no such place: there are any, table, pane, logs, graphs, devices, events, autostart, "
                      "screen, "
                      "dialog, help");
        else
            error_set(&e, STATUS_USAGE, "not an object; write { \"KEY\": { \"run\": \"…\" } }");
        add_mistake(doc, 2, keys, &e, mistakes);
        error_clear(&e);
    }
}

static void apply(void *ctx, const struct jsondoc *doc, error_list *mistakes)
{
    json_object_object_foreach(doc->root, key, value)
    {
        const char *const keys[] = {key};
        struct error e = ERROR_INIT;
        if (strcmp(key, "inherit") == 0 || strcmp(key, "note") == 0)
            continue;
        if (strcmp(key, "bindings") == 0 && json_object_is_type(value, json_type_object)) {
            read_bindings(ctx, doc, value, mistakes);
            continue;
        }
        error_set(&e, STATUS_USAGE, "a keymap has \"inherit\", \"note\" and the object \"bindings\"");
        add_mistake(doc, 1, keys, &e, mistakes);
        error_clear(&e);
    }
}

bool keymap_load(struct keymap *m, const char *name, error_list *mistakes)
{
    *m = (struct keymap){0};
    bool found = layers_load("keymaps", name, apply, m, mistakes);
    if (!found) {
        layers_unknown("keymaps", "keymap", name, mistakes);
        layers_load("keymaps", "default", apply, m, mistakes);
    }
    m->name = xstrdup(found ? name : "default");
    return found;
}

void keymap_load_text(struct keymap *m, const char *file, const char *text, size_t len, error_list *mistakes)
{
    *m = (struct keymap){.name = xstrdup(file)};
    layers_load_text("keymaps", file, text, len, apply, m, mistakes);
}

void keymap_free(struct keymap *m)
{
    for (size_t i = 0; i < m->bindings.len; i++)
        binding_free(&m->bindings.items[i]);
    vec_free(&m->bindings);
    free(m->name);
    *m = (struct keymap){0};
}

const struct binding *keymap_find(const struct keymap *m, enum place place, keycode key)
{
    for (;; place = place_parent(place)) {
        const struct binding *b = find_own(m, place, key);
        if (b || place == PLACE_ANY)
            return b;
    }
}

keycode keymap_key_for(const struct keymap *m, enum place place, const char *run)
{
    for (enum place p = place;; p = place_parent(p)) {
        for (size_t i = 0; i < m->bindings.len; i++) {
            const struct binding *b = &m->bindings.items[i];
            /* A key that the place itself uses for something else would not do it. */
            if (b->place == p && strcmp(b->run, run) == 0 && keymap_find(m, place, b->key) == b)
                return b->key;
        }
        if (p == PLACE_ANY)
            return 0;
    }
}

void keymap_label_for(const struct keymap *m, enum place place, const char *run, char *out, size_t size)
{
    keycode key = keymap_key_for(m, place, run);
    if (key)
        key_label(key, out, size);
    else
        snprintf(out, size, ":%s", run);
}

char **keymap_names(size_t *n)
{
    return layers_names("keymaps", n);
}
