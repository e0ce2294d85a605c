/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/denied.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/strbuf.h"

static bool may_search(const char *dir)
{
    return faccessat(AT_FDCWD, dir, X_OK, AT_EACCESS) == 0;
}

/* The first directory on the way that may not be entered; NULL when it is the file itself. The caller frees.
 */
static char *closed_directory(const char *path)
{
    if (path[0] == '/' && !may_search("/"))
        return xstrdup("/");
    for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        char *dir = xstrndup(path, (size_t)(p - path));
        if (!may_search(dir))
            return dir;
        free(dir);
    }
    return NULL;
}

static void add_user(struct strbuf *out, uid_t uid)
{
    char buf[4096];
    struct passwd pw, *found = NULL;
    if (getpwuid_r(uid, &pw, buf, sizeof buf, &found) == 0 && found)
        strbuf_puts(out, found->pw_name);
    else
        strbuf_printf(out, "%lu", (unsigned long)uid);
}

static void add_group(struct strbuf *out, gid_t gid)
{
    char buf[16384];
    struct group gr, *found = NULL;
    if (getgrgid_r(gid, &gr, buf, sizeof buf, &found) == 0 && found)
        strbuf_puts(out, found->gr_name);
    else
        strbuf_printf(out, "%lu", (unsigned long)gid);
}

char *denied_text(const char *path)
{
    struct strbuf out = {0};
    struct stat st;
    char *dir = closed_directory(path);
    const char *where = dir ? dir : path;

    strbuf_printf(&out, "permission denied: %s: ", path);
    if (dir)
        strbuf_printf(&out, "no right to enter the directory %s", dir);
    else
        strbuf_puts(&out, "no right to read the file");
    if (stat(where, &st) != 0) {
        strbuf_puts(&out, "; run virtdeck as root");
    } else {
        bool group_may = (st.st_mode & (dir ? S_IXGRP : S_IRGRP)) != 0;
        strbuf_puts(&out, " (owner ");
        add_user(&out, st.st_uid);
        strbuf_puts(&out, ", group ");
        add_group(&out, st.st_gid);
        strbuf_printf(&out, ", mode %04o); run virtdeck as root", (unsigned)st.st_mode & 07777U);
        if (group_may) {
            strbuf_puts(&out, " or as a member of the group ");
            add_group(&out, st.st_gid);
        } else
            strbuf_puts(&out, ", or have an administrator open it to a group of yours");
    }
    free(dir);
    return strbuf_steal(&out);
}
