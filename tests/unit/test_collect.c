/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The collector with real files, pipes and programs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/strbuf.h"
#include "logs/collect.h"
#include "logs/denied.h"
#include "logs/follow.h"
#include "scratch.h"

#define PATIENCE_MS 30000

static struct collector *collector;

static const char *mark(void *ctx, enum line_source source, const char *text, size_t len,
                        enum severity *severity)
{
    (void)ctx;
    (void)source;
    if (!memmem(text, len, "BROKEN", 6))
        return NULL;
    *severity = SEV_ERROR;
    return "broken";
}

static struct collector *make(size_t lines, size_t bytes)
{
    collector =
        collector_new(&(struct collector_config){.max_lines = lines, .max_bytes = bytes, .mark = mark});
    return collector;
}

static int setup(void **state)
{
    make(1000, 1 << 20);
    return scratch_setup(state);
}

static int teardown(void **state)
{
    collector_free(collector);
    collector = NULL;
    return scratch_teardown(state);
}

static void feed_file(enum line_source source, enum feed_kind kind, const char *path)
{
    struct feed feed = {.kind = kind, .source = source, .path = xstrdup(path), .fd = -1};
    collector_feed(collector, &feed);
}

static void feed_shell(enum line_source source, const char *script)
{
    const char *const words[] = {"sh", "-c", script};
    struct feed feed = {.kind = FEED_PROGRAM, .source = source, .fd = -1};
    feed.argv = xcalloc(ARRAY_LEN(words) + 1, sizeof *feed.argv);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        feed.argv[i] = xstrdup(words[i]);
    collector_feed(collector, &feed);
}

/* All lines in order, each behind its source's word and followed by "|". */
static const char *all_lines(void)
{
    static struct strbuf text;
    const struct merge *m = collector_lock(collector);
    struct merge_place place = merge_begin();
    struct merge_line line;
    strbuf_clear(&text);
    while (merge_step(m, &place, true, NULL, 0, &line) == MERGE_LINE) {
        strbuf_printf(&text, "%s:", source_word(line.source));
        strbuf_add(&text, line.text, line.len);
        strbuf_putc(&text, '|');
    }
    collector_unlock(collector);
    return strbuf_str(&text);
}

static char newest_text[LINES_MAX + 1];

static struct merge_line newest(enum line_source source)
{
    const struct merge *m = collector_lock(collector);
    struct merge_place place = merge_end();
    struct merge_line line = {0};
    struct merge_filter f = {.sources = 1u << source};
    newest_text[0] = '\0';
    if (merge_step(m, &place, false, &f, 0, &line) == MERGE_LINE)
        snprintf(newest_text, sizeof newest_text, "%s", line.text);
    collector_unlock(collector);
    line.text = newest_text;
    return line;
}

static size_t count(enum line_source source)
{
    const struct merge *m = collector_lock(collector);
    size_t n = merge_count(m, source);
    collector_unlock(collector);
    return n;
}

static uint64_t dropped(enum line_source source)
{
    const struct merge *m = collector_lock(collector);
    uint64_t n = merge_dropped(m, source);
    collector_unlock(collector);
    return n;
}

static bool at_end(enum line_source source)
{
    struct feed_state s;
    collector_state(collector, source, &s);
    bool end = s.at_end;
    feed_state_clear(&s);
    return end;
}

/* Waits until `condition`, looking whenever the collector says that something is new. */
#define wait_until(condition)                                                                                \
    do {                                                                                                     \
        int64_t until_ = clock_mono_ms() + PATIENCE_MS;                                                      \
        while (!(condition)) {                                                                               \
            struct pollfd p_ = {.fd = collector_fd(collector), .events = POLLIN};                            \
            int64_t left_ = until_ - clock_mono_ms();                                                        \
            if (left_ <= 0)                                                                                  \
                fail_msg("waited for %s; lines: %.2000s", #condition, all_lines());                          \
            poll(&p_, 1, (int)left_);                                                                        \
            collector_drain_fd(collector);                                                                   \
        }                                                                                                    \
    } while (0)

static bool lines_are(const char *want)
{
    return strcmp(all_lines(), want) == 0;
}

static bool newest_is(enum line_source source, const char *text)
{
    return strcmp(newest(source).text, text) == 0;
}

static bool problem_has(enum line_source source, const char *text)
{
    struct feed_state s;
    collector_state(collector, source, &s);
    bool has = text ? s.problem && strstr(s.problem, text) : !s.problem;
    feed_state_clear(&s);
    return has;
}

static void append(const char *path, const char *text)
{
    scratch_append(path, text, strlen(text));
}

/* ---- files ---- */

static void grows(void **state)
{
    (void)state;
    const char *path = scratch("log");
    scratch_write(path, "one\ntwo\r\n");
    feed_file(SOURCE_SERIAL, FEED_FILE, path);
    wait_until(lines_are("serial:one|serial:two|") && at_end(SOURCE_SERIAL));
    assert_true(newest(SOURCE_SERIAL).wall_ms == 0); /* nobody knows when it was written */
    append(path, "log");
    wait_until(newest_is(SOURCE_SERIAL, "log"));
    struct merge_line begun = newest(SOURCE_SERIAL);
    assert_true(begun.wall_ms > 0);
    append(path, "in: BROKEN");
    wait_until(newest_is(SOURCE_SERIAL, "login: BROKEN"));
    append(path, "!\n\nlast\n");
    wait_until(lines_are("serial:one|serial:two|serial:login: BROKEN!|serial:|serial:last|"));
    const struct merge *m = collector_lock(collector);
    struct merge_place place = merge_at(&begun, false);
    struct merge_line line;
    assert_int_equal(merge_step(m, &place, true, NULL, 0, &line), MERGE_LINE);
    assert_true(line.number == begun.number && line.wall_ms == begun.wall_ms);
    assert_string_equal(line.mark, "broken");
    assert_int_equal(line.severity, SEV_ERROR);
    collector_unlock(collector);
    assert_true(problem_has(SOURCE_SERIAL, NULL));
}

static bool older(enum line_source source)
{
    if (!collector_older(collector, source))
        return false;
    wait_until(at_end(source));
    return true;
}

/* virtlogd rolls wherever the size is reached: a line may begin in the one file and end in the other. */
static void rolled(void **state)
{
    (void)state;
    const char *path = scratch("log");
    scratch_write(scratch("log.1"), "oldest\nold");
    scratch_write(scratch("log.0"), "er\nold be");
    scratch_write(path, "gun\nold\n");
    feed_file(SOURCE_SERIAL, FEED_FILE, path);
    wait_until(lines_are("serial:old begun|serial:old|") && at_end(SOURCE_SERIAL));
    append(path, "end of old, ");
    wait_until(newest_is(SOURCE_SERIAL, "end of old, "));
    rename(scratch("log.1"), scratch("log.2"));
    rename(scratch("log.0"), scratch("log.1"));
    assert_int_equal(rename(path, scratch("log.0")), 0);
    append(scratch("log.0"), "after its name, ");
    scratch_write(path, "in the new one\nnew\n");
    wait_until(lines_are("serial:old begun|serial:old|"
                         "serial:end of old, after its name, in the new one|serial:new|"));
    append(path, "newer\n");
    wait_until(newest_is(SOURCE_SERIAL, "newer"));
    assert_true(older(SOURCE_SERIAL));
    assert_true(older(SOURCE_SERIAL));
    assert_false(older(SOURCE_SERIAL));
    assert_true(lines_are("serial:oldest|serial:older|serial:old begun|serial:old|"
                          "serial:end of old, after its name, in the new one|serial:new|serial:newer|"));
}

/* To .1 at once, as logrotate and our own event log do it. */
static void rolled_with_a_gap(void **state)
{
    (void)state;
    const char *path = scratch("log");
    scratch_write(path, "old\n");
    feed_file(SOURCE_SERIAL, FEED_FILE, path);
    wait_until(lines_are("serial:old|") && at_end(SOURCE_SERIAL));
    assert_int_equal(rename(path, scratch("log.1")), 0);
    scratch_write(path, "new\n");
    wait_until(lines_are("serial:old|serial:new|"));
    append(path, "newer\n");
    wait_until(newest_is(SOURCE_SERIAL, "newer"));
}

/* Rolled faster than anybody looks, and none of the rolled ones has gone: each line is read, once. */
static void rolled_often(void **state)
{
    (void)state;
    enum { ROLLS = 9 };
    const char *path = scratch("log");
    struct strbuf want = {0};
    scratch_write(scratch("log.0"), "of the run before\n");
    scratch_write(path, "first\n");
    feed_file(SOURCE_SERIAL, FEED_FILE, path);
    wait_until(newest_is(SOURCE_SERIAL, "first"));
    strbuf_puts(&want, "serial:first|");
    for (int i = 0; i < ROLLS; i++) {
        char text[32];
        for (int n = ROLLS; n > 0; n--) {
            char *from = xasprintf("%s.%d", path, n - 1), *to = xasprintf("%s.%d", path, n);
            rename(from, to);
            free(from);
            free(to);
        }
        assert_int_equal(rename(path, scratch("log.0")), 0);
        snprintf(text, sizeof text, "%d\n%d again\n", i, i);
        scratch_write(path, text);
        strbuf_printf(&want, "serial:%d|serial:%d again|", i, i);
    }
    wait_until(lines_are(want.s));
    strbuf_free(&want);
}

/* As virtlogd does: three are kept, the oldest is deleted, while lines are written without a pause. What went
 * before it could be read is missing; nothing comes twice or in another order, and the end is there. */
static void rolled_away(void **state)
{
    (void)state;
    const char *path = scratch("log");
    char text[4096];
    scratch_write(path, "");
    feed_file(SOURCE_SERIAL, FEED_FILE, path);
    wait_until(at_end(SOURCE_SERIAL));
    for (int i = 0, line = 0; i < 300; i++) {
        size_t len = 0;
        for (int n = 0; n < 10; n++)
            len += (size_t)snprintf(text + len, sizeof text - len, "%d\n", ++line);
        scratch_append(path, text, len);
        unlink(scratch("log.2"));
        rename(scratch("log.1"), scratch("log.2"));
        rename(scratch("log.0"), scratch("log.1"));
        assert_int_equal(rename(path, scratch("log.0")), 0);
        scratch_write(path, "");
    }
    append(path, "9999\n");
    wait_until(newest_is(SOURCE_SERIAL, "9999"));
    const struct merge *m = collector_lock(collector);
    struct merge_place place = merge_begin();
    struct merge_line line;
    for (int before = 0; merge_step(m, &place, true, NULL, 0, &line) == MERGE_LINE;) {
        int number = atoi(line.text);
        assert_true(number > before);
        before = number;
    }
    collector_unlock(collector);
}

static void truncated(void **state)
{
    (void)state;
    const char *path = scratch("log");
    scratch_write(path, "a long first line\nand another\n");
    feed_file(SOURCE_SERIAL, FEED_FILE, path);
    wait_until(newest_is(SOURCE_SERIAL, "and another"));
    assert_int_equal(truncate(path, 0), 0);
    append(path, "again\n");
    wait_until(newest_is(SOURCE_SERIAL, "again"));
    assert_int_equal(count(SOURCE_SERIAL), 3);
    /* Emptied and written to beyond where it ended, before anybody looks. */
    collector_lock(collector);
    scratch_write(path, "this is all new\nthe second\nthe third\nthe fourth\n");
    collector_unlock(collector);
    wait_until(newest_is(SOURCE_SERIAL, "the fourth"));
    assert_non_null(strstr(all_lines(), "serial:again|serial:this is all new|serial:the second|"));
    assert_int_equal(count(SOURCE_SERIAL), 7);
}

static void deleted_and_made_again(void **state)
{
    (void)state;
    const char *path = scratch("log");
    feed_file(SOURCE_QEMU, FEED_BEFORE, path);
    wait_until(problem_has(SOURCE_QEMU, "no such file") && at_end(SOURCE_QEMU));
    assert_true(problem_has(SOURCE_QEMU, path));
    scratch_write(path, "here\n");
    wait_until(newest_is(SOURCE_QEMU, "here") && problem_has(SOURCE_QEMU, NULL));
    assert_int_equal(unlink(path), 0);
    wait_until(problem_has(SOURCE_QEMU, "is gone"));
    assert_int_equal(count(SOURCE_QEMU), 1);
    scratch_write(path, "back\n");
    wait_until(lines_are("qemu:here|qemu:back|") && problem_has(SOURCE_QEMU, NULL));
    /* Another name, and still written to. */
    assert_int_equal(rename(path, scratch("elsewhere")), 0);
    wait_until(problem_has(SOURCE_QEMU, "is gone"));
    append(scratch("elsewhere"), "still read\n");
    wait_until(newest_is(SOURCE_QEMU, "still read"));
    assert_int_equal(rename(scratch("elsewhere"), path), 0);
    append(path, "home\n");
    wait_until(newest_is(SOURCE_QEMU, "home") && problem_has(SOURCE_QEMU, NULL));
    assert_int_equal(count(SOURCE_QEMU), 4);
}

static void not_waited_for(void **state)
{
    (void)state;
    struct feed feed = {
        .kind = FEED_FILE, .source = SOURCE_QEMU, .path = xstrdup(scratch("none")), .fd = -1, .once = true};
    collector_feed(collector, &feed);
    wait_until(problem_has(SOURCE_QEMU, "no such file") && at_end(SOURCE_QEMU));
    assert_false(problem_has(SOURCE_QEMU, "waiting"));
}

/* Of a large file the end, and on demand what is above, to the last line and into the files rolled before;
 * each line once, none moved. */
static void from_the_end(void **state)
{
    (void)state;
    enum { LINES = 20000 };
    static const char *const names[] = {"log.1", "log.0", "log"};
    struct strbuf s = {0};
    int n = 0;
    collector_free(collector);
    make(100000, 64 << 20);
    for (size_t f = 0; f < ARRAY_LEN(names); f++) {
        strbuf_clear(&s);
        for (int i = 0; i < LINES; i++)
            strbuf_printf(&s, "line %d with some more text behind it\n", n++);
        scratch_append(scratch(names[f]), s.s, s.len);
    }
    feed_file(SOURCE_SERIAL, FEED_FILE, scratch("log"));
    wait_until(at_end(SOURCE_SERIAL));
    assert_true(newest_is(SOURCE_SERIAL, "line 59999 with some more text behind it"));
    assert_in_range(count(SOURCE_SERIAL), 6000, 8000);
    struct merge_line last = newest(SOURCE_SERIAL);
    append(scratch("log"), "written meanwhile\n");
    wait_until(newest_is(SOURCE_SERIAL, "written meanwhile"));
    int times = 1;
    for (size_t before = count(SOURCE_SERIAL); older(SOURCE_SERIAL); times++) {
        assert_true(count(SOURCE_SERIAL) > before);
        before = count(SOURCE_SERIAL);
    }
    assert_in_range(times, 6, 12);
    assert_int_equal(count(SOURCE_SERIAL), 3 * LINES + 1);
    const struct merge *m = collector_lock(collector);
    struct merge_place place = merge_begin();
    struct merge_line line;
    for (int i = 0; i < 3 * LINES; i++) {
        assert_int_equal(merge_step(m, &place, true, NULL, 0, &line), MERGE_LINE);
        assert_int_equal(atoi(line.text + strlen("line ")), i);
    }
    assert_true(line.number == last.number);
    collector_unlock(collector);
    strbuf_free(&s);
}

/* A short log: that of the run before comes along, as a whole or its end. */
static void run_before(void **state)
{
    (void)state;
    struct strbuf s = {0};
    scratch_write(scratch("log.0"), "before\n");
    scratch_write(scratch("log"), "2026-11-21 05:31:38.315+0000: now\n");
    feed_file(SOURCE_QEMU, FEED_BEFORE, scratch("log"));
    wait_until(at_end(SOURCE_QEMU));
    assert_true(lines_are("qemu:before|qemu:now|"));
    assert_false(collector_older(collector, SOURCE_QEMU));
    for (int i = 0; i < 50000; i++)
        strbuf_printf(&s, "before %d\n", i);
    scratch_append(scratch("log.0"), s.s, s.len);
    feed_file(SOURCE_QEMU, FEED_BEFORE, scratch("log"));
    wait_until(at_end(SOURCE_QEMU));
    assert_int_equal(count(SOURCE_QEMU), 1000); /* no more than there is room for */
    assert_non_null(strstr(all_lines(), "qemu:before 49999|qemu:now|"));
    assert_int_equal(dropped(SOURCE_QEMU), 0);
    strbuf_free(&s);
}

/* A gigabyte of nothing with lines at its end; and one line of 1 MB, binary bytes, NUL. */
static void huge_and_binary(void **state)
{
    (void)state;
    const char *path = scratch("log");
    struct strbuf s = {0};
    scratch_write(path, "");
    assert_int_equal(truncate(path, 1 << 30), 0);
    append(path, "\nthe end\n");
    feed_file(SOURCE_SERIAL, FEED_FILE, path);
    wait_until(newest_is(SOURCE_SERIAL, "the end") && at_end(SOURCE_SERIAL));
    assert_int_equal(count(SOURCE_SERIAL), 2);
    assert_non_null(strstr(all_lines(), "serial:[the beginning was not read] \\x00\\x00"));
    for (int i = 0; i < 20 && older(SOURCE_SERIAL); i++)
        ;
    assert_int_equal(count(SOURCE_SERIAL), 22);
    assert_true(newest_is(SOURCE_SERIAL, "the end"));

    static const char bytes[] = "a\0b\xff\x1b[0m\x80\n";
    strbuf_add(&s, bytes, sizeof bytes - 1);
    for (int i = 0; i < 1000000; i++)
        strbuf_putc(&s, 'x');
    strbuf_puts(&s, "\nshort\n");
    scratch_append(path, s.s, s.len);
    wait_until(newest_is(SOURCE_SERIAL, "short"));
    const struct merge *m = collector_lock(collector);
    struct merge_place place = merge_end();
    struct merge_line line;
    merge_step(m, &place, false, NULL, 0, &line);
    merge_step(m, &place, false, NULL, 0, &line);
    assert_in_range(line.len, 4000, LINES_MAX);
    assert_non_null(strstr(line.text, "xxx [cut: "));
    merge_step(m, &place, false, NULL, 0, &line);
    assert_string_equal(line.text, "a\\x00b\xff\x1b[0m\x80");
    collector_unlock(collector);
    strbuf_free(&s);
}

static void no_regular_file(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(scratch("pipe"), 0600), 0);
    feed_file(SOURCE_QEMU, FEED_FILE, scratch("pipe"));
    wait_until(problem_has(SOURCE_QEMU, "not a regular file"));
    feed_file(SOURCE_QEMU, FEED_FILE, scratch(""));
    wait_until(problem_has(SOURCE_QEMU, "not a regular file"));
    feed_file(SOURCE_QEMU, FEED_FILE, scratch("no/such/dir/log"));
    wait_until(problem_has(SOURCE_QEMU, "no such file"));
}

/* Root may read everything: then as somebody else (all threads change with it). */
static void lose_rights(void)
{
    if (getuid() == 0)
        assert_int_equal(seteuid(65534), 0);
}

static void regain_rights(void)
{
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
}

static void denied(void **state)
{
    (void)state;
    const char *path = scratch("d/log");
    assert_int_equal(chmod(scratch(""), 0755), 0);
    assert_int_equal(mkdir(scratch("d"), 0755), 0);
    scratch_write(path, "secret\n");
    assert_int_equal(chmod(path, 0), 0);
    lose_rights();
    feed_file(SOURCE_QEMU, FEED_FILE, path);
    wait_until(problem_has(SOURCE_QEMU, "permission denied: "));
    assert_true(problem_has(SOURCE_QEMU, "no right to read the file (owner "));
    assert_true(problem_has(SOURCE_QEMU, "mode 0000); run virtdeck as root"));
    regain_rights();
    assert_int_equal(chmod(path, 0644), 0);
    wait_until(newest_is(SOURCE_QEMU, "secret"));

    assert_int_equal(chmod(scratch("d"), 0), 0);
    lose_rights();
    char *closed = denied_text(path);
    regain_rights();
    assert_int_equal(chmod(scratch("d"), 0010), 0);
    lose_rights();
    char *group = denied_text(path);
    regain_rights();
    assert_int_equal(chmod(scratch("d"), 0700), 0);
    assert_non_null(strstr(closed, "no right to enter the directory "));
    assert_non_null(strstr(closed, "have an administrator"));
    if (getuid() == 0)
        assert_non_null(strstr(group, "as a member of the group root"));
    free(closed);
    free(group);
}

/* ---- times ---- */

static void times(void **state)
{
    (void)state;
    scratch_write(scratch("qemu"), "LC_ALL=C \\\n"
                                   "2026-01-01 10:00:00.000+0000: starting up\n"
                                   "/usr/bin/qemu BROKEN \\\n"
                                   "2026-01-01T10:00:05.500000Z qemu: warning\n"
                                   "2026-01-01 12:00:00: no zone\n");
    scratch_write(scratch("host"), "2026-01-01T10:00:01+0000 h kernel: one\n"
                                   "2026-01-01T12:00:06+02:00 h kernel: two\n"
                                   "2999-01-01T00:00:00Z from the future\n");
    feed_file(SOURCE_QEMU, FEED_FILE, scratch("qemu"));
    feed_file(SOURCE_HOST, FEED_FILE, scratch("host"));
    wait_until(at_end(SOURCE_QEMU) && at_end(SOURCE_HOST));
    assert_true(lines_are("qemu:LC_ALL=C \\|qemu:starting up|qemu:/usr/bin/qemu BROKEN \\|host:h kernel: one|"
                          "qemu:qemu: warning|qemu:2026-01-01 12:00:00: no zone|host:h kernel: two|"
                          "host:from the future|"));
    const struct merge *m = collector_lock(collector);
    struct merge_place place = merge_begin();
    struct merge_line line;
    const int64_t ten = 1767261600000;
    merge_step(m, &place, true, NULL, 0, &line);
    assert_true(line.wall_ms == 0 && line.key_ms == ten);
    merge_step(m, &place, true, NULL, 0, &line);
    assert_true(line.wall_ms == ten);
    merge_step(m, &place, true, NULL, 0, &line);
    assert_true(line.wall_ms == 0 && line.key_ms == ten);
    assert_string_equal(line.mark, "broken");
    collector_unlock(collector);
    assert_true(newest(SOURCE_HOST).key_ms <= clock_wall_ms());

    /* What is written while it is looked at bears the time of its arrival, if none of its own. */
    int64_t before = clock_wall_ms();
    append(scratch("qemu"), "2026-01-01T10:00:07Z late\nby the way\n");
    wait_until(newest_is(SOURCE_QEMU, "by the way"));
    assert_true(newest(SOURCE_QEMU).wall_ms >= before);
    append(scratch("qemu"), "2026-");
    wait_until(newest_is(SOURCE_QEMU, "2026-"));
    assert_true(newest(SOURCE_QEMU).wall_ms == 0);
    append(scratch("qemu"), "01-01T11:00:00Z in two parts\n");
    wait_until(newest_is(SOURCE_QEMU, "in two parts"));
    assert_true(newest(SOURCE_QEMU).wall_ms == ten + 3600000);
}

static void only_some(void **state)
{
    (void)state;
    struct feed feed = {.kind = FEED_FILE, .source = SOURCE_HOST, .path = xstrdup(scratch("log")), .fd = -1};
    feed.only = pattern_new("vm1", false, NULL);
    scratch_write(feed.path, "a\nvm1 b\nc\nvm1");
    collector_feed(collector, &feed);
    wait_until(lines_are("host:vm1 b|host:vm1|"));
    append(scratch("log"), " is there\nvm2\nd vm1\n");
    wait_until(lines_are("host:vm1 b|host:vm1 is there|host:d vm1|"));
}

/* ---- programs and streams ---- */

static bool is_fed(enum line_source source)
{
    struct feed_state s;
    collector_state(collector, source, &s);
    bool fed = s.fed;
    feed_state_clear(&s);
    return fed;
}

static void programs(void **state)
{
    (void)state;
    static const struct {
        const char *script, *problem;
    } rows[] = {{"echo out; echo complaint >&2", "sh ended: complaint"},
                {"printf 'out\\n'; exit 3", "sh ended with status 3"},
                {"echo out; echo one >&2; echo two >&2; echo >&2; exit 255", "sh ended with status 255: two"},
                {"echo out; kill -9 $$", "sh was ended by signal 9"},
                {"printf out", "sh ended"},
                {"echo out; exec >&-; echo later >&2; exit 4", "sh ended with status 4: later"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        feed_shell(SOURCE_HOST, rows[i].script);
        wait_until(!is_fed(SOURCE_HOST));
        assert_true(at_end(SOURCE_HOST));
        struct feed_state s;
        collector_state(collector, SOURCE_HOST, &s);
        assert_string_equal(s.problem, rows[i].problem);
        feed_state_clear(&s);
        assert_true(lines_are("host:out|"));
    }
    struct feed none = {.kind = FEED_PROGRAM, .source = SOURCE_HOST, .fd = -1};
    none.argv = xcalloc(2, sizeof *none.argv);
    none.argv[0] = xstrdup("no-such-program");
    collector_feed(collector, &none);
    wait_until(problem_has(SOURCE_HOST, "can't run no-such-program: No such file"));
}

/* All of them have the writing end, so at its end the last one is gone, be it reaped or not. */
static void watch_children(int ends[2])
{
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
}

static void wait_for_children(int ends[2])
{
    char byte;
    struct pollfd p = {.fd = ends[0], .events = POLLIN};
    close(ends[1]);
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

/* A program is ended with all that it started, also when it does not want to; a stranger's child is not
 * reaped. */
static void programs_end(void **state)
{
    (void)state;
    int status = 0, ends[2];
    pid_t child = fork();
    if (child == 0)
        _exit(7);
    watch_children(ends);
    feed_shell(SOURCE_HOST, "echo here; sleep 1000 & sleep 1000");
    wait_until(newest_is(SOURCE_HOST, "here"));
    collector_drop(collector, SOURCE_HOST, true);
    wait_for_children(ends);
    assert_int_equal(count(SOURCE_HOST), 1);
    watch_children(ends);
    feed_shell(SOURCE_HOST, "sleep 1000 & echo $$; exec sleep 1000");
    feed_shell(SOURCE_DAEMON, "trap '' TERM; echo $$; sleep 1000; sleep 1000; sleep 1000");
    wait_until(count(SOURCE_HOST) && count(SOURCE_DAEMON));
    pid_t pids[] = {(pid_t)atoi(newest(SOURCE_HOST).text), (pid_t)atoi(newest(SOURCE_DAEMON).text)};
    collector_free(collector);
    collector = NULL;
    wait_for_children(ends);
    for (size_t i = 0; i < ARRAY_LEN(pids); i++)
        assert_true(pids[i] > 1 && kill(pids[i], 0) != 0); /* they were reaped */
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
}

/* What a program leaves behind when it ends by itself is ended, too. */
static void leftovers(void **state)
{
    (void)state;
    int ends[2];
    watch_children(ends);
    feed_shell(SOURCE_HOST, "sleep 1000 >&- 2>&- & echo here");
    wait_until(!is_fed(SOURCE_HOST));
    assert_true(newest_is(SOURCE_HOST, "here"));
    wait_for_children(ends);
}

static void feed_stream(enum line_source source, int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct feed feed = {.kind = FEED_STREAM, .source = source, .fd = ends[0]};
    collector_feed(collector, &feed);
}

static void put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void streams(void **state)
{
    (void)state;
    int ends[2];
    feed_stream(SOURCE_SERIAL, ends);
    put(ends[1], "boot\r\r\nlogin: ");
    wait_until(lines_are("serial:boot|serial:login: |"));
    assert_true(newest(SOURCE_SERIAL).wall_ms > 0);
    put(ends[1], "root");
    wait_until(newest_is(SOURCE_SERIAL, "login: root"));
    close(ends[1]);
    wait_until(!is_fed(SOURCE_SERIAL));
    assert_true(problem_has(SOURCE_SERIAL, NULL));
    feed_stream(SOURCE_SERIAL, ends);
    put(ends[1], "again\n");
    wait_until(lines_are("serial:boot|serial:login: root|serial:again|"));
    /* What comes in by hand while a line is open does not end up in it. */
    put(ends[1], "begun");
    wait_until(newest_is(SOURCE_SERIAL, "begun"));
    collector_line(collector, SOURCE_SERIAL, clock_wall_ms(), "[taken over]", 12);
    wait_until(newest_is(SOURCE_SERIAL, "[taken over]"));
    put(ends[1], " and ended\n");
    wait_until(lines_are("serial:boot|serial:login: root|serial:again|serial:begun and ended|"
                         "serial:[taken over]|"));
    close(ends[1]);
}

/* ---- lines from elsewhere, other domains ---- */

static void by_hand(void **state)
{
    (void)state;
    collector_line(collector, SOURCE_EVENT, 2000, "started", 7);
    collector_line(collector, SOURCE_MESSAGES, 0, "tainted: BROKEN\ndeprecated\n", 27);
    collector_line(collector, SOURCE_DECK, 1000, "start", 5);
    collector_line(collector, SOURCE_DECK, 3000, "", 0);
    wait_until(lines_are("virtdeck:start|event:started|virtdeck:|messages:tainted: BROKEN|"
                         "messages:deprecated|"));
    const struct merge *m = collector_lock(collector);
    struct merge_place place = merge_begin();
    struct merge_line line;
    struct merge_filter marked = {.marked = true};
    assert_int_equal(merge_step(m, &place, true, &marked, 0, &line), MERGE_LINE);
    assert_int_equal(line.source, SOURCE_MESSAGES);
    /* While the lock is held no line is taken: the queue has an end, and what is too much is counted. */
    collector_unlock(collector);
    for (int i = 0; i < 50000; i++)
        collector_line(collector, SOURCE_EVENT, 4000, "more", 4);
    wait_until(count(SOURCE_EVENT) + dropped(SOURCE_EVENT) == 50001);
    assert_int_equal(count(SOURCE_EVENT), 1000);
}

static void another_domain(void **state)
{
    (void)state;
    scratch_write(scratch("a"), "in a\nbegun");
    scratch_write(scratch("b"), "in b\n");
    feed_file(SOURCE_SERIAL, FEED_FILE, scratch("a"));
    wait_until(lines_are("serial:in a|serial:begun|"));
    uint64_t number = newest(SOURCE_SERIAL).number;
    collector_line(collector, SOURCE_EVENT, 1, "of a", 4);
    collector_restart(collector);
    assert_true(lines_are(""));
    assert_false(is_fed(SOURCE_SERIAL));
    feed_file(SOURCE_SERIAL, FEED_FILE, scratch("b"));
    wait_until(lines_are("serial:in b|"));
    assert_true(newest(SOURCE_SERIAL).number > number);
    collector_drop(collector, SOURCE_SERIAL, false);
    assert_true(lines_are(""));
    append(scratch("b"), "unread\n");
    feed_file(SOURCE_SERIAL, FEED_FILE, scratch("a"));
    feed_file(SOURCE_SERIAL, FEED_FILE, scratch("a")); /* the first one may not even have been begun */
    wait_until(lines_are("serial:in a|serial:begun|"));
    collector_drop(collector, SOURCE_SERIAL, true);
    assert_true(lines_are("serial:in a|serial:begun|"));
    assert_false(collector_older(collector, SOURCE_SERIAL));
    feed_file(SOURCE_HOST, FEED_FILE, scratch("b"));
    collector_free(collector); /* with an order that may not have been taken */
    collector = NULL;
}

/* ---- floods ---- */

static void burst(void **state)
{
    (void)state;
    struct strbuf s = {0};
    scratch_write(scratch("log"), "start\n");
    feed_file(SOURCE_SERIAL, FEED_FILE, scratch("log"));
    wait_until(newest_is(SOURCE_SERIAL, "start"));
    for (int round = 0; round < 100; round++) {
        strbuf_clear(&s);
        for (int i = 0; i < 1000; i++)
            strbuf_printf(&s, "%d\n", round * 1000 + i);
        scratch_append(scratch("log"), s.s, s.len);
    }
    wait_until(newest_is(SOURCE_SERIAL, "99999"));
    assert_int_equal(count(SOURCE_SERIAL), 1000);
    assert_int_equal(dropped(SOURCE_SERIAL), 100001 - 1000);
    assert_false(collector_older(collector, SOURCE_SERIAL)); /* it would cover up the gap */
    strbuf_free(&s);
}

/* Three floods without end: the bounds hold, and a line in a file, a program's and one by hand come through.
 */
static void floods(void **state)
{
    (void)state;
    const size_t bytes = 100000;
    collector_free(collector);
    make(100000, bytes);
    feed_shell(SOURCE_SERIAL, "yes 'a line that says no more than others do'");
    feed_shell(SOURCE_HOST, "while :; do printf '\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n'; done");
    feed_shell(SOURCE_DAEMON, "tr '\\0' x </dev/zero");
    scratch_write(scratch("log"), "");
    feed_file(SOURCE_QEMU, FEED_FILE, scratch("log"));
    wait_until(dropped(SOURCE_SERIAL) > 0);
    for (int i = 0; i < 20; i++) {
        char text[32];
        snprintf(text, sizeof text, "number %d", i);
        append(scratch("log"), text);
        wait_until(newest_is(SOURCE_QEMU, text));
        append(scratch("log"), "\n");
        collector_line(collector, SOURCE_EVENT, 0, text, strlen(text));
        wait_until(newest_is(SOURCE_EVENT, text));
        const struct merge *m = collector_lock(collector);
        assert_true(merge_bytes(m) <= 3 * bytes + 1000);
        collector_unlock(collector);
    }
    uint64_t before = dropped(SOURCE_SERIAL);
    wait_until(dropped(SOURCE_SERIAL) > before + 100000);
    assert_true(strlen(newest(SOURCE_DAEMON).text) <= LINES_MAX);
    feed_shell(SOURCE_AGENT, "echo through");
    wait_until(newest_is(SOURCE_AGENT, "through"));
}

/* Waits for nothing but its thread, which waits for news. */
static void freed_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct collector *c = collector_new(&(struct collector_config){0});
        collector_free(c);
    }
    collector_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(grows, setup, teardown),
        cmocka_unit_test_setup_teardown(rolled, setup, teardown),
        cmocka_unit_test_setup_teardown(rolled_with_a_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(rolled_often, setup, teardown),
        cmocka_unit_test_setup_teardown(rolled_away, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(deleted_and_made_again, setup, teardown),
        cmocka_unit_test_setup_teardown(not_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(from_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(run_before, setup, teardown),
        cmocka_unit_test_setup_teardown(huge_and_binary, setup, teardown),
        cmocka_unit_test_setup_teardown(no_regular_file, setup, teardown),
        cmocka_unit_test_setup_teardown(denied, setup, teardown),
        cmocka_unit_test_setup_teardown(times, setup, teardown),
        cmocka_unit_test_setup_teardown(only_some, setup, teardown),
        cmocka_unit_test_setup_teardown(programs, setup, teardown),
        cmocka_unit_test_setup_teardown(programs_end, setup, teardown),
        cmocka_unit_test_setup_teardown(leftovers, setup, teardown),
        cmocka_unit_test_setup_teardown(streams, setup, teardown),
        cmocka_unit_test_setup_teardown(by_hand, setup, teardown),
        cmocka_unit_test_setup_teardown(another_domain, setup, teardown),
        cmocka_unit_test_setup_teardown(burst, setup, teardown),
        cmocka_unit_test_setup_teardown(floods, setup, teardown),
        cmocka_unit_test_setup_teardown(freed_at_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
