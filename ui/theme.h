/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Themes: JSON files that give roles their colours. Built-in ones are compiled in; a user's file of the same
 * name in the config directory's themes/ overrides single rows. Screen thread.
 *
 *   { "inherit": "default", "colors": { "blue": "#268bd2" }, "roles": { "warn": { "fg": "blue", "bg":
 * "#000000", "attr": "bold" } } } A colour: "#rrggbb", a number 0..255, one of the 16 names, "default", or a
 * name from "colors".
 */
#ifndef VIRTDECK_UI_THEME_H
#define VIRTDECK_UI_THEME_H

#include "base/error.h"
#include "model/options.h"
#include "ui/role.h"

#define THEME_DEFAULT (-1)

struct style {
    int fg, bg;    /* THEME_DEFAULT, or 0xrrggbb, or 0x1000000 + palette index */
    unsigned attr; /* enum style_attr */
};
enum style_attr { STYLE_BOLD = 1, STYLE_DIM = 2, STYLE_UNDERLINE = 4, STYLE_REVERSE = 8, STYLE_ITALIC = 16 };

struct theme {
    char *name;
    struct style roles[ROLE_COUNT];
};

/* Loads a theme by name; whatever is wrong becomes a mistake in the list and the rest still counts. An
 * unknown name: the default theme, false, and a mistake that lists the known ones. */
bool theme_load(struct theme *t, const char *name, error_list *mistakes);
/* The same from a text that stands in for a user's file: on top of what it inherits from, else the default.
 */
void theme_load_text(struct theme *t, const char *file, const char *text, size_t len, error_list *mistakes);
void theme_free(struct theme *t);
/* Every theme that can be named, sorted: built-in and the user's. Free each and the array. */
char **theme_names(size_t *n);
/* Nearest palette index for terminals of 256, 16 or 8 colours; takes a style's colour in either form. */
int color_nearest(int rgb, int colors);
/* 0xrrggbb of a style's colour in either form (not THEME_DEFAULT). */
int color_rgb(int color);

#endif
