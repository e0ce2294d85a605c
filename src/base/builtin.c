/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/builtin.h"

#include <string.h>

const struct builtin *builtin_find(const char *path)
{
    for (const struct builtin *b = builtins; b->path; b++)
        if (strcmp(b->path, path) == 0)
            return b;
    return NULL;
}
