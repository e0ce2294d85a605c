/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "command/command.h"
#include "command/private.h"

/* The words as one string: <a><b c>, or the error's position and text. */
static char *split(const char *line)
{
    word_list words = {0};
    struct error e = ERROR_INIT;
    struct strbuf out = {0};
    if (words_split(line, &words, &e)) {
        for (size_t i = 0; i < words.len; i++)
            strbuf_printf(&out, "<%s>", words.items[i].text);
    } else {
        assert_int_equal(words.len, 0);
        assert_int_equal(e.status, STATUS_USAGE);
        strbuf_printf(&out, "%d: %s", e.position, error_text(&e));
    }
    words_free(&words);
    error_clear(&e);
    return strbuf_steal(&out);
}

static void expect(const char *line, const char *wanted)
{
    char *got = split(line);
    assert_string_equal(got, wanted);
    free(got);
}

static void test_blanks(void **state)
{
    (void)state;
    expect("", "");
    expect(" \t \r\n", "");
    expect("list", "<list>");
    expect("  start\tweb1   web2 ", "<start><web1><web2>");
}

static void test_quotes(void **state)
{
    (void)state;
    expect("start 'my vm'", "<start><my vm>");
    expect("a\"b c\"d", "<ab cd>");
    expect("'a\\b' \"a\\\\b\" \"a\\\"b\" \"a\\nb\"", "<a\\b><a\\b><a\"b><a\\nb>");
    expect("\\'a\\ b", "<'a b>");
    expect("'' \"\"", "<><>");
    expect("'it'\\''s'", "<it's>");
}

static void test_unclosed(void **state)
{
    (void)state;
    expect("start 'web", "6: the quote ' is not closed");
    expect("a \"b\\\"", "2: the quote \" is not closed");
    expect("ab\\", "2: nothing comes after the backslash");
}

static void test_comments(void **state)
{
    (void)state;
    expect("# all of it 'is", "");
    expect("list # the rest", "<list>");
    expect("web#1 '#2'", "<web#1><#2>");
}

static void test_and(void **state)
{
    (void)state;
    expect("a && b", "<a><&&><b>");
    expect("a&&b", "<a><&&><b>");
    expect("a & b", "<a><&><b>");
    expect("'a&&b'", "<a&&b>");
    expect("&&&&", "<&&><&&>");
}

static void test_command_end(void **state)
{
    (void)state;
    const char *line = "a '&&' && b&& \\&& c";
    word_list words = {0};
    assert_true(words_split(line, &words, NULL));
    assert_int_equal(words.len, 7);
    assert_int_equal(words_command_end(line, &words, 0), 2);
    assert_int_equal(words_command_end(line, &words, 3), 4);
    assert_int_equal(words_command_end(line, &words, 5), 7);
    words_free(&words);
}

static void test_positions(void **state)
{
    (void)state;
    word_list words = {0};
    assert_true(words_split(" a  'b c' d", &words, NULL));
    assert_int_equal(words.items[0].position, 1);
    assert_int_equal(words.items[1].position, 4);
    assert_int_equal(words.items[2].position, 10);
    words_free(&words);
}

static void test_any_bytes(void **state)
{
    (void)state;
    expect("\xff\x80 \x1b[31m 日本", "<\xff\x80><\x1b[31m><日本>");
}

static void test_too_long(void **state)
{
    (void)state;
    char *line = malloc(WORDS_MAX_LINE + 2);
    struct error e = ERROR_INIT;
    word_list words = {0};
    memset(line, 'x', WORDS_MAX_LINE + 1);
    line[WORDS_MAX_LINE + 1] = '\0';
    assert_false(words_split(line, &words, &e));
    assert_int_equal(e.position, WORDS_MAX_LINE);
    error_clear(&e);
    line[WORDS_MAX_LINE] = '\0';
    assert_true(words_split(line, &words, &e));
    assert_int_equal(words.len, 1);
    words_free(&words);
    free(line);
}

static void test_quote_round_trip(void **state)
{
    (void)state;
    static const char *const texts[] = {"web1",  "my vm",  "",   "it's", "a\"b",   "a\\b",
                                        "#x",    "a&&b",   "*",  "a\nb", "日本語", "\xff\xfe",
                                        "!idle", "cpu>50", "-x", "'"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char *quoted = word_quote(texts[i]);
        word_list words = {0};
        assert_true(words_split(quoted, &words, NULL));
        assert_int_equal(words.len, 1);
        assert_string_equal(words.items[0].text, texts[i]);
        assert_int_equal(words_command_end(quoted, &words, 0), 1);
        words_free(&words);
        free(quoted);
    }
    char *plain = word_quote("state=shutoff");
    assert_string_equal(plain, "state=shutoff");
    free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blanks),    cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_unclosed),  cmocka_unit_test(test_comments),
        cmocka_unit_test(test_and),       cmocka_unit_test(test_command_end),
        cmocka_unit_test(test_positions), cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_too_long),  cmocka_unit_test(test_quote_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
