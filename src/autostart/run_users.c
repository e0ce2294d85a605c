/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What root sees of runs of others. A lock below a user's runtime directory is that user's to make up, and
 * root's own start must not be held up by just anybody: it counts only as the lock of a living process of
 * that user who may do what root does on this host anyway.
 */
#include <dirent.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "autostart/run_private.h"
#include "base/paths.h"

#define GROUPS_MAX 16

/* Their members manage the system's libvirt: by libvirt's own rule of polkit, or as administrators. */
static const char *const trusted[] = {"libvirt", "sudo", "wheel", "root"};

struct ids {
    unsigned long items[GROUPS_MAX];
    size_t len;
};

static struct ids trusted_groups(void)
{
    struct ids out = {0};
    for (size_t i = 0; i < ARRAY_LEN(trusted); i++) {
        char buf[16384];
        struct group group, *found = NULL;
        if (getgrnam_r(trusted[i], &group, buf, sizeof buf, &found) == 0 && found)
            out.items[out.len++] = found->gr_gid;
    }
    return out;
}

static bool has_trusted(const char *numbers, const struct ids *groups)
{
    char *end;
    for (const char *p = numbers;; p = end) {
        unsigned long id = strtoul(p, &end, 10);
        if (end == p)
            return false;
        for (size_t i = 0; i < groups->len; i++)
            if (groups->items[i] == id)
                return true;
    }
}

/* As the kernel has it, whatever the process says of itself. */
static bool is_trusted(long pid, unsigned long uid, const struct ids *groups)
{
    char *path = xasprintf("/proc/%ld/status", pid), *line = NULL;
    FILE *f = fopen(path, "re");
    size_t size = 0;
    bool same = false, member = false;
    while (f && getline(&line, &size, f) > 0) {
        if (strncmp(line, "Uid:", 4) == 0)
            same = strtoul(line + 4, NULL, 10) == uid;
        else if (strncmp(line, "Gid:", 4) == 0 || strncmp(line, "Groups:", 7) == 0)
            member = member || has_trusted(strchr(line, ':') + 1, groups);
    }
    if (f)
        fclose(f);
    free(line);
    free(path);
    return same && member;
}

static bool held_by(const char *user_dir, const char *key, const struct ids *groups, long *holder)
{
    char *end, *path = xasprintf("%s/%s/virtdeck/%s.lock", paths_users_runtime_dir(), user_dir, key);
    unsigned long uid = strtoul(user_dir, &end, 10);
    struct stat st;
    bool held = end > user_dir && !*end && lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == uid &&
                run_is_held(path, 0, holder) && *holder > 0 && is_trusted(*holder, uid, groups);
    free(path);
    return held;
}

bool run_is_held_by_user(const char *key, long *holder)
{
    DIR *dir = opendir(paths_users_runtime_dir());
    struct ids groups = {0};
    struct dirent *entry;
    bool held = false;
    if (dir)
        groups = trusted_groups();
    while (!held && dir && (entry = readdir(dir)))
        held = held_by(entry->d_name, key, &groups, holder);
    if (dir)
        closedir(dir);
    if (!held)
        *holder = 0;
    return held;
}
