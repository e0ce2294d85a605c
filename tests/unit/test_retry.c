/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/strbuf.h"
#include "virt/image_lock.h"
#include "virt/probe_net.h"
#include "virt/probe_serial.h"
#include "virt/retry.h"

/* ---- when to try again ---- */

static double fixed(void *ctx)
{
    return *(const double *)ctx;
}

static const double nothing = 0, half = 0.5, most = 0.999999;

static void pauses_double_up_to_their_cap(void **state)
{
    static const int64_t wanted[] = {250, 500, 1000, 2000, 4000};
    (void)state;
    struct retry r = {.chance = fixed, .ctx = (void *)&most};
    int64_t now = 5000, until;
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        assert_true(retry_failed(&r, now, &until));
        assert_in_range(until - now, wanted[i] - 1, wanted[i]);
        now = until;
    }
    assert_false(retry_failed(&r, now, &until));
    assert_int_equal(r.tries, 6);
}

static void a_pause_may_be_none_and_is_drawn_evenly(void **state)
{
    (void)state;
    struct retry none = {.chance = fixed, .ctx = (void *)&nothing};
    struct retry middle = {.chance = fixed, .ctx = (void *)&half};
    int64_t until;
    assert_true(retry_failed(&none, 100, &until));
    assert_int_equal(until, 100);
    assert_true(retry_failed(&middle, 100, &until));
    assert_int_equal(until, 225);
    assert_true(retry_failed(&middle, 300, &until));
    assert_int_equal(until, 550);
}

static void chance_that_is_none_gives_the_longest_pause(void **state)
{
    static const double strange[] = {NAN, -1, 1, 7, INFINITY};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
        struct retry r = {.chance = fixed, .ctx = (void *)&strange[i]};
        int64_t until;
        assert_true(retry_failed(&r, 0, &until));
        assert_int_equal(until, 250);
    }
}

static void ten_seconds_are_enough(void **state)
{
    (void)state;
    struct retry r = {.chance = fixed, .ctx = (void *)&most};
    int64_t until;
    assert_true(retry_failed(&r, 0, &until));
    /* A try itself may take its time: no pause goes beyond the end. */
    assert_true(retry_failed(&r, 9900, &until));
    assert_int_equal(until, 10000);
    assert_false(retry_failed(&r, 10000, &until));
}

static void looks_are_no_tries_and_end_with_the_same_clock(void **state)
{
    (void)state;
    struct retry r = {.chance = fixed, .ctx = (void *)&half};
    int64_t now = 0, until;
    int looks = 0;
    assert_true(retry_failed(&r, now, &until));
    for (now = until; retry_still(&r, now, &until); now = until, looks++) {
        assert_true(until > now && until - now <= RETRY_LOOK_MS);
        assert_true(until <= RETRY_BUDGET_MS);
    }
    assert_int_equal(now, RETRY_BUDGET_MS);
    assert_in_range(looks, 20, 40);
    assert_int_equal(r.tries, 1);
}

static uint64_t seed = 88172645463325252u;
static double xorshift(void *ctx)
{
    (void)ctx;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static void many_who_wait_come_back_apart(void **state)
{
    int buckets[10] = {0};
    (void)state;
    for (int i = 0; i < 10000; i++) {
        struct retry r = {.chance = xorshift};
        int64_t until = -1, now = 0, bound = 250;
        for (int t = 0; t<5; t++, bound = bound * 2> 4000 ? 4000 : bound * 2) {
            assert_true(retry_failed(&r, now, &until));
            assert_in_range(until, now, now + bound);
            if (t == 4)
                buckets[(until - now) * 10 / 4001]++;
            now = until;
        }
        assert_false(retry_failed(&r, now, &until));
    }
    for (size_t b = 0; b < ARRAY_LEN(buckets); b++)
        assert_in_range(buckets[b], 800, 1200);
}

/* ---- the complaint about a lock ---- */

static void complaints_are_recognized(void **state)
{
    (void)state;
    assert_true(image_lock_is(1, "internal error: process exited while connecting to monitor: 2026-01-01Z "
                                 "qemu-system-x86_64: -blockdev {}: Failed to get \"write\" lock\nIs another "
                                 "process using the image [/a.qcow2]?"));
    assert_true(image_lock_is(1, "Failed to get shared \"consistent read\" lock"));
    assert_true(image_lock_is(87, "resource busy: Lockspace resource '/a' is locked"));
    assert_false(image_lock_is(87, "resource busy"));
    assert_false(image_lock_is(38, "Cannot access storage file '/lock/a': No such file or directory"));
    assert_false(image_lock_is(1, "Could not open '/a': Permission denied"));
    assert_false(image_lock_is(68, "Timed out during operation: cannot acquire state change lock"));
    assert_false(image_lock_is(1, "Failed to get "));
    assert_false(image_lock_is(1, NULL));
}

static void the_image_is_found_in_them(void **state)
{
    static const struct {
        const char *text, *path;
    } rows[] = {
        {"x\nIs another process using the image [/a b/c.qcow2]?", "/a b/c.qcow2"},
        {"Is another process using the image [/a]?b]?\nmore ]?", "/a]?b"},
        {"resource busy: Lockspace resource '/img' is locked", "/img"},
        {"Is another process using the image [/no end", NULL},
        {"Is another process using the image [relative]?", NULL},
        {"Lockspace resource 'ab12cd' is locked", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *path = image_lock_path(rows[i].text);
        if (rows[i].path)
            assert_string_equal(path, rows[i].path);
        else
            assert_null(path);
        free(path);
    }
}

/* ---- who has it ---- */

/* A child that locks bytes of the file as QEMU does, and lives until its pipe is closed. */
static pid_t hold(const char *path, int *pipe_end)
{
    int ready[2], end[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 201, .l_len = 1};
        int fd = open(path, O_RDWR);
        close(end[1]);
        if (fcntl(fd, F_OFD_SETLK, &lock) != 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        (void)!read(end[0], &byte, 1);
        _exit(0);
    }
    close(end[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    *pipe_end = end[1];
    return pid;
}

static void the_process_that_has_it_is_found(void **state)
{
    char path[] = "/tmp/virtdeck-lock-XXXXXX";
    struct lock_holder holder;
    int end, fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    /* It is open here, too, without a lock. */
    assert_int_not_equal(image_lock_look(path, &holder), IMAGE_HELD);
    lock_holder_clear(&holder);
    pid_t pid = hold(path, &end);
    assert_int_equal(image_lock_look(path, &holder), IMAGE_HELD);
    assert_int_equal(holder.pid, pid);
    assert_string_equal(holder.command, "test_retry");
    assert_null(holder.guest);
    lock_holder_clear(&holder);
    close(end);
    waitpid(pid, NULL, 0);
    assert_int_not_equal(image_lock_look(path, &holder), IMAGE_HELD);
    lock_holder_clear(&holder);
    close(fd);
    unlink(path);
    assert_int_equal(image_lock_look(path, &holder), IMAGE_UNSEEN);
}

/* ---- lines of a serial port ---- */

static void feed(struct serial_lines *l, const char *text)
{
    serial_lines_feed(l, text, strlen(text));
}

static bool seen(const struct serial_lines *l, int pattern)
{
    return l->patterns.items[pattern].seen;
}

static void lines_are_matched_as_they_come(void **state)
{
    struct serial_lines l = {0};
    (void)state;
    int up = serial_lines_pattern(&l, "^guest is (up|ready)$"), login = serial_lines_pattern(&l, "login: *$");
    assert_int_equal(serial_lines_pattern(&l, "login: *$"), login);
    assert_int_equal(serial_lines_pattern(&l, "("), -1);
    feed(&l, "not guest is up\r\nguest is");
    serial_lines_flush(&l);
    assert_false(seen(&l, up));
    feed(&l, " up\r\n");
    assert_true(seen(&l, up));
    feed(&l, "host login: ");
    assert_false(seen(&l, login));
    serial_lines_flush(&l);
    assert_true(seen(&l, login));
    serial_lines_clear(&l);
}

static void what_moves_a_cursor_is_no_text(void **state)
{
    struct serial_lines l = {0};
    (void)state;
    int p = serial_lines_pattern(&l, "^ OK  Reached target$");
    feed(&l, "\033[0;32m OK \033[0m\033(B \033]0;title\007Reached\a target\033[K\r\n");
    assert_true(seen(&l, p));
    /* One that never ends takes its own line with it, no more. */
    int q = serial_lines_pattern(&l, "^next$");
    feed(&l, "\033]0;no end\nnext\n");
    assert_true(seen(&l, q));
    serial_lines_clear(&l);
}

static void binary_bytes_and_long_lines_are_bounded(void **state)
{
    struct serial_lines l = {0};
    char block[4096];
    (void)state;
    int start = serial_lines_pattern(&l, "^AAAB"), p = serial_lines_pattern(&l, "needle in [0-9]+ stacks");
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 37);
    for (int i = 0; i < 300; i++)
        serial_lines_feed(&l, block, sizeof block);
    feed(&l, "\n");
    memset(block, 'A', sizeof block);
    for (int i = 0; i < 256; i++) /* a line of 1 MiB */
        serial_lines_feed(&l, block, sizeof block);
    assert_true(l.line.len <= SERIAL_LINE_MAX);
    assert_false(seen(&l, p));
    feed(&l, "needle in 12 ");
    feed(&l, "stacks");
    feed(&l, "B");
    serial_lines_flush(&l);
    assert_true(seen(&l, p));
    assert_false(seen(&l, start));
    /* A text across the place where a line is cut. */
    struct serial_lines m = {0};
    int q = serial_lines_pattern(&m, "needle");
    for (size_t i = 0; i < SERIAL_LINE_MAX - 3; i++)
        serial_lines_feed(&m, "x", 1);
    feed(&m, "needle");
    for (size_t i = 0; i < SERIAL_LINE_MAX; i++)
        serial_lines_feed(&m, "x", 1);
    assert_true(seen(&m, q));
    serial_lines_clear(&m);
    serial_lines_clear(&l);
}

/* ---- addresses ---- */

static void addresses_that_mean_no_guest(void **state)
{
    (void)state;
    assert_true(address_is_own("127.0.0.1"));
    assert_true(address_is_own("169.254.7.7"));
    assert_true(address_is_own("::1"));
    assert_true(address_is_own("fe80::5054:ff:fe00:1"));
    assert_true(address_is_own("FE80::1"));
    assert_false(address_is_own("192.168.122.7"));
    assert_false(address_is_own("169.25.4.1"));
    assert_false(address_is_own("fd00::1"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_up_to_their_cap),
        cmocka_unit_test(a_pause_may_be_none_and_is_drawn_evenly),
        cmocka_unit_test(chance_that_is_none_gives_the_longest_pause),
        cmocka_unit_test(ten_seconds_are_enough),
        cmocka_unit_test(looks_are_no_tries_and_end_with_the_same_clock),
        cmocka_unit_test(many_who_wait_come_back_apart),
        cmocka_unit_test(complaints_are_recognized),
        cmocka_unit_test(the_image_is_found_in_them),
        cmocka_unit_test(the_process_that_has_it_is_found),
        cmocka_unit_test(lines_are_matched_as_they_come),
        cmocka_unit_test(what_moves_a_cursor_is_no_text),
        cmocka_unit_test(binary_bytes_and_long_lines_are_bounded),
        cmocka_unit_test(addresses_that_mean_no_guest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
