/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#define ROLL_AT 1048576

static const char *const level_names[] = {"debug", "info", "warning", "error"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int fd = -1;
static char *log_path;
static _Atomic enum log_level least_level = LEVEL_LOG_DEBUG;

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
}

static void make_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return;
    char *dir = xstrndup(path, (size_t)(slash - path));
    file_make_dirs(dir, NULL);
    free(dir);
}

void log_open(const char *path)
{
    char *copy = xstrdup(path);
    int opened = -1;
    if (path) {
        make_parent(path);
        opened = open_file(path);
    }
    pthread_mutex_lock(&lock);
    if (fd >= 0)
        close(fd);
    fd = opened;
    free(log_path);
    log_path = copy;
    pthread_mutex_unlock(&lock);
}

void log_set_least(enum log_level least)
{
    least_level = least;
}

/* Under the lock. Another virtdeck may have rolled the file already: then only the new one is opened. */
static void roll(void)
{
    struct stat ours, theirs;
    if (fstat(fd, &ours) != 0 || ours.st_size < ROLL_AT)
        return;
    if (stat(log_path, &theirs) == 0 && theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev) {
        char old[4096];
        if ((size_t)snprintf(old, sizeof old, "%s.1", log_path) < sizeof old)
            rename(log_path, old);
    }
    int next = open_file(log_path);
    if (next >= 0) {
        close(fd);
        fd = next;
    }
}

static void stamp(struct strbuf *line, enum log_level level)
{
    int64_t now = clock_wall_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm tm;
    char text[32] = "";
    if (localtime_r(&seconds, &tm))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    strbuf_printf(line, "%s.%03d %d %s: ", text, (int)(now % 1000), (int)getpid(), level_names[level]);
}

/* A line that can't be written is lost: there is nobody left to tell. */
static void put(int where, const char *bytes, size_t len)
{
    ssize_t n = write(where, bytes, len);
    (void)n;
}

void log_write(enum log_level level, const char *fmt, ...)
{
    char *raw;
    va_list args;
    if (level < least_level)
        return;
    va_start(args, fmt);
    int n = vasprintf(&raw, fmt, args);
    va_end(args);
    if (n < 0)
        return;
    /* All memory is asked for before the lock is taken: should it be short, die() comes back here. */
    struct strbuf line = {0};
    stamp(&line, level);
    text_escape(&line, raw, (size_t)n);
    strbuf_putc(&line, '\n');

    pthread_mutex_lock(&lock);
    if (fd >= 0) {
        roll();
        put(fd, line.s, line.len);
    }
    pthread_mutex_unlock(&lock);
    strbuf_free(&line);
    free(raw);
}
