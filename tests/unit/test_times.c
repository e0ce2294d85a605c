/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "autostart/times.h"
#include "scratch.h"

static struct vm_uuid uuid(unsigned n)
{
    struct vm_uuid u = {{0}};
    u.b[0] = (unsigned char)(n >> 8);
    u.b[1] = (unsigned char)n;
    u.b[15] = 1;
    return u;
}

static void half_of_the_new_counts(void **state)
{
    (void)state;
    struct start_times t = {0};
    struct vm_uuid a = uuid(7);
    assert_null(times_find(&t, &a));
    times_add(&t, &a, TIME_READY, 10);
    assert_true(times_find(&t, &a)->ready_s == 10);
    assert_true(isnan(times_find(&t, &a)->start_s));
    times_add(&t, &a, TIME_READY, 20);
    assert_true(times_find(&t, &a)->ready_s == 15);
    times_add(&t, &a, TIME_STOP, 0);
    assert_true(times_find(&t, &a)->stop_s == 0);
    times_clear(&t);
}

static void what_is_no_measurement(void **state)
{
    (void)state;
    struct start_times t = {0};
    struct vm_uuid a = uuid(7);
    times_add(&t, &a, TIME_START, NAN);
    times_add(&t, &a, TIME_START, -1);
    times_add(&t, &a, TIME_START, INFINITY);
    times_add(&t, &a, TIME_START, 1e9);
    assert_int_equal(t.items.len, 0);
}

static void there_and_back(void **state)
{
    (void)state;
    struct start_times t = {0}, back = {0};
    const char *path = scratch("new/folder/times.json");
    for (unsigned i = 0; i < 500; i++) {
        struct vm_uuid u = uuid((i * 7919) % 1000);
        times_add(&t, &u, TIME_START, i / 8.0);
        times_add(&t, &u, TIME_READY, i);
    }
    struct error e = ERROR_INIT;
    assert_true(times_save(&t, path, &e));
    times_load(&back, path);
    assert_int_equal(back.items.len, t.items.len);
    for (size_t i = 0; i < t.items.len; i++) {
        const struct start_time *found = times_find(&back, &t.items.items[i].uuid);
        assert_non_null(found);
        assert_true(found->start_s == t.items.items[i].start_s);
        assert_true(found->ready_s == t.items.items[i].ready_s);
        assert_true(isnan(found->stop_s));
    }
    times_clear(&t);
    times_clear(&back);
}

static void damaged_files_give_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "7",
                                      "{\"domains\":[1,2]}",
                                      "{\"domains\":{\"no uuid\":{\"start\":1}}}",
                                      "{\"domains\":{\"\":{}}}",
                                      "{\"domains\":null}",
                                      "\xff\xfe{}"};
    struct start_times t = {0};
    struct vm_uuid a = uuid(1);
    const char *path = scratch("times.json");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        times_add(&t, &a, TIME_START, 1);
        scratch_write(path, bad[i]);
        times_load(&t, path);
        assert_int_equal(t.items.len, 0);
    }
    times_load(&t, scratch("missing.json"));
    assert_int_equal(t.items.len, 0);
}

static void wrong_values_are_unknown(void **state)
{
    (void)state;
    struct start_times t = {0};
    const char *path = scratch("times.json");
    scratch_write(
        path,
        "{\"domains\":{\"00000000-0000-0000-0000-00000000000A\":{\"start\":\"1\",\"ready\":-3,\"stop\":4},"
        "\"00000000-0000-0000-0000-00000000000a\":{\"start\":2},"
        "\"00000000-0000-0000-0000-000000000001\":7}}");
    times_load(&t, path);
    assert_int_equal(t.items.len, 1);
    struct vm_uuid a;
    assert_true(uuid_parse("00000000-0000-0000-0000-00000000000a", &a));
    const struct start_time *found = times_find(&t, &a);
    assert_non_null(found);
    assert_true(isnan(found->ready_s));
    times_clear(&t);
}

static void a_folder_that_cannot_be_written(void **state)
{
    (void)state;
    struct start_times t = {0};
    struct error e = ERROR_INIT;
    scratch_write(scratch("file"), "x");
    assert_false(times_save(&t, scratch("file/times.json"), &e));
    assert_non_null(strstr(error_text(&e), "file"));
    error_clear(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_the_new_counts),
        cmocka_unit_test(what_is_no_measurement),
        cmocka_unit_test_setup_teardown(there_and_back, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(damaged_files_give_none, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(wrong_values_are_unknown, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_written, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
