/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the logs pane stands in lines that come and go: windows, moves, searches and copies in steps.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ui/logs_view.h"

#define NOW   INT64_C(1760000000000)
#define ROWS  20
#define REACH (2 * ROWS)

static struct logs_view view;

static int open_view(void **state)
{
    (void)state;
    logs_view_init(&view);
    view.lines = merge_new(200000, 64 << 20);
    view.text_w = 40;
    view.height = ROWS;
    view.reach = REACH;
    return 0;
}

static int close_view(void **state)
{
    (void)state;
    logs_view_free(&view);
    return 0;
}

static void add(enum line_source source, int64_t at_ms, const char *text)
{
    merge_add(view.lines, source, at_ms, NOW, text, strlen(text), NULL, SEV_INFO);
}

/* "line 0" … a millisecond apart. */
static void add_many(int from, int to)
{
    char text[32];
    for (int i = from; i < to; i++) {
        snprintf(text, sizeof(text), "line %d", i);
        add(SOURCE_SERIAL, NOW - 1000000 + i, text);
    }
}

static int turns(void)
{
    int n = 1;
    while (!logs_read(&view, REACH)) {
        assert_true(logs_is_busy(&view));
        n++;
    }
    return n;
}

static void at(const char *text)
{
    turns();
    assert_non_null(logs_at(&view));
    assert_string_equal(logs_at(&view)->is.text, text);
}

static const char *top(void)
{
    turns();
    long row = logs_layout(&view, ROWS);
    return view.window.lines.items[row].is.text;
}

static void test_empty(void **state)
{
    (void)state;
    turns();
    assert_null(logs_at(&view));
    logs_move(&view, -1);
    logs_scroll(&view, 5);
    logs_home(&view);
    logs_choose(&view, true);
    assert_false(view.region);
    assert_true(view.follow);
    assert_int_equal(logs_layout(&view, ROWS), 0);
    view.find = logs_pattern("x", NULL);
    assert_int_equal(logs_search(&view, false), SEEK_MISSING);
    merge_free(view.lines);
    view.lines = NULL;
    turns();
    assert_int_equal(logs_search(&view, true), SEEK_MISSING);
    assert_int_equal(logs_total(&view), 0);
}

static void test_moves(void **state)
{
    (void)state;
    add_many(0, 1000);
    at("line 999");
    assert_string_equal(top(), "line 980");
    logs_move(&view, -1);
    at("line 998");
    assert_string_equal(top(), "line 980");
    assert_false(view.follow);
    /* Many keys between two drawings. */
    for (int i = 0; i < 300; i++)
        logs_move(&view, -1);
    at("line 698");
    assert_string_equal(top(), "line 698");
    logs_scroll(&view, -10);
    assert_string_equal(top(), "line 688");
    at("line 688");
    logs_scroll(&view, 100);
    assert_string_equal(top(), "line 709"); /* as far as the window goes */
    logs_scroll(&view, ROWS - 1);
    assert_string_equal(top(), "line 728");
    logs_scroll(&view, 1 - ROWS);
    assert_string_equal(top(), "line 709");
    logs_home(&view);
    at("line 0");
    logs_move(&view, -1);
    at("line 0");
    logs_follow_on(&view, true);
    at("line 999");
    logs_move(&view, -1);
    logs_move(&view, 1);
    assert_false(view.follow);
    logs_move(&view, 1);
    assert_true(view.follow);
}

static void test_frozen(void **state)
{
    (void)state;
    add_many(0, 100);
    at("line 99");
    logs_move(&view, -20);
    at("line 79");
    assert_string_equal(top(), "line 79");
    add_many(100, 5000);
    add(SOURCE_EVENT, NOW - 1000000 + 85, "late, in between");
    at("line 79");
    assert_string_equal(top(), "line 79");
    assert_string_equal(view.window.lines.items[view.window.cursor + 7].is.text, "late, in between");
}

static void test_what_is_dropped(void **state)
{
    (void)state;
    merge_free(view.lines);
    view.lines = merge_new(50, 1 << 20);
    add_many(0, 50);
    turns();
    logs_home(&view);
    at("line 0");
    add_many(50, 70);
    at("line 20");
    assert_int_equal(view.window.lines.items[0].is.gap, 20);
    /* A line that the cursor was put on stays on the screen, and so do those around it. */
    logs_move(&view, 1);
    add_many(70, 1000);
    at("line 21");
    assert_string_equal(top(), "line 20");
    logs_move(&view, 3);
    at("line 24");
    logs_choose(&view, true);
    logs_move(&view, -1);
    logs_copy_begin(&view, "x");
    assert_true(logs_copy_on(&view));
    assert_int_equal(view.copy.lines, 2);
    assert_non_null(strstr(strbuf_str(&view.copy.text), "line 23\n"));
    logs_copy_forget(&view);
    for (int i = 0; i < 1000 && strcmp(logs_at(&view)->is.text, "line 950") != 0; i++) {
        logs_move(&view, 1);
        turns();
    }
    at("line 950");
    logs_move(&view, 1);
    merge_clear(view.lines, SOURCE_SERIAL);
    at("line 951");
    logs_follow_on(&view, true);
    turns();
    assert_null(logs_at(&view));
    add_many(1000, 1003);
    at("line 1002");
}

/* Of very many lines few pass: each turn looks at a bounded number, and what is on the screen stays. */
static void test_steps(void **state)
{
    (void)state;
    add(SOURCE_SERIAL, NOW - 1000001, "needle in front");
    add_many(0, 100000);
    at("line 99999");
    assert_true(logs_set_filter(&view, "needle", NULL));
    assert_false(logs_read(&view, REACH));
    assert_string_equal(logs_at(&view)->is.text, "line 99999");
    int n = 2 + turns();
    assert_true(n >= 100000 / LOGS_STEP);
    assert_true(n <= 3 * (100000 / LOGS_STEP + 2));
    at("needle in front");
    assert_true(view.window.first && view.window.last);
}

/* Lines that keep coming do not keep it from getting to its end. */
static void test_steps_under_fire(void **state)
{
    (void)state;
    add(SOURCE_SERIAL, NOW - 1000001, "needle in front");
    add_many(0, 50000);
    assert_true(logs_set_filter(&view, "needle", NULL));
    int n = 1;
    for (; !logs_read(&view, REACH); n++)
        add_many(50000 + n * 1000, 50000 + (n + 1) * 1000);
    assert_true(n <= 2 * (50000 / LOGS_STEP + 2));
    assert_string_equal(logs_at(&view)->is.text, "needle in front");
}

static void seek(const char *what, bool backwards, const char *found)
{
    assert_non_null(logs_find(&view, what));
    enum logs_outcome outcome = logs_search(&view, backwards);
    while (outcome == SEEK_GOES_ON)
        outcome = logs_search_on(&view);
    assert_int_equal(outcome, found ? SEEK_FOUND : SEEK_MISSING);
    if (found)
        at(found);
}

static void test_search(void **state)
{
    (void)state;
    add_many(0, 30000);
    add(SOURCE_EVENT, NOW - 1000000 + 17, "Lock [here");
    turns();
    logs_layout(&view, ROWS);
    seek("lock", false, "Lock [here");
    seek("LOCK", false, NULL);
    seek("lock [here", false, "Lock [here"); /* no expression: as it stands */
    seek("line 2999[0-9]", false, "line 29990");
    seek("line 2999[0-9]", false, "line 29991");
    seek("line 2999[0-9]", true, "line 29990");
    seek("line 2999[0-9]", true, "line 29999"); /* round */
    logs_set_sources(&view, 1u << SOURCE_SERIAL);
    seek("lock", false, NULL);
    at("line 29999");
    assert_null(logs_find(&view, ""));
}

static void copied(const char *first, size_t lines)
{
    while (!logs_copy_on(&view))
        assert_true(logs_is_busy(&view));
    assert_int_equal(view.copy.lines, lines);
    assert_non_null(strstr(strbuf_str(&view.copy.text), first));
    size_t ends = 0;
    for (const char *p = strbuf_str(&view.copy.text); (p = strchr(p, '\n')); p++)
        ends++;
    assert_int_equal(ends, lines);
    logs_copy_forget(&view);
    assert_false(logs_is_busy(&view));
}

static void test_copy(void **state)
{
    (void)state;
    add_many(0, 9000);
    turns();
    logs_copy_begin(&view, "x");
    add_many(9000, 9100); /* came later */
    copied("serial   line 0\n", 9000);
    logs_move(&view, -5);
    at("line 9094");
    logs_choose(&view, true);
    logs_move(&view, -3);
    at("line 9091");
    assert_true(logs_is_chosen(&view, &view.window.lines.items[view.window.cursor + 2]));
    assert_false(logs_is_chosen(&view, &view.window.lines.items[view.window.cursor - 1]));
    logs_copy_begin(&view, "x");
    copied("serial   line 9091\n", 4);
    logs_move(&view, 5);
    at("line 9096");
    logs_copy_begin(&view, "x");
    copied("serial   line 9094\n", 3);
    /* Chosen upwards, and further than what is read around the cursor. */
    logs_choose(&view, false);
    logs_choose(&view, true);
    for (int i = 0; i < 50; i++) {
        logs_move(&view, -10);
        turns();
    }
    at("line 8596");
    logs_copy_begin(&view, "x");
    copied("serial   line 8596\n", 501);
}

static unsigned parsed(const char *text)
{
    unsigned sources = 12345;
    assert_true(logs_parse_sources(&view, text, &sources, NULL));
    return sources;
}

static void test_sources(void **state)
{
    (void)state;
    unsigned all = (1u << SOURCES) - 1;
    assert_int_equal(view.sources & (1u << SOURCE_HOST), 0);
    assert_int_equal(parsed("qemu,serial"), 1u << SOURCE_QEMU | 1u << SOURCE_SERIAL);
    assert_int_equal(parsed("events message"), 1u << SOURCE_EVENT | 1u << SOURCE_MESSAGES);
    assert_int_equal(parsed("+host"), view.sources | 1u << SOURCE_HOST);
    assert_int_equal(parsed("-serial,-qemu"), view.sources & ~(1u << SOURCE_QEMU | 1u << SOURCE_SERIAL));
    assert_int_equal(parsed("all"), all);
    assert_int_equal(parsed("all,-host"), all & ~(1u << SOURCE_HOST));
    assert_int_equal(parsed("default"), LOGS_USUAL);
    assert_int_equal(parsed(" , "), view.sources);
    struct error e = ERROR_INIT;
    unsigned none;
    assert_false(logs_parse_sources(&view, "qemu,kernel", &none, &e));
    assert_non_null(strstr(error_text(&e), "kernel"));
    assert_non_null(strstr(error_text(&e), "serial"));
    error_clear(&e);
    /* Nothing at all is shown, not everything. */
    add_many(0, 10);
    logs_set_sources(&view, 0);
    turns();
    assert_int_equal(view.window.lines.len, 0);
    assert_int_equal(logs_total(&view), 0);
}

static void test_filter(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    add_many(0, 100);
    assert_true(logs_set_filter(&view, "line 1.$", &e));
    at("line 19");
    assert_int_equal(view.window.lines.len, 10);
    assert_false(logs_set_filter(&view, "(", &e));
    assert_string_equal(view.wants_text, "line 1.$");
    error_clear(&e);
    assert_true(logs_set_filter(&view, "", &e));
    assert_null(view.wants_text);
    at("line 99");
    /* \S is no upper case letter. */
    struct pattern *p = logs_pattern("\\SINE", NULL), *q = logs_pattern("\\Sine", NULL);
    assert_false(pattern_find(p, "line", 4, PATTERN_NONE, NULL));
    assert_true(pattern_find(q, "LINE", 4, PATTERN_NONE, NULL));
    pattern_free(p);
    pattern_free(q);
}

static void test_rows(void **state)
{
    (void)state;
    size_t starts[4];
    assert_int_equal(logs_break("", 4, starts, 4), 1);
    assert_int_equal(logs_break("abcdefghi", 4, starts, 4), 3);
    assert_int_equal(starts[2], 8);
    assert_int_equal(logs_break("abc\xe6\x97\xa5\xe6\x97\xa5", 4, starts, 4), 2); /* wide ones stay whole */
    assert_int_equal(starts[1], 3);
    assert_int_equal(logs_break("\xe6\x97\xa5\xe6\x97\xa5", 1, starts, 4), 2);
    view.wrap = true;
    char text[200];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < 30; i++)
        add(SOURCE_QEMU, NOW - 1000 + i, text);
    turns();
    assert_int_equal(logs_layout(&view, ROWS), 30 * 5 - ROWS); /* 199 in 40: 5 rows each */
    logs_scroll(&view, -3);
    turns();
    long row = logs_layout(&view, ROWS);
    assert_int_equal(row % 5, 2);
    assert_int_equal(view.top_row, 2);
}

static void test_news(void **state)
{
    (void)state;
    add_many(0, 10);
    assert_int_equal(logs_news(&view), 0); /* the guest may talk */
    add(SOURCE_QEMU, NOW, "a");
    add(SOURCE_QEMU, NOW, "a");
    add(SOURCE_EVENT, NOW, "b");
    assert_int_equal(logs_news(&view), 3);
    logs_look(&view);
    assert_int_equal(logs_news(&view), 0);
    merge_clear(view.lines, SOURCE_QEMU);
    add(SOURCE_QEMU, NOW, "anew");
    assert_int_equal(logs_news(&view), 1);
    atomic_fetch_add(&view.marks, 3);
    assert_int_equal(logs_news(&view), 3);
    view.unread = true;
    assert_int_equal(logs_news(&view), 0);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_view, close_view)
    const struct CMUnitTest tests[] = {
        TEST(test_empty),           TEST(test_moves), TEST(test_frozen),
        TEST(test_what_is_dropped), TEST(test_steps), TEST(test_steps_under_fire),
        TEST(test_search),          TEST(test_copy),  TEST(test_sources),
        TEST(test_filter),          TEST(test_rows),  TEST(test_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
