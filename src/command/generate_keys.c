/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The keys of the built-in keymap in roff, for the manual.
 */
#include <stdlib.h>
#include <string.h>

#include "base/builtin.h"
#include "base/jsondoc.h"
#include "command/query.h"

#define KEYMAP "keymaps/default.json"

/* What the places of a keymap are called; one that is not here goes by its own name. */
static const struct {
    const char *place, *title;
} titles[] = {
    {"any", "Everywhere"},
    {"table", "In the table"},
    {"pane", "In every pane that has the keys"},
    {"logs", "In the log pane"},
    {"devices", "In the device pane"},
    {"events", "In the event pane"},
    {"autostart", "In the autostart pane"},
    {"graphs", "In the graph pane"},
    {"screen", "In the screen pane"},
    {"dialog", "In a dialog"},
    {"help", "In the help"},
};

static const char *title_of(const char *place)
{
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        if (strcmp(titles[i].place, place) == 0)
            return titles[i].title;
    return place;
}

static bool does_the_same(json_object *a, json_object *b)
{
    return json_object_equal(json_object_object_get(a, "run"), json_object_object_get(b, "run"));
}

/* All keys of the place that do the same, at the first one of them. */
static void put_binding(struct strbuf *out, json_object *keys, const char *first, json_object *binding)
{
    bool begun = false;
    json_object_object_foreach(keys, key, other)
    {
        if (!does_the_same(binding, other))
            continue;
        if (!begun && strcmp(key, first) != 0)
            return;
        strbuf_puts(out, begun ? ", \\fB" : ".TP\n\\fB");
        roff(out, key);
        strbuf_puts(out, "\\fP");
        begun = true;
    }
    strbuf_putc(out, '\n');
    roff(out, jsondoc_text(binding, "note"));
    strbuf_puts(out, "\n(\\fB");
    roff(out, jsondoc_text(binding, "run"));
    strbuf_puts(out, "\\fP).\n");
}

void generate_keys_man(struct strbuf *out)
{
    const struct builtin *file = builtin_find(KEYMAP);
    json_object *root = jsondoc_object(file->data, file->len, 0);
    json_object_object_foreach(json_object_object_get(root, "bindings"), place, keys)
    {
        strbuf_puts(out, ".SS ");
        roff(out, title_of(place));
        strbuf_puts(out, "\n.PD 0\n"); /* no empty lines between keys */
        json_object_object_foreach(keys, key, binding)
        {
            put_binding(out, keys, key, binding);
        }
        strbuf_puts(out, ".PD\n");
    }
    json_object_put(root);
}
