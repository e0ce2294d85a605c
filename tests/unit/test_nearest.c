/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/nearest.h"

static const char *guess(const char *word)
{
    static const char *const names[] = {"interval", "columns", "sort", "group", "cpu", "mem",
                                        "vcpus",    "rx",      "tx",   "host",  NULL,  "shutdown-timeout"};
    struct nearest n = nearest_to(word);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        nearest_offer(&n, names[i]);
    return n.best;
}

static void guesses(void **state)
{
    (void)state;
    assert_string_equal(guess("colums"), "columns");
    assert_string_equal(guess("COLUMNS"), "columns");
    assert_string_equal(guess("intreval"), "interval");
    assert_string_equal(guess("cpus"), "cpu");
    assert_string_equal(guess("shutdown"), "shutdown-timeout");
    assert_string_equal(guess("shutdown_timeout"), "shutdown-timeout");
    assert_null(guess("zebra"));
    assert_null(guess(""));
    assert_null(guess(NULL));
    assert_null(guess("\xff\xff\xff\xff"));
    char giant[5000];
    memset(giant, 'c', sizeof giant - 1);
    giant[sizeof giant - 1] = '\0';
    assert_null(guess(giant));
}

static void hints(void **state)
{
    (void)state;
    struct nearest n = nearest_to("hots");
    char *none = nearest_hint(&n);
    nearest_offer(&n, "host");
    char *hint = nearest_hint(&n);
    assert_string_equal(none, "");
    assert_string_equal(hint, " (did you mean \"host\"?)");
    free(none);
    free(hint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guesses),
        cmocka_unit_test(hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
