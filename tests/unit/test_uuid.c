/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "model/uuid.h"

#define TEXT "c7a5fdbd-cdaf-9455-926a-d65c16db1809"

static void reads_both_ways_of_writing(void **state)
{
    struct vm_uuid a, b, c;
    char out[UUID_TEXT_LEN + 1];
    (void)state;
    assert_true(uuid_parse(TEXT, &a));
    assert_true(uuid_parse("c7a5fdbdcdaf9455926ad65c16db1809", &b));
    assert_true(uuid_parse("C7A5FDBD-CDAF-9455-926A-D65C16DB1809", &c));
    assert_true(uuid_equal(&a, &b) && uuid_equal(&a, &c));
    uuid_format(&a, out);
    assert_string_equal(out, TEXT);
}

static void refuses_everything_else(void **state)
{
    static const char *const bad[] = {
        "",
        "c",
        "c7a5fdbd",
        "c7a5fdbd-cdaf-9455-926a-d65c16db180",
        "c7a5fdbd-cdaf-9455-926a-d65c16db18091",
        "c7a5fdbd-cdaf-9455-926a-d65c16db180g",
        "c7a5fdbd-cdaf-9455-926ad65c16db1809",
        "c7a5fdbdc-daf-9455-926a-d65c16db1809",
        "c7a5fdbdcdaf9455926ad65c16db18090000",
        "c7a5fdbdcdaf9455926ad65c16db180",
        " c7a5fdbdcdaf9455926ad65c16db180",
        "------------------------------------",
        "\xff\xfe",
    };
    struct vm_uuid before = {{1, 2, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct vm_uuid u = before;
        assert_false(uuid_parse(bad[i], &u));
        assert_true(uuid_equal(&u, &before));
    }
    assert_false(uuid_parse(NULL, &before));
}

static void nil_order_and_hash(void **state)
{
    struct vm_uuid nil = {{0}}, one = {{0}};
    (void)state;
    one.b[15] = 1;
    assert_true(uuid_is_nil(&nil));
    assert_false(uuid_is_nil(&one));
    assert_true(uuid_compare(&nil, &one) < 0 && uuid_compare(&one, &nil) > 0);
    assert_true(uuid_hash(&nil, 0) != uuid_hash(&one, 0));
    assert_true(uuid_hash(&nil, 0) != uuid_hash(&nil, 1));
    assert_true(uuid_hash(&one, 3) == uuid_hash(&one, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_ways_of_writing),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(nil_order_and_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
