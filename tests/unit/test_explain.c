/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "diagnose/explain.h"

#define START "2026-11-21 05:31:38.315+0000: starting up libvirt version: 9.0.0, qemu version: 7.2.22"

static struct signatures *set;

static int load(void **state)
{
    finding_list found = {0};
    (void)state;
    set = signatures_load(NULL, &found);
    return found.len ? -1 : 0;
}

static int unload(void **state)
{
    (void)state;
    signatures_free(set);
    return 0;
}

static struct explain_line at(int64_t ms, enum line_source source, const char *text)
{
    return (struct explain_line){.wall_ms = ms, .source = source, .text = text, .len = strlen(text)};
}

static struct explain_input input(enum failure failure, const struct explain_line *lines, size_t n)
{
    return (struct explain_input){.signatures = set,
                                  .context = {.vm = "web"},
                                  .failure = failure,
                                  .since_ms = 100000,
                                  .failed_ms = 110000,
                                  .good_ms = 50000,
                                  .lines = lines,
                                  .n_lines = n};
}

/* The ids, joined by blanks. */
static void assert_ids(const explained_list *l, const char *want)
{
    struct strbuf ids = {0};
    for (size_t i = 0; i < l->len; i++)
        strbuf_printf(&ids, "%s%s", i ? " " : "", l->items[i].id);
    assert_string_equal(strbuf_str(&ids), want);
    strbuf_free(&ids);
}

/* The same failure in libvirt's error and in two lines of QEMU's log is one finding. */
static void a_failed_start(void **state)
{
    (void)state;
    const struct explain_line lines[] = {
        at(100000, SOURCE_QEMU, START),
        at(0, SOURCE_QEMU, "qemu-system-x86_64: -blockdev {…}: Failed to get \"write\" lock"),
        at(0, SOURCE_QEMU, "Is another process using the image [/img/good.qcow2]?"),
        at(100500, SOURCE_QEMU, "2026-11-21 05:31:54.500+0000: shutting down, reason=failed"),
        at(100600, SOURCE_LIBVIRT,
           "internal error: process exited while connecting to monitor: Failed to get \"write\" lock\n"
           "Is another process using the image [/img/good.qcow2]?"),
    };
    struct explain_input in = input(FAILURE_START, lines, ARRAY_LEN(lines));
    explained_list found = {0};
    explain(&in, &found);
    assert_ids(&found, "image-locked");
    assert_int_equal(found.items[0].times, 2);
    assert_int_equal(found.items[0].line, 4);
    assert_string_equal(found.items[0].command, "$ fuser -v /img/good.qcow2");
    assert_true(found.items[0].complete);
    explained_free(&found);
    in.n_lines = 3; /* the log alone: the image stands in the line below */
    explain(&in, &found);
    assert_ids(&found, "image-locked");
    assert_int_equal(found.items[0].line, 1);
    assert_string_equal(found.items[0].command, "$ fuser -v /img/good.qcow2");
    explained_free(&found);
}

/* Of two that say the same the one with the file's name stays, wherever it stands. */
static void the_fuller_one_stays(void **state)
{
    (void)state;
    const struct explain_line lines[] = {
        at(100600, SOURCE_LIBVIRT, "Failed to get \"write\" lock\nIs another process using the image [/a]?"),
        at(100700, SOURCE_DAEMON, "internal error: Failed to get \"write\" lock"),
    };
    struct explain_input in = input(FAILURE_START, lines, ARRAY_LEN(lines));
    explained_list found = {0};
    explain(&in, &found);
    assert_ids(&found, "image-locked");
    assert_int_equal(found.items[0].line, 0);
    assert_int_equal(found.items[0].times, 2);
    explained_free(&found);
}

static void only_the_last_run_counts(void **state)
{
    (void)state;
    const struct explain_line lines[] = {
        at(20000, SOURCE_QEMU, START),
        at(0, SOURCE_QEMU, "qemu-system-x86_64: unsupported machine type"),
        at(0, SOURCE_SERIAL, "VFS: Unable to mount root fs"), /* no time at all: it may be of now */
        at(30000, SOURCE_HOST, "Out of memory: Killed process 7 (qemu-system-x86)"),
        at(100000, SOURCE_QEMU, START),
        at(0, SOURCE_QEMU, "CPU model 'host' requires KVM or HVF"),
        at(130000, SOURCE_HOST, "Out of memory: Killed process 8 (qemu-system-x86)"), /* long after it */
    };
    struct explain_input in = input(FAILURE_START, lines, ARRAY_LEN(lines));
    explained_list found = {0};
    explain(&in, &found);
    assert_ids(&found, "cpu-host root-missing");
    explained_free(&found);
    in.since_ms = in.failed_ms = 0; /* nothing known: all but earlier runs' counts */
    explain(&in, &found);
    assert_ids(&found, "cpu-host oom-killed oom-killed root-missing");
    explained_free(&found);
    /* The start did not come as far as QEMU: its log is an old one. */
    in = input(FAILURE_START, lines, 2);
    explain(&in, &found);
    assert_ids(&found, "");
    explained_free(&found);
}

static void generic_ones_last(void **state)
{
    (void)state;
    const struct explain_line lines[] = {
        at(100000, SOURCE_QEMU, START),
        at(109000, SOURCE_QEMU, "shutting down, reason=crashed"),
        at(100100, SOURCE_QEMU, "warning: TCG doesn't support requested feature: CPUID.01H:ECX.vmx [bit 5]"),
        at(108999, SOURCE_HOST, "Out of memory: Killed process 4242 (qemu-system-x86) total-vm:9123456kB"),
    };
    struct explain_input in = input(FAILURE_CRASH, lines, ARRAY_LEN(lines));
    explained_list found = {0};
    explain(&in, &found);
    assert_ids(&found, "oom-killed nested-not-delivered crashed");
    assert_string_equal(found.items[0].command, "set web maxmemory=SIZE");
    assert_false(found.items[0].complete);
    explained_free(&found);
}

static const struct explain_change changes[] = {
    {.kind = EXPLAIN_DEFINITION,
     .wall_ms = 40000,
     .number = 3,
     .what = "set vcpus=2"}, /* it ran well since */
    {.kind = EXPLAIN_DEFINITION, .wall_ms = 60000, .number = 4, .what = "cpu mode=host-passthrough"},
    {.kind = EXPLAIN_DEFINITION, .wall_ms = 70000, .number = 5, .what = "nic net0: link=down"},
    {.kind = EXPLAIN_DEFINITION, .wall_ms = 120000, .number = 6, .what = "after the failure"},
    {.kind = EXPLAIN_QEMU, .wall_ms = 80000, .before = "7.2.0", .now = "8.2.1"},
    {.kind = EXPLAIN_LIBVIRT, .wall_ms = 80000, .before = "9.0.0", .now = "10.0.0"},
    {.kind = EXPLAIN_REBOOT, .wall_ms = 81000},
    {.kind = EXPLAIN_REBOOT, .wall_ms = 82000},
};

static void the_last_change(void **state)
{
    (void)state;
    const struct explain_line line = at(105000, SOURCE_LIBVIRT, "CPU model 'host' requires KVM or HVF");
    struct explain_input in = input(FAILURE_START, &line, 1);
    explained_list found = {0};
    in.changes = changes;
    in.n_changes = ARRAY_LEN(changes);
    explain(&in, &found);
    assert_ids(&found, "cpu-host changed-definition changed-qemu changed-libvirt rebooted");
    const struct explained *undo = &found.items[1];
    assert_string_equal(undo->command, "undo web 5");
    assert_true(undo->complete && undo->line == EXPLAIN_NO_LINE);
    assert_non_null(strstr(undo->cause, "entry 5 of its history: nic net0: link=down"));
    assert_non_null(strstr(undo->remedy, "there were 2 since then, and undoing entry 4"));
    assert_non_null(strstr(found.items[2].cause, "QEMU was 7.2.0 when it last ran well and is 8.2.1 now"));
    assert_int_equal(found.items[4].times, 2);
    explained_free(&found);
    in.context.vm = "my web";
    in.n_changes = 2;
    explain(&in, &found);
    assert_string_equal(found.items[1].command, "undo 'my web' 4");
    assert_string_equal(found.items[1].remedy, "Take that change back.");
    explained_free(&found);
    in.good_ms = 0; /* it never ran well: nothing to go back to */
    explain(&in, &found);
    assert_ids(&found, "cpu-host");
    explained_free(&found);
}

/* A definition does not fill a disk, nor take KVM away. */
static void no_undo_for_what_a_definition_can_not_cause(void **state)
{
    (void)state;
    const struct explain_line full =
        at(105000, SOURCE_EVENT, "I/O error on virtio-disk0 (/img/a): enospc: VM paused");
    struct explain_input in = input(FAILURE_PAUSE, &full, 1);
    explained_list found = {0};
    in.changes = changes + 1;
    in.n_changes = 1;
    explain(&in, &found);
    assert_ids(&found, "disk-full");
    assert_string_equal(found.items[0].command, "resume web");
    explained_free(&found);
    in = input(FAILURE_PAUSE, NULL, 0); /* nothing known */
    in.changes = changes + 1;
    in.n_changes = 1;
    explain(&in, &found);
    assert_ids(&found, "");
    explained_free(&found);
    in.failure = FAILURE_BOOT;
    explain(&in, &found);
    assert_ids(&found, "changed-definition");
    explained_free(&found);
    in.failure = FAILURE_NONE;
    explain(&in, &found);
    assert_ids(&found, "");
    explained_free(&found);
}

static void generic_behind_the_change(void **state)
{
    (void)state;
    const struct explain_line line = at(109000, SOURCE_QEMU, "shutting down, reason=crashed");
    struct explain_input in = input(FAILURE_CRASH, &line, 1);
    explained_list found = {0};
    in.changes = changes + 1;
    in.n_changes = 1;
    explain(&in, &found);
    assert_ids(&found, "changed-definition crashed");
    finding_list findings = {0};
    explained_findings(&found, &findings);
    assert_int_equal(findings.len, 2);
    assert_string_equal(findings.items[0].remedy, "undo web 4");
    assert_string_equal(findings.items[1].id, "crashed");
    assert_non_null(strstr(findings.items[1].text, "QEMU died"));
    findings_free(&findings);
    explained_free(&found);
}

/* A guest writes what it likes: neither findings nor time grow with it. */
static void a_flood(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct explain_line *lines = xcalloc(N, sizeof *lines);
    char(*texts)[100] = xcalloc(N, sizeof *texts);
    for (int i = 0; i < N; i++) {
        snprintf(texts[i], sizeof texts[i], "I/O error on disk%d (/x): enospc \xff\033[31m", i);
        lines[i] = at(105000, SOURCE_EVENT, texts[i]);
    }
    lines[7].len = 0;
    lines[8].text = NULL;
    lines[8].len = 0;
    struct explain_input in = input(FAILURE_PAUSE, lines, N);
    explained_list found = {0};
    explain(&in, &found);
    assert_int_equal(found.len, 50);
    explained_free(&found);
    free(texts);
    free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_start),
        cmocka_unit_test(the_fuller_one_stays),
        cmocka_unit_test(only_the_last_run_counts),
        cmocka_unit_test(generic_ones_last),
        cmocka_unit_test(the_last_change),
        cmocka_unit_test(no_undo_for_what_a_definition_can_not_cause),
        cmocka_unit_test(generic_behind_the_change),
        cmocka_unit_test(a_flood),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
