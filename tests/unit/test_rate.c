/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "virt/rate.h"

static void test_needs_two_readings(void **state)
{
    (void)state;
    struct rate r;
    rate_reset(&r);
    assert_true(isnan(r.value));
    rate_feed(&r, 100, 1000000);
    assert_true(isnan(r.value));
    rate_feed(&r, 300, 3000000);
    assert_true(r.value == 100);
}

static void test_restart_gives_no_spike(void **state)
{
    (void)state;
    struct rate r;
    rate_reset(&r);
    rate_feed(&r, 5000000, 1000000);
    rate_feed(&r, 6000000, 2000000);
    rate_feed(&r, 10, 3000000); /* the counter began anew */
    assert_true(isnan(r.value));
    rate_feed(&r, 20, 4000000);
    assert_true(r.value == 10);
}

static void test_wrap_gives_no_spike(void **state)
{
    (void)state;
    struct rate r;
    rate_reset(&r);
    rate_feed(&r, UINT64_MAX - 5, 1000000);
    rate_feed(&r, 5, 2000000);
    assert_true(isnan(r.value));
}

static void test_readings_at_once_are_one(void **state)
{
    (void)state;
    struct rate r;
    rate_reset(&r);
    rate_feed(&r, 0, 1000000);
    rate_feed(&r, 1000, 2000000);
    rate_feed(&r, 2000, 2000500);
    assert_true(r.value == 1000);
    rate_feed(&r, 3000, 4000000);
    assert_true(r.value == 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needs_two_readings),
        cmocka_unit_test(test_restart_gives_no_spike),
        cmocka_unit_test(test_wrap_gives_no_spike),
        cmocka_unit_test(test_readings_at_once_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
