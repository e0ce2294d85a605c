/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/jsondoc.h"
#include "base/strbuf.h"
#include "scratch.h"

static void lines(void **state)
{
    (void)state;
    static const char text[] = "{\n  \"a\": 1,\n  \"bindings\": {\n    \"F5\": [1,\n      {\"x\": null}],\n"
                               "    \"\\u0046\\n6\":\n      true } }\n";
    struct jsondoc doc;
    assert_true(jsondoc_parse(&doc, "k.json", text, strlen(text), NULL));
    assert_int_equal(jsondoc_line(&doc, 0, NULL), 1);
    assert_int_equal(jsondoc_line(&doc, 1, (const char *[]){"a"}), 2);
    assert_int_equal(jsondoc_line(&doc, 2, (const char *[]){"bindings", "F5"}), 4);
    assert_int_equal(jsondoc_line(&doc, 4, (const char *[]){"bindings", "F5", "1", "x"}), 5);
    assert_int_equal(jsondoc_line(&doc, 2, (const char *[]){"bindings", "F\n6"}), 7);
    assert_int_equal(jsondoc_line(&doc, 1, (const char *[]){"x"}), 0);
    assert_int_equal(jsondoc_line(&doc, 3, (const char *[]){"bindings", "F5", "2"}), 0);
    assert_int_equal(jsondoc_line(&doc, 2, (const char *[]){"a", "F5"}), 0);
    jsondoc_free(&doc);
    assert_int_equal(jsondoc_line(&doc, 0, NULL), 0);
    jsondoc_free(&doc);
}

static void complaints(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
        size_t len;
    } rows[] = {
        {"", "f:1:1: the text ends where a value is due", 0},
        {"{", "f:1:2: a key in \"quotes\"", 0},
        {"{\"a\" 1}", "f:1:6: a colon", 0},
        {"{\"a\":1,\n \"a\":2}", "f:2:2: this key was there before", 0},
        {"{\"a\":1,\n \"\\u0061\":2}", "f:2:2: this key was there before", 0},
        {"{\"ä\":x}", "f:1:6: a value is due", 0},
        {"{\"a\":1,}", "f:1:8: a comma with nothing", 0},
        {"[1 2]", "f:1:4: a comma or ]", 0},
        {"[1", "f:1:3: the text ends too soon", 0},
        {"{} x", "f:1:4: something follows", 0},
        {"// hi", "f:1:1: JSON has no comments", 0},
        {"\"\xff\"", "f:1:2: invalid UTF-8", 0},
        {"\"a\nb\"", "f:1:3: a control character", 0},
        {"\"abc", "f:1:5: the text ends inside a string", 0},
        {"\"\\x\"", "f:1:2: no such escape", 0},
        {"\"\\", "f:1:2: no such escape", 0},
        {"\"\\u12", "f:1:2: \\u needs four", 0},
        {"\"\\ud800\"", "f:1:2: half a surrogate", 0},
        {"\"\\u0000\"", "f:1:2: a NUL", 0},
        {"\"a\0b\"", "f:1:3: a control character", 5},
        {"1\0", "f:1:2: something follows", 2},
        {"01", "f:1:1: a number can't begin with 0", 0},
        {"1.", "f:1:3: a digit is missing", 0},
        {"-", "f:1:2: a digit", 0},
        {"1e", "f:1:3: a digit", 0},
        {"NaN", "f:1:1: a value is due", 0},
        {"'a'", "f:1:1: a value is due", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct jsondoc doc;
        struct error e = ERROR_INIT;
        size_t len = rows[i].len ? rows[i].len : strlen(rows[i].text);
        assert_false(jsondoc_parse(&doc, "f", rows[i].text, len, &e));
        if (strncmp(error_text(&e), rows[i].want, strlen(rows[i].want)) != 0)
            fail_msg("%s\n  instead of\n%s", error_text(&e), rows[i].want);
        assert_true(e.position >= 0);
        assert_null(doc.root);
        error_clear(&e);
    }
}

static void values(void **state)
{
    (void)state;
    static const char *const good[] = {"1",    " -1.5e+3 ", "\"\\ud83d\\ude00\"", "null",    "true",
                                       "[]",   "{}\n",      "\"\\/\\b\"",         "[[],{}]", "0",
                                       "9e999"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct jsondoc doc;
        struct error e = ERROR_INIT;
        if (!jsondoc_parse(&doc, "f", good[i], strlen(good[i]), &e))
            fail_msg("%s: %s", good[i], error_text(&e));
        jsondoc_free(&doc);
    }
}

static void other_scripts(void **state)
{
    (void)state;
    static const char text[] = "{\"clé\": \"日本語 \U0001f680 \u00ba\"}";
    struct jsondoc doc;
    struct error e = ERROR_INIT;
    json_object *v = NULL;
    if (!jsondoc_parse(&doc, "f", text, strlen(text), &e))
        fail_msg("%s", error_text(&e));
    assert_true(json_object_object_get_ex(doc.root, "clé", &v));
    assert_string_equal(json_object_get_string(v), "日本語 \U0001f680 \u00ba");
    jsondoc_free(&doc);
}

static void limits(void **state)
{
    (void)state;
    struct strbuf s = {0};
    struct jsondoc doc;
    struct error e = ERROR_INIT;
    for (int i = 0; i < 32; i++)
        strbuf_putc(&s, '[');
    for (int i = 0; i < 32; i++)
        strbuf_putc(&s, ']');
    assert_true(jsondoc_parse(&doc, "f", s.s, s.len, &e));
    jsondoc_free(&doc);
    strbuf_clear(&s);
    for (int i = 0; i < 100000; i++)
        strbuf_puts(&s, "[{\"a\":");
    assert_false(jsondoc_parse(&doc, "f", s.s, s.len, &e));
    assert_non_null(strstr(error_text(&e), "nested too deeply"));
    strbuf_clear(&s);
    while (s.len <= 1048576)
        strbuf_puts(&s, "          ");
    assert_false(jsondoc_parse(&doc, "f", s.s, s.len, &e));
    assert_non_null(strstr(error_text(&e), "too large"));
    strbuf_free(&s);
    error_clear(&e);
}

static void loads(void **state)
{
    (void)state;
    struct jsondoc doc;
    struct error e = ERROR_INIT;
    bool missing;
    assert_false(jsondoc_load(&doc, scratch("none"), &missing, &e));
    assert_true(missing);
    scratch_write(scratch("f"), "{ \"a\": 1 }");
    assert_true(jsondoc_load(&doc, scratch("f"), &missing, &e));
    assert_string_equal(doc.name, scratch("f"));
    assert_int_equal(json_object_object_length(doc.root), 1);
    jsondoc_free(&doc);
    error_clear(&e);
}

static void objects(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int flags;
        const char *a; /* NULL: no object at all; "": no text there */
    } rows[] = {
        {"{\"a\":\"b\"}", 0, "b"},
        {"  {\"a\": \"b\"} \r\n\t", 0, "b"},
        {"{\"a\":\"\u65e5\"}", JSON_TOKENER_VALIDATE_UTF8, "\u65e5"},
        {"{\"a\":\"\xff\"}", 0, "\xff"},
        {"{\"a\":\"\xff\"}", JSON_TOKENER_VALIDATE_UTF8, NULL},
        {"{\"a\":5}", 0, ""},
        {"{\"a\":null}", 0, ""},
        {"{}", 0, ""},
        {"{\"a\":\"b\"} x", 0, NULL},
        {"{\"a\":\"b\"}{}", 0, NULL},
        {"{\"a\":\"b\"", 0, NULL},
        {"[\"a\"]", 0, NULL},
        {"null", 0, NULL},
        {"5", 0, NULL},
        {" \n", 0, NULL},
        {"", 0, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_object *o = jsondoc_object(rows[i].text, strlen(rows[i].text), rows[i].flags);
        const char *text = o ? jsondoc_text(o, "a") : NULL;
        assert_int_equal(o != NULL, rows[i].a != NULL);
        if (o)
            assert_string_equal(text ? text : "", rows[i].a);
        json_object_put(o);
    }
    char deep[512] = "{\"a\":";
    memset(deep + 5, '[', sizeof deep - 5);
    assert_null(jsondoc_object(deep, sizeof deep, 0));
    assert_null(jsondoc_object("{\"a\":\"b\"}\0", 10, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(complaints),
        cmocka_unit_test(values),
        cmocka_unit_test(other_scripts),
        cmocka_unit_test(limits),
        cmocka_unit_test(objects),
        cmocka_unit_test_setup_teardown(loads, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
