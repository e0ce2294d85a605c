/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "diagnose/literals.h"

static void count(void *ctx, int id)
{
    ((int *)ctx)[id]++;
}

static void overlapping(void **state)
{
    (void)state;
    static const char *const strings[] = {"he", "she", "his", "hers", "he", "e", "\xff\xfe"};
    struct literals *l = literals_new();
    int n[ARRAY_LEN(strings)] = {0};
    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        literals_add(l, strings[i], (int)i);
    literals_build(l);
    literals_scan(l, "ushers\0his\xff\xfe", 12, count, n);
    static const int want[] = {1, 1, 1, 1, 1, 1, 1};
    assert_memory_equal(n, want, sizeof n);
    literals_free(l);
}

static void none(void **state)
{
    (void)state;
    struct literals *l = literals_new();
    int n = 0;
    literals_build(l);
    literals_scan(l, "anything", 8, count, &n);
    literals_scan(l, NULL, 0, count, &n);
    assert_int_equal(n, 0);
    literals_free(l);
}

/* Against a search for each of them. */
static void like_searching(void **state)
{
    (void)state;
    enum { STRINGS = 40, TEXT = 400 };
    char strings[STRINGS][6], text[TEXT + 1] = "";
    srand(11);
    for (int round = 0; round < 50; round++) {
        struct literals *l = literals_new();
        int found[STRINGS] = {0};
        for (int i = 0; i < STRINGS; i++) {
            int len = 1 + rand() % 5;
            for (int k = 0; k < len; k++)
                strings[i][k] = (char)('a' + rand() % 3);
            strings[i][len] = '\0';
            literals_add(l, strings[i], i);
        }
        for (int k = 0; k < TEXT; k++)
            text[k] = (char)('a' + rand() % 4);
        literals_build(l);
        literals_scan(l, text, TEXT, count, found);
        for (int i = 0; i < STRINGS; i++) {
            int n = 0;
            for (const char *p = text; (p = strstr(p, strings[i])); p++)
                n++;
            assert_int_equal(found[i], n);
        }
        literals_free(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping),
        cmocka_unit_test(none),
        cmocka_unit_test(like_searching),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
