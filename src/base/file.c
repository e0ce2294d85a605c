/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/strbuf.h"

/* Everything up to the end, or one byte more than `max`. False with errno set. */
static bool read_all(int fd, size_t max, struct strbuf *out)
{
    char buf[16384];
    strbuf_clear(out);
    while (out->len <= max) {
        size_t want = max - out->len < sizeof buf ? max - out->len + 1 : sizeof buf;
        ssize_t n = read(fd, buf, want);
        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            strbuf_add(out, buf, (size_t)n);
    }
    return true;
}

bool file_read(const char *path, size_t max, char **data, size_t *len, bool *missing, struct error *e)
{
    struct strbuf text = {0};
    if (missing)
        *missing = false;
    /* Not to hang on a pipe that nobody writes to; a pipe that has a writer is then waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        if (missing)
            *missing = errno == ENOENT;
        return error_set(e, STATUS_FAILED, "can't read %s: %s", path, strerror(errno));
    }
    fcntl(fd, F_SETFL, 0);
    bool ok = read_all(fd, max, &text);
    if (!ok)
        error_set(e, STATUS_FAILED, "can't read %s: %s", path, strerror(errno));
    close(fd);
    if (ok && text.len > max)
        ok = error_set(e, STATUS_FAILED, "%s is too large: at most %zu bytes are read", path, max);
    if (!ok) {
        strbuf_free(&text);
        return false;
    }
    if (len)
        *len = text.len;
    *data = strbuf_steal(&text);
    return true;
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* So that the new name is on the disk, too; a file system that can't sync a directory is none of our
 * business. */
static void sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? xstrndup(path, slash == path ? 1 : (size_t)(slash - path)) : xstrdup(".");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(dir);
}

/* Not over a file that is there. Where the file system knows no such renaming, it knows hard links. */
static bool rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return link(from, to) == 0 && unlink(from) == 0;
}

static bool write_beside(const char *target, const char *data, size_t len, mode_t mode, bool replace)
{
    char *temporary = xasprintf("%s.XXXXXX", target);
    int fd = mkostemp(temporary, O_CLOEXEC);
    bool ok = fd >= 0;
    if (ok) {
        ok = write_all(fd, data, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
        int reason = errno;
        if (close(fd) != 0 && ok) {
            ok = false;
            reason = errno;
        }
        if (ok && !(replace ? rename(temporary, target) == 0 : rename_new(temporary, target))) {
            ok = false;
            reason = errno;
        }
        if (!ok)
            unlink(temporary);
        errno = reason;
    }
    free(temporary);
    return ok;
}

bool file_write(const char *path, const char *data, size_t len, mode_t mode, struct error *e)
{
    /* A symlink (people keep their dot files in a repository) stays one: the file it points to is replaced.
     */
    char *target = realpath(path, NULL);
    if (!target)
        target = xstrdup(path);
    bool ok = write_beside(target, data, len, mode, true);
    if (ok)
        sync_parent(target);
    else
        error_set(e, STATUS_FAILED, "can't write %s: %s", path, strerror(errno));
    free(target);
    return ok;
}

bool file_write_new(const char *path, const char *data, size_t len, mode_t mode, struct error *e)
{
    if (access(path, F_OK) == 0)
        errno = EEXIST; /* told before the work, not after it */
    else if (write_beside(path, data, len, mode, false)) {
        sync_parent(path);
        return true;
    }
    if (errno == EEXIST)
        return error_set(e, STATUS_FAILED, "%s is there already; name another file", path);
    return error_set(e, STATUS_FAILED, "can't write %s: %s", path, strerror(errno));
}

bool file_make_dirs(const char *dir, struct error *e)
{
    char *path = xstrdup(dir);
    bool ok = true;
    for (char *p = path; ok && *p; p++) {
        if (p[1] != '/' && p[1] != '\0')
            continue;
        char kept = p[1];
        p[1] = '\0';
        if (mkdir(path, 0700) != 0) {
            int reason = errno;
            struct stat st;
            /* What is there already may well be in a place where we could make nothing. */
            if (stat(path, &st) != 0)
                ok = error_set(e, STATUS_FAILED, "can't make the directory %s: %s", path, strerror(reason));
            else if (!S_ISDIR(st.st_mode))
                ok = error_set(e, STATUS_FAILED, "can't make the directory %s: %s is a file", dir, path);
        }
        p[1] = kept;
    }
    free(path);
    return ok;
}
