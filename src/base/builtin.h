/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of the source tree compiled into the program (keymaps, themes, the demo host): it needs no installed
 * data to run. The table is made by src/base/embed.sh at build time. Constant; any thread.
 */
#ifndef VIRTDECK_BASE_BUILTIN_H
#define VIRTDECK_BASE_BUILTIN_H

#include <stddef.h>

struct builtin {
    const char *path; /* "keymaps/default.json" */
    const char *data; /* NUL-terminated */
    size_t len;
};
extern const struct builtin builtins[]; /* ends with path NULL; sorted */
const struct builtin *builtin_find(const char *path);

#endif
