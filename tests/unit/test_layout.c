/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ui/layout.h"

static bool inside(struct rect r, int w, int h)
{
    return r.w == 0 || r.h == 0 || (r.x >= 0 && r.y >= 0 && r.x + r.w <= w && r.y + r.h <= h);
}

static bool apart(struct rect a, struct rect b)
{
    return a.w == 0 || a.h == 0 || b.w == 0 || b.h == 0 || a.x + a.w <= b.x || b.x + b.w <= a.x ||
           a.y + a.h <= b.y || b.y + b.h <= a.y;
}

static void check(int w, int h, int hosts, bool open, bool zoomed)
{
    struct layout l = layout_make(w, h, hosts, open, zoomed);
    struct rect all[] = {l.host, l.table, l.tabs, l.pane, l.border, l.keys, l.line};
    assert_int_equal(l.too_small, w < 40 || h < 10);
    if (l.too_small)
        return;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_true(inside(all[i], w, h));
        for (size_t k = 0; k < i; k++)
            assert_true(apart(all[i], all[k]));
    }
    assert_true(open ? l.pane.h > 0 : l.where == PANE_NOWHERE && l.table.h > 0);
}

static void test_all_sizes(void **state)
{
    (void)state;
    for (int w = 1; w < 300; w++)
        for (int h = 1; h < 100; h++)
            for (int hosts = 1; hosts <= 3; hosts++)
                for (int how = 0; how < 4; how++)
                    check(w, h, hosts, how & 1, how & 2);
}

static void test_where(void **state)
{
    (void)state;
    assert_int_equal(layout_make(80, 24, 1, true, false).where, PANE_OVER);
    assert_int_equal(layout_make(120, 36, 1, true, false).where, PANE_BELOW);
    assert_int_equal(layout_make(200, 60, 1, true, false).where, PANE_RIGHT);
    assert_int_equal(layout_make(200, 60, 1, true, true).where, PANE_OVER);
    assert_int_equal(layout_make(200, 60, 1, false, false).where, PANE_NOWHERE);
    assert_false(layout_has_room(80, 24));
    assert_true(layout_has_room(120, 36));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_sizes), cmocka_unit_test(test_where)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
