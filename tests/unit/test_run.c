/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines run for the screen, and why some can't be: without a host, so only the screen's own commands run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "tests/screen/stage.h"
#include "tests/unit/scratch.h"
#include "ui/run.h"
#include "ui/whynot.h"

static int open_stage(void **state)
{
    struct stage *s = xcalloc(1, sizeof(*s));
    stage_open(s, 120, 36, true);
    struct snapshot *host = stage_everyday();
    stage_hosts(s, 1, &host);
    deck_update(&s->deck);
    *state = s;
    return 0;
}

static int close_stage(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

static void select_vm(struct stage *s, const char *name)
{
    for (size_t i = 0; i < s->deck.view.rows.len; i++)
        if (strcmp(s->deck.view.rows.items[i].vm->name, name) == 0)
            view_move_to(&s->deck.view, i);
    assert_string_equal(deck_vm(&s->deck)->name, name);
}

static const char *last_message(const struct stage *s)
{
    assert_true(s->deck.messages.len > 0);
    return s->deck.messages.items[s->deck.messages.len - 1].text;
}

static void test_chain(void **state)
{
    struct stage *s = *state;
    assert_true(run_typed(&s->deck, "sort -cpu && group state && window 1h"));
    assert_string_equal(s->deck.view.sort->id, "cpu");
    assert_int_equal(s->deck.view.group, GROUP_STATE);
    assert_int_equal(s->deck.window, WINDOW_1H);
    /* What follows a failure is not run. */
    assert_true(run_typed(&s->deck, "column-width uuid 3 && quit"));
    assert_false(s->deck.quit);
    assert_true(run_typed(&s->deck, ""));
    assert_true(run_typed(&s->deck, "   # a comment"));
}

static void wrong(struct stage *s, const char *line, int at)
{
    assert_false(run_typed(&s->deck, line));
    assert_non_null(s->deck.bar_error);
    assert_int_equal(s->deck.bar_error_at, at);
    assert_false(s->deck.quit);
}

static void test_errors_point(void **state)
{
    struct stage *s = *state;
    wrong(s, "nonsense", 0);
    wrong(s, "  sort nonsense", 7);
    wrong(s, "window 2h", 7);
    wrong(s, "quit &&", 5);
    wrong(s, "&& quit", 0);
    wrong(s, "theme 'nord", 6);
}

/* A line whose second half is wrong has been run in part: it can't stay in the bar. */
static void test_error_after_first(void **state)
{
    struct stage *s = *state;
    assert_true(run_typed(&s->deck, "window 1m && window 2h"));
    assert_int_equal(s->deck.window, WINDOW_1MIN);
    assert_null(s->deck.bar_error);
    assert_non_null(strstr(last_message(s), "2h"));
}

/* Answers to keys take the place of each other; what was done, and what went wrong, stays. */
static void test_answers_do_not_pile_up(void **state)
{
    struct stage *s = *state;
    deck_say(&s->deck, SEV_GOOD, "web1: started");
    for (int i = 0; i < 5; i++)
        stage_run(s, "sort next");
    stage_run(s, "start --bogus");
    stage_run(s, "start --bogus");
    stage_run(s, "sort name");
    assert_int_equal(s->deck.messages.len, 3);
    assert_string_equal(last_message(s), "sorted by name, ascending");
    stage_run(s, "sort -cpu");
    assert_string_equal(last_message(s), "sorted by cpu, highest first");
}

static void test_tag_of_a_group(void **state)
{
    struct stage *s = *state;
    stage_run(s, "group state");
    deck_update(&s->deck);
    view_move_to(&s->deck.view, 0);
    size_t n = s->deck.view.groups.items[0].count;
    stage_run(s, "tag");
    assert_int_equal(s->deck.view.tags.len, n);
    deck_update(&s->deck);
    view_move_to(&s->deck.view, 0);
    stage_run(s, "tag");
    assert_int_equal(s->deck.view.tags.len, 0);
    /* What is folded away is not tagged unseen. */
    view_move_to(&s->deck.view, 0);
    stage_run(s, "open");
    deck_update(&s->deck);
    stage_run(s, "tag");
    assert_int_equal(s->deck.view.tags.len, 0);
    assert_non_null(strstr(last_message(s), "folded"));
}

static void test_back_says_how_to_leave(void **state)
{
    struct stage *s = *state;
    stage_run(s, "back");
    assert_non_null(strstr(last_message(s), "q leaves"));
}

static void expect_why(struct stage *s, const char *line, const char *part)
{
    char *why = why_not(&s->deck, line);
    if (!part) {
        assert_null(why);
        return;
    }
    assert_non_null(why);
    assert_non_null(strstr(why, part));
    free(why);
}

static void test_why_not(void **state)
{
    struct stage *s = *state;
    select_vm(s, "web1");
    expect_why(s, "start", "web1 is already active");
    expect_why(s, "shutdown", NULL);
    expect_why(s, "resume", "not paused");
    expect_why(s, "help", NULL);
    expect_why(s, "start db2", NULL); /* about another one: the command itself looks */
    select_vm(s, "build-arm64");
    expect_why(s, "start", NULL);
    expect_why(s, "destroy", "not active");
    select_vm(s, "scratch");
    expect_why(s, "managedsave", "transient");
    /* Of the tagged ones, one is enough. */
    stage_run(s, "tag web*");
    select_vm(s, "build-arm64");
    expect_why(s, "destroy", NULL);
    expect_why(s, "start", "none of the 2 tagged");
    stage_run(s, "tag none");
    s->deck.hosts[0]->host.read_only = true;
    expect_why(s, "start", "read-only");
    expect_why(s, "start db2", "read-only");
    expect_why(s, "filter", NULL);
    s->deck.hosts[0]->host.read_only = false;
    s->deck.hosts[0]->host.state = HOST_LOST;
    expect_why(s, "start", "not connected");
}

static void test_off_key_says_why(void **state)
{
    struct stage *s = *state;
    select_vm(s, "web1");
    run_line(&s->deck, "start");
    assert_int_equal(s->deck.messages.len, 1);
    assert_non_null(strstr(s->deck.messages.items[0].text, "already active"));
}

/* What the shell prints under a name is a pane here. */
static void test_panes_by_name(void **state)
{
    static const struct {
        const char *line;
        enum pane_id pane;
    } lines[] = {{"log", PANE_LOGS}, {"devices", PANE_DEVICES}, {"events", PANE_EVENTS}, {"logs", PANE_LOGS}};
    struct stage *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        s->deck.pane_open = false;
        assert_true(run_typed(&s->deck, lines[i].line));
        assert_true(s->deck.pane_open);
        assert_int_equal(s->deck.pane, lines[i].pane);
    }
    wrong(s, "log web1 web2", 9);
    wrong(s, "events -n 5", 7);
}

static void add_running(struct stage *s, const char *vm)
{
    static const struct job_kind kind = {.action = "shutdown", .doing = "shutting down"};
    struct running r = {.status = {.kind = &kind, .vm_name = xstrdup(vm)}};
    vec_push(&s->deck.running, r);
}

static void test_quit_asks_while_jobs_run(void **state)
{
    struct stage *s = *state;
    add_running(s, "web1");
    stage_run(s, "quit");
    assert_false(s->deck.quit);
    assert_int_equal(s->deck.dialogs.len, 1);
    stage_run(s, "answer no");
    assert_false(s->deck.quit);
    assert_int_equal(s->deck.dialogs.len, 0);
    add_running(s, "db2");
    stage_run(s, "q");
    assert_int_equal(s->deck.dialogs.len, 1);
    stage_run(s, "answer yes");
    assert_true(s->deck.quit);
}

static void test_quit_at_once(void **state)
{
    struct stage *s = *state;
    stage_run(s, "quit");
    assert_true(s->deck.quit);
    assert_int_equal(s->deck.dialogs.len, 0);
}

static void copy_to(struct stage *s, const char *name)
{
    static const char *const lines[] = {"one", "two", "three"};
    char *line = xasprintf("copy %s", scratch(name));
    if (s->deck.log.lines)
        merge_clear(s->deck.log.lines, SOURCE_QEMU);
    stage_log(s, lines, ARRAY_LEN(lines));
    stage_run(s, line);
    free(line);
}

static void assert_copied(const char *name)
{
    char *data = NULL;
    assert_true(file_read(scratch(name), 1000, &data, NULL, NULL, NULL));
#define NO_TIME "-                       qemu     "
    assert_string_equal(data, NO_TIME "one\n" NO_TIME "two\n" NO_TIME "three\n");
    free(data);
}

static void test_copy(void **state)
{
    struct stage *s = *state;
    void *unused = NULL;
    assert_int_equal(scratch_setup(&unused), 0);
    copy_to(s, "lines");
    assert_non_null(strstr(last_message(s), "copy: 3 lines written to "));
    assert_copied("lines");
    scratch_write(scratch("there"), "mine");
    copy_to(s, "there");
    assert_non_null(strstr(last_message(s), "is there already"));
    copy_to(s, "no/folder");
    assert_non_null(strstr(last_message(s), "no/folder"));
    assert_int_equal(scratch_teardown(&unused), 0);
}

/* Nothing is said before it is true. */
static void test_copy_by_a_writer(void **state)
{
    struct stage *s = *state;
    void *unused = NULL;
    assert_int_equal(scratch_setup(&unused), 0);
    s->deck.writer = writer_new();
    copy_to(s, "lines");
    assert_int_equal(s->deck.messages.len, 0);
    assert_true(writer_finish(s->deck.writer, 60000));
    s->deck.writer = NULL;
    assert_non_null(strstr(last_message(s), "copy: 3 lines written to "));
    assert_copied("lines");
    assert_int_equal(scratch_teardown(&unused), 0);
}

int main(void)
{
    stage_setup();
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_stage, close_stage)
    const struct CMUnitTest tests[] = {TEST(test_chain),
                                       TEST(test_errors_point),
                                       TEST(test_error_after_first),
                                       TEST(test_why_not),
                                       TEST(test_off_key_says_why),
                                       TEST(test_answers_do_not_pile_up),
                                       TEST(test_tag_of_a_group),
                                       TEST(test_back_says_how_to_leave),
                                       TEST(test_panes_by_name),
                                       TEST(test_quit_asks_while_jobs_run),
                                       TEST(test_quit_at_once),
                                       TEST(test_copy),
                                       TEST(test_copy_by_a_writer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
