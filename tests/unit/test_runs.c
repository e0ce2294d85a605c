/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "diagnose/runs.h"

#define HEAD(libvirt, qemu, kernel)                                                                          \
    "2026-11-21 05:31:38.315+0000: starting up libvirt version: " libvirt                                    \
    ", package: 1 (Debian), qemu version: " qemu ", kernel: " kernel ", hostname: kvm7"
#define END(reason) "2026-11-21 05:33:04.668+0000: shutting down, reason=" reason

static struct explain_line at(int64_t ms, enum line_source source, const char *text)
{
    return (struct explain_line){.wall_ms = ms, .source = source, .text = text, .len = strlen(text)};
}

static struct explain_line begin(int64_t ms)
{
    return at(ms, SOURCE_QEMU, HEAD("9.0.0", "7.2.22Debian 1:7.2+dfsg-7", "6.1.0-1-amd64"));
}

static void versions_and_reasons(void **state)
{
    (void)state;
    const struct explain_line lines[] = {
        at(5, SOURCE_QEMU, END("destroyed")), /* of a run whose beginning was rolled away */
        at(10, SOURCE_QEMU, HEAD("9.0.0", "7.2.22Debian 1:7.2+dfsg-7", "6.1.0-1-amd64")),
        at(11, SOURCE_SERIAL, END("shutdown")), /* a guest may write whatever it likes */
        at(20, SOURCE_QEMU, END("shutdown")),
        at(21, SOURCE_QEMU, END("crashed")), /* the first counts */
        at(30, SOURCE_QEMU, "2026-11-21 05:31:38.315+0000: starting up libvirt version: 10.0.0"),
        at(0, SOURCE_QEMU, ""),
    };
    qemu_runs runs = {0};
    qemu_runs_read(lines, ARRAY_LEN(lines), &runs);
    assert_int_equal(runs.len, 2);
    assert_string_equal(runs.items[0].libvirt, "9.0.0");
    assert_string_equal(runs.items[0].qemu, "7.2.22Debian 1:7.2+dfsg-7");
    assert_string_equal(runs.items[0].kernel, "6.1.0-1-amd64");
    assert_string_equal(runs.items[0].reason, "shutdown");
    assert_int_equal(runs.items[0].start_ms, 10);
    assert_int_equal(runs.items[0].end_ms, 20);
    assert_int_equal(runs.items[0].first, 1);
    assert_string_equal(runs.items[1].libvirt, "10.0.0");
    assert_null(runs.items[1].qemu);
    assert_null(runs.items[1].reason);
    qemu_runs_free(&runs);
}

struct situation {
    const char *what;
    enum standing standing;
    int64_t refused_asked_ms, refused_ms, paused_ms, event_start_ms, event_end_ms;
    bool boot_failed;
    struct {
        int64_t start_ms, end_ms;
        const char *reason;
    } runs[3];
    enum failure failure;
    int64_t since_ms, failed_ms, good_ms;
    int run; /* index of the run that is meant, -1: none */
};

static const struct situation situations[] = {
    {.what = "nothing is known", .standing = STANDING_OFF, .failure = FAILURE_NONE, .run = -1},
    {.what = "it runs",
     .standing = STANDING_RUNS,
     .runs = {{100, 200, "shutdown"}, {300, 0, NULL}},
     .failure = FAILURE_NONE,
     .since_ms = 300,
     .good_ms = 300,
     .run = 1},
    {.what = "it was refused, and runs since",
     .standing = STANDING_RUNS,
     .refused_asked_ms = 250,
     .refused_ms = 260,
     .runs = {{100, 200, "shutdown"}, {300, 0, NULL}},
     .failure = FAILURE_NONE,
     .since_ms = 300,
     .good_ms = 300,
     .run = 1},
    {.what = "its guest does not come up",
     .standing = STANDING_RUNS,
     .boot_failed = true,
     .runs = {{100, 200, "shutdown"}, {300, 0, NULL}},
     .failure = FAILURE_BOOT,
     .since_ms = 300,
     .good_ms = 200,
     .run = 1},
    {.what = "QEMU died",
     .standing = STANDING_CRASHED,
     .runs = {{100, 200, "shutdown"}, {300, 400, "crashed"}},
     .failure = FAILURE_CRASH,
     .since_ms = 300,
     .failed_ms = 400,
     .good_ms = 200,
     .run = 1},
    {.what = "QEMU died, after it had run well for long",
     .standing = STANDING_CRASHED,
     .runs = {{100, 200, "shutdown"}, {300, 700300, "crashed"}},
     .failure = FAILURE_CRASH,
     .since_ms = 300,
     .failed_ms = 700300,
     .good_ms = 300,
     .run = 1},
    {.what = "QEMU died while nobody kept the state's reason",
     .standing = STANDING_OFF,
     .runs = {{300, 400, "crashed"}},
     .failure = FAILURE_CRASH,
     .since_ms = 300,
     .failed_ms = 400,
     .run = 0},
    {.what = "it was turned off after all",
     .standing = STANDING_OFF,
     .runs = {{100, 200, "crashed"}, {300, 400, "destroyed"}},
     .failure = FAILURE_NONE,
     .since_ms = 300,
     .good_ms = 300,
     .run = 1},
    {.what = "QEMU began and ended in a start that nobody told us of",
     .standing = STANDING_FAILED,
     .runs = {{100, 200, "shutdown"}, {300, 301, "failed"}},
     .failure = FAILURE_START,
     .since_ms = 300,
     .failed_ms = 301,
     .good_ms = 200,
     .run = 1},
    {.what = "QEMU began and ended in our start",
     .standing = STANDING_FAILED,
     .refused_asked_ms = 290,
     .refused_ms = 310,
     .runs = {{100, 200, "shutdown"}, {300, 301, "failed"}},
     .failure = FAILURE_START,
     .since_ms = 290,
     .failed_ms = 310,
     .good_ms = 200,
     .run = 1},
    {.what = "our start, long after another one in which QEMU began",
     .standing = STANDING_FAILED,
     .refused_asked_ms = 90000,
     .refused_ms = 90001,
     .runs = {{100, 200, "shutdown"}, {300, 301, "failed"}},
     .failure = FAILURE_START,
     .since_ms = 90000,
     .failed_ms = 90001,
     .good_ms = 200,
     .run = -1},
    {.what = "a start of somebody else's, after ours",
     .standing = STANDING_FAILED,
     .refused_asked_ms = 90000,
     .refused_ms = 90001,
     .runs = {{100, 200, "shutdown"}, {100000, 100001, "failed"}},
     .failure = FAILURE_START,
     .since_ms = 100000,
     .failed_ms = 100001,
     .good_ms = 200,
     .run = 1},
    {.what = "refused before QEMU began, while libvirt's reason is that of before",
     .standing = STANDING_OFF,
     .refused_asked_ms = 90000,
     .refused_ms = 90001,
     .runs = {{100, 200, "shutdown"}},
     .failure = FAILURE_START,
     .since_ms = 90000,
     .failed_ms = 90001,
     .good_ms = 200,
     .run = -1},
    {.what = "refused, then it ran and was shut down",
     .standing = STANDING_OFF,
     .refused_asked_ms = 100,
     .refused_ms = 101,
     .runs = {{300, 400, "shutdown"}},
     .failure = FAILURE_NONE,
     .since_ms = 300,
     .good_ms = 300,
     .run = 0},
    {.what = "the same, where only events tell",
     .standing = STANDING_OFF,
     .refused_asked_ms = 100,
     .refused_ms = 101,
     .event_start_ms = 300,
     .event_end_ms = 400,
     .failure = FAILURE_NONE,
     .since_ms = 300,
     .run = -1},
    {.what = "died, and could not be started since",
     .standing = STANDING_CRASHED,
     .refused_asked_ms = 90000,
     .refused_ms = 90001,
     .runs = {{100, 200, "crashed"}},
     .failure = FAILURE_START,
     .since_ms = 90000,
     .failed_ms = 90001,
     .run = -1},
    {.what = "no log, and it failed to start at a time that nobody told",
     .standing = STANDING_FAILED,
     .event_end_ms = 50,
     .failure = FAILURE_START,
     .good_ms = 50,
     .run = -1},
    {.what = "paused by an error",
     .standing = STANDING_PAUSED,
     .paused_ms = 350,
     .runs = {{300, 0, NULL}},
     .failure = FAILURE_PAUSE,
     .since_ms = 300,
     .failed_ms = 350,
     .good_ms = 300,
     .run = 0},
    {.what = "paused by an error of which nobody told, and an older one",
     .standing = STANDING_PAUSED,
     .paused_ms = 250,
     .runs = {{300, 0, NULL}},
     .failure = FAILURE_PAUSE,
     .since_ms = 300,
     .good_ms = 300,
     .run = 0},
};

static void each_situation(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(situations); i++) {
        const struct situation *s = &situations[i];
        qemu_runs runs = {0};
        for (size_t k = 0; k < ARRAY_LEN(s->runs) && s->runs[k].start_ms; k++) {
            struct qemu_run run = {.start_ms = s->runs[k].start_ms,
                                   .end_ms = s->runs[k].end_ms,
                                   .reason = xstrdup(s->runs[k].reason)};
            vec_push(&runs, run);
        }
        const struct last_seen seen = {.standing = s->standing,
                                       .runs = &runs,
                                       .refused_asked_ms = s->refused_asked_ms,
                                       .refused_ms = s->refused_ms,
                                       .paused_ms = s->paused_ms,
                                       .event_start_ms = s->event_start_ms,
                                       .event_end_ms = s->event_end_ms,
                                       .boot_failed = s->boot_failed};
        struct last_failure found;
        last_failure_find(&seen, &found);
        int run = found.run ? (int)(found.run - runs.items) : -1;
        if (found.failure != s->failure || found.since_ms != s->since_ms || found.failed_ms != s->failed_ms ||
            found.good_ms != s->good_ms || run != s->run)
            fail_msg("%s: failure %d, since %lld, failed %lld, good %lld, run %d", s->what,
                     (int)found.failure, (long long)found.since_ms, (long long)found.failed_ms,
                     (long long)found.good_ms, run);
        qemu_runs_free(&runs);
    }
}

static void a_last_line_without_an_end(void **state)
{
    (void)state;
    const struct explain_line cut[] = {begin(10), at(0, SOURCE_QEMU, ": shutting down, reason=")};
    qemu_runs runs = {0};
    qemu_runs_read(cut, ARRAY_LEN(cut), &runs);
    assert_int_equal(runs.len, 1);
    assert_null(runs.items[0].reason);
    qemu_runs_free(&runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_and_reasons),
        cmocka_unit_test(each_situation),
        cmocka_unit_test(a_last_line_without_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
