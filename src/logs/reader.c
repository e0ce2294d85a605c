/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "logs/stamp.h"

#define CHUNK 65536
/* Between two looks at a file: where the kernel tells of changes, only for what it can't know (network file
 * systems). */
#define POLL_TOLD_MS   2000
#define POLL_UNTOLD_MS 250
#define POLL_SHUT_MS   1000 /* there is nothing to read, and nobody tells when there is */
#define POLL_END_MS    10   /* a program has closed its output: its end comes at once */
#define MUTE_MS        1000 /* a program without output lives so long */
/* A program that says nothing for so long has told what was there before. */
#define OLDER_QUIET_MS 300
/* A line without time belongs to the one above it as long as that one is no older. */
#define SAME_BREATH_MS 1000

/* Whose lines begin with their time. */
static const bool is_stamped[SOURCES] = {[SOURCE_QEMU] = true, [SOURCE_DAEMON] = true, [SOURCE_HOST] = true};

/* ---- lines ---- */

/* *text becomes what is shown, where that is not the line as it was written. */
static bool is_wanted(struct reader *r, const char **text, size_t *len)
{
    strbuf_clear(&r->words);
    r->words_ms = 0;
    if (!feed_line(&r->feed, *text, *len, &r->words, &r->words_ms))
        return false;
    if (r->feed.actions) {
        *text = strbuf_str(&r->words);
        *len = r->words.len;
    }
    return true;
}

/* 0: it has none of its own. A line that has no end yet may still get one. */
static int64_t time_of(struct reader *r, int64_t stamp, bool open)
{
    if (stamp || r->older || !r->live)
        return stamp;
    if (!is_stamped[r->feed.source])
        return r->batch.arrived_ms;
    return open || r->batch.arrived_ms - r->stamp_ms <= SAME_BREATH_MS ? 0 : r->batch.arrived_ms;
}

/* The time is shown in a column of its own, so it is cut from the text. Marks look at the line as it is. */
static void add_line(struct reader *r, const char *text, size_t len, bool open)
{
    const struct collector_config *c = r->config;
    struct read_line line = {.severity = SEV_INFO, .at = r->batch.text.len};
    size_t behind = 0;
    int64_t stamp = is_stamped[r->feed.source] ? stamp_read(text, len, &behind) : 0;
    behind = stamp ? behind : 0;
    stamp = r->words_ms ? r->words_ms : stamp;
    if (c->mark)
        line.mark = c->mark(c->ctx, r->feed.source, text, len, &line.severity);
    line.wall_ms = time_of(r, stamp, open);
    line.key_ms = line.wall_ms;
    line.len = len - behind;
    if (stamp && !r->older)
        r->stamp_ms = stamp;
    strbuf_add(&r->batch.text, text + behind, len - behind);
    vec_push(&r->batch.lines, line);
}

static void take(void *ctx, const char *text, size_t len)
{
    struct reader *r = ctx;
    bool given = r->given;
    r->given = false;
    if (!is_wanted(r, &text, &len))
        return;
    if (given)
        r->batch.amends = true;
    add_line(r, text, len, false);
}

static void take_older(void *ctx, const char *text, size_t len)
{
    struct reader *r = ctx;
    if (is_wanted(r, &text, &len))
        add_line(r, text, len, false);
}

/* At the end of what is there: the line begun is shown as far as it is known. */
static void give_open(struct reader *r, const struct lines *l)
{
    const char *text = l->line.s;
    size_t len = l->line.len;
    if (len == 0 || !is_wanted(r, &text, &len))
        return;
    if (r->given && r->open.len == l->line.len && memcmp(r->open.s, l->line.s, l->line.len) == 0)
        return;
    if (r->given)
        r->batch.amends = true;
    add_line(r, text, len, true);
    strbuf_clear(&r->open);
    strbuf_add(&r->open, l->line.s, l->line.len);
    r->given = true;
    r->batch.has_open = true;
}

/* Lines without time stand where the one above them stands; those at the beginning where the first that has
 * one stands. Where none has: for a file when it was written last. */
static void place(struct reader *r)
{
    int64_t written_ms = r->older ? r->follow.above_ms : r->follow.changed_ms;
    int64_t key = written_ms ? written_ms : r->batch.arrived_ms;
    for (size_t i = r->batch.lines.len; i > 0; i--)
        if (r->batch.lines.items[i - 1].key_ms)
            key = r->batch.lines.items[i - 1].key_ms;
    for (size_t i = 0; i < r->batch.lines.len; i++) {
        struct read_line *l = &r->batch.lines.items[i];
        key = l->key_ms ? l->key_ms : key;
        l->key_ms = key;
    }
}

static void begin_batch(struct reader *r)
{
    strbuf_clear(&r->batch.text);
    vec_clear(&r->batch.lines);
    r->batch.amends = r->batch.has_open = false;
    r->batch.arrived_ms = clock_wall_ms();
}

/* ---- the kinds of feeds ---- */

static void set_problem(struct reader *r, const char *text)
{
    char *copy = xstrdup(text);
    free(r->problem);
    r->problem = copy;
}

static void open_file(struct reader *r)
{
    watch_init(&r->watch);
    follow_init(&r->follow, r->feed.path, take, r);
    r->follow.once = r->feed.once;
}

static void close_file(struct reader *r)
{
    watch_free(&r->watch);
    follow_free(&r->follow);
}

static bool step_file(struct reader *r)
{
    /* Watched before it is read: what comes in between wakes the poll. */
    watch_drain(&r->watch);
    r->told = watch_path(&r->watch, r->feed.path);
    bool more = follow_step(&r->follow);
    set_problem(r, r->follow.problem);
    if (more)
        return true;
    give_open(r, &r->follow.lines);
    if (!r->live && r->feed.kind == FEED_BEFORE && r->follow.whole && r->follow.offset < FOLLOW_FIRST)
        r->before = FOLLOW_FIRST - (size_t)r->follow.offset;
    return false;
}

static void wait_file(const struct reader *r, struct pollfd *fds, int *timeout_ms)
{
    fds[0] = (struct pollfd){.fd = r->watch.fd, .events = POLLIN};
    *timeout_ms = r->told ? POLL_TOLD_MS : r->problem ? POLL_SHUT_MS : POLL_UNTOLD_MS;
}

static void open_program(struct reader *r)
{
    struct error e = ERROR_INIT;
    if (!program_start(&r->program, r->feed.argv, &e)) {
        set_problem(r, error_text(&e));
        r->ended = true;
    }
    error_clear(&e);
}

static void close_program(struct reader *r)
{
    program_free(&r->program);
}

/* Its output is at its end, so the program soon is, too; and then it is known how. */
static void end_program(struct reader *r)
{
    struct program *p = &r->program;
    if (clock_mono_ms() - r->mute_ms >= MUTE_MS)
        program_stop(p);
    if (!program_reap(p))
        return;
    while (program_listen(p))
        ;
    /* One that was to end is no problem as long as it does not complain. journalctl that finds nothing ends
     * as grep does. */
    bool well = r->feed.once && WIFEXITED(p->status) &&
                (WEXITSTATUS(p->status) == 0 || (WEXITSTATUS(p->status) == 1 && p->said.len == 0));
    char *problem = program_problem(p, !well);
    set_problem(r, problem);
    free(problem);
    r->ended = true;
}

/* Reads one chunk: true when there was one; *end: there will be no more. */
static bool read_chunk(struct reader *r, int fd, bool *end)
{
    char buf[CHUNK];
    ssize_t n = read(fd, buf, sizeof buf);
    int reason = n < 0 ? errno : 0;
    if (n > 0) {
        lines_add(&r->lines, buf, (size_t)n);
        r->any = true;
        r->read_ms = clock_mono_ms();
    }
    *end = n == 0 || (n < 0 && reason != EAGAIN && reason != EINTR);
    if (*end)
        lines_end(&r->lines);
    else if (n < 0)
        give_open(r, &r->lines);
    return n > 0 || reason == EINTR;
}

static bool step_program(struct reader *r)
{
    struct program *p = &r->program;
    bool end = false, more = false, said = program_listen(p);
    if (p->out >= 0)
        more = read_chunk(r, p->out, &end);
    if (end) {
        close(p->out);
        p->out = -1;
        r->mute_ms = clock_mono_ms();
    }
    if (p->out < 0)
        end_program(r);
    else if (said) {
        char *problem = program_problem(p, false);
        set_problem(r, problem);
        free(problem);
    }
    return more;
}

static void wait_program(const struct reader *r, struct pollfd *fds, int *timeout_ms)
{
    fds[0] = (struct pollfd){.fd = r->program.out, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = r->program.err, .events = POLLIN};
    *timeout_ms = r->program.out < 0 ? POLL_END_MS : r->any && !r->live ? OLDER_QUIET_MS : -1;
}

static void open_stream(struct reader *r)
{
    r->live = true;
    r->ended = r->feed.fd < 0;
    if (r->feed.fd >= 0)
        fcntl(r->feed.fd, F_SETFL, fcntl(r->feed.fd, F_GETFL) | O_NONBLOCK);
}

static void close_stream(struct reader *r)
{
    (void)r; /* The descriptor is the feed's. */
}

static bool step_stream(struct reader *r)
{
    return read_chunk(r, r->feed.fd, &r->ended);
}

static void wait_stream(const struct reader *r, struct pollfd *fds, int *timeout_ms)
{
    fds[0] = (struct pollfd){.fd = r->feed.fd, .events = POLLIN};
    *timeout_ms = -1;
}

static const struct kind {
    void (*open)(struct reader *r);
    void (*close)(struct reader *r);
    bool (*step)(struct reader *r);
    /* Fills the places it needs; the others are empty. */
    void (*wait)(const struct reader *r, struct pollfd *fds, int *timeout_ms);
} kinds[] = {[FEED_FILE] = {open_file, close_file, step_file, wait_file},
             [FEED_BEFORE] = {open_file, close_file, step_file, wait_file},
             [FEED_PROGRAM] = {open_program, close_program, step_program, wait_program},
             [FEED_STREAM] = {open_stream, close_stream, step_stream, wait_stream}};

/* ---- the outside ---- */

void reader_open(struct reader *r, struct feed *feed, const struct collector_config *config)
{
    *r = (struct reader){.used = true, .feed = *feed, .config = config};
    *feed = (struct feed){.fd = -1};
    r->program.out = r->program.err = r->watch.fd = r->follow.fd = -1;
    lines_init(&r->lines, take, r);
    kinds[r->feed.kind].open(r);
}

bool reader_close(struct reader *r, struct program *left)
{
    program_stop(&r->program);
    bool there = !program_reap(&r->program);
    if (there)
        *left =
            (struct program){.pid = r->program.pid, .asked_ms = r->program.asked_ms, .out = -1, .err = -1};
    kinds[r->feed.kind].close(r);
    feed_clear(&r->feed);
    lines_free(&r->lines);
    strbuf_free(&r->open);
    strbuf_free(&r->words);
    strbuf_free(&r->batch.text);
    vec_free(&r->batch.lines);
    free(r->problem);
    *r = (struct reader){0};
    return there;
}

bool reader_step(struct reader *r)
{
    begin_batch(r);
    if (r->ended)
        return false;
    bool more = kinds[r->feed.kind].step(r);
    place(r);
    if (!more && (r->feed.path || (r->any && clock_mono_ms() - r->read_ms >= OLDER_QUIET_MS)))
        r->live = true;
    return more;
}

bool reader_older(struct reader *r, size_t most)
{
    begin_batch(r);
    r->before = 0;
    if (!r->feed.path)
        return false;
    r->older = true;
    bool there = follow_older(&r->follow, most, take_older, r);
    place(r);
    r->older = false;
    return there;
}

bool reader_has_older(const struct reader *r)
{
    return r->feed.path && follow_has_older(&r->follow);
}

size_t reader_wait(const struct reader *r, struct pollfd *fds, int *timeout_ms)
{
    int mine = -1;
    for (size_t i = 0; i < READER_FDS; i++)
        fds[i] = (struct pollfd){.fd = -1};
    if (!r->ended)
        kinds[r->feed.kind].wait(r, fds, &mine);
    if (mine >= 0 && (*timeout_ms < 0 || mine < *timeout_ms))
        *timeout_ms = mine;
    return READER_FDS;
}
