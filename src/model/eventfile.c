/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/eventfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/jsondoc.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#define ROLL_AT     1048576
#define READ_AT_END (2 * 1048576)
/* Longer texts are cut in the file, so that an event stays one small write. */
#define TEXT_MAX 4096

struct eventfile {
    char *path, *old_path;
    int fd; /* -1: not open */
    bool shared;
    bool torn; /* the last write stopped midway: the next one begins a new line */
};

static const char *const severity_names[] = {"info", "good", "warn", "error"};
static const char *const mark_names[] = {"none", "start", "stop", "pause", "resume", "crash", "other"};

struct eventfile *eventfile_new(const char *path)
{
    struct eventfile *f = xcalloc(1, sizeof *f);
    f->path = xstrdup(path);
    f->old_path = xasprintf("%s.1", path);
    f->fd = -1;
    return f;
}

void eventfile_share(struct eventfile *f)
{
    f->shared = true;
}

void eventfile_free(struct eventfile *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    free(f->old_path);
    free(f);
}

/* ---- reading ---- */

static int name_index(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

/* From 0 to `most`; 0 where it is missing or none of these. */
static int64_t number(json_object *o, const char *key, int64_t most)
{
    json_object *value = NULL;
    json_object_object_get_ex(o, key, &value);
    int64_t n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;
    return n < 0 || n > most ? 0 : n;
}

/* Without time, kind and text a line says nothing. What else is missing or unknown is left at its default: a
 * newer version may have written it. */
static bool read_event(json_object *o, struct event *ev)
{
    json_object *time = NULL;
    const char *kind = jsondoc_text(o, "kind"), *text = jsondoc_text(o, "text"), *word;
    *ev = (struct event){0};
    json_object_object_get_ex(o, "time", &time);
    if (!json_object_is_type(time, json_type_int) || !kind || !text)
        return false;
    ev->wall_ms = json_object_get_int64(time);
    ev->kind = kind;
    if ((word = jsondoc_text(o, "severity"))) {
        int i = name_index(severity_names, ARRAY_LEN(severity_names), word);
        ev->severity = i < 0 ? SEV_INFO : (enum severity)i;
    }
    if ((word = jsondoc_text(o, "mark"))) {
        int i = name_index(mark_names, ARRAY_LEN(mark_names), word);
        ev->mark = i < 0 ? MARK_OTHER : (enum event_mark)i;
    }
    if ((word = jsondoc_text(o, "uuid")) && !uuid_parse(word, &ev->uuid))
        return false;
    ev->host = xstrdup(jsondoc_text(o, "host"));
    ev->vm = xstrdup(jsondoc_text(o, "vm"));
    ev->text = xstrdup(text);
    ev->code = (int)number(o, "code", INT_MAX);
    ev->domain = (int)number(o, "domain", INT_MAX);
    ev->took_ms = number(o, "took", INT64_MAX);
    return true;
}

bool eventfile_read(const char *line, size_t len, void (*take)(void *ctx, struct event *ev), void *ctx)
{
    struct event ev;
    json_object *o = jsondoc_object(line, len, JSON_TOKENER_VALIDATE_UTF8);
    bool ok = o && read_event(o, &ev);
    if (ok)
        take(ctx, &ev);
    json_object_put(o);
    return ok;
}

/* The end of a regular file, from a line's beginning; false with errno set. */
static bool read_end(const char *path, struct strbuf *out)
{
    char buf[65536];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return false;
    bool ok = fstat(fd, &st) == 0;
    if (ok && !S_ISREG(st.st_mode)) {
        errno = EINVAL;
        ok = false;
    }
    off_t at = ok && st.st_size > READ_AT_END ? st.st_size - READ_AT_END : 0;
    bool cut = at > 0;
    while (ok && out->len <= READ_AT_END) {
        ssize_t n = pread(fd, buf, sizeof buf, at);
        if (n == 0)
            break;
        ok = n > 0 || errno == EINTR;
        if (n > 0) {
            strbuf_add(out, buf, (size_t)n);
            at += n;
        }
    }
    int reason = errno;
    close(fd);
    errno = reason;
    if (cut && out->s) {
        const char *newline = memchr(out->s, '\n', out->len);
        size_t skip = newline ? (size_t)(newline + 1 - out->s) : out->len;
        memmove(out->s, out->s + skip, out->len - skip);
        out->len -= skip;
    }
    return ok;
}

/* Returns how many lines were damaged. */
static size_t read_lines(const struct strbuf *text, void (*take)(void *, struct event *), void *ctx)
{
    size_t damaged = 0;
    for (size_t at = 0; at < text->len;) {
        const char *line = text->s + at, *newline = memchr(line, '\n', text->len - at);
        size_t len = newline ? (size_t)(newline - line) : text->len - at;
        if (len > 0 && !eventfile_read(line, len, take, ctx))
            damaged++;
        at += len + 1;
    }
    return damaged;
}

bool eventfile_load(struct eventfile *f, void (*take)(void *ctx, struct event *ev), void *ctx,
                    struct error *e)
{
    const char *const paths[] = {f->old_path, f->path};
    bool ok = true;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct strbuf text = {0};
        if (read_end(paths[i], &text)) {
            size_t damaged = read_lines(&text, take, ctx);
            if (damaged > 0)
                ok = error_set(e, STATUS_FAILED, "%s: %zu damaged line%s skipped; the rest was read",
                               paths[i], damaged, damaged == 1 ? " was" : "s were");
        } else if (errno != ENOENT)
            ok = error_set(e, STATUS_FAILED, "can't read earlier events from %s: %s", paths[i],
                           errno == EINVAL ? "not a regular file" : strerror(errno));
        strbuf_free(&text);
    }
    return ok;
}

/* ---- writing ---- */

/* JSON is UTF-8: other bytes become U+FFFD, in the file only. */
static void add_text(json_object *o, const char *key, const char *raw)
{
    struct strbuf text = {0};
    size_t len = raw ? strlen(raw) : 0, i = 0;
    if (!raw)
        return;
    while (i < len && text.len < TEXT_MAX) {
        size_t good = utf8_check(raw + i, len - i), room = TEXT_MAX - text.len;
        bool whole = good <= room;
        if (!whole) {
            good = room;
            while (good > 0 && ((unsigned char)raw[i + good] & 0xc0) == 0x80)
                good--;
        }
        strbuf_add(&text, raw + i, good);
        i += good;
        if (!whole)
            break;
        if (i < len) {
            strbuf_puts(&text, "\ufffd");
            i++;
        }
    }
    if (i < len)
        strbuf_puts(&text, "\u2026");
    json_object_object_add(o, key, json_object_new_string_len(strbuf_str(&text), (int)text.len));
    strbuf_free(&text);
}

static void add_number(json_object *o, const char *key, int64_t n)
{
    if (n > 0)
        json_object_object_add(o, key, json_object_new_int64(n));
}

char *eventfile_line(const struct event *ev)
{
    struct strbuf line = {0};
    char uuid[UUID_TEXT_LEN + 1];
    json_object *o = json_object_new_object();
    json_object_object_add(o, "time", json_object_new_int64(ev->wall_ms));
    add_text(o, "severity", severity_names[ev->severity]);
    if (ev->mark != MARK_NONE)
        add_text(o, "mark", mark_names[ev->mark]);
    add_text(o, "kind", ev->kind ? ev->kind : "other");
    add_text(o, "host", ev->host);
    if (!uuid_is_nil(&ev->uuid)) {
        uuid_format(&ev->uuid, uuid);
        add_text(o, "uuid", uuid);
    }
    add_text(o, "vm", ev->vm);
    add_text(o, "text", ev->text ? ev->text : "");
    add_number(o, "code", ev->code);
    add_number(o, "domain", ev->domain);
    add_number(o, "took", ev->took_ms);
    strbuf_puts(&line,
                json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    strbuf_putc(&line, '\n');
    json_object_put(o);
    return strbuf_steal(&line);
}

static bool ends_in_newline(int fd, off_t size)
{
    char last = '\n';
    return size == 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n';
}

static int open_at_path(const struct eventfile *f)
{
    return open(f->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
}

/* Where others may read, whatever umask there is. */
static bool make_dir(const struct eventfile *f, const char *dir)
{
    bool made = file_make_dirs(dir, NULL);
    if (made && f->shared)
        (void)!chmod(dir, 0755);
    return made;
}

static bool open_file(struct eventfile *f)
{
    struct stat st;
    char *slash = strrchr(f->path, '/');
    f->fd = open_at_path(f);
    if (f->fd < 0 && errno == ENOENT && slash && slash != f->path) {
        *slash = '\0';
        bool made = make_dir(f, f->path);
        *slash = '/';
        errno = ENOENT;
        if (made)
            f->fd = open_at_path(f);
    }
    if (f->fd < 0)
        return false;
    if (fstat(f->fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        close(f->fd);
        f->fd = -1;
        errno = EINVAL;
        return false;
    }
    if (f->shared && st.st_size == 0)
        (void)!fchmod(f->fd, 0644);
    /* A program that was killed may have left half a line. */
    f->torn = f->torn || !ends_in_newline(f->fd, st.st_size);
    return true;
}

static void close_file(struct eventfile *f)
{
    close(f->fd);
    f->fd = -1;
    f->torn = false;
}

static bool still_at_path(const struct eventfile *f, struct stat *ours)
{
    struct stat there;
    return fstat(f->fd, ours) == 0 && stat(f->path, &there) == 0 && there.st_ino == ours->st_ino &&
           there.st_dev == ours->st_dev;
}

/* Opens what is at the path now; rolls it when it is full. The lock is on the file itself: of several
 * programs that find it full, the second one then sees that the name already means another file. */
static bool make_ready(struct eventfile *f)
{
    struct stat st;
    if (f->fd >= 0 && !still_at_path(f, &st))
        close_file(f);
    if (f->fd < 0 && !open_file(f))
        return false;
    if (!still_at_path(f, &st) || st.st_size < ROLL_AT)
        return true;
    if (flock(f->fd, LOCK_EX | LOCK_NB) != 0)
        return true;
    if (still_at_path(f, &st) && rename(f->path, f->old_path) != 0) {
        flock(f->fd, LOCK_UN);
        return false;
    }
    close_file(f);
    return open_file(f);
}

/* One write, so that the lines of several programs don't mix. */
static bool write_line(struct eventfile *f, const char *line)
{
    struct strbuf all = {0};
    ssize_t n;
    if (f->torn)
        strbuf_putc(&all, '\n');
    strbuf_puts(&all, line);
    do
        n = write(f->fd, all.s, all.len);
    while (n < 0 && errno == EINTR);
    bool ok = n == (ssize_t)all.len;
    if (n > 0)
        f->torn = !ok;
    if (n >= 0 && !ok)
        errno = ENOSPC;
    int reason = errno;
    strbuf_free(&all);
    errno = reason;
    return ok;
}

bool eventfile_append(struct eventfile *f, const char *line, struct error *e)
{
    errno = 0;
    if (make_ready(f) && write_line(f, line))
        return true;
    return error_set(e, STATUS_FAILED, "events are not being saved to %s: %s; they stay in memory", f->path,
                     errno == EINVAL ? "not a regular file" : strerror(errno));
}
