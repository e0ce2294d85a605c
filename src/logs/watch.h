/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wakes up when something happens to a file or to its name in its directory (inotify). Where the kernel
 * can't tell (no right to the directory, no watches left) the caller looks by itself now and then. One
 * thread.
 */
#ifndef VIRTDECK_LOGS_WATCH_H
#define VIRTDECK_LOGS_WATCH_H

#include <stdbool.h>

struct watch {
    int fd; /* readable when something happened; -1 where there is no inotify */
    int dir, file;
};

void watch_init(struct watch *w);
void watch_free(struct watch *w);
/* Watches this path instead of the one before (NULL: none). Call it again after each change: the name may
 * mean another file by then. True when the kernel will tell of everything. */
bool watch_path(struct watch *w, const char *path);
/* Forgets what is waiting to be read. */
void watch_drain(struct watch *w);

#endif
