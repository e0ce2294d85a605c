/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/image_lock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/strbuf.h"
#include "virt/process.h"

/* ---- the complaint ---- */

bool image_lock_is(int code, const char *message)
{
    if (!message)
        return false;
    /* "Failed to get "write" lock", "Failed to get shared "consistent read" lock": QEMU's own words. */
    const char *get = strstr(message, "Failed to get ");
    if (get && strstr(get, " lock"))
        return true;
    return code == VIR_ERR_RESOURCE_BUSY && strcasestr(message, "lock");
}

/* What stands between the marks, when it is an absolute path. The last closing mark of its line counts: the
 * path may have others in it. */
static char *between(const char *message, const char *open, const char *close)
{
    const char *at = strstr(message, open);
    if (!at)
        return NULL;
    at += strlen(open);
    size_t line = strcspn(at, "\n");
    const char *end = NULL;
    for (const char *p = at; (p = strstr(p, close)) && p < at + line; p++)
        end = p;
    return end && *at == '/' ? xstrndup(at, (size_t)(end - at)) : NULL;
}

char *image_lock_path(const char *message)
{
    static const char *const marks[][2] = {
        {"another process using the image [", "]?"}, /* QEMU */
        {"Lockspace resource '", "'"},               /* virtlockd, where the resource is the path */
        {"using the image \"", "\"?"}};
    char *path = NULL;
    for (size_t i = 0; !path && i < ARRAY_LEN(marks); i++)
        path = between(message, marks[i][0], marks[i][1]);
    return path;
}

/* ---- the locks ---- */

/* QEMU (block/file-posix.c) locks a byte for what it does, and another one, a hundred further on, for what it
 * does not stand of others: reading of what must not change beneath it 0, writing 1. */
#define DOES       100
#define STANDS_NOT 200
#define PERM_READ  0
#define PERM_WRITE 1

/* 1: somebody has it, 0: nobody, -1: the file system can't tell. */
static int is_locked(int fd, off_t byte)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_OFD_GETLK, &l) < 0 ? -1 : l.l_type != F_UNLCK;
}

enum image_lock image_lock_meets(const char *path, bool writes, bool shared)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return IMAGE_UNSEEN;
    int read = is_locked(fd, STANDS_NOT + PERM_READ);
    int others_write = shared ? 0 : is_locked(fd, DOES + PERM_WRITE);
    int no_writing = writes ? is_locked(fd, STANDS_NOT + PERM_WRITE) : 0;
    close(fd);
    if (read > 0 || others_write > 0 || no_writing > 0)
        return IMAGE_HELD;
    return read < 0 || others_write < 0 || no_writing < 0 ? IMAGE_UNSEEN : IMAGE_FREE;
}

/* ---- the processes ---- */

/* Whether the descriptor has a lock: a line "lock:	1: OFDLCK …". */
static bool has_lock(const char *pid, const char *fd)
{
    char path[64], line[256];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%.16s/fdinfo/%.16s", pid, fd);
    FILE *f = fopen(path, "re");
    while (f && !found && fgets(line, sizeof line, f))
        found = strncmp(line, "lock:", 5) == 0;
    if (f)
        fclose(f);
    return found;
}

static bool is_number(const char *s)
{
    return isdigit((unsigned char)*s);
}

/* *unseen: its descriptors may not be looked at. */
static bool process_has(const char *pid, const struct stat *image, bool *unseen)
{
    char folder[64], path[96];
    bool found = false;
    snprintf(folder, sizeof folder, "/proc/%.16s/fd", pid);
    DIR *dir = opendir(folder);
    if (!dir) {
        *unseen = *unseen || errno == EACCES || errno == EPERM;
        return false;
    }
    for (struct dirent *entry; !found && (entry = readdir(dir));) {
        struct stat st;
        snprintf(path, sizeof path, "%s/%.16s", folder, entry->d_name);
        found = is_number(entry->d_name) && stat(path, &st) == 0 && st.st_ino == image->st_ino &&
                st.st_dev == image->st_dev && has_lock(pid, entry->d_name);
    }
    closedir(dir);
    return found;
}

/* "guest=web1,debug-threads=on"; a comma in a name is doubled. */
static char *guest_name(const char *argument)
{
    struct strbuf name = {0};
    for (const char *p = argument; *p && *p != '\n'; p++) {
        if (*p == ',' && *++p != ',')
            break;
        strbuf_putc(&name, *p);
    }
    return strbuf_steal(&name);
}

static void read_arguments(const char *pid, struct lock_holder *h)
{
    char uuid[UUID_TEXT_LEN + 1];
    char *arguments = process_arguments(pid);
    const char *name = arguments ? strstr(arguments, "\n-name\nguest=") : NULL;
    const char *id = arguments ? strstr(arguments, "\n-uuid\n") : NULL;
    if (name)
        h->guest = guest_name(name + strlen("\n-name\nguest="));
    if (id) {
        snprintf(uuid, sizeof uuid, "%.*s", UUID_TEXT_LEN, id + strlen("\n-uuid\n"));
        if (!uuid_parse(uuid, &h->uuid))
            h->uuid = (struct vm_uuid){0};
    }
    free(arguments);
}

static char *command_of(const char *pid)
{
    char path[64], name[64] = "";
    snprintf(path, sizeof path, "/proc/%.16s/comm", pid);
    FILE *f = fopen(path, "re");
    if (!f || !fgets(name, sizeof name, f))
        snprintf(name, sizeof name, "a process");
    if (f)
        fclose(f);
    name[strcspn(name, "\n")] = '\0';
    return xstrdup(name);
}

/* A lock manager has one for each of its domains: the domain is who people know. */
enum image_lock image_lock_look(const char *path, struct lock_holder *holder)
{
    struct stat image;
    bool unseen = false, found = false;
    *holder = (struct lock_holder){0};
    if (stat(path, &image) != 0)
        return IMAGE_UNSEEN;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && !holder->guest && (entry = readdir(proc));)
        if (is_number(entry->d_name) && process_has(entry->d_name, &image, &unseen)) {
            lock_holder_clear(holder);
            holder->pid = strtol(entry->d_name, NULL, 10);
            holder->command = command_of(entry->d_name);
            read_arguments(entry->d_name, holder);
            found = true;
        }
    unseen = unseen || !proc;
    if (proc)
        closedir(proc);
    return found ? IMAGE_HELD : unseen ? IMAGE_UNSEEN : IMAGE_FREE;
}

void lock_holder_clear(struct lock_holder *h)
{
    free(h->command);
    free(h->guest);
    *h = (struct lock_holder){0};
}
