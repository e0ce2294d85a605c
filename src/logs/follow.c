/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "logs/denied.h"

#define CHUNK 65536

static const char cut_end[] = " [cut: the line is longer than 4 KiB]";
static const char cut_start[] = "[the beginning was not read] ";

void follow_init(struct follow *f, const char *path, void (*take)(void *ctx, char *text), void *ctx)
{
    *f = (struct follow){.path = xstrdup(path), .fd = -1, .take = take, .ctx = ctx};
}

static void close_file(struct follow *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

void follow_free(struct follow *f)
{
    close_file(f);
    strbuf_free(&f->line);
    free(f->path);
    free(f->problem);
    *f = (struct follow){.fd = -1};
}

/* Takes the text over. */
static void set_problem(struct follow *f, char *text)
{
    free(f->problem);
    f->problem = text;
}

static void end_line(struct follow *f)
{
    if (f->line.len > 0 && f->line.s[f->line.len - 1] == '\r')
        f->line.s[--f->line.len] = '\0';
    f->take(f->ctx, strbuf_steal(&f->line));
    f->overlong = false;
}

/* Bytes of one line, no newline among them. */
static void add_bytes(struct follow *f, const char *bytes, size_t len)
{
    const size_t room = FOLLOW_LINE_MAX - sizeof cut_end;
    for (size_t i = 0; i < len && !f->overlong;) {
        const char *nul = memchr(bytes + i, '\0', len - i);
        size_t n = nul ? (size_t)(nul - bytes) - i : len - i;
        bool fits = f->line.len + n + (nul ? 4 : 0) <= room;
        if (!fits) {
            size_t left = room - f->line.len;
            strbuf_add(&f->line, bytes + i, n < left ? n : left);
            strbuf_puts(&f->line, cut_end);
            f->overlong = true;
            return;
        }
        strbuf_add(&f->line, bytes + i, n);
        if (nul)
            strbuf_puts(&f->line, "\\x00");
        i += n + (nul != NULL);
    }
}

static void add_chunk(struct follow *f, const char *bytes, size_t len)
{
    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t n = newline ? (size_t)(newline - bytes) : len;
        add_bytes(f, bytes, n);
        if (!newline)
            return;
        end_line(f);
        bytes += n + 1;
        len -= n + 1;
    }
}

/* What was begun will have no more to it: the file is another one now. */
static void end_file(struct follow *f)
{
    if (f->line.len > 0)
        end_line(f);
    f->overlong = false;
}

static void start_near_end(struct follow *f, off_t size)
{
    char before;
    f->offset = size > FOLLOW_FIRST ? size - FOLLOW_FIRST : 0;
    if (f->offset > 0 && (pread(f->fd, &before, 1, f->offset - 1) != 1 || before != '\n'))
        strbuf_puts(&f->line, cut_start);
}

static bool open_file(struct follow *f)
{
    struct stat st;
    /* NONBLOCK: a pipe under this name must not hold the thread. */
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        int reason = errno;
        set_problem(f, reason == EACCES   ? denied_text(f->path)
                       : reason == ENOENT ? xasprintf("no such file: %s (waiting for it)", f->path)
                                          : xasprintf("can't open %s: %s", f->path, strerror(reason)));
        return false;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        set_problem(f, xasprintf("not a regular file: %s", f->path));
        return false;
    }
    f->fd = fd;
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    start_near_end(f, st.st_size);
    set_problem(f, NULL);
    return true;
}

/* At the end of what is there: is it still the file that the name means, and did it only grow? True when
 * there is something to do at once. */
static bool look_again(struct follow *f)
{
    struct stat named, ours;
    bool there = stat(f->path, &named) == 0;
    int reason = there ? 0 : errno;
    if (fstat(f->fd, &ours) == 0 && ours.st_size > f->offset)
        return true;
    if (there && named.st_dev == f->dev && named.st_ino == f->ino) {
        if (named.st_size >= f->offset)
            return false;
        end_file(f);
        start_near_end(f, named.st_size);
        return true;
    }
    end_file(f);
    close_file(f);
    if (there)
        return true;
    set_problem(f, reason == EACCES   ? denied_text(f->path)
                   : reason == ENOENT ? xasprintf("%s is gone (waiting for a new one)", f->path)
                                      : xasprintf("can't open %s: %s", f->path, strerror(reason)));
    return false;
}

bool follow_step(struct follow *f)
{
    char buf[CHUNK];
    if (f->fd < 0 && !open_file(f))
        return false;
    ssize_t n = pread(f->fd, buf, sizeof buf, f->offset);
    if (n > 0) {
        f->offset += n;
        add_chunk(f, buf, (size_t)n);
        return true;
    }
    if (n < 0 && errno != EINTR) {
        set_problem(f, xasprintf("can't read %s: %s", f->path, strerror(errno)));
        end_file(f);
        close_file(f);
        return false;
    }
    return n < 0 || look_again(f);
}
