/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whose turn it is. The lock is flock()'s, so that it ends with its process however that ends. Others may not
 * open root's lock file: who could, could hold up the host's start for good. That it is held they read in
 * /proc/locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "autostart/run_private.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/strbuf.h"

#define KEY_MAX 48 /* characters of the URI in a key; the hash tells the rest apart */

/* ---- names ---- */

/* The URI without the password of its user. */
static char *without_password(const char *uri)
{
    const char *start = strstr(uri, "://");
    size_t authority = start ? strcspn(start + 3, "/?#") : 0;
    const char *at = start ? memrchr(start + 3, '@', authority) : NULL;
    const char *colon = at ? memchr(start + 3, ':', (size_t)(at - start - 3)) : NULL;
    return colon ? xasprintf("%.*s%s", (int)(colon - uri), uri, at) : xstrdup(uri);
}

/* A session is one user's own: the same URI means another host to another user. */
static bool is_session(const char *uri)
{
    const char *path = strstr(uri, "/session");
    return path && (path[8] == '\0' || path[8] == '?');
}

static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

char *run_key(const char *uri)
{
    struct strbuf key = {0};
    char *plain = without_password(uri ? uri : "");
    for (const char *p = plain; *p && key.len < KEY_MAX; p++) {
        if (is_plain(*p))
            strbuf_putc(&key, *p);
        else if (key.len && key.s[key.len - 1] != '-')
            strbuf_putc(&key, '-');
    }
    if (!key.len || key.s[key.len - 1] != '-')
        strbuf_putc(&key, '-');
    if (is_session(plain))
        strbuf_printf(&key, "%lu-", (unsigned long)geteuid());
    strbuf_printf(&key, "%08lx", (unsigned long)(hash_of(plain) & 0xffffffffu));
    free(plain);
    return strbuf_steal(&key);
}

static char *path_in(const char *dir, const char *key, const char *suffix)
{
    return xasprintf("%s/%s.%s", dir, key, suffix);
}

char *run_own_path(const char *key, const char *suffix)
{
    return path_in(paths_runtime_dir(), key, suffix);
}

/* When it was written; -1: it is not there. */
static int64_t written_ms(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000 : -1;
}

char *run_path(const char *key, const char *suffix)
{
    char *own = run_own_path(key, suffix), *theirs = path_in(paths_system_runtime_dir(), key, suffix);
    bool is_theirs = written_ms(theirs) > written_ms(own);
    free(is_theirs ? own : theirs);
    return is_theirs ? theirs : own;
}

char *times_path(const char *key)
{
    return xasprintf("%s/times-%s.json", paths_lasting_dir(), key);
}

/* ---- the lock ---- */

/* The process that has it, as /proc/locks tells: 0 nobody, -1 somebody whose number is not known here.
 * False: nobody can tell. */
static bool read_locks(const struct stat *file, long *holder)
{
    char line[256], kind[16], mode[16], what[16];
    unsigned major_, minor_;
    unsigned long long inode;
    long pid;
    FILE *f = fopen("/proc/locks", "re");
    *holder = 0;
    if (!f)
        return false;
    while (fgets(line, sizeof line, f) && *holder == 0) {
        /* "12: FLOCK  ADVISORY  WRITE 713 00:19:1243 0 EOF"; who waits for one has an arrow there. */
        int n = sscanf(line, "%*d: %15s %15s %15s %ld %x:%x:%llu", kind, mode, what, &pid, &major_, &minor_,
                       &inode);
        if (n == 7 && strcmp(kind, "FLOCK") == 0 && inode == (unsigned long long)file->st_ino &&
            makedev(major_, minor_) == file->st_dev)
            *holder = pid > 0 ? pid : -1;
    }
    fclose(f);
    return true;
}

bool run_is_held(const char *lock_path, long expected, long *holder)
{
    struct stat st;
    *holder = 0;
    if (stat(lock_path, &st) != 0)
        return false;
    if (read_locks(&st, holder))
        return *holder != 0;
    /* Hidden from us: then a process of that number is taken for the one. */
    *holder = expected > 0 && (kill((pid_t)expected, 0) == 0 || errno == EPERM) ? expected : 0;
    return *holder != 0;
}

#define REMEDY                                                                                               \
    ": what a run has done and whose turn it is are kept there; it must be a directory that you can write "  \
    "(`ls -ld`, `findmnt -T`); for others than root XDG_RUNTIME_DIR says where it is"

static bool make_folder(const char *dir, struct error *e)
{
    if (!file_make_dirs(dir, e)) {
        error_suffix(e, REMEDY);
        return false;
    }
    /* Others may look on at what root does. */
    if (geteuid() == 0 && strcmp(dir, paths_system_runtime_dir()) == 0)
        (void)!chmod(dir, 0755);
    return true;
}

bool run_make_folder(struct error *e)
{
    return make_folder(paths_runtime_dir(), e);
}

/* Root's, which we can't take: whether it is held. */
static bool held_by_root(const char *key, long *holder)
{
    char *path = path_in(paths_system_runtime_dir(), key, "lock");
    bool held = geteuid() != 0 && strcmp(paths_system_runtime_dir(), paths_runtime_dir()) != 0 &&
                run_is_held(path, 0, holder);
    free(path);
    return held;
}

/* In another place than our own, so that taking ours does not tell. */
static bool held_elsewhere(const char *key, long *holder)
{
    bool held = geteuid() == 0 ? run_is_held_by_user(key, holder) : held_by_root(key, holder);
    *holder = *holder > 0 ? *holder : 0;
    return held;
}

/* For where the kernel's list can't be read. */
static void write_pid(int fd)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, text, (size_t)len, 0);
}

static long read_pid(int fd)
{
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    return pid > 0 ? pid : 0;
}

static int take(const char *path, long *holder, struct error *e)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        write_pid(fd);
        return fd;
    }
    if (fd < 0 || errno != EWOULDBLOCK) {
        error_set(e, STATUS_FAILED, "can't lock %s: %s" REMEDY, path, strerror(errno));
    } else {
        if (fstat(fd, &st) != 0 || !read_locks(&st, holder) || *holder <= 0)
            *holder = read_pid(fd);
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

int run_lock(const char *key, long *holder, struct error *e)
{
    *holder = 0;
    if (held_elsewhere(key, holder) || !run_make_folder(e))
        return -1;
    char *path = run_own_path(key, "lock");
    int fd = take(path, holder, e);
    free(path);
    /* Two who begin at once: each has its own, and sees the other's now. */
    if (fd >= 0 && held_elsewhere(key, holder)) {
        close(fd);
        fd = -1;
    }
    return fd;
}
