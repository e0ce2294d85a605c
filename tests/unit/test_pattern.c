/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
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
        {"(a*)*b", "aab", {"aab", ""}},
        {"(a*)+$", "aa", {"aa", ""}},
        {"(|a)+b", "aab", {"aab", ""}},
        {"\xc3\xa4+", "x\xc3\xa4", {"\xc3\xa4"}},
        {"x(y(z))?", "xyz x", {"xyz", "yz", "z"}},
        {"a+?", "aaa", {"a"}},
        {"(?i)AB", "xab", {"ab"}},
        {"(.)\\1", "abccd", {"cc", "c"}},
        {"(?<=b)c", "ac bc", {"c"}},
        {"a\\Kb", "ab", {"ab"}},
        {"a$", "a\n", {NULL}},
        {"a.b", "a\nb", {"a\nb"}},
        {"^b", "a\nb", {NULL}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check(&rows[i]);
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *regex, *says;
    } rows[] = {
        {"(", "closing parenthesis"},
        {")", "unmatched"},
        {"a(b", "closing parenthesis"},
        {"[a", "missing terminating ]"},
        {"*a", "does not follow a repeatable item"},
        {"a|+", "does not follow a repeatable item"},
        {"a{2,1}", "numbers out of order"},
        {"\\", "\\ at end of pattern"},
        {"\\q", "unrecognized character follows"},
        {"[b-a]", "range out of order"},
        {"[[:no:]]", "unknown POSIX class name"},
        {"(*UTF)a", "UTF"},
        {"(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)", "more than 9 groups"},
        {"((a{255}){255}){255}", "too large"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error e = ERROR_INIT;
        assert_null(pattern_new(rows[i].regex, false, &e));
        bool named = strstr(error_text(&e), rows[i].says) && strstr(error_text(&e), rows[i].regex);
        /* PCRE2's versions differ in where they point within the mistake. */
        if (!named || e.position > (int)strlen(rows[i].regex))
            fail_msg("%s: %s (%d)", rows[i].regex, error_text(&e), e.position);
        error_clear(&e);
    }
    char *longest = xmalloc(PATTERN_LONGEST + 2);
    memset(longest, '(', PATTERN_LONGEST + 1);
    longest[PATTERN_LONGEST + 1] = '\0';
    assert_null(pattern_new(longest, false, NULL));
    longest[PATTERN_LONGEST] = '\0';
    assert_null(pattern_new(longest, false, NULL));
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

/* What takes a backtracking engine for ever: that it ends is the test. */
static void hostile(void **state)
{
    (void)state;
    static const char *const regexes[] = {"(a*)*[bc]",        "(a|aa)+$[bc]", "(x+x+)+[yz]|(a?){30}a{30}[bc]",
                                          "(.*)(.*)(.*)[bc]", "(a|a)*[bc]",   "(?:(a)|b|(?1))*[cd]",
                                          "(a(?1)?)+[bc]",    "\\w+\\s*=",    "(?=(a+))\\1*[bc]"};
    size_t len = 8 << 10;
    char *text = xmalloc(len);
    memset(text, 'a', len);
    for (size_t i = 0; i < ARRAY_LEN(regexes); i++) {
        struct pattern *p = pattern_new(regexes[i], false, NULL);
        assert_non_null(p);
        assert_false(pattern_find(p, text, len, PATTERN_NONE, NULL));
        pattern_free(p);
    }
    free(text);
}

/* What only long lines make deep is found all the same. */
static void long_lines(void **state)
{
    (void)state;
    static const char *const regexes[] = {"x(a|b)*y", "x(ab?)+y", "x.*y", "x([^y]|z)*y"};
    struct pattern_span spans[PATTERN_GROUPS + 1];
    size_t len = 8 << 10;
    char *text = xmalloc(len);
    memset(text, 'a', len);
    text[1] = 'x';
    text[len - 1] = 'y';
    for (size_t i = 0; i < ARRAY_LEN(regexes); i++) {
        struct pattern *p = pattern_new(regexes[i], false, NULL);
        if (!pattern_find(p, text, len, PATTERN_NONE, spans))
            fail_msg("%s", regexes[i]);
        assert_int_equal(spans[0].begin, 1);
        assert_int_equal(spans[0].end, len);
        pattern_free(p);
    }
    free(text);
}

static void joined(void **state)
{
    (void)state;
    static const char *const regexes[] = {"a(b|c)$", "^x|y[)(]", "[[:digit:]]{3}\\("};
    static const struct {
        const char *text;
        bool matches;
    } rows[] = {{"ab", true},   {"abx", false}, {"xb", true}, {"zx", false},  {"ay)", true},
                {"12(", false}, {"123(", true}, {"", false},  {"ac\n", false}};
    struct pattern *p = pattern_any_of(regexes, ARRAY_LEN(regexes));
    assert_non_null(p);
    assert_int_equal(pattern_groups(p), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_true(pattern_find(p, rows[i].text, strlen(rows[i].text), PATTERN_NONE, NULL) ==
                    rows[i].matches);
    assert_true(pattern_find(p, "zab", 3, 2, NULL));
    assert_false(pattern_find(p, "zab", 3, 1, NULL));
    pattern_free(p);
    /* It can't be ruled out, so it is not. */
    static const char *const hard[] = {"(x|xx)+[yz]", "b"};
    char text[200];
    memset(text, 'x', sizeof text);
    p = pattern_any_of(hard, ARRAY_LEN(hard));
    assert_true(pattern_find(p, text, sizeof text, PATTERN_NONE, NULL));
    pattern_free(p);
    static const char *const alone[] = {"(a)\\1", "(?i)a", "(*COMMIT)a", "\\Qa", "(?<n>a)\\k<n>", "a\\g1"};
    for (size_t i = 0; i < ARRAY_LEN(alone); i++)
        assert_false(pattern_joins(alone[i]));
    static const char *const with_others[] = {"a", "(?:a)", "(a)", "\\(?", "\\\\1", "\\d+", ""};
    for (size_t i = 0; i < ARRAY_LEN(with_others); i++)
        assert_true(pattern_joins(with_others[i]));
}

static void *find_often(void *arg)
{
    const struct pattern *p = arg;
    struct pattern_span spans[PATTERN_GROUPS + 1];
    for (int i = 0; i < 2000; i++) {
        bool found = pattern_find(p, "xxabc12", 7, i % 2 ? PATTERN_NONE : 7, spans);
        if (!found || spans[1].begin != 5)
            return "wrong";
    }
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    struct pattern *p = pattern_new("[a-c]+([0-9]+)$", false, NULL);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_often, p), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    pattern_free(p);
}

/* Where memory may not become code. */
static void by_the_other_engine(void **state)
{
    setenv("VIRTDECK_NO_JIT", "y", 1);
    finds(state);
    any_bytes(state);
    hostile(state);
    long_lines(state);
    joined(state);
    unsetenv("VIRTDECK_NO_JIT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),     cmocka_unit_test(refuses),      cmocka_unit_test(any_case),
        cmocka_unit_test(any_bytes), cmocka_unit_test(hostile),      cmocka_unit_test(long_lines),
        cmocka_unit_test(joined),    cmocka_unit_test(many_threads), cmocka_unit_test(by_the_other_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
