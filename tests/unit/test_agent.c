/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What comes from guests as base64: a stranger's text.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "virt/agent.h"

static void decodes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
        size_t len;
    } cases[] = {{"", "", 0},         {"Zg==", "f", 1},        {"Zm8=", "fo", 2},
                 {"Zm9v", "foo", 3},  {"Zm9vYg==", "foob", 4}, {"Zm9vYg", "foob", 4},
                 {"AAA=", "\0\0", 2}, {"/+8=", "\xff\xef", 2}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *out = NULL;
        size_t len = 99;
        assert_true(base64_decode(cases[i].text, &out, &len));
        assert_int_equal(len, cases[i].len);
        assert_memory_equal(out, cases[i].bytes, len + 1);
        free(out);
    }
}

static void refuses_what_is_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z",   "Zm9vY", "Zm 9v", "Zm9v\n", "Zg==Zg==", "\xff\xff\xff\xff",
                                      "-_-_"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *out = NULL;
        size_t len;
        assert_false(base64_decode(bad[i], &out, &len));
        assert_null(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decodes), cmocka_unit_test(refuses_what_is_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
