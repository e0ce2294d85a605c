/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/paths.h"
#include "base/strbuf.h"
#include "logs/denied.h"
#include "logs/tail.h"
#include "scratch.h"

static struct tail *tail;
static struct tail_view view;

static int setup(void **state)
{
    tail = tail_new(1000);
    return scratch_setup(state);
}

static int teardown(void **state)
{
    tail_view_clear(&view);
    tail_free(tail);
    return scratch_teardown(state);
}

static bool last_is(const char *text)
{
    return view.n > 0 && strcmp(view.lines[view.n - 1].text, text) == 0;
}

static bool problem_has(const char *text)
{
    return text ? view.problem && strstr(view.problem, text) : !view.problem;
}

/* Looks each time the tail says that something is new, until `seen` is satisfied; fails after 10 s. */
static void wait_until(bool (*seen)(const char *), const char *text)
{
    int64_t until = clock_mono_ms() + 10000;
    for (;;) {
        tail_view_clear(&view);
        tail_view(tail, 0, &view);
        if (seen(text))
            return;
        struct pollfd p = {.fd = tail_fd(tail), .events = POLLIN};
        int64_t left = until - clock_mono_ms();
        if (left <= 0)
            fail_msg("waited for \"%s\"; %zu lines, the last \"%s\"; problem: %s", text ? text : "(nothing)",
                     view.n, view.n ? view.lines[view.n - 1].text : "", view.problem ? view.problem : "none");
        poll(&p, 1, (int)left);
        tail_drain_fd(tail);
    }
}

static void append(const char *path, const char *text)
{
    scratch_append(path, text, strlen(text));
}

static void grows(void **state)
{
    (void)state;
    const char *path = scratch("log");
    scratch_write(path, "one\ntwo\r\n");
    tail_follow(tail, path);
    wait_until(last_is, "two");
    assert_int_equal(view.n, 2);
    uint64_t number = view.lines[1].number, version = view.version;
    append(path, "thr");
    wait_until(last_is, "thr");
    assert_int_equal(view.lines[2].number, number + 1);
    append(path, "ee\n\nlast\n");
    wait_until(last_is, "last");
    assert_string_equal(view.lines[2].text, "three");
    assert_int_equal(view.lines[2].number, number + 1);
    assert_string_equal(view.lines[3].text, "");
    assert_true(view.version > version);
    assert_int_equal(tail_version(tail), view.version);
    assert_null(view.problem);
    struct tail_view few;
    tail_view(tail, 2, &few);
    assert_int_equal(few.n, 2);
    assert_string_equal(few.lines[1].text, "last");
    tail_view_clear(&few);
}

/* Read in pieces: the newest line of the first piece is not the file's last one. */
static void end_of_a_long_file(void **state)
{
    (void)state;
    const char *path = scratch("log");
    struct strbuf text = {0};
    for (int i = 0; i < 20000; i++)
        strbuf_printf(&text, "line %d\n", i);
    scratch_write(path, text.s);
    tail_follow(tail, path);
    for (int64_t until = clock_mono_ms() + 10000; !view.at_end && clock_mono_ms() < until;) {
        tail_view_clear(&view);
        tail_view(tail, 2, &view);
    }
    assert_true(view.at_end);
    assert_true(last_is("line 19999"));
    strbuf_free(&text);
    /* An empty one has an end, too, and so has one that is not there. */
    static const char *const others[] = {"empty", "missing"};
    scratch_write(scratch("empty"), "");
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        tail_follow(tail, scratch(others[i]));
        do {
            tail_view_clear(&view);
            tail_view(tail, 2, &view);
            if (!view.at_end)
                poll(&(struct pollfd){.fd = tail_fd(tail), .events = POLLIN}, 1, 10000);
            tail_drain_fd(tail);
        } while (!view.at_end);
        assert_int_equal(view.n, 0);
    }
}

static void rolled(void **state)
{
    (void)state;
    const char *path = scratch("log");
    scratch_write(path, "old\n");
    tail_follow(tail, path);
    wait_until(last_is, "old");
    append(path, "end of old, no newline");
    assert_int_equal(rename(path, scratch("log.0")), 0);
    scratch_write(path, "new\n");
    wait_until(last_is, "new");
    assert_int_equal(view.n, 3);
    assert_string_equal(view.lines[1].text, "end of old, no newline");
    append(path, "newer\n");
    wait_until(last_is, "newer");
}

static void truncated(void **state)
{
    (void)state;
    const char *path = scratch("log");
    scratch_write(path, "a long first line\nand another\n");
    tail_follow(tail, path);
    wait_until(last_is, "and another");
    assert_int_equal(truncate(path, 0), 0);
    append(path, "again\n");
    wait_until(last_is, "again");
    assert_int_equal(view.n, 3);
}

static void deleted_and_made_again(void **state)
{
    (void)state;
    const char *path = scratch("log");
    tail_follow(tail, path);
    wait_until(problem_has, "no such file");
    assert_non_null(strstr(view.problem, path));
    scratch_write(path, "here\n");
    wait_until(last_is, "here");
    wait_until(problem_has, NULL);
    assert_int_equal(unlink(path), 0);
    wait_until(problem_has, "is gone");
    assert_int_equal(view.n, 1);
    scratch_write(path, "back\n");
    wait_until(last_is, "back");
}

static void another_file(void **state)
{
    (void)state;
    scratch_write(scratch("a"), "in a\nbegun");
    scratch_write(scratch("b"), "in b\n");
    tail_follow(tail, scratch("a"));
    wait_until(last_is, "begun");
    uint64_t number = view.lines[1].number;
    tail_follow(tail, scratch("b"));
    wait_until(last_is, "in b");
    assert_int_equal(view.n, 1);
    assert_true(view.lines[0].number > number);
    tail_follow(tail, NULL);
    tail_view_clear(&view);
    tail_view(tail, 0, &view);
    assert_int_equal(view.n, 0);
    append(scratch("b"), "unread\n");
    tail_follow(tail, scratch("a"));
    wait_until(last_is, "begun");
}

static void huge_file(void **state)
{
    (void)state;
    struct strbuf s = {0};
    for (int i = 0; s.len < 3 << 20; i++)
        strbuf_printf(&s, "line %d with some more text behind it, so that there are not too many\n", i);
    strbuf_puts(&s, "the end\n");
    scratch_append(scratch("log"), s.s, s.len);
    tail_follow(tail, scratch("log"));
    wait_until(last_is, "the end");
    assert_int_equal(view.n, 1000);
    /* Only the end was read: what fell out of the ring is less than a quarter of a megabyte. */
    assert_true(view.dropped > 1000 && view.dropped < 10000);
    assert_int_equal(view.lines[999].number - view.lines[0].number, 999);
    strbuf_free(&s);
}

static void binary_and_long_lines(void **state)
{
    (void)state;
    struct strbuf s = {0};
    strbuf_add(&s, "a\0b\xff\x1b[0m\n", 9);
    for (int i = 0; i < 1000000; i++)
        strbuf_putc(&s, 'x');
    strbuf_puts(&s, "\nshort\n");
    scratch_write(scratch("log"), "");
    tail_follow(tail, scratch("log"));
    wait_until(problem_has, NULL);
    scratch_append(scratch("log"), s.s, s.len);
    wait_until(last_is, "short");
    assert_true(view.n == 3 || view.n == 2); /* begun before or after the bytes came */
    const char *cut = view.lines[view.n - 2].text;
    assert_true(strlen(cut) <= 4096);
    if (view.n == 3) {
        assert_string_equal(view.lines[0].text, "a\\x00b\xff\x1b[0m");
        assert_non_null(strstr(cut, "xxx [cut: "));
    } else
        assert_non_null(strstr(cut, "[cut: "));
    strbuf_free(&s);
}

static void burst(void **state)
{
    (void)state;
    struct strbuf s = {0};
    scratch_write(scratch("log"), "start\n");
    tail_follow(tail, scratch("log"));
    wait_until(last_is, "start");
    for (int round = 0; round < 100; round++) {
        strbuf_clear(&s);
        for (int i = 0; i < 1000; i++)
            strbuf_printf(&s, "%d\n", round * 1000 + i);
        scratch_append(scratch("log"), s.s, s.len);
    }
    wait_until(last_is, "99999");
    assert_int_equal(view.n, 1000);
    assert_int_equal(view.dropped, 100001 - 1000);
    assert_string_equal(view.lines[0].text, "99000");
    strbuf_free(&s);
}

static void no_regular_file(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(scratch("pipe"), 0600), 0);
    tail_follow(tail, scratch("pipe"));
    wait_until(problem_has, "not a regular file");
    tail_follow(tail, scratch(""));
    wait_until(problem_has, "not a regular file");
    tail_follow(tail, scratch("no/such/dir/log"));
    wait_until(problem_has, "no such file");
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
    tail_follow(tail, path);
    wait_until(problem_has, "permission denied: ");
    assert_non_null(strstr(view.problem, "no right to read the file (owner "));
    assert_non_null(strstr(view.problem, "mode 0000); run virtdeck as root"));
    regain_rights();
    assert_int_equal(chmod(path, 0644), 0);
    wait_until(last_is, "secret");

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

static void paths(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *vm, *want, *why;
    } rows[] = {
        {"qemu:///system", "web1", "/var/log/libvirt/qemu/web1.log", NULL},
        {"qemu+unix:///system", "web1", "/var/log/libvirt/qemu/web1.log", NULL},
        {"QEMU:///system?x=1", "a b", "/var/log/libvirt/qemu/a b.log", NULL},
        {"qemu+unix:///system?socket=/run/s", "w", "/var/log/libvirt/qemu/w.log", NULL},
        {"qemu:///session", "w", "/cache/libvirt/qemu/log/w.log", NULL},
        {"qemu:///embed?root=/r/t", "w", "/r/t/log/qemu/w.log", NULL},
        {"qemu:///embed?a=b&root=/r%20t%2", "w", "/r t%2/log/qemu/w.log", NULL},
        {"qemu:///embed", "w", NULL, "does not say"},
        {"qemu:///embed?root=rel", "w", NULL, "does not say"},
        {"qemu:///else", "w", NULL, "does not say"},
        {"qemu+ssh://kvm7/system", "w", NULL, "remote host"},
        {"qemu://kvm7/system", "w", NULL, "remote host"},
        {"test:///default", "w", NULL, "the test driver writes no log"},
        {"test+ssh://x/default", "w", NULL, "the test driver writes no log"},
        {"lxc:///system", "w", NULL, "only QEMU"},
        {"alias", "w", NULL, "does not say"},
        {"", "w", NULL, "does not say"},
        {"://", "w", NULL, "does not say"},
        {NULL, "w", NULL, "does not say"},
        {"qemu:///system", "../w", NULL, "no log file"},
        {"qemu:///system", "", NULL, "no log file"},
        {"qemu:///system", NULL, NULL, "no log file"},
    };
    setenv("XDG_CACHE_HOME", "/cache", 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *why;
        char *path = qemu_log_path(rows[i].uri, rows[i].vm, &why);
        if (rows[i].want) {
            assert_non_null(path);
            assert_string_equal(path, rows[i].want);
            assert_null(why);
        } else {
            assert_null(path);
            assert_non_null(strstr(why, rows[i].why));
        }
        free(path);
    }
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "/home/u", 1);
    paths_init();
    char *path = qemu_log_path("qemu:///session", "w", NULL);
    assert_string_equal(path, "/home/u/.cache/libvirt/qemu/log/w.log");
    free(path);
}

static void freed_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct tail *t = tail_new(0);
        tail_follow(t, "/dev/zero");
        tail_follow(t, scratch("none"));
        tail_free(t);
    }
    tail_free(NULL);
}

#define WITH_TAIL(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TAIL(grows),
        WITH_TAIL(end_of_a_long_file),
        WITH_TAIL(rolled),
        WITH_TAIL(truncated),
        WITH_TAIL(deleted_and_made_again),
        WITH_TAIL(another_file),
        WITH_TAIL(huge_file),
        WITH_TAIL(binary_and_long_lines),
        WITH_TAIL(burst),
        WITH_TAIL(no_regular_file),
        WITH_TAIL(denied),
        cmocka_unit_test(paths),
        cmocka_unit_test_setup_teardown(freed_at_once, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
