/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "base/mem.h"

#define DIR_EVENTS                                                                                           \
    (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |       \
     IN_ONLYDIR)
#define FILE_EVENTS (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)

void watch_init(struct watch *w)
{
    *w = (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .dir = -1, .file = -1};
}

void watch_free(struct watch *w)
{
    if (w->fd >= 0)
        close(w->fd);
    *w = (struct watch){.fd = -1, .dir = -1, .file = -1};
}

/* The kernel gives the same number again for a file that is watched already, so an old watch is only removed
 * when the new one is another. */
static void replace(struct watch *w, int *slot, const char *path, unsigned events)
{
    int old = *slot;
    if (old >= 0 && !path)
        inotify_rm_watch(w->fd, old);
    *slot = path ? inotify_add_watch(w->fd, path, events) : -1;
    if (old >= 0 && path && old != *slot) {
        int reason = errno;
        inotify_rm_watch(w->fd, old);
        errno = reason;
    }
}

bool watch_path(struct watch *w, const char *path)
{
    if (w->fd < 0)
        return false;
    const char *slash = path ? strrchr(path, '/') : NULL;
    char *dir = !path ? NULL : slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    replace(w, &w->dir, dir, DIR_EVENTS);
    replace(w, &w->file, path, FILE_EVENTS);
    int reason = errno;
    free(dir);
    /* That a file comes to be, or to be readable, its directory tells. */
    return w->dir >= 0 && (w->file >= 0 || reason == ENOENT || reason == EACCES);
}

void watch_drain(struct watch *w)
{
    char buf[8192];
    while (w->fd >= 0 && read(w->fd, buf, sizeof buf) > 0)
        ;
}
