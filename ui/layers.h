/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Themes and keymaps are named JSON files in layers: what a file inherits from, the file that came with the
 * program (compiled in, else installed), the user's file of the same name. Later layers override rows of
 * earlier ones. Screen thread.
 */
#ifndef VIRTDECK_UI_LAYERS_H
#define VIRTDECK_UI_LAYERS_H

#include "base/jsondoc.h"
#include "model/options.h"

/* Takes one file's rows over; told of the mistakes' list to add to. */
typedef void (*layer_apply)(void *ctx, const struct jsondoc *doc, error_list *mistakes);

/* Applies every layer of DIR/NAME.json, parents first; `dir` is "themes" or "keymaps". A user's file may
 * inherit from another than the built-in one of its name; one that inherits from nothing inherits "default".
 * Unreadable files, unknown parents and circles are mistakes; what is left still counts. False when there is
 * no such name: nothing was applied. */
bool layers_load(const char *dir, const char *name, layer_apply apply, void *ctx, error_list *mistakes);
/* The same with a text in place of the user's file. */
void layers_load_text(const char *dir, const char *file, const char *text, size_t len, layer_apply apply,
                      void *ctx, error_list *mistakes);
/* Names that can be loaded, sorted; the caller frees each and the array. */
char **layers_names(const char *dir, size_t *n);
/* "no such WHAT "NAME": there are a, b, c" as a mistake. */
void layers_unknown(const char *dir, const char *what, const char *name, error_list *mistakes);

/* FILE:LINE: key "a.b.c"   the caller frees. */
char *layers_where(const struct jsondoc *doc, size_t depth, const char *const *keys);
/* Adds the mistake "WHERE: …". */
void layers_mistake(error_list *mistakes, const char *where, const char *fmt, ...) ATTR_PRINTF(3, 4);

#endif
