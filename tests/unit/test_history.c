/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "model/history.h"

static struct vm_uuid numbered(unsigned n)
{
    struct vm_uuid u = {{0}};
    memcpy(u.b, &n, sizeof(n));
    return u;
}

static void record_cpu(struct history *h, const struct vm_uuid *u, int64_t ms, double cpu)
{
    const double values[METRIC_COUNT] = {cpu, NAN, NAN, NAN, NAN, NAN};
    history_record(h, 0, u, ms, values);
}

static void assert_near(double got, double wanted)
{
    assert_true(fabs(got - wanted) <= fabs(wanted) * 0.004);
}

static int count_known(const float *values, int n)
{
    int known = 0;
    for (int i = 0; i < n; i++) {
        known += !isnan(values[i]);
    }
    return known;
}

static void nothing_known_is_all_nan(void **state)
{
    struct history *h = history_new();
    struct vm_uuid u = numbered(1);
    float out[WINDOW_MAX_POINTS];
    (void)state;
    size_t empty = history_bytes(h);
    for (int64_t ms = 0; ms < 100000; ms += 1000) {
        record_cpu(h, &u, ms, NAN);
    }
    assert_int_equal(history_bytes(h), empty);
    assert_false(history_copy(h, 0, &u, METRIC_CPU, WINDOW_1H, 100000, out));
    assert_int_equal(count_known(out, windows[WINDOW_1H].points), 0);
    assert_false(history_copy_device(h, 0, &u, "vda", false, WINDOW_1MIN, 100000, out));
    history_forget(h, 0, &u);
    history_free(h);
    history_free(NULL);
}

static void a_minute_in_seconds(void **state)
{
    struct history *h = history_new();
    struct vm_uuid u = numbered(1);
    float out[WINDOW_MAX_POINTS];
    (void)state;
    for (int i = 0; i <= 200; i++) {
        record_cpu(h, &u, 5000000 + i * 1000, i);
    }
    assert_true(history_copy(h, 0, &u, METRIC_CPU, WINDOW_1MIN, 5200000, out));
    for (int i = 0; i < 60; i++) {
        assert_near(out[i], 141 + i);
    }
    assert_false(history_copy(h, 0, &u, METRIC_MEM, WINDOW_1MIN, 5200000, out));
    struct vm_uuid nil = {{0}};
    assert_false(history_copy(h, 0, &nil, METRIC_CPU, WINDOW_1MIN, 5200000, out));
    assert_false(history_copy(h, 1, &u, METRIC_CPU, WINDOW_1MIN, 5200000, out));
    history_free(h);
}

/* Each coarser point is the mean of its samples, in all windows at once. */
static void coarser_windows_average(void **state)
{
    struct history *h = history_new();
    struct vm_uuid u = numbered(1);
    float out[WINDOW_MAX_POINTS];
    (void)state;
    for (int64_t ms = 0; ms < 3600000; ms += 500) {
        record_cpu(h, &u, ms, ms / 500 % 2 ? 10 : 30);
    }
    for (int w = 0; w < WINDOW_COUNT; w++) {
        assert_true(history_copy(h, 0, &u, METRIC_CPU, (enum window)w, 3599999, out));
        assert_int_equal(count_known(out, windows[w].points), windows[w].points);
        for (int i = 0; i < windows[w].points; i++) {
            assert_true(out[i] >= 17 && out[i] <= 23);
        }
        assert_int_equal(windows[w].seconds * 1000 % windows[w].points, 0);
    }
    history_free(h);
}

static void a_pause_leaves_a_hole_of_its_length(void **state)
{
    struct history *h = history_new();
    struct vm_uuid u = numbered(1);
    float out[WINDOW_MAX_POINTS];
    (void)state;
    for (int64_t s = 0; s < 20; s++) {
        record_cpu(h, &u, 1000000 + s * 1000, 5);
    }
    for (int64_t s = 40; s < 60; s++) {
        record_cpu(h, &u, 1000000 + s * 1000, 7);
    }
    history_copy(h, 0, &u, METRIC_CPU, WINDOW_1MIN, 1059000, out);
    assert_near(out[19], 5);
    for (int i = 20; i < 40; i++) {
        assert_true(isnan(out[i]));
    }
    assert_near(out[40], 7);
    /* Longer than the window: nothing old shines through. */
    record_cpu(h, &u, 9000000, 1);
    history_copy(h, 0, &u, METRIC_CPU, WINDOW_1MIN, 9000000, out);
    assert_int_equal(count_known(out, 60), 1);
    assert_near(out[59], 1);
    history_free(h);
}

static void late_ticks_and_long_intervals_leave_none(void **state)
{
    struct history *h = history_new();
    struct vm_uuid u = numbered(1), v = numbered(2);
    float out[WINDOW_MAX_POINTS];
    (void)state;
    for (int i = 0; i < 120; i++) { /* 999 ms, then 1001 ms or so: some seconds get none, some two */
        record_cpu(h, &u, 1000000 + i * 1000 + (i % 3 - 1) * 400, 4);
    }
    history_copy(h, 0, &u, METRIC_CPU, WINDOW_1MIN, 1119000, out);
    assert_int_equal(count_known(out, 60), 60);
    for (int i = 0; i < 30; i++) {
        record_cpu(h, &v, 1000000 + i * 5000, i);
    }
    history_copy(h, 0, &v, METRIC_CPU, WINDOW_1MIN, 1145000, out);
    assert_int_equal(count_known(out, 60), 60);
    assert_near(out[59], 29);
    assert_near(out[58], 29); /* a sample stands for the time before it */
    assert_near(out[54], 28);
    history_free(h);
}

static void the_newest_point_does_not_flicker(void **state)
{
    struct history *h = history_new();
    struct vm_uuid u = numbered(1);
    float out[WINDOW_MAX_POINTS];
    (void)state;
    for (int i = 0; i <= 100; i++) {
        record_cpu(h, &u, 1000000 + i * 1000, 3);
    }
    assert_true(history_copy(h, 0, &u, METRIC_CPU, WINDOW_1MIN, 1101500, out)); /* half a tick late */
    assert_near(out[59], 3);
    assert_true(history_copy(h, 0, &u, METRIC_CPU, WINDOW_1MIN, 1110000, out)); /* no longer late: gone */
    assert_int_equal(count_known(out, 60), 50);
    assert_true(isnan(out[59]));
    assert_false(history_copy(h, 0, &u, METRIC_CPU, WINDOW_1MIN, 1170000, out));
    history_free(h);
}

static void nonsense_is_unknown(void **state)
{
    struct history *h = history_new();
    struct vm_uuid u = numbered(1);
    float out[WINDOW_MAX_POINTS];
    (void)state;
    record_cpu(h, &u, -5, 1);
    record_cpu(h, &u, 100000, INFINITY);
    assert_false(history_copy(h, 0, &u, METRIC_CPU, WINDOW_1MIN, 100000, out));
    record_cpu(h, &u, 100000, 1e300);
    record_cpu(h, &u, 101000, 2);
    record_cpu(h, &u, 50000, 9); /* time does not go back */
    history_copy(h, 0, &u, METRIC_CPU, WINDOW_1MIN, 101000, out);
    assert_near(out[59], 2);
    assert_int_equal(count_known(out, 60), 1);
    history_free(h);
}

static void devices_of_sixteen_domains(void **state)
{
    struct history *h = history_new();
    float out[WINDOW_MAX_POINTS];
    (void)state;
    for (unsigned n = 1; n <= 17; n++) {
        struct vm_uuid u = numbered(n);
        history_record_device(h, 0, &u, "vda", false, 1000000 + n * 10, n, 2 * n);
        history_record_device(h, 0, &u, "vnet0", true, 1000000 + n * 10, NAN, NAN);
    }
    struct vm_uuid first = numbered(1), last = numbered(17);
    assert_false(history_copy_device(h, 0, &first, "vda", false, WINDOW_1MIN, 1000200, out));
    assert_true(history_copy_device(h, 0, &last, "vda", false, WINDOW_1MIN, 1000200, out));
    assert_near(out[59], 17);
    assert_true(history_copy_device(h, 0, &last, "vda", true, WINDOW_1MIN, 1000200, out));
    assert_near(out[59], 34);
    assert_false(history_copy_device(h, 0, &last, "vnet0", true, WINDOW_1MIN, 1000200, out));
    /* Many devices of one domain: bounded, the newest are there. */
    size_t before = history_bytes(h);
    for (int i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof(name), "vd%d", i);
        history_record_device(h, 0, &last, name, false, 1001000 + i, 1, 1);
    }
    assert_true(history_bytes(h) - before < 64 * 1024);
    assert_true(history_copy_device(h, 0, &last, "vd999", false, WINDOW_1MIN, 1002000, out));
    /* A NIC that took a disk's name starts anew. */
    history_record_device(h, 0, &last, "vd999", true, 1003000, NAN, NAN);
    assert_false(history_copy_device(h, 0, &last, "vd999", false, WINDOW_1MIN, 1003000, out));
    history_forget(h, 0, &last);
    assert_false(history_copy_device(h, 0, &last, "vd999", false, WINDOW_1MIN, 1003000, out));
    history_free(h);
}

static void five_thousand_domains_fit(void **state)
{
    struct history *h = history_new();
    const double values[METRIC_COUNT] = {1, 2, 3, 4, 5, 6};
    float out[WINDOW_MAX_POINTS];
    (void)state;
    for (unsigned n = 0; n < 5000; n++) {
        struct vm_uuid u = numbered(n);
        history_record(h, 0, &u, 1000000, values);
    }
    assert_true(history_bytes(h) > 20u * 1024 * 1024);
    assert_true(history_bytes(h) < 32u * 1024 * 1024);
    for (unsigned n = 0; n < 5000; n++) {
        struct vm_uuid u = numbered(n);
        assert_true(history_copy(h, 0, &u, METRIC_WR, WINDOW_1H, 1000000, out));
        history_forget(h, 0, &u);
        assert_false(history_copy(h, 0, &u, METRIC_WR, WINDOW_1H, 1000000, out));
    }
    history_free(h);
}

static void *record_for_a_while(void *h)
{
    struct vm_uuid u = numbered(1);
    for (int i = 0; i < 5000; i++) {
        record_cpu(h, &u, 1000000 + i * 100, i);
        history_record_device(h, 0, &u, "vda", false, 1000000 + i * 100, i, i);
    }
    return NULL;
}

static void one_thread_records_while_another_copies(void **state)
{
    struct history *h = history_new();
    struct vm_uuid u = numbered(1);
    float out[WINDOW_MAX_POINTS];
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, record_for_a_while, h), 0);
    for (int i = 0; i < 2000; i++) {
        history_copy(h, 0, &u, METRIC_CPU, WINDOW_5MIN, 1500000, out);
        history_copy_device(h, 0, &u, "vda", true, WINDOW_5MIN, 1500000, out);
        history_bytes(h);
    }
    pthread_join(thread, NULL);
    assert_true(history_copy(h, 0, &u, METRIC_CPU, WINDOW_5MIN, 1499900, out));
    history_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_known_is_all_nan),
        cmocka_unit_test(a_minute_in_seconds),
        cmocka_unit_test(coarser_windows_average),
        cmocka_unit_test(a_pause_leaves_a_hole_of_its_length),
        cmocka_unit_test(late_ticks_and_long_intervals_leave_none),
        cmocka_unit_test(the_newest_point_does_not_flicker),
        cmocka_unit_test(nonsense_is_unknown),
        cmocka_unit_test(devices_of_sixteen_domains),
        cmocka_unit_test(five_thousand_domains_fit),
        cmocka_unit_test(one_thread_records_while_another_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
