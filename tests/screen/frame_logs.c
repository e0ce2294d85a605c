/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames of the logs pane.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/screen/stage.h"
#include "ui/dialog.h"

#define MINUTE 60000

static void on_db1(struct stage *s, int w, int h, bool unicode)
{
    stage_open(s, w, h, unicode);
    struct snapshot *host = stage_everyday();
    stage_hosts(s, 1, &host);
    stage_past(s);
    stage_run(s, "filter db1"); /* moves the cursor there */
    stage_run(s, "filter ''");
    free(stage_text(s));
}

static const char *const log_lines[] = {
    "2025-10-09 08:40:01.123+0000: starting up libvirt version: 9.0.0, package: 9.0.0-4+deb12u2",
    "LC_ALL=C \\",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \\",
    "/usr/bin/qemu-system-x86_64 \\",
    "-name guest=db1,debug-threads=on \\",
    ("-machine pc-q35-7.2,usb=off,dump-guest-core=off,memory-backend=pc.ram,a-very-long-tail-of-settings=on "
     "\\"),
    "-accel kvm \\",
    "char device redirected to /dev/pts/4 (label charserial0)",
    "2025-10-09T08:41:00Z qemu-system-x86_64: warning: host doesn't support requested feature",
    "2025-10-09T08:42:00.5Z qemu-system-x86_64: -device virtio-blk-pci,drive=d: Failed to get \"write\" lock",
    "Is another process using the image [/srv/images/db1.qcow2]?",
    "an escape \x1b[31m sequence, and a \x07 bell",
    "2025-10-09 08:43:00.000+0000: shutting down, reason=failed",
};

/* QEMU's log, what the guest says, events and messages of one domain. */
static void tell(struct stage *s)
{
    stage_log_line(s, SOURCE_MESSAGES, STAGE_WALL_MS - 13 * MINUTE, "tainted: use of host cpu passthrough");
    stage_log(s, log_lines, ARRAY_LEN(log_lines));
    stage_log_line(s, SOURCE_DECK, STAGE_WALL_MS - 14 * MINUTE, "start: asked for");
    stage_log_line(s, SOURCE_EVENT, STAGE_WALL_MS - 13 * MINUTE, "started");
    stage_log_line(s, SOURCE_SERIAL, STAGE_WALL_MS - 12 * MINUTE, "[    0.000000] Linux version 6.1.0-13");
    stage_log_line(s, SOURCE_SERIAL, STAGE_WALL_MS - 12 * MINUTE + 20, "[    0.010000] 日本語 console");
    stage_log_line(s, SOURCE_EVENT, STAGE_WALL_MS - 10 * MINUTE, "stopped: failed");
}

static void open_logs(struct stage *s, int w, int h, bool unicode)
{
    on_db1(s, w, h, unicode);
    stage_run(s, "pane logs");
    tell(s);
    stage_run(s, "focus pane");
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        int w, h;
        bool unicode;
        const char *name;
    } sizes[] = {{120, 36, true, "logs-120x36"},
                 {80, 24, true, "logs-80x24"},
                 {80, 24, false, "logs-80x24-ascii"},
                 {200, 60, true, "logs-200x60"},
                 {40, 10, true, "logs-40x10"}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct stage s;
        open_logs(&s, sizes[i].w, sizes[i].h, sizes[i].unicode);
        stage_expect(&s, sizes[i].name);
        stage_close(&s);
    }
}

static void test_badge(void **state)
{
    (void)state;
    struct stage s;
    on_db1(&s, 120, 36, true);
    stage_run(&s, "pane logs");
    free(stage_text(&s));
    stage_run(&s, "pane overview");
    free(stage_text(&s));
    stage_log(&s, log_lines, 4);
    stage_log_line(&s, SOURCE_SERIAL, STAGE_WALL_MS, "the guest may say what it likes");
    stage_expect(&s, "logs-badge");
    /* A known failure counts more than chatter. */
    stage_log(&s, log_lines + 9, 1);
    stage_expect(&s, "logs-badge-failure");
    stage_run(&s, "pane logs");
    free(stage_text(&s));
    stage_run(&s, "pane overview");
    free(stage_text(&s));
    assert_int_equal(logs_news(&s.deck.log), 0);
    stage_close(&s);
}

static void test_nothing(void **state)
{
    (void)state;
    struct stage s;
    on_db1(&s, 80, 24, true);
    stage_run(&s, "pane logs");
    stage_run(&s, "focus pane");
    struct logs_feed *feed = &s.deck.log.feeds[SOURCE_QEMU];
    feed->found = feed->remote = true;
    stage_expect(&s, "logs-remote");
    feed->found = false;
    feed->remote = false;
    feed->problem =
        xstrdup("permission denied: /var/log/libvirt/qemu: root's, mode 0711; root could read it");
    stage_expect(&s, "logs-denied");
    for (int i = 0; i < 3; i++)
        stage_run(&s, "move up");
    stage_run(&s, "search lock");
    assert_true(s.deck.log.follow);
    stage_close(&s);
}

/* The line that tells of the failure, what it means and what helps. */
static void test_help(void **state)
{
    (void)state;
    struct stage s;
    open_logs(&s, 120, 36, true);
    stage_run(&s, "search 'write. lock'");
    stage_expect(&s, "logs-help-120x36");
    stage_resize(&s, 80, 24);
    stage_expect(&s, "logs-help-80x24");
    stage_resize(&s, 120, 36);
    stage_run(&s, "log-remedies");
    stage_expect(&s, "logs-remedies");
    dialog_cancel(&s.deck);
    stage_resize(&s, 80, 24);
    stage_run(&s, "move up");
    stage_expect(&s, "logs-cause-beside");
    stage_run(&s, "log-remedies"); /* nothing is known of that line */
    assert_null(dialog_top(&s.deck));
    stage_close(&s);
}

static void test_search(void **state)
{
    (void)state;
    struct stage s;
    open_logs(&s, 80, 16, true);
    free(stage_text(&s));
    stage_run(&s, "search [0-9]+[.]0,");
    stage_expect(&s, "logs-search");
    stage_run(&s, "search-next");
    stage_run(&s, "search nowhere");
    stage_expect(&s, "logs-not-found");
    free(stage_text(&s));
    /* What stands beyond the edge is brought into sight, and back. */
    stage_run(&s, "search long-tail");
    stage_expect(&s, "logs-search-aside");
    stage_run(&s, "search machine");
    free(stage_text(&s));
    assert_int_equal(s.deck.log.shifted, 0);
    /* What is no expression is looked for as it stands. */
    stage_run(&s, "search [/srv");
    free(stage_text(&s));
    assert_int_equal(s.deck.log.seek.state, SEEK_FOUND);
    assert_non_null(strstr(logs_at(&s.deck.log)->is.text, "[/srv/images"));
    stage_close(&s);
}

static void test_sideways_and_wrapped(void **state)
{
    (void)state;
    struct stage s;
    open_logs(&s, 80, 20, true);
    stage_run(&s, "search machine");
    for (int i = 0; i < 40; i++)
        stage_run(&s, "move right");
    stage_expect(&s, "logs-sideways");
    stage_run(&s, "log-wrap on");
    stage_expect(&s, "logs-wrapped");
    stage_run(&s, "move end");
    stage_expect(&s, "logs-wrapped-end");
    stage_close(&s);
}

static void test_times(void **state)
{
    (void)state;
    struct stage s;
    open_logs(&s, 120, 20, true);
    s.deck.log.started_ms = STAGE_WALL_MS - 13 * MINUTE;
    stage_run(&s, "log-times ago");
    stage_expect(&s, "logs-ago");
    stage_run(&s, "log-times next");
    stage_expect(&s, "logs-since-start");
    stage_run(&s, "log-times clock");
    stage_log_line(&s, SOURCE_HOST, STAGE_WALL_MS - 72 * 60 * MINUTE, "oom-kill: another day");
    stage_run(&s, "log-sources +host");
    stage_run(&s, "move home");
    stage_expect(&s, "logs-other-day");
    stage_close(&s);
}

static void test_filter(void **state)
{
    (void)state;
    struct stage s;
    open_logs(&s, 120, 20, true);
    stage_run(&s, "log-filter 'start|stop'");
    stage_expect(&s, "logs-filter");
    stage_run(&s, "log-filter '['");
    assert_string_equal(s.deck.log.wants_text, "start|stop");
    stage_run(&s, "log-filter ''");
    stage_run(&s, "log-failures on");
    stage_expect(&s, "logs-failures");
    stage_run(&s, "log-failures off");
    stage_run(&s, "log-sources serial,events");
    stage_expect(&s, "logs-sources");
    stage_run(&s, "log-sources nonsense");
    stage_run(&s, "log-filter nowhere");
    stage_expect(&s, "logs-filtered-away");
    stage_close(&s);
}

static void press(struct stage *s, keycode key)
{
    struct dialog *g = dialog_top(&s->deck);
    assert_non_null(g);
    assert_true(g->ops->key(&s->deck, g, key));
}

static void test_chooser(void **state)
{
    (void)state;
    struct stage s;
    open_logs(&s, 120, 36, true);
    s.deck.log.feeds[SOURCE_SERIAL].problem = xstrdup("its serial port writes to no file of the host");
    stage_run(&s, "log-sources");
    press(&s, ' ');
    stage_expect(&s, "logs-chooser");
    stage_run(&s, "open");
    assert_null(dialog_top(&s.deck));
    assert_int_equal(s.deck.log.sources, LOGS_USUAL & ~(1u << SOURCE_QEMU));
    stage_close(&s);
}

static void test_chosen(void **state)
{
    (void)state;
    struct stage s;
    open_logs(&s, 80, 24, true);
    free(stage_text(&s));
    stage_run(&s, "move up");
    stage_run(&s, "log-choose");
    stage_run(&s, "move up");
    stage_run(&s, "move up");
    stage_expect(&s, "logs-chosen");
    stage_run(&s, "back");
    assert_false(s.deck.log.region);
    assert_true(s.deck.pane_focused);
    stage_close(&s);
}

/* New lines come in below; what is read stays where it is. */
static void test_frozen(void **state)
{
    (void)state;
    struct stage s;
    open_logs(&s, 80, 16, true);
    free(stage_text(&s));
    stage_run(&s, "move up");
    stage_expect(&s, "logs-frozen");
    char *before = stage_text(&s);
    for (int i = 0; i < 100; i++)
        stage_log_line(&s, SOURCE_SERIAL, STAGE_WALL_MS - MINUTE + i, "more");
    char *after = stage_text(&s);
    assert_string_equal(before, after);
    free(before);
    free(after);
    stage_run(&s, "follow on");
    stage_expect(&s, "logs-followed-again");
    stage_close(&s);
}

static void test_dropped(void **state)
{
    (void)state;
    struct stage s;
    on_db1(&s, 80, 16, true);
    s.deck.log.lines = merge_new(20, 1 << 16);
    stage_run(&s, "pane logs");
    stage_run(&s, "focus pane");
    for (int i = 0; i < 1254; i++) {
        char text[32];
        snprintf(text, sizeof(text), "line %d", i);
        stage_log_line(&s, SOURCE_SERIAL, STAGE_WALL_MS - MINUTE + i, text);
    }
    stage_run(&s, "move home");
    stage_expect(&s, "logs-dropped");
    stage_close(&s);
}

int main(void)
{
    stage_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),   cmocka_unit_test(test_badge),
        cmocka_unit_test(test_nothing), cmocka_unit_test(test_help),
        cmocka_unit_test(test_search),  cmocka_unit_test(test_sideways_and_wrapped),
        cmocka_unit_test(test_times),   cmocka_unit_test(test_filter),
        cmocka_unit_test(test_chooser), cmocka_unit_test(test_chosen),
        cmocka_unit_test(test_frozen),  cmocka_unit_test(test_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
