/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keymaps: JSON files that bind keys to command lines, by the place they are pressed in. Built-in ones are
 * compiled in; a user's file of the same name in the config directory's keymaps/ overrides single rows (null
 * unbinds). Screen thread.
 *
 *   { "inherit": "default", "bindings": { "table": { "s": { "run": "start", "note": "Start", "bar": 30 } } }
 * } "bar": rank in the key bar, smaller is kept longer; absent: not in the bar. "run" is a line of the
 * command language.
 */
#ifndef VIRTDECK_UI_KEYMAP_H
#define VIRTDECK_UI_KEYMAP_H

#include "model/options.h"
#include "ui/key.h"

/* Where a key is pressed; a key not bound there is looked up in PLACE_ANY. */
enum place {
    PLACE_ANY,
    PLACE_TABLE,
    PLACE_PANE,
    PLACE_LOGS,
    PLACE_GRAPHS,
    PLACE_DEVICES,
    PLACE_EVENTS,
    PLACE_AUTOSTART,
    PLACE_SCREEN,
    PLACE_DIALOG,
    PLACE_HELP,
    PLACE_COUNT
};
extern const char *const place_names[PLACE_COUNT]; /* "any" "table" "pane" "logs" … as in the files */
/* The place consulted after this one: a pane's own place falls back to PLACE_PANE, that to PLACE_ANY. */
enum place place_parent(enum place p);

struct binding {
    enum place place;
    keycode key;
    char *run, *note;
    int bar; /* -1: not in the bar */
};

struct keymap {
    char *name;
    VEC(struct binding) bindings;
};

/* Checks every line against the command tables, too. Mistakes as with themes. */
bool keymap_load(struct keymap *m, const char *name, error_list *mistakes);
/* The same from a text that stands in for a user's file: on top of what it inherits from, else the default.
 */
void keymap_load_text(struct keymap *m, const char *file, const char *text, size_t len, error_list *mistakes);
void keymap_free(struct keymap *m);
const struct binding *keymap_find(const struct keymap *m, enum place place, keycode key);
/* The first key bound to this line at this place or its parents; 0 for none. */
keycode keymap_key_for(const struct keymap *m, enum place place, const char *run);
/* What a person does to have this line run there: that key's label, or the line for the bar (":quit"). */
void keymap_label_for(const struct keymap *m, enum place place, const char *run, char *out, size_t size);
char **keymap_names(size_t *n);

#endif
