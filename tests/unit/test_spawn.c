/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/spawn.h"

#define LONG_MS 60000

static enum spawned capture(const char *line, int64_t ms, size_t most, struct strbuf *out, struct strbuf *err,
                            int *status)
{
    const char *argv[] = {"sh", "-c", line, NULL};
    return spawn_capture(argv, clock_mono_ms() + ms, most, out, err, status);
}

static void test_output(void **state)
{
    (void)state;
    struct strbuf out = {0}, err = {0};
    int status = 0;
    assert_int_equal(capture("echo one; echo two >&2; cat; exit 3", LONG_MS, 100, &out, &err, &status),
                     SPAWN_DONE);
    assert_string_equal(strbuf_str(&out), "one\n");
    assert_string_equal(strbuf_str(&err), "two\n");
    assert_int_equal(capture("echo three", LONG_MS, 6, &out, NULL, NULL), SPAWN_DONE);
    assert_string_equal(strbuf_str(&out), "one\nthree\n");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    strbuf_free(&out);
    strbuf_free(&err);
}

static void test_unwanted(void **state)
{
    (void)state;
    struct strbuf out = {0};
    assert_int_equal(
        capture("yes | head -c 300000 >&2; echo end; kill -9 $$", LONG_MS, 100, &out, NULL, NULL),
        SPAWN_DONE);
    assert_string_equal(strbuf_str(&out), "end\n");
    strbuf_free(&out);
}

/* It and what it started are gone. */
static void assert_gone(const char *numbers)
{
    for (const char *p = numbers; *p; p += strcspn(p, "\n") + 1) {
        pid_t pid = (pid_t)strtol(p, NULL, 10);
        if (pid <= 0)
            break;
        for (int64_t until = clock_mono_ms() + LONG_MS; kill(pid, 0) == 0;) {
            char path[64], stat[256] = "";
            snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
            int fd = open(path, O_RDONLY | O_CLOEXEC);
            if (fd < 0 || read(fd, stat, sizeof stat - 1) <= 0 || strstr(stat, ") Z "))
                pid = 0; /* an orphan that nobody reaps in a container without an init */
            if (fd >= 0)
                close(fd);
            if (!pid)
                break;
            assert_true(clock_mono_ms() < until);
            usleep(1000);
        }
    }
}

static void test_late(void **state)
{
    (void)state;
    struct strbuf out = {0};
    assert_int_equal(capture("sleep 1000 & echo $!; echo $$; exec sleep 1000", 300, 100, &out, NULL, NULL),
                     SPAWN_LATE);
    assert_int_not_equal(out.len, 0);
    assert_gone(strbuf_str(&out));
    strbuf_free(&out);
}

/* It has closed what it prints to, and goes on. */
static void test_silent(void **state)
{
    (void)state;
    struct strbuf out = {0};
    assert_int_equal(capture("echo $$; exec sleep 1000 >&- 2>&-", 300, 100, &out, NULL, NULL), SPAWN_LATE);
    assert_gone(strbuf_str(&out));
    strbuf_free(&out);
}

static void test_much(void **state)
{
    (void)state;
    struct strbuf out = {0};
    assert_int_equal(capture("yes", LONG_MS, 100000, &out, NULL, NULL), SPAWN_MUCH);
    assert_int_equal(out.len, 100000);
    strbuf_free(&out);
}

static void test_not_there(void **state)
{
    (void)state;
    const char *argv[] = {"/nowhere/program", NULL};
    int status = 0;
    errno = 0;
    assert_int_equal(spawn_capture(argv, clock_mono_ms() + LONG_MS, 10, NULL, NULL, NULL), SPAWN_FAILED);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(spawn_foreground(argv, &status), ENOENT);
    assert_true(spawn_finds("sh"));
    assert_false(spawn_finds("no-such-program"));
    assert_false(spawn_finds(""));
}

/* A child has none of our signals' settings: what we ignore or block ends it as usual. */
static void test_signals(void **state)
{
    (void)state;
    sigset_t blocked, was;
    int status = 0;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &was);
    signal(SIGHUP, SIG_IGN);
    assert_int_equal(capture("kill -TERM $$; exit 0", LONG_MS, 10, NULL, NULL, &status), SPAWN_DONE);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_int_equal(capture("kill -HUP $$; exit 0", LONG_MS, 10, NULL, NULL, &status), SPAWN_DONE);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
    signal(SIGHUP, SIG_DFL);
    sigprocmask(SIG_SETMASK, &was, NULL);
}

static void test_foreground(void **state)
{
    (void)state;
    struct sigaction mine = {.sa_handler = SIG_DFL}, after;
    int status = 0;
    sigaction(SIGINT, &mine, NULL);
    assert_int_equal(spawn_foreground((const char *[]){"sh", "-c", "kill -INT $PPID; exit 4", NULL}, &status),
                     0);
    assert_int_equal(WEXITSTATUS(status), 4);
    sigaction(SIGINT, NULL, &after);
    assert_true(after.sa_handler == SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),  cmocka_unit_test(test_unwanted),   cmocka_unit_test(test_late),
        cmocka_unit_test(test_silent),  cmocka_unit_test(test_much),       cmocka_unit_test(test_not_there),
        cmocka_unit_test(test_signals), cmocka_unit_test(test_foreground),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
