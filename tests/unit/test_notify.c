/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Programs that are told of events: what they get, that nobody waits for them, that they end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "autostart/notify.h"
#include "base/clock.h"
#include "base/file.h"
#include "scratch.h"

static char *script(const char *name, const char *text)
{
    char *path = xstrdup(scratch(name));
    scratch_write(path, text);
    chmod(path, 0755);
    return path;
}

/* What a file holds once it ends in a new line; fails when that does not come. The caller frees. */
static char *wait_for_file(struct notifier *n, const char *path)
{
    for (int i = 0; i < 1000; i++) {
        char *text = NULL;
        size_t len = 0;
        notifier_reap(n, clock_mono_ms());
        if (file_read(path, 1 << 20, &text, &len, NULL, NULL) && len && text[len - 1] == '\n')
            return text;
        free(text);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fail_msg("%s does not come", path);
    return NULL;
}

static json_object *event(const char *text)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "event", json_object_new_string("restart"));
    json_object_object_add(o, "text", json_object_new_string(text));
    return o;
}

static void tell(struct notifier *n, const char *text, bool told)
{
    struct error e = ERROR_INIT;
    json_object *o = event(text);
    bool was = notifier_tell(n, o, &e);
    if (was != told)
        fail_msg("%s", error_text(&e));
    assert_true(was == !e.text);
    error_clear(&e);
    json_object_put(o);
}

static void test_it_gets_the_event(void **state)
{
    (void)state;
    char *out = xstrdup(scratch("out")),
         *text = xasprintf("#!/bin/sh\ncat >%s.new; mv %s.new %s\n", out, out, out),
         *path = script("tell", text);
    struct notifier *n = notifier_new(path);
    tell(n, "a/b \"c\" \xc3\xa4\n", true);
    char *got = wait_for_file(n, out);
    assert_string_equal(got, "{\"event\":\"restart\",\"text\":\"a/b \\\"c\\\" \xc3\xa4\\n\"}\n");
    notifier_free(n);
    free(got);
    free(path);
    free(text);
    free(out);
}

static void test_a_large_event_waits_for_nobody(void **state)
{
    (void)state;
    char *path = script("deaf", "#!/bin/sh\nexec sleep 1000\n"), *large = xmalloc(300001);
    memset(large, 'x', 300000);
    large[300000] = '\0';
    struct notifier *n = notifier_new(path);
    int64_t begun = clock_mono_ms();
    tell(n, large, true);
    assert_true(clock_mono_ms() - begun < 5000);
    notifier_free(n);
    free(path);
    free(large);
}

static pid_t read_pid(struct notifier *n, const char *path)
{
    char *text = wait_for_file(n, path);
    pid_t pid = (pid_t)strtol(text, NULL, 10);
    free(text);
    assert_true(pid > 1);
    return pid;
}

static void assert_ends(struct notifier *n, pid_t pid, int64_t now_ms)
{
    for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++) {
        if (n)
            notifier_reap(n, now_ms);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    assert_int_equal(kill(pid, 0), -1);
}

static void test_one_that_does_not_end_is_killed(void **state)
{
    (void)state;
    char *out = xstrdup(scratch("pid")),
         *text = xasprintf("#!/bin/sh\ntrap '' TERM\necho $$ >%s\nwhile :; do sleep 1; done\n", out),
         *path = script("stuck", text);
    struct notifier *n = notifier_new(path);
    tell(n, "x", true);
    pid_t pid = read_pid(n, out);
    notifier_reap(n, clock_mono_ms() + 50000);
    assert_int_equal(kill(pid, 0), 0);
    assert_ends(n, pid, clock_mono_ms() + 61000);
    notifier_free(n);
    /* And at the end. */
    unlink(out);
    n = notifier_new(path);
    tell(n, "x", true);
    pid = read_pid(n, out);
    notifier_free(n);
    assert_int_equal(kill(pid, 0), -1);
    free(out);
    free(text);
    free(path);
}

static void test_not_too_many_at_once(void **state)
{
    (void)state;
    char *path = script("slow", "#!/bin/sh\nexec sleep 1000\n");
    struct notifier *n = notifier_new(path);
    for (int i = 0; i < 16; i++)
        tell(n, "x", true);
    tell(n, "x", false);
    notifier_free(n);
    free(path);
}

static void test_programs_that_cannot_be_run(void **state)
{
    (void)state;
    struct notifier *n = notifier_new("/nowhere/program");
    tell(n, "x", false);
    notifier_free(n);
    char *path = script("plain", "x\n");
    chmod(path, 0644);
    n = notifier_new(path);
    tell(n, "x", false);
    notifier_free(n);
    n = notifier_new(NULL);
    tell(n, "x", true);
    notifier_reap(n, 0);
    notifier_free(n);
    notifier_free(NULL);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_gets_the_event, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_a_large_event_waits_for_nobody, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_one_that_does_not_end_is_killed, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_not_too_many_at_once, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_programs_that_cannot_be_run, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
