/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"

static void begins_empty(void **state)
{
    (void)state;
    struct strbuf b = {0};
    assert_string_equal(strbuf_str(&b), "");
    char *s = strbuf_steal(&b);
    assert_string_equal(s, "");
    free(s);
    strbuf_clear(&b);
    assert_non_null(b.s);
    strbuf_free(&b);
    assert_null(b.s);
}

static void adds(void **state)
{
    (void)state;
    struct strbuf b = {0};
    strbuf_puts(&b, "ab");
    strbuf_putc(&b, 'c');
    strbuf_add(&b, "d\0e", 3);
    strbuf_printf(&b, "%05d", 42);
    assert_int_equal(b.len, 11);
    assert_memory_equal(b.s, "abcd\0e00042", 12);
    strbuf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.s, "");
    strbuf_free(&b);
}

static void grows_far(void **state)
{
    (void)state;
    struct strbuf b = {0};
    for (int i = 0; i < 10000; i++)
        strbuf_printf(&b, "%d,", i);
    assert_int_equal(b.len, 48890);
    assert_string_equal(b.s + b.len - 5, "9999,");
    /* A format that needs more than is there in one go. */
    char *s = strbuf_steal(&b);
    strbuf_printf(&b, "%s%s", s, s);
    assert_int_equal(b.len, 2 * 48890);
    free(s);
    strbuf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_empty),
        cmocka_unit_test(adds),
        cmocka_unit_test(grows_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
