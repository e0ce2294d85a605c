/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/linediff.h"
#include "base/strbuf.h"

static char *difference(const char *old, const char *new)
{
    struct strbuf out = {0};
    linediff(&out, old, new);
    return strbuf_steal(&out);
}

static void expect(const char *old, const char *new, const char *want)
{
    char *got = difference(old, new);
    assert_string_equal(got, want);
    free(got);
}

static void shapes(void **state)
{
    (void)state;
    expect("", "", "");
    expect("a\nb\n", "a\nb\n", "");
    expect("a\nb", "a\nb\n", "");
    expect("", "a\n", "@@ -0,0 +1,1 @@\n+a\n");
    expect("a\n", "", "@@ -1,1 +0,0 @@\n-a\n");
    expect("a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
    expect("a\n", "b\n", "@@ -1,1 +1,1 @@\n-a\n+b\n");
}

static void context(void **state)
{
    (void)state;
    expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
           "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
    /* Six lines between two changes belong to one hunk, seven to two. */
    expect("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
           "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
    expect("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
           "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

#define MOST 24

/* Which of the lines of a text a difference leaves: those of the old one ('-' and common) or the new one. */
static void rebuild(const char *diff, const char *old, bool new_one, struct strbuf *out)
{
    const char *at = old;
    size_t line = 1;
    for (const char *p = diff; *p;) {
        size_t len = strcspn(p, "\n"), first = 0, count = 0;
        if (sscanf(p, "@@ -%zu,%zu", &first, &count) == 2) {
            for (; line < first + (count == 0); line++) {
                size_t n = strcspn(at, "\n") + 1;
                strbuf_add(out, at, n);
                at += n;
            }
        } else {
            if (*p == ' ' || *p == (new_one ? '+' : '-'))
                strbuf_add(out, p + 1, len);
            if (*p != '+') {
                at += strcspn(at, "\n") + 1;
                line++;
            }
        }
        p += len + 1;
    }
    strbuf_puts(out, at);
}

static size_t common(const char *a, const char *b)
{
    static size_t best[MOST + 1][MOST + 1];
    size_t n = strlen(a) / 2, m = strlen(b) / 2;
    for (size_t i = 0; i <= n; i++)
        for (size_t k = 0; k <= m; k++) {
            size_t up = i ? best[i - 1][k] : 0, left = k ? best[i][k - 1] : 0;
            best[i][k] = up > left ? up : left;
            if (i && k && a[2 * (i - 1)] == b[2 * (k - 1)] && best[i - 1][k - 1] + 1 > best[i][k])
                best[i][k] = best[i - 1][k - 1] + 1;
        }
    return best[n][m];
}

static size_t changed_lines(const char *diff)
{
    size_t n = 0;
    for (const char *p = diff; *p; p += strcspn(p, "\n") + 1)
        n += *p == '-' || *p == '+';
    return n;
}

static void random_lines(char *out)
{
    int n = rand() % MOST;
    for (int i = 0; i < n; i++) {
        *out++ = (char)('a' + rand() % 4);
        *out++ = '\n';
    }
    *out = '\0';
}

static void shortest_and_true(void **state)
{
    (void)state;
    srand(11);
    for (int round = 0; round < 5000; round++) {
        char a[2 * MOST + 1], b[2 * MOST + 1];
        random_lines(a);
        random_lines(b);
        char *diff = difference(a, b);
        struct strbuf old = {0}, new = {0};
        rebuild(diff, a, false, &old);
        rebuild(diff, a, true, &new);
        assert_string_equal(strbuf_str(&old), a);
        assert_string_equal(strbuf_str(&new), b);
        assert_int_equal(changed_lines(diff), strlen(a) / 2 + strlen(b) / 2 - 2 * common(a, b));
        strbuf_free(&old);
        strbuf_free(&new);
        free(diff);
    }
}

static void large(void **state)
{
    (void)state;
    struct strbuf a = {0}, b = {0};
    for (int i = 0; i < 6000; i++) {
        strbuf_printf(&a, "line %d\n", i);
        strbuf_printf(&b, "row %d\n", i);
    }
    char *diff = difference(strbuf_str(&a), strbuf_str(&b));
    assert_int_equal(changed_lines(diff), 12000);
    free(diff);
    strbuf_free(&b);
    strbuf_puts(&b, strbuf_str(&a));
    b.s[b.len / 2] = '#';
    diff = difference(strbuf_str(&a), strbuf_str(&b));
    assert_int_equal(changed_lines(diff), 2);
    free(diff);
    strbuf_free(&a);
    strbuf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(context),
        cmocka_unit_test(shortest_and_true),
        cmocka_unit_test(large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
