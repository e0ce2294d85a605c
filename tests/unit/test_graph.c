/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <string.h>
#include "ui/graph.h"

static struct canvas c;

static int setup(void **state)
{
    (void)state;
    canvas_init(&c, 8, 2, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    canvas_free(&c);
    return 0;
}

static void expect(const char *frame)
{
    struct strbuf out = {0};
    canvas_print(&c, &out, false);
    assert_string_equal(strbuf_str(&out), frame);
    strbuf_free(&out);
    canvas_clear(&c, (struct rect){0, 0, c.w, c.h}, ROLE_TEXT);
}

static bool same(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b);
}

static void test_scales_can_be_read(void **state)
{
    (void)state;
    static const struct {
        double max;
        bool bytes;
        double nice;
    } rows[] = {
        {1, false, 1},          {1.1, false, 2},          {187.2, false, 200},
        {501, false, 1000},     {0.03, false, 0.05},      {0, false, 1},
        {-5, true, 1},          {1000, true, 1024},       {1025, true, 2048},
        {600e3, true, 1 << 20}, {1 << 20, true, 1 << 20}, {3 << 20, true, 5 << 20},
        {100, true, 100},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        double nice = graph_nice_max(rows[i].max, rows[i].bytes);
        if (!same(nice, rows[i].nice))
            fail_msg("%g gives %g, not %g", rows[i].max, nice, rows[i].nice);
    }
    assert_true(same(graph_nice_max(NAN, false), 1));
    assert_true(same(graph_nice_max(INFINITY, true), 1));
    assert_true(graph_nice_max(1e300, false) >= 1e300);
}

static const float ramp[] = {0, 25, 50, 75, 100, NAN, NAN, 100};

static void test_areas(void **state)
{
    (void)state;
    struct rect all = {0, 0, 8, 2}, four = {0, 0, 4, 2};
    graph_area(&c, all, GRAPH_BLOCK, ROLE_GRAPH_CPU, ramp, 8, 100);
    expect("   ▄█  █\n▁▄███  █\n");
    graph_area(&c, four, GRAPH_BRAILLE, ROLE_GRAPH_CPU, ramp, 8, 100);
    expect(" ⢠⡇⢸\n⣠⣿⡇⢸\n");
    c.unicode = false;
    graph_area(&c, all, GRAPH_BRAILLE, ROLE_GRAPH_CPU, ramp, 8, 100);
    expect("   :|  |\n.:|||  |\n");
}

static void test_few_values_are_spread_and_many_keep_their_peaks(void **state)
{
    (void)state;
    static const float two[] = {100, 50}, spike[16] = {[9] = 100};
    graph_area(&c, (struct rect){0, 1, 4, 1}, GRAPH_BLOCK, ROLE_GRAPH_CPU, two, 2, 100);
    expect("\n██▄▄\n");
    graph_area(&c, (struct rect){0, 1, 4, 1}, GRAPH_BLOCK, ROLE_GRAPH_CPU, spike, 16, 100);
    expect("\n▁▁█▁\n");
}

static void test_values_beyond_the_scale(void **state)
{
    (void)state;
    static const float wild[] = {1e30F, -1e30F, INFINITY, 0};
    graph_area(&c, (struct rect){0, 0, 4, 2}, GRAPH_BLOCK, ROLE_GRAPH_CPU, wild, 4, 1);
    expect("█ █\n█▁█▁\n");
    graph_area(&c, (struct rect){6, 0, 100, 2}, GRAPH_BRAILLE, ROLE_GRAPH_CPU, wild, 4, 1);
    canvas_clear(&c, (struct rect){0, 0, 8, 2}, ROLE_TEXT);
    /* Nothing to draw: nothing drawn. */
    graph_area(&c, (struct rect){0, 0, 4, 2}, GRAPH_BLOCK, ROLE_GRAPH_CPU, wild, 4, 0);
    graph_area(&c, (struct rect){0, 0, 4, 2}, GRAPH_BLOCK, ROLE_GRAPH_CPU, NULL, 0, 1);
    graph_area(&c, (struct rect){0, 0, -4, 2}, GRAPH_BLOCK, ROLE_GRAPH_CPU, wild, 4, 1);
    graph_lines(&c, (struct rect){0, 0, 4, 0}, GRAPH_BLOCK, ROLE_GRAPH_IN, wild, ROLE_GRAPH_OUT, wild, 4, 1);
    expect("\n\n");
}

static void test_lines(void **state)
{
    (void)state;
    static const float in[] = {0, 0, 100, 100}, out[] = {NAN, NAN, 0, 0};
    graph_lines(&c, (struct rect){0, 0, 2, 2}, GRAPH_BRAILLE, ROLE_GRAPH_IN, in, ROLE_GRAPH_OUT, out, 4, 100);
    assert_int_equal(c.cells[c.w + 1].role, ROLE_GRAPH_OUT);
    assert_int_equal(c.cells[1].role, ROLE_GRAPH_IN);
    expect(" ⡏\n⣀⣇\n");
    c.unicode = false;
    graph_lines(&c, (struct rect){0, 0, 4, 2}, GRAPH_ASCII, ROLE_GRAPH_IN, in, ROLE_GRAPH_OUT, out, 4, 100);
    expect("  **\n****\n");
    graph_lines(&c, (struct rect){0, 0, 4, 2}, GRAPH_ASCII, ROLE_GRAPH_IN, in, ROLE_GRAPH_OUT, NULL, 4, 100);
    expect("  **\n**\n");
}

static void test_sparks(void **state)
{
    (void)state;
    graph_spark(&c, 0, 0, 8, GRAPH_BLOCK, ROLE_GRAPH_CPU, ramp, 8, 100);
    graph_spark(&c, 0, 1, 4, GRAPH_BRAILLE, ROLE_GRAPH_CPU, ramp, 8, 100);
    expect("▁▂▄▆█  █\n⣀⣴⡇⢸\n");
    c.unicode = false;
    graph_spark(&c, 0, 0, 8, GRAPH_BLOCK, ROLE_GRAPH_CPU, ramp, 8, 100);
    expect("_.=+#  #\n\n");
}

static void test_bars(void **state)
{
    (void)state;
    graph_bar(&c, 0, 0, 8, ROLE_BAR, 0.5);
    graph_bar(&c, 0, 1, 8, ROLE_BAR, 0.54);
    expect("▕███   ▏\n▕███▎  ▏\n");
    graph_bar(&c, 0, 0, 8, ROLE_BAR, NAN);
    graph_bar(&c, 0, 1, 8, ROLE_BAR, 7);
    expect("▕   ?  ▏\n▕██████▏\n");
    graph_bar(&c, 0, 0, 8, ROLE_BAR, -1);
    graph_bar(&c, 0, 1, 8, ROLE_BAR, 0.0001); /* something is not nothing */
    expect("▕      ▏\n▕▏     ▏\n");
    graph_bar(&c, 0, 0, 2, ROLE_BAR, 1);
    expect("\n\n");
    c.unicode = false;
    graph_bar(&c, 0, 0, 8, ROLE_BAR, 0.5);
    expect("[|||   ]\n\n");
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scales_can_be_read),
        TEST(test_areas),
        TEST(test_few_values_are_spread_and_many_keep_their_peaks),
        TEST(test_values_beyond_the_scale),
        TEST(test_lines),
        TEST(test_sparks),
        TEST(test_bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
