/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/pattern.h"

struct row {
    const char *regex, *text;
    const char *groups[4]; /* whole, then groups; NULL: had no part. groups[0] NULL: no match */
};

static void check(const struct row *r)
{
    struct error e = ERROR_INIT;
    struct pattern_span spans[PATTERN_GROUPS + 1];
    struct pattern *p = pattern_new(r->regex, false, &e);
    if (!p)
        fail_msg("%s", error_text(&e));
    bool found = pattern_find(p, r->text, strlen(r->text), PATTERN_NONE, spans);
    if (found != (r->groups[0] != NULL))
        fail_msg("%s on \"%s\": %s", r->regex, r->text, found ? "found" : "not found");
    for (size_t i = 0; found && i <= pattern_groups(p) && i < 4; i++) {
        if (!r->groups[i]) {
            if (spans[i].begin != PATTERN_NONE)
                fail_msg("%s on \"%s\": group %zu has a part", r->regex, r->text, i);
            continue;
        }
        size_t len = spans[i].end - spans[i].begin;
        if (spans[i].begin == PATTERN_NONE || len != strlen(r->groups[i]) ||
            memcmp(r->text + spans[i].begin, r->groups[i], len) != 0)
            fail_msg("%s on \"%s\": group %zu is not \"%s\"", r->regex, r->text, i, r->groups[i]);
    }
    pattern_free(p);
}

static void finds(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "x", {""}},
        {"b", "abc", {"b"}},
        {"^b", "abc", {NULL}},
        {"^a", "abc", {"a"}},
        {"c$", "abc", {"c"}},
        {"b$", "abc", {NULL}},
        {"a.c", "xabcx", {"abc"}},
        {"a*", "aaab", {"aaa"}},
        {"ba+", "bb baa", {"baa"}},
        {"x?y", "y", {"y"}},
        {"a{2}", "aaa", {"aa"}},
        {"^a{2,3}$", "aaaa", {NULL}},
        {"^a{2,}$", "aaaa", {"aaaa"}},
        {"(ab|cd)+", "xabcdx", {"abcd", "cd"}},
        {"(a)|(b)", "b", {"b", NULL, "b"}},
        {"(a|ab)(c|bcd)(d*)", "abcd", {"abcd", "a", "bcd", ""}},
        {"network '(.+)' is", "network 'it's' is", {"network 'it's' is", "it's"}},
        {"[a-c]+", "xxabcx", {"abc"}},
        {"[^a-c]+", "abxyc", {"xy"}},
        {"[]x]+", "a]x]", {"]x]"}},
        {"[^]]+", "]ab]", {"ab"}},
        {"[a-]+", "b-a-", {"-a-"}},
        {"[[:digit:]]+", "a12b", {"12"}},
        {"[[:alpha:]_.]+", "1a_b.2", {"a_b."}},
        {"\\d+\\.\\d", "v1 12.5", {"12.5"}},
        {"\\S+ \\w+", "  a-b c_d!", {"a-b c_d"}},
        {"[\\d.]+", "x1.2", {"1.2"}},
        {"\\bfoo\\b", "xfoo foo.", {"foo"}},
        {"\\Boo", "oo foo", {"oo"}},
        {"\\(\\)\\{\\[\\*", "(){[*", {"(){[*"}},
        {"a|b|", "c", {""}},
        {"(a*)*b", "aab", {"aab", "aa"}},
        {"(a*)+$", "aa", {"aa", "aa"}},
        {"(|a)+b", "aab", {"aab", "a"}},
        {"\xc3\xa4+", "x\xc3\xa4", {"\xc3\xa4"}},
        {"x(y(z))?", "xyz x", {"xyz", "yz", "z"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check(&rows[i]);
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *regex, *says;
        int at;
    } rows[] = {
        {"(", "( is not closed", 1},
        {")", ") closes nothing", 0},
        {"a(b", "( is not closed", 3},
        {"[a", "[ is not closed", 2},
        {"*a", "nothing to repeat", 0},
        {"a|+", "nothing to repeat", 2},
        {"a{", "{n,m}", 1},
        {"a{2,1}", "{n,m}", 1},
        {"a{256}", "{n,m}", 1},
        {"\\", "after the backslash", 1},
        {"(a)\\1", "references back", 4},
        {"\\q", "no such escape", 1},
        {"[b-a]", "backwards", 3},
        {"[\xc3\xa4]", "ASCII", 1},
        {"[[:no:]]", "no such class", 1},
        {"((a{255}){255}){255}", "repeats too much", 20},
        {"((a{0}){255}){255}{255}", "repeats too much", 23},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error e = ERROR_INIT;
        assert_null(pattern_new(rows[i].regex, false, &e));
        if (!strstr(error_text(&e), rows[i].says) || e.position != rows[i].at)
            fail_msg("%s: %s (%d)", rows[i].regex, error_text(&e), e.position);
        error_clear(&e);
    }
    char *longest = xmalloc(PATTERN_LONGEST + 2);
    memset(longest, '(', PATTERN_LONGEST + 1);
    longest[PATTERN_LONGEST + 1] = '\0';
    assert_null(pattern_new(longest, false, NULL));
    longest[PATTERN_LONGEST] = '\0';
    assert_null(pattern_new(longest, false, NULL));
    memset(longest, '*', PATTERN_LONGEST);
    longest[0] = 'a';
    struct pattern *p = pattern_new(longest, false, NULL);
    pattern_free(p);
    free(longest);
}

static void any_case(void **state)
{
    (void)state;
    struct pattern *p = pattern_new("error[x-z]", true, NULL);
    assert_true(pattern_find(p, "an ERRORY", 9, PATTERN_NONE, NULL));
    assert_false(pattern_find(p, "an ERRORA", 9, PATTERN_NONE, NULL));
    pattern_free(p);
}

static void any_bytes(void **state)
{
    (void)state;
    struct pattern_span spans[PATTERN_GROUPS + 1];
    struct pattern *p = pattern_new("a(.*)b", false, NULL);
    static const char text[] = "x\0a\0\xff\xc3\nb\0";
    assert_true(pattern_find(p, text, sizeof text - 1, PATTERN_NONE, spans));
    assert_int_equal(spans[0].begin, 2);
    assert_int_equal(spans[1].end, 7);
    assert_false(pattern_find(p, text, sizeof text - 1, 2, NULL)); /* it begins later */
    assert_true(pattern_find(p, text, sizeof text - 1, 3, NULL));
    assert_false(pattern_find(p, "", 0, PATTERN_NONE, NULL));
    pattern_free(p);
}

static void literals(void **state)
{
    (void)state;
    static const struct {
        const char *regex, *want; /* joined by | */
    } rows[] = {
        {"network '(.+)' is not active", "' is not active"},
        {"(TCG|host) doesn't", " doesn't"},
        {"(alpha|beta)x?", "alpha|beta"},
        {"(alpha|b.)", ""},
        {"a.b", ""},
        {"(foobar)?", ""},
        {"(foobar)+", "foobar"},
        {"foo|bar(quux)", "foo|quux"},
        {"^Spice: play", "Spice: play"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n;
        char joined[100] = "";
        struct pattern *p = pattern_new(rows[i].regex, false, NULL);
        const char *const *l = pattern_literals(p, &n);
        for (size_t k = 0; k < n; k++) {
            if (k)
                strcat(joined, "|");
            strcat(joined, l[k]);
        }
        assert_string_equal(joined, rows[i].want);
        pattern_free(p);
    }
}

/* What takes a backtracking engine for ever. Twice the text must not take much more than twice the time. */
static void linear(void **state)
{
    (void)state;
    static const char *const regexes[] = {"(a*)*b", "(a|aa)+$x", "(x+x+)+y|(a?){30}a{30}b", "(.*)(.*)(.*)z"};
    size_t len = 256 << 10;
    char *text = xmalloc(len);
    memset(text, 'a', len);
    for (size_t i = 0; i < ARRAY_LEN(regexes); i++) {
        struct pattern *p = pattern_new(regexes[i], false, NULL);
        int64_t begin = clock_mono_ms();
        assert_false(pattern_find(p, text, len, PATTERN_NONE, NULL));
        assert_true(clock_mono_ms() - begin < 20000);
        pattern_free(p);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),     cmocka_unit_test(refuses),  cmocka_unit_test(any_case),
        cmocka_unit_test(any_bytes), cmocka_unit_test(literals), cmocka_unit_test(linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
