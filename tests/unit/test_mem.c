/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/vec.h"

static void copies(void **state)
{
    (void)state;
    char *s = xstrdup("abc"), *half = xstrndup("abcdef", 3), *all = xstrndup("ab", 9);
    assert_string_equal(s, "abc");
    assert_string_equal(half, "abc");
    assert_string_equal(all, "ab");
    assert_null(xstrdup(NULL));
    free(s);
    free(half);
    free(all);
    s = xasprintf("%s-%d", "x", 7);
    assert_string_equal(s, "x-7");
    free(s);
}

static void nothing_is_something(void **state)
{
    (void)state;
    void *p = xmalloc(0), *q = xcalloc(0, 0);
    assert_non_null(p);
    assert_non_null(q);
    p = xrealloc(p, 0);
    assert_non_null(p);
    free(p);
    free(q);
}

static void vectors_grow_and_shrink(void **state)
{
    (void)state;
    VEC(int) v = {0};
    for (int i = 0; i < 100; i++)
        vec_push(&v, i);
    assert_int_equal(v.len, 100);
    vec_remove(&v, 0);
    vec_remove(&v, 98);
    assert_int_equal(v.len, 98);
    assert_int_equal(v.items[0], 1);
    assert_int_equal(v.items[97], 98);
    vec_free(&v);
    assert_int_equal(v.cap, 0);
}

static void hook(void)
{
    ssize_t n = write(STDERR_FILENO, "[hook]", 6);
    (void)n;
}

/* What a child that dies writes to stderr; its signal in *sig. */
static void last_words(void (*act)(void), char *out, size_t size, int *sig)
{
    int ends[2], status;
    size_t len = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        static const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], out + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    out[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    *sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void die_with_hook(void)
{
    die_set_hook(hook);
    die("the %s is broken", "world");
}

static void dying(void **state)
{
    (void)state;
    char out[256];
    int sig;
    last_words(die_with_hook, out, sizeof out, &sig);
    assert_string_equal(out, "[hook]virtdeck: the world is broken\n");
    assert_int_equal(sig, SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies),
        cmocka_unit_test(nothing_is_something),
        cmocka_unit_test(vectors_grow_and_shrink),
        cmocka_unit_test(dying),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
