/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/paths.h"
#include "scratch.h"
#include "ui/prompt.h"

static const struct command rows[] = {
    {.name = "start", .summary = "start", .args = {{"VM", ARG_WORD, "web1 web2 web10 db", true, true, NULL}}},
    {.name = "status", .summary = "status"},
    {.name = "sort", .summary = "sort", .args = {{"COLUMN", ARG_WORD, "name cpu", false, false, NULL}}},
    {.name = "filter", .summary = "filter", .args = {{"EXPR", ARG_WORD, "state= stale", true, true, NULL}}},
};
static const struct command_table table = {rows, ARRAY_LEN(rows)};
const struct command_table *const command_tables[] = {&table, NULL};

static const struct frontend frontend = {.screen = true};
static struct session session = {.frontend = &frontend};
static char *accepted;

static enum prompt_result feed(const struct input *in)
{
    char *line = NULL;
    enum prompt_result r = prompt_feed(in, &line);
    if (r == PROMPT_ACCEPTED) {
        assert_non_null(line);
        free(accepted);
        accepted = line;
    } else
        assert_null(line);
    return r;
}

static enum prompt_result key(const char *name)
{
    struct input in = {.type = INPUT_KEY};
    struct error e = ERROR_INIT;
    if (!key_parse(name, &in.key, &e))
        fail_msg("%s", error_text(&e));
    in.n_bytes = key_bytes(in.key, in.bytes);
    return feed(&in);
}

/* Each character is a key of its own. */
static void type(const char *text)
{
    while (*text) {
        char ch[5] = "";
        size_t n = 1;
        while ((text[n] & 0xc0) == 0x80)
            n++;
        memcpy(ch, text, n);
        assert_int_equal(key(ch[0] == ' ' ? "Space" : ch), PROMPT_OPEN);
        text += n;
    }
}

static enum prompt_result paste(const char *text)
{
    struct input in = {.type = INPUT_PASTE, .paste = xstrdup(text), .paste_len = strlen(text)};
    enum prompt_result r = feed(&in);
    free(in.paste);
    return r;
}

static void expect(const char *text)
{
    assert_string_equal(prompt_text(), text);
}

static void expect_accepted(const char *text)
{
    assert_int_equal(key("Enter"), PROMPT_ACCEPTED);
    assert_string_equal(accepted, text);
    assert_false(prompt_is_open());
}

static void enter(const char *text)
{
    prompt_open(PROMPT_COMMAND, ":", NULL);
    type(text);
    expect_accepted(text);
}

/* The bar drawn into one row of w columns. */
static const char *drawn(int w, int *cursor)
{
    static struct strbuf out;
    struct canvas c;
    canvas_init(&c, w, 1, true);
    prompt_draw(&c, 0, 0, w);
    strbuf_clear(&out);
    canvas_print(&c, &out, false);
    if (cursor)
        *cursor = c.cursor_x;
    canvas_free(&c);
    return strbuf_str(&out);
}

static int setup(void **state)
{
    int r = scratch_setup(state);
    prompt_init(&session, scratch("history"), 5);
    return r;
}

static int teardown(void **state)
{
    prompt_shutdown(NULL);
    free(accepted);
    accepted = NULL;
    return scratch_teardown(state);
}

static void test_types_and_accepts(void **state)
{
    (void)state;
    prompt_open(PROMPT_COMMAND, ":", "start ");
    assert_true(prompt_is_open());
    expect("start ");
    type("web1");
    expect("start web1");
    assert_int_equal(prompt_point(), 10);
    expect_accepted("start web1");
    assert_string_equal(prompt_text(), "");
}

static void test_edits_as_readline_does(void **state)
{
    (void)state;
    prompt_open(PROMPT_COMMAND, ":", NULL);
    type("start web1 web2");
    key("C-a");
    assert_int_equal(prompt_point(), 0);
    key("C-e");
    key("C-w");
    expect("start web1 ");
    key("C-y");
    expect("start web1 web2");
    key("C-a");
    key("M-f");
    key("C-k");
    expect("start");
    key("C-y");
    expect("start web1 web2");
    key("Home");
    key("Delete");
    expect("tart web1 web2");
    key("End");
    key("Backspace");
    key("Left");
    type("é");
    expect("tart web1 weéb");
    key("C-_");
    expect("tart web1 web");
    prompt_cancel();
    assert_false(prompt_is_open());
}

static void test_walks_the_history(void **state)
{
    (void)state;
    enter("start a");
    enter("start b");
    prompt_open(PROMPT_COMMAND, ":", NULL);
    type("dra");
    key("Up");
    expect("start b");
    key("C-p");
    expect("start a");
    key("Down");
    key("Down");
    expect("dra");
    prompt_cancel();
}

static void test_forgets_edits_of_old_lines(void **state)
{
    (void)state;
    enter("start a");
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("Up");
    type("XX");
    key("Down");
    assert_int_equal(key("Esc"), PROMPT_CANCELLED);
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("Up");
    expect("start a");
    prompt_cancel();
}

static void test_keeps_history_without_duplicates(void **state)
{
    (void)state;
    static const char *const lines[] = {"a1", "b2", "a1", "c3", "d4", "e5", "f6", "f6"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        enter(lines[i]);
    prompt_open(PROMPT_FILTER, "/", NULL);
    type("state=running");
    expect_accepted("state=running");
    /* Another virtdeck has written meanwhile. */
    scratch_write(scratch("history"), "other\n\xff\xfe broken\nc3\n");
    prompt_shutdown(NULL);

    char *data;
    size_t len;
    struct stat st;
    struct error e = ERROR_INIT;
    assert_true(file_read(scratch("history"), 10000, &data, &len, NULL, &e));
    assert_string_equal(data, "a1\nc3\nd4\ne5\nf6\n");
    free(data);
    assert_int_equal(stat(scratch("history"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    prompt_init(&session, scratch("history"), 5);
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("Up");
    expect("f6");
    prompt_cancel();
}

static void test_modes_have_histories_of_their_own(void **state)
{
    (void)state;
    enter("start a");
    prompt_open(PROMPT_FILTER, "/", NULL);
    key("Up");
    expect("");
    type("web");
    expect_accepted("web");
    prompt_open(PROMPT_ANSWER, "name: ", NULL);
    type("db1");
    expect_accepted("db1");
    prompt_open(PROMPT_FILTER, "/", NULL);
    key("Up");
    expect("web");
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("Up");
    expect("start a");
    prompt_open(PROMPT_ANSWER, "name: ", NULL);
    key("Up");
    expect("");
    prompt_cancel();
}

static void test_searches_back(void **state)
{
    (void)state;
    enter("start café");
    enter("start web1");
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("C-r");
    type("fé");
    expect("start café");
    assert_non_null(strstr(drawn(60, NULL), "reverse-i-search"));
    assert_non_null(strstr(drawn(60, NULL), "fé"));
    /* ESC leaves the search, not the bar. */
    assert_int_equal(key("Esc"), PROMPT_OPEN);
    expect("");
    assert_string_equal(drawn(60, NULL), ":\n");
    key("C-r");
    type("web");
    expect_accepted("start web1");
}

static void test_search_left_open_leaves_no_trace(void **state)
{
    (void)state;
    enter("start web1");
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("C-r");
    type("we");
    assert_int_equal(key("C-c"), PROMPT_CANCELLED);
    prompt_open(PROMPT_COMMAND, ":", NULL);
    assert_string_equal(drawn(40, NULL), ":\n");
    type("we");
    expect("we");
    key("C-r");
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("M-3"); /* an argument for a command that never comes */
    assert_int_equal(key("C-c"), PROMPT_CANCELLED);
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("M-3");
    assert_int_equal(key("Esc"), PROMPT_OPEN);
    type("x");
    expect("x");
    prompt_cancel();
}

static void test_paste_never_runs(void **state)
{
    (void)state;
    prompt_open(PROMPT_COMMAND, ":", NULL);
    assert_int_equal(paste("start a\nstart b\r\n"), PROMPT_OPEN);
    expect("start a start b");
    assert_int_equal(paste("\x1b[A\x03\x15\x7f\xff!\t日本"), PROMPT_OPEN);
    expect("start a start b[A! 日本");
    expect_accepted("start a start b[A! 日本");
}

static void test_paste_into_a_search(void **state)
{
    (void)state;
    enter("start web1");
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("C-r");
    assert_int_equal(paste("web\n"), PROMPT_OPEN);
    expect("start web1");
    prompt_cancel();
}

static void test_paste_of_a_megabyte(void **state)
{
    (void)state;
    size_t len = 1024 * 1024;
    char *text = xmalloc(len + 1);
    memset(text, 'x', len);
    text[len] = '\0';
    prompt_open(PROMPT_COMMAND, ":", NULL);
    assert_int_equal(paste(text), PROMPT_OPEN);
    assert_in_range(strlen(prompt_text()), 60000, 70000);
    drawn(80, NULL);
    prompt_cancel();
    free(text);
}

static void test_escape_closes_and_nothing_waits(void **state)
{
    (void)state;
    prompt_open(PROMPT_COMMAND, ":", NULL);
    type("start");
    assert_int_equal(key("Esc"), PROMPT_CANCELLED);
    assert_false(prompt_is_open());
    prompt_open(PROMPT_COMMAND, ":", NULL);
    expect("");
    type("f"); /* would be M-f, were the ESC still pending */
    expect("f");
    assert_int_equal(key("C-u"), PROMPT_OPEN);
    assert_int_equal(key("C-d"), PROMPT_CANCELLED);
    assert_false(prompt_is_open());
}

static void test_completes(void **state)
{
    (void)state;
    size_t selected;
    prompt_open(PROMPT_COMMAND, ":", NULL);
    type("so");
    key("Tab");
    expect("sort ");
    assert_null(prompt_candidates(&selected));
    prompt_open(PROMPT_COMMAND, ":", NULL);
    type("start w");
    key("Tab");
    expect("start web");
    const candidate_list *list = prompt_candidates(&selected);
    assert_non_null(list);
    assert_int_equal(list->len, 3);
    assert_int_equal(selected, 3);
    key("Tab");
    expect("start web1");
    key("Tab");
    expect("start web2");
    assert_non_null(prompt_candidates(&selected));
    assert_int_equal(selected, 1);
    key("S-Tab");
    key("S-Tab");
    expect("start web10");
    type(" ");
    assert_null(prompt_candidates(NULL));
    expect("start web10 ");
    expect_accepted("start web10 ");
}

static void test_completes_filters(void **state)
{
    (void)state;
    prompt_open(PROMPT_FILTER, "/", NULL);
    type("x st");
    key("Tab");
    expect("x sta");
    assert_non_null(prompt_candidates(NULL));
    key("Tab");
    expect("x stale");
    prompt_cancel();
    prompt_open(PROMPT_FILTER, "/", NULL);
    type("stat");
    key("Tab");
    expect("state="); /* its value comes next: no blank */
    prompt_cancel();
    prompt_open(PROMPT_ANSWER, "?", NULL);
    type("sta");
    key("Tab");
    expect("sta");
    prompt_cancel();
}

static void test_draws_the_cursor_where_it_is(void **state)
{
    (void)state;
    int cursor;
    prompt_open(PROMPT_COMMAND, ":", NULL);
    type("日本x");
    assert_string_equal(drawn(20, &cursor), ":日本x\n");
    assert_int_equal(cursor, 6);
    key("Left");
    key("Left");
    drawn(20, &cursor);
    assert_int_equal(cursor, 3);
    prompt_cancel();
    prompt_open(PROMPT_COMMAND, ":", "e\xcc\x81z");
    drawn(20, &cursor);
    assert_int_equal(cursor, 3);
    prompt_cancel();
}

static void test_draws_control_bytes_escaped(void **state)
{
    (void)state;
    int cursor;
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("C-v");
    key("C-a");
    type("x");
    expect("\x01x");
    assert_string_equal(drawn(20, &cursor), ":\\x01x\n");
    assert_int_equal(cursor, 6);
    prompt_cancel();
}

static void test_scrolls_sideways(void **state)
{
    (void)state;
    int cursor;
    prompt_open(PROMPT_COMMAND, ":", "0123456789abcdef");
    assert_string_equal(drawn(10, &cursor), ":<9abcdef\n");
    assert_int_equal(cursor, 9);
    key("Home");
    assert_string_equal(drawn(10, &cursor), ":01234567>\n");
    assert_int_equal(cursor, 1);
    prompt_cancel();
    /* A wide character is never cut in two. */
    prompt_open(PROMPT_COMMAND, ":", "日本語日本語");
    assert_string_equal(drawn(10, &cursor), ":< 日本語\n");
    for (int w = 1; w < 16; w++)
        drawn(w, &cursor);
    prompt_cancel();
}

static void test_secrets_are_not_shown_nor_kept(void **state)
{
    (void)state;
    int cursor;
    prompt_open(PROMPT_COMMAND, ":", NULL);
    type("zzz");
    key("C-u");
    prompt_open(PROMPT_SECRET, "Password: ", NULL);
    type("hidden");
    key("C-w");
    type("pä");
    key("Up");
    type("s");
    assert_string_equal(drawn(20, &cursor), "Password: •••\n");
    assert_int_equal(cursor, 13);
    key("Backspace");
    key("Backspace");
    assert_int_equal(paste("w\n"), PROMPT_OPEN);
    expect_accepted("pw");
    prompt_open(PROMPT_COMMAND, ":", NULL);
    key("Up");
    expect("");
    key("C-y");
    expect("zzz");
    prompt_cancel();
    prompt_open(PROMPT_SECRET, "Password: ", NULL);
    type("x");
    assert_int_equal(key("Esc"), PROMPT_CANCELLED);
    assert_false(prompt_is_open());
}

static void test_any_bytes(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 3000; round++) {
        struct input in = {.type = INPUT_KEY, .key = 'x'};
        if (!prompt_is_open())
            prompt_open(round % 3 ? PROMPT_COMMAND : PROMPT_FILTER, ":", NULL);
        in.n_bytes = 1 + (size_t)round % 5;
        for (size_t i = 0; i < in.n_bytes; i++) {
            seed = seed * 1103515245 + 12345;
            in.bytes[i] = (char)(seed >> 16);
            /* readline itself loses some bytes when nonsense breaks off its searches. */
            if (strchr("nNpP\x12\x13", in.bytes[i]))
                in.bytes[i] = 'q';
        }
        feed(&in);
        drawn(30, NULL);
    }
    prompt_cancel();
    prompt_open(PROMPT_COMMAND, ":", NULL);
    type("ok");
    assert_non_null(strstr(prompt_text(), "ok"));
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    setenv("INPUTRC", "/dev/null", 1);
    paths_init();
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_types_and_accepts),
        TEST(test_edits_as_readline_does),
        TEST(test_walks_the_history),
        TEST(test_forgets_edits_of_old_lines),
        TEST(test_keeps_history_without_duplicates),
        TEST(test_modes_have_histories_of_their_own),
        TEST(test_searches_back),
        TEST(test_search_left_open_leaves_no_trace),
        TEST(test_paste_never_runs),
        TEST(test_paste_into_a_search),
        TEST(test_paste_of_a_megabyte),
        TEST(test_escape_closes_and_nothing_waits),
        TEST(test_completes),
        TEST(test_completes_filters),
        TEST(test_draws_the_cursor_where_it_is),
        TEST(test_draws_control_bytes_escaped),
        TEST(test_scrolls_sideways),
        TEST(test_secrets_are_not_shown_nor_kept),
        TEST(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
