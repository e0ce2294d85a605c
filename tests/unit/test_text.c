/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"

static void escapes_to(const char *raw, const char *want)
{
    char *got = text_escaped(raw);
    assert_string_equal(got, want);
    free(got);
}

static void escapes(void **state)
{
    (void)state;
    escapes_to("plain \\ text", "plain \\ text");
    escapes_to("\x1b]0;x\a", "\\e]0;x\\a");
    escapes_to("a\nb\tc\rd", "a\\nb\\tc\\rd");
    escapes_to("\x01\x7f", "\\x01\\x7f");
    escapes_to("\xff\xc0\x80", "\\xff\\xc0\\x80");
    escapes_to("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* a surrogate */
    escapes_to("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
    escapes_to("\xe2\x82", "\\xe2\\x82");                   /* cut */
    escapes_to("\xc2\x85\xc2\x9b", "\\u{0085}\\u{009b}");   /* C1 */
    escapes_to("a\u202eb\u2066\u200f\u061c", "a\\u{202e}b\\u{2066}\\u{200f}\\u{061c}");
    escapes_to("\u2028\ufeff\u200b", "\\u{2028}\\u{feff}\\u{200b}");
    escapes_to("\U000e0041", "\\u{e0041}");
    escapes_to("\u0378", "\\u{0378}"); /* unassigned */
    escapes_to("日本語-サーバ", "日本語-サーバ");
    escapes_to("שלום", "שלום");
    escapes_to("e\u0301", "e\u0301");
    assert_string_equal((escapes_to(NULL, ""), ""), "");
}

static void escapes_in_context(void **state)
{
    (void)state;
    escapes_to("\u0301x", "\u25cc\u0301x");
    escapes_to("\n\u0301", "\\n\u25cc\u0301");
    escapes_to("a\u200db", "a\\u{200d}b");
    escapes_to("👨\u200d👩", "👨\u200d👩");
    escapes_to("👨\u200dx", "👨\\u{200d}x");
    escapes_to("❤\ufe0f", "❤\ufe0f");
    escapes_to("a\ufe0f", "a\\u{fe0f}");
    struct strbuf b = {0};
    text_escape(&b, "a\0b", 3);
    assert_string_equal(b.s, "a\\x00b");
    strbuf_free(&b);
}

static void measures(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("日本"), 4);
    assert_int_equal(text_width("e\u0301\u0302\u0303\u0304\u0305\u0306"), 1);
    assert_int_equal(text_width("👨\u200d👩\u200d👧"), 6);
    assert_int_equal(text_width("👍🏽"), 2);
    assert_int_equal(text_width("\x1b[31m"), 5); /* unescaped text still does no harm */
    assert_int_equal(text_width("\xff\xfe"), 2);
}

static void clusters(void **state)
{
    (void)state;
    struct text_cluster c;
    const char *s = "e\u0301\u0302\u0303\u0304\u0305日\u0301\x1b\u0301";
    assert_true(text_next(&s, &c));
    assert_int_equal(wcslen(c.ch), TEXT_CLUSTER_MAX);
    assert_int_equal(c.ch[0], 'e');
    assert_int_equal(c.ch[4], 0x304);
    assert_true(text_next(&s, &c));
    assert_int_equal(c.width, 2);
    assert_int_equal(c.ch[1], 0x301);
    assert_true(text_next(&s, &c));
    assert_int_equal(c.ch[0], 0xfffd);
    assert_int_equal(c.ch[1], 0);
    assert_true(text_next(&s, &c));
    assert_int_equal(c.ch[0], 0x25cc);
    assert_int_equal(c.ch[1], 0x301);
    assert_int_equal(c.width, 1);
    assert_false(text_next(&s, &c));
}

static void fits_to(const char *s, int width, enum text_align align, bool unicode, const char *want)
{
    struct strbuf b = {0};
    text_fit(&b, s, width, align, unicode);
    assert_string_equal(strbuf_str(&b), want);
    strbuf_free(&b);
}

static void fits(void **state)
{
    (void)state;
    fits_to("abc", 5, TEXT_LEFT, true, "abc  ");
    fits_to("abc", 5, TEXT_RIGHT, true, "  abc");
    fits_to("abc", 6, TEXT_CENTER, true, " abc  ");
    fits_to("abc", 3, TEXT_LEFT, true, "abc");
    fits_to("abcd", 3, TEXT_LEFT, true, "ab\u2026");
    fits_to("abcd", 3, TEXT_RIGHT, false, "ab~");
    fits_to("日本語", 4, TEXT_LEFT, true, "日\u2026 ");
    fits_to("日本語", 5, TEXT_LEFT, true, "日本\u2026");
    fits_to("日", 1, TEXT_LEFT, true, "\u2026");
    fits_to("abc", 0, TEXT_LEFT, true, "");
    fits_to("abc", -3, TEXT_LEFT, true, "");
    fits_to("", 2, TEXT_LEFT, true, "  ");
}

/* Whatever the bytes: exactly that many columns, and what was escaped holds nothing that acts. */
static void any_bytes(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        static const char *const bits[] = {"\u200d", "\ufe0f", "👨", "🏽",  "\u0301",
                                           "日",     "\u202e", "1", "\u20e3"};
        char raw[64] = "";
        size_t n = 0;
        while (n < 40) {
            unsigned r = (unsigned)rand_r(&seed);
            if (r % 3 == 0)
                raw[n++] = (char)(1 + r / 3 % 255);
            else {
                const char *bit = bits[r / 3 % ARRAY_LEN(bits)];
                memcpy(raw + n, bit, strlen(bit));
                n += strlen(bit);
            }
        }
        raw[n] = '\0';
        char *once = text_escaped(raw), *twice = text_escaped(once);
        assert_string_equal(once, twice);
        assert_int_equal(utf8_check(once, strlen(once)), strlen(once));
        struct text_cluster c;
        for (const char *p = once; text_next(&p, &c);)
            assert_int_not_equal(c.ch[0], 0xfffd);
        for (int width = 0; width < 12; width++) {
            struct strbuf b = {0};
            text_fit(&b, raw, width, TEXT_LEFT, true);
            assert_int_equal(text_width(strbuf_str(&b)), width);
            strbuf_free(&b);
        }
        free(once);
        free(twice);
    }
}

static void searches(void **state)
{
    (void)state;
    assert_true(text_contains("Web-Server", "web"));
    assert_true(text_contains("x", ""));
    assert_true(text_contains("", ""));
    assert_false(text_contains("", "a"));
    assert_true(text_contains("aab", "AB"));
    assert_false(text_contains("web", "webs"));
    assert_true(text_contains("ÄRGER", "ärg"));
    assert_false(text_contains("\xc3\xa4", "\xc3"));
    assert_true(text_contains("a\xff", "\xff"));
}

static void orders(void **state)
{
    (void)state;
    static const char *const sorted[] = {"",     "1",   "2",      "10",   "A1",     "a1", "a01", "a2b",
                                         "a10a", "vm2", "vm0010", "vm10", "vm10-x", "z",  "ä"};
    /* Where only the bytes differ, the bytes decide. */
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
        assert_int_equal(text_compare(sorted[i], sorted[i]), 0);
        for (size_t j = i + 1; j < ARRAY_LEN(sorted); j++) {
            int want = strcmp(sorted[i], "a1") == 0 && strcmp(sorted[j], "a01") == 0 ? 1 : -1;
            assert_int_equal(text_compare(sorted[i], sorted[j]), want);
            assert_int_equal(text_compare(sorted[j], sorted[i]), -want);
        }
    }
    assert_int_equal(text_compare("a99999999999999999999999", "a100000000000000000000000"), -1);
}

static void globs(void **state)
{
    (void)state;
    assert_true(text_glob("web*", "web1"));
    assert_true(text_glob("*", "a/b"));
    assert_true(text_glob("[a-c]?", "b日"));
    assert_false(text_glob("web", "web1"));
    assert_false(text_glob("[", "web1"));
    assert_false(text_glob("a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void ascii_locale(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C"));
    escapes_to("日a", "\\u{65e5}a");
    escapes_to("\u0301", "\\u{0301}");
    assert_int_equal(text_width("日a"), 2);
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

static void a_word_stays_one_word_of_a_shell(void **state)
{
    static const struct {
        const char *raw, *word;
    } rows[] = {{"web-1", "web-1"},
                {"/srv/a b.qcow2", "'/srv/a b.qcow2'"},
                {"x; rm -rf ~", "'x; rm -rf ~'"},
                {"it's", "'it'\\''s'"},
                {"$(id)", "'$(id)'"},
                {"#1", "'#1'"},
                {"", "''"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *word = text_shell_word(rows[i].raw);
        assert_string_equal(word, rows[i].word);
        free(word);
    }
}

static void sorts_words(void **state)
{
    static const struct {
        const char *text, *separators, *words;
    } rows[] = {{"b a b", " ", "a b"},
                {",,web, db ,", ", ", "db web"},
                {"b\n a\tB", " \t\n", "B a b"},
                {" , ", ", ", ""},
                {"", " ", ""},
                {NULL, " ", ""},
                {"a,b a", " ", "a a,b"},
                {"\xff \xc3\xa9", " ", "\xc3\xa9 \xff"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *words = text_sorted_words(rows[i].text, rows[i].separators);
        assert_string_equal(words, rows[i].words);
        free(words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_stays_one_word_of_a_shell),
        cmocka_unit_test(escapes),
        cmocka_unit_test(escapes_in_context),
        cmocka_unit_test(measures),
        cmocka_unit_test(clusters),
        cmocka_unit_test(fits),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(searches),
        cmocka_unit_test(orders),
        cmocka_unit_test(globs),
        cmocka_unit_test(sorts_words),
        cmocka_unit_test(ascii_locale),
    };
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
