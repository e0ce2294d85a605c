/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>
#include "model/vmmap.h"

static struct vm_uuid numbered(unsigned n)
{
    struct vm_uuid u = {{0}};
    memcpy(u.b, &n, sizeof(n));
    return u;
}

static void an_empty_map_answers(void **state)
{
    struct vmmap m = {0};
    struct vm_uuid u = numbered(1);
    size_t i = 0;
    (void)state;
    assert_null(vmmap_get(&m, 0, &u));
    assert_false(vmmap_has(&m, 0, &u));
    assert_null(vmmap_remove(&m, 0, &u));
    assert_null(vmmap_next(&m, &i));
    vmmap_free(&m);
}

static void the_host_is_part_of_the_key(void **state)
{
    struct vmmap m = {0};
    struct vm_uuid u = numbered(1);
    int a = 0, b = 0;
    (void)state;
    assert_null(vmmap_set(&m, 0, &u, &a));
    assert_null(vmmap_set(&m, 1, &u, &b));
    assert_ptr_equal(vmmap_get(&m, 0, &u), &a);
    assert_ptr_equal(vmmap_get(&m, 1, &u), &b);
    assert_ptr_equal(vmmap_set(&m, 1, &u, &a), &b);
    assert_int_equal(m.len, 2);
    assert_null(vmmap_set(&m, 2, &u, NULL));
    assert_true(vmmap_has(&m, 2, &u));
    vmmap_free(&m);
}

/* Against the simplest thing that could be right: an array. */
static void like_an_array_under_random_use(void **state)
{
    enum { KEYS = 500, STEPS = 100000 };
    static char values[KEYS];
    bool there[KEYS] = {false};
    struct vmmap m = {0};
    unsigned random = 12345;
    (void)state;
    for (int step = 0; step < STEPS; step++) {
        random = random * 1103515245u + 12345u;
        unsigned key = (random >> 8) % KEYS;
        struct vm_uuid u = numbered(key);
        if (random >> 30) {
            assert_ptr_equal(vmmap_set(&m, 0, &u, &values[key]), there[key] ? &values[key] : NULL);
            there[key] = true;
        } else {
            assert_ptr_equal(vmmap_remove(&m, 0, &u), there[key] ? &values[key] : NULL);
            there[key] = false;
        }
        assert_int_equal(vmmap_has(&m, 0, &u), there[key]);
    }
    size_t expected = 0, walked = 0, i = 0;
    for (unsigned key = 0; key < KEYS; key++) {
        struct vm_uuid u = numbered(key);
        expected += there[key];
        assert_ptr_equal(vmmap_get(&m, 0, &u), there[key] ? &values[key] : NULL);
    }
    while (vmmap_next(&m, &i)) {
        walked++;
    }
    assert_int_equal(m.len, expected);
    assert_int_equal(walked, expected);
    vmmap_free(&m);
    assert_null(m.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_answers),
        cmocka_unit_test(the_host_is_part_of_the_key),
        cmocka_unit_test(like_an_array_under_random_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
