/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "logs/denied.h"

#define CHUNK 65536

void follow_init(struct follow *f, const char *path, lines_take *take, void *ctx)
{
    *f = (struct follow){.path = xstrdup(path), .fd = -1, .above_begin = -1};
    lines_init(&f->lines, take, ctx);
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
    lines_free(&f->lines);
    free(f->path);
    free(f->problem);
    *f = (struct follow){.fd = -1, .above_begin = -1};
}

/* Takes the text over. */
static void set_problem(struct follow *f, char *text)
{
    free(f->problem);
    f->problem = text;
}

/* ---- which file is which ---- */

struct looked {
    struct file_id id;
    off_t size;
    int64_t changed_ms;
    bool regular, deleted;
};

/* The file open as fd, else the one of that name; false: errno says why it can't be had. */
static bool look(int fd, const char *path, struct looked *out)
{
    struct statx x;
    int flags = fd >= 0 ? AT_EMPTY_PATH : 0;
    if (statx(fd >= 0 ? fd : AT_FDCWD, fd >= 0 ? "" : path, flags, STATX_BASIC_STATS | STATX_BTIME, &x) != 0)
        return false;
    *out = (struct looked){
        .id = {.dev = makedev(x.stx_dev_major, x.stx_dev_minor),
               .ino = x.stx_ino,
               .born = x.stx_mask & STATX_BTIME ? x.stx_btime.tv_sec * 1000000000 + x.stx_btime.tv_nsec : 0},
        .size = (off_t)x.stx_size,
        .changed_ms = x.stx_mtime.tv_sec * 1000 + x.stx_mtime.tv_nsec / 1000000,
        .regular = S_ISREG(x.stx_mode),
        .deleted = x.stx_nlink == 0};
    return true;
}

static bool same_file(const struct file_id *a, const struct file_id *b)
{
    return a->ino == b->ino && a->dev == b->dev && a->born == b->born;
}

/* PATH itself is number -1, PATH.0 number 0. The caller frees. */
static char *rolled_name(const char *path, int number)
{
    return number < 0 ? xstrdup(path) : xasprintf("%s.%d", path, number);
}

static bool look_rolled(const char *path, int number, struct looked *out)
{
    char *name = rolled_name(path, number);
    bool there = look(-1, name, out);
    free(name);
    return there;
}

/* The number under which the file is to be found; FOLLOW_ROLLED: under none. */
static int number_of(const char *path, const struct file_id *id)
{
    struct looked l;
    for (int i = -1; i < FOLLOW_ROLLED; i++)
        if (look_rolled(path, i, &l) && same_file(&l.id, id))
            return i;
    return FOLLOW_ROLLED;
}

/* The number of the file to be read after the one that was read last. */
static int next_number(const struct follow *f)
{
    struct looked l;
    if (!f->begun)
        return -1;
    int ours = number_of(f->path, &f->id);
    if (ours < FOLLOW_ROLLED) {
        /* Who rolls to .1, or removes one, leaves a gap. */
        while (--ours >= 0 && !look_rolled(f->path, ours, &l))
            ;
        return ours < 0 ? -1 : ours;
    }
    /* Ours is gone: what was rolled since then is new up to the one that lay there before. */
    int next = -1;
    while (next + 1 < FOLLOW_ROLLED && look_rolled(f->path, next + 1, &l) && !same_file(&l.id, &f->old))
        next++;
    return next;
}

/* ---- opening ---- */

static char *cant_open(const struct follow *f, int reason)
{
    const char *path = f->path;
    if (reason == EACCES)
        return denied_text(path);
    if (reason == ENOENT && f->begun)
        return xasprintf("%s is gone%s", path, f->once ? "" : " (waiting for a new one)");
    if (reason == ENOENT)
        return xasprintf("no such file: %s%s", path, f->once ? "" : " (waiting for it)");
    return xasprintf("can't open %s: %s", path, strerror(reason));
}

/* Opens the next file. That it is still the next one once it is open shows that none was rolled in between.
 */
static int open_next(struct follow *f, struct looked *l)
{
    for (;;) {
        struct looked now;
        int number = next_number(f);
        char *name = rolled_name(f->path, number);
        /* NONBLOCK: a pipe under this name must not hold the thread. */
        int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        int reason = errno;
        free(name);
        if (fd < 0 && (number < 0 || reason != ENOENT)) {
            set_problem(f, cant_open(f, reason));
            return -1;
        }
        if (fd >= 0) {
            if (!look(fd, NULL, l) || !l->regular) {
                close(fd);
                set_problem(f, xasprintf("not a regular file: %s", f->path));
                return -1;
            }
            if (look_rolled(f->path, next_number(f), &now) && same_file(&now.id, &l->id))
                return fd;
            close(fd);
        }
    }
}

/* The offset right behind the first newline from `at` on, looking at one chunk; -1: there is none. */
static off_t line_start(int fd, off_t at, off_t end)
{
    char buf[CHUNK];
    /* From the byte before: it may be the newline. */
    ssize_t n = pread(fd, buf, sizeof buf, at - 1);
    const char *newline = n > 0 ? memchr(buf, '\n', (size_t)n) : NULL;
    off_t start = newline ? at - 1 + (newline - buf) + 1 : -1;
    return start >= 0 && start < end ? start : -1;
}

static void start_at(struct follow *f, off_t size, off_t most)
{
    f->n_known = 0;
    f->offset = size > most ? size - most : 0;
    if (f->offset > 0) {
        off_t start = line_start(f->fd, f->offset, size);
        if (start < 0)
            lines_cut_start(&f->lines);
        else
            f->offset = start;
    }
}

/* The file whose end is the next to be read upwards, and where that end is; -1: there is none. */
static int open_above(const struct follow *f, struct looked *l, off_t *end)
{
    if (f->above_begin < 0)
        return -1;
    int number = number_of(f->path, &f->above);
    if (number == FOLLOW_ROLLED)
        return -1;
    number += f->above_begin == 0;
    char *name = rolled_name(f->path, number);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    free(name);
    if (fd < 0)
        return -1;
    if (look(fd, NULL, l) && l->regular) {
        bool same = same_file(&l->id, &f->above);
        *end = f->above_begin > 0 ? f->above_begin : l->size;
        /* A file that was rolled in between would be another one than meant. */
        if (*end > 0 && *end <= l->size && same == (f->above_begin > 0))
            return fd;
    }
    close(fd);
    return -1;
}

/* Where the file begins that `above` is: the line may have begun in the one before it. That part is put into
 * `lines`, and `above` is then in front of it. */
static void begin_before(struct follow *f, struct lines *lines)
{
    char buf[LINES_MAX];
    struct looked l;
    off_t end;
    int fd = f->above_begin == 0 ? open_above(f, &l, &end) : -1;
    if (fd < 0)
        return;
    size_t want = end < LINES_MAX ? (size_t)end : LINES_MAX;
    ssize_t n = pread(fd, buf, want, end - (off_t)want);
    close(fd);
    const char *newline = n > 0 ? memrchr(buf, '\n', (size_t)n) : NULL;
    const char *part = newline ? newline + 1 : buf;
    if (n != (ssize_t)want || part == buf + n)
        return;
    if (!newline && end > (off_t)want)
        lines_cut_start(lines);
    lines_add(lines, part, (size_t)(buf + n - part));
    f->above = l.id;
    f->above_begin = end - (buf + n - part);
}

static void use_file(struct follow *f, int fd, const struct looked *l)
{
    struct looked old;
    bool first = !f->begun, again = f->begun && same_file(&f->id, &l->id) && l->size >= f->offset;
    close_file(f);
    f->fd = fd;
    set_problem(f, NULL);
    if (again)
        return;
    int ours = number_of(f->path, &l->id);
    if (number_of(f->path, &f->id) != ours + 1) /* else a line may go on in it */
        lines_end(&f->lines);
    f->old = ours < FOLLOW_ROLLED && look_rolled(f->path, ours + 1, &old) ? old.id : (struct file_id){0};
    f->id = l->id;
    f->begun = true;
    start_at(f, l->size, first ? FOLLOW_FIRST : FOLLOW_MOST);
    if (first) {
        f->changed_ms = l->changed_ms;
        f->above = l->id;
        f->above_begin = f->offset;
        f->whole = f->offset == 0;
        begin_before(f, &f->lines);
    }
}

/* ---- reading ---- */

/* It was truncated, or truncated and written anew. */
static void start_again(struct follow *f, off_t size)
{
    lines_end(&f->lines);
    if (same_file(&f->above, &f->id))
        f->above_begin = -1; /* what stood there is no more */
    start_at(f, size, FOLLOW_MOST);
}

/* Nobody can write to it any more but who has it open, as we have: on a full disk it has to go. */
static void leave_deleted(struct follow *f)
{
    lines_end(&f->lines);
    close_file(f);
    if (same_file(&f->above, &f->id))
        f->above_begin = -1;
    f->id = (struct file_id){0}; /* nobody holds its number any more */
}

/* The name means another file, or none: true when there is something to do at once. */
static bool go_on(struct follow *f, bool deleted)
{
    struct looked next;
    int fd = open_next(f, &next);
    if (fd >= 0 && same_file(&next.id, &f->id)) {
        close(fd); /* it has its name back */
        return false;
    }
    if (fd >= 0)
        use_file(f, fd, &next);
    else if (deleted)
        leave_deleted(f);
    return fd >= 0; /* else ours was rolled, and is written until there is a new one */
}

/* At the end of what is there: is it still the file that the name means, and did it only grow? True when
 * there is something to do at once. */
static bool look_again(struct follow *f)
{
    struct looked named, ours;
    /* The name first: what was written before it went to another file is read before. */
    bool named_so = look(-1, f->path, &named) && same_file(&named.id, &f->id);
    if (!look(f->fd, NULL, &ours))
        ours = (struct looked){.size = f->offset, .deleted = true};
    if (ours.size < f->offset) {
        start_again(f, ours.size);
        return true;
    }
    if (ours.size > f->offset)
        return true;
    if (!named_so)
        return go_on(f, ours.deleted);
    set_problem(f, NULL);
    return false;
}

/* Keeps the end of what was read. */
static void remember(struct follow *f, const char *buf, size_t len)
{
    f->n_known = len < FOLLOW_KNOWN ? len : FOLLOW_KNOWN;
    memcpy(f->known, buf + len - f->n_known, f->n_known);
}

bool follow_step(struct follow *f)
{
    char buf[FOLLOW_KNOWN + CHUNK];
    if (f->fd < 0) {
        struct looked l;
        int fd = open_next(f, &l);
        if (fd < 0)
            return false;
        use_file(f, fd, &l);
    }
    ssize_t n = pread(f->fd, buf, f->n_known + CHUNK, f->offset - (off_t)f->n_known);
    if (n < 0 && errno != EINTR) {
        set_problem(f, xasprintf("can't read %s: %s", f->path, strerror(errno)));
        close_file(f);
        return false;
    }
    if (n < 0)
        return true;
    if ((size_t)n < f->n_known || memcmp(buf, f->known, f->n_known) != 0) {
        struct looked l;
        start_again(f, look(f->fd, NULL, &l) ? l.size : 0);
        return true;
    }
    size_t fresh = (size_t)n - f->n_known;
    if (fresh == 0)
        return look_again(f);
    lines_add(&f->lines, buf + f->n_known, fresh);
    remember(f, buf, (size_t)n);
    f->offset += (off_t)fresh;
    return true;
}

/* ---- older lines ---- */

bool follow_has_older(const struct follow *f)
{
    struct looked l;
    off_t end;
    int fd = open_above(f, &l, &end);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Makes lines of a stretch of a file. */
static void read_stretch(int fd, off_t at, off_t end, struct lines *lines)
{
    char buf[CHUNK];
    while (at < end) {
        size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        ssize_t n = pread(fd, buf, want, at);
        if (n <= 0)
            break;
        lines_add(lines, buf, (size_t)n);
        at += n;
    }
    lines_end(lines);
}

bool follow_older(struct follow *f, size_t most, lines_take *take, void *ctx)
{
    struct looked l;
    struct lines lines;
    off_t end;
    int fd = open_above(f, &l, &end);
    if (fd < 0)
        return false;
    off_t begin = end > (off_t)most ? end - (off_t)most : 0;
    off_t start = begin > 0 ? line_start(fd, begin, end) : 0;
    lines_init(&lines, take, ctx);
    if (start < 0)
        lines_cut_start(&lines);
    f->above = l.id;
    f->above_ms = l.changed_ms;
    f->above_begin = start < 0 ? begin : start;
    begin = f->above_begin;
    begin_before(f, &lines);
    read_stretch(fd, begin, end, &lines);
    lines_free(&lines);
    close(fd);
    return true;
}
