/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"

static void runs(void **state)
{
    (void)state;
    int64_t a = clock_mono_us(), b = clock_mono_us();
    assert_true(b >= a);
    assert_true(clock_mono_ms() >= a / 1000);
    assert_true(clock_wall_ms() > INT64_C(1600000000000));
}

static void stands_still(void **state)
{
    (void)state;
    clock_freeze(5000, 1700000000000);
    assert_int_equal(clock_mono_ms(), 5000);
    assert_int_equal(clock_mono_us(), 5000000);
    clock_advance(250);
    assert_int_equal(clock_mono_ms(), 5250);
    assert_int_equal(clock_wall_ms(), 1700000000250);
    clock_release();
    assert_true(clock_wall_ms() != 1700000000250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs),
        cmocka_unit_test(stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
