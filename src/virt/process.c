/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"

#define ARGUMENTS_MAX (1u << 20)

/* Whether the process has "-uuid U" among its arguments: a QEMU that libvirt started. */
static bool has_uuid(const char *pid, const char *uuid)
{
    char path[64], buf[16384];
    snprintf(path, sizeof path, "/proc/%.16s/cmdline", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t n = fread(buf, 1, sizeof buf, f);
    fclose(f);
    char *at = memmem(buf, n, "-uuid", sizeof "-uuid");
    size_t left = at ? n - (size_t)(at - buf) - sizeof "-uuid" : 0;
    return left >= UUID_TEXT_LEN && memcmp(at + sizeof "-uuid", uuid, UUID_TEXT_LEN) == 0;
}

bool process_find(const struct vm_uuid *uuid, char pid[PID_TEXT_LEN + 1])
{
    char text[UUID_TEXT_LEN + 1];
    bool found = false;
    uuid_format(uuid, text);
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && !found && (entry = readdir(proc));) {
        found = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && has_uuid(entry->d_name, text);
        if (found)
            snprintf(pid, PID_TEXT_LEN + 1, "%.*s", PID_TEXT_LEN, entry->d_name);
    }
    if (proc)
        closedir(proc);
    return found;
}

char *process_arguments(const char *pid)
{
    char path[64], buf[16384];
    struct strbuf out = {0};
    snprintf(path, sizeof path, "/proc/%.16s/cmdline", pid);
    FILE *f = fopen(path, "re");
    for (size_t n; f && out.len < ARGUMENTS_MAX && (n = fread(buf, 1, sizeof buf, f)) > 0;)
        strbuf_add(&out, buf, n);
    if (f)
        fclose(f);
    for (size_t i = 0; i < out.len; i++)
        out.s[i] = out.s[i] == '\0' ? '\n' : out.s[i];
    return out.len ? strbuf_steal(&out) : NULL;
}
