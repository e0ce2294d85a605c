/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/needs.h"

#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_LEN 8192

static size_t len_without_slash(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    return len;
}

static bool is_mounted(const char *path, const char *root)
{
    char *table = xasprintf("%s/proc/self/mounts", root), line[LINE_MAX_LEN];
    FILE *f = setmntent(table, "re");
    struct mntent entry;
    bool found = false;
    size_t len = len_without_slash(path);
    while (f && !found && getmntent_r(f, &entry, line, sizeof line))
        found = strlen(entry.mnt_dir) == len && strncmp(entry.mnt_dir, path, len) == 0;
    if (f)
        endmntent(f);
    free(table);
    return found;
}

bool need_is_there(const struct need *n, const char *root)
{
    if (n->kind == NEED_MOUNT)
        return is_mounted(n->name, root);
    if (n->kind != NEED_PATH)
        return false;
    char *path = xasprintf("%s%s", root, n->name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}
