/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <string.h>
#include "ui/key.h"

static keycode parse(const char *name)
{
    struct error e = ERROR_INIT;
    keycode key;
    if (!key_parse(name, &key, &e))
        fail_msg("%s: %s", name, error_text(&e));
    return key;
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        keycode key;
        const char *shown; /* NULL: the same */
    } rows[] = {
        {"a", 'a', NULL},
        {"A", 'A', NULL},
        {"<", '<', NULL},
        {"-", '-', NULL},
        {"C", 'C', NULL},
        {"é", 0xe9, NULL},
        {"日", 0x65e5, NULL},
        {" ", ' ', "Space"},
        {"Space", ' ', NULL},
        {"F1", KEYC_F1, NULL},
        {"f12", KEYC_F12, "F12"},
        {"PgDn", KEYC_PAGE_DOWN, "PageDown"},
        {"Return", KEYC_ENTER, "Enter"},
        {"C-l", KEYM_CTRL | 'l', NULL},
        {"C-L", KEYM_CTRL | 'l', "C-l"},
        {"C-Left", KEYM_CTRL | KEYC_LEFT, NULL},
        {"C-Space", KEYM_CTRL | ' ', NULL},
        {"C-_", KEYM_CTRL | '_', NULL},
        {"C-i", KEYC_TAB, "Tab"},
        {"C-m", KEYC_ENTER, "Enter"},
        {"C-[", KEYC_ESC, "Esc"},
        {"M-x", KEYM_META | 'x', NULL},
        {"M-<", KEYM_META | '<', NULL},
        {"S-Tab", KEYM_SHIFT | KEYC_TAB, NULL},
        {"M-C-S-F3", KEYM_META | KEYM_CTRL | KEYM_SHIFT | KEYC_F3, "C-M-S-F3"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char shown[32];
        assert_int_equal(parse(rows[i].name), rows[i].key);
        key_label(rows[i].key, shown, sizeof shown);
        assert_string_equal(shown, rows[i].shown ? rows[i].shown : rows[i].name);
    }
}

static void test_bad_names_say_what_would_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *name, *says;
    } rows[] = {
        {"", "missing"},         {NULL, "missing"},       {"F99", "F1 to F12"},  {"PageDwon", "PageDown"},
        {"ab", "one character"}, {"S-a", "as in A"},      {"C-é", "a to z"},     {"C-1", "a to z"},
        {"\x01", "no such key"}, {"\xff", "no such key"}, {"C-", "no such key"}, {"\xc2\x85", "no such key"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error e = ERROR_INIT;
        keycode key = 1;
        assert_false(key_parse(rows[i].name, &key, &e));
        assert_int_equal(key, 0);
        if (!strstr(error_text(&e), rows[i].says))
            fail_msg("\"%s\" lacks \"%s\"", error_text(&e), rows[i].says);
        error_clear(&e);
    }
}

static void test_bytes_are_what_terminals_send(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
    } rows[] = {
        {"a", "a"},
        {"é", "\xc3\xa9"},
        {"C-a", "\x01"},
        {"C-_", "\x1f"},
        {"M-f", "\x1b"
                "f"},
        {"Up", "\x1b[A"},
        {"Home", "\x1b[H"},
        {"Delete", "\x1b[3~"},
        {"F1", "\x1b[11~"},
        {"F5", "\x1b[15~"},
        {"Tab", "\t"},
        {"S-Tab", "\x1b[Z"},
        {"Enter", "\r"},
        {"Esc", "\x1b"},
        {"Backspace", "\x7f"},
        {"C-Left", "\x1b[1;5D"},
        {"S-Delete", "\x1b[3;2~"},
        {"M-Backspace", "\x1b\x7f"},
        {"M-Up", "\x1b[1;3A"},
    };
    char bytes[16];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(key_bytes(parse(rows[i].name), bytes), strlen(rows[i].bytes));
        assert_string_equal(bytes, rows[i].bytes);
    }
    assert_int_equal(key_bytes(parse("C-Space"), bytes), 1);
    assert_int_equal(bytes[0], 0);
}

static void test_sequences(void **state)
{
    (void)state;
    assert_int_equal(key_of_sequence(0, 'A'), KEYC_UP);
    assert_int_equal(key_of_sequence(1, 'A'), KEYC_UP); /* CSI 1;5A */
    assert_int_equal(key_of_sequence(24, '~'), KEYC_F12);
    assert_int_equal(key_of_sequence(7, '~'), KEYC_HOME);
    assert_int_equal(key_of_sequence(0, 'Z'), KEYC_TAB | KEYM_SHIFT);
    assert_int_equal(key_of_sequence(27, 'u'), KEYC_ESC);
    assert_int_equal(key_of_sequence(28, 'u'), 0);
    assert_int_equal(key_of_sequence(0, 'x'), 0);
    assert_int_equal(key_of_sequence(99, '~'), 0);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_names_say_what_would_be_right),
        cmocka_unit_test(test_bytes_are_what_terminals_send),
        cmocka_unit_test(test_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
