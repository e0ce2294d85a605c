/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"

static void set_and_clear(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    assert_string_equal(error_text(&e), "");
    assert_string_equal(error_text(NULL), "");
    assert_false(error_set_at(&e, STATUS_USAGE, 4, "no %s", "good"));
    assert_string_equal(error_text(&e), "no good");
    assert_int_equal(e.status, STATUS_USAGE);
    assert_int_equal(e.position, 4);
    error_clear(&e);
    assert_int_equal(e.status, STATUS_OK);
    assert_int_equal(e.position, -1);
    assert_null(e.text);
    assert_false(error_set(NULL, STATUS_FAILED, "nobody"));
    error_prefix(NULL, "nobody");
    error_clear(NULL);
}

static void quotes_itself(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    error_set(&e, STATUS_FAILED, "inner");
    error_set(&e, STATUS_FAILED, "outer (%s)", error_text(&e));
    error_prefix(&e, "%s", "web1");
    assert_string_equal(error_text(&e), "web1: outer (inner)");
    error_clear(&e);
    error_prefix(&e, "x");
    assert_string_equal(error_text(&e), "");
}

static void moves(void **state)
{
    (void)state;
    struct error a = ERROR_INIT, b = ERROR_INIT;
    error_set(&b, STATUS_FAILED, "old");
    error_set_at(&a, STATUS_NO_CONNECTION, 7, "new");
    a.code = 38;
    error_move(&b, &a);
    assert_string_equal(error_text(&b), "new");
    assert_int_equal(b.code, 38);
    assert_int_equal(b.position, 7);
    assert_null(a.text);
    assert_int_equal(a.status, STATUS_OK);
    error_move(&b, &b);
    assert_string_equal(error_text(&b), "new");
    error_move(NULL, &b);
    assert_null(b.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_and_clear),
        cmocka_unit_test(quotes_itself),
        cmocka_unit_test(moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
