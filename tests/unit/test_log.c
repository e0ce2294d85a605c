/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "scratch.h"

static char *contents(const char *path)
{
    char *data;
    assert_true(file_read(path, 4 << 20, &data, NULL, NULL, NULL));
    return data;
}

static void writes_lines(void **state)
{
    (void)state;
    struct stat st;
    const char *path = scratch("new/dir/virtdeck.log");
    log_open(path);
    log_write(LEVEL_LOG_WARN, "name %s", "a\x1b[0m\nb");
    log_open(NULL);
    log_write(LEVEL_LOG_WARN, "to nobody");
    char *text = contents(path);
    assert_non_null(strstr(text, " warning: name a\\e[0m\\nb\n"));
    assert_null(strstr(text, "nobody"));
    free(text);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void rolls_once(void **state)
{
    (void)state;
    struct stat st;
    char filler[1000];
    memset(filler, 'x', sizeof filler);
    log_open(scratch("log"));
    for (int i = 0; i < 2500; i++)
        log_write(LEVEL_LOG_INFO, "%.*s", (int)sizeof filler, filler);
    log_open(NULL);
    assert_int_equal(stat(scratch("log"), &st), 0);
    assert_true(st.st_size < 1048576 + 2048);
    assert_int_equal(stat(scratch("log.1"), &st), 0);
    assert_true(st.st_size >= 1048576 && st.st_size < 1048576 + 2048);
    assert_int_not_equal(access(scratch("log.2"), F_OK), 0);
}

static void never_stops_the_program(void **state)
{
    (void)state;
    log_open("/proc/nowhere/log");
    log_write(LEVEL_LOG_ERROR, "x");
    log_open("/dev/full");
    log_write(LEVEL_LOG_ERROR, "x");
    log_open(scratch(""));
    log_write(LEVEL_LOG_ERROR, "x");
    log_open(NULL);
}

static void least_level(void **state)
{
    (void)state;
    log_open(scratch("log"));
    log_set_least(LEVEL_LOG_WARN);
    log_write(LEVEL_LOG_INFO, "two");
    log_write(LEVEL_LOG_WARN, "three");
    log_write(LEVEL_LOG_ERROR, "four");
    log_set_least(LEVEL_LOG_DEBUG);
    log_write(LEVEL_LOG_DEBUG, "five");
    log_open(NULL);
    char *text = contents(scratch("log"));
    assert_null(strstr(text, "two"));
    assert_non_null(strstr(text, "three"));
    assert_non_null(strstr(text, "four"));
    assert_non_null(strstr(text, "five"));
    free(text);
}

static void *chatter(void *arg)
{
    for (int i = 0; i < 500; i++)
        log_write(LEVEL_LOG_INFO, "%s", (const char *)arg);
    return NULL;
}

static void threads_share_it(void **state)
{
    (void)state;
    pthread_t a, b;
    size_t lines = 0;
    log_open(scratch("log"));
    assert_int_equal(pthread_create(&a, NULL, chatter, "aaa"), 0);
    assert_int_equal(pthread_create(&b, NULL, chatter, "bbb"), 0);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    log_open(NULL);
    char *text = contents(scratch("log"));
    for (const char *p = text; (p = strstr(p, "info: ")); p += 9, lines++)
        assert_true(strncmp(p + 6, "aaa\n", 4) == 0 || strncmp(p + 6, "bbb\n", 4) == 0);
    assert_int_equal(lines, 1000);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_lines, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(rolls_once, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(never_stops_the_program, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(least_level, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(threads_share_it, scratch_setup, scratch_teardown),
    };
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
