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
#include "base/file.h"
#include "base/paths.h"
#include "scratch.h"
#include "ui/keymap.h"

static struct keymap map;
static error_list mistakes;

static void user_keymap(const char *name, const char *text)
{
    char *path = xasprintf("%s/virtdeck/keymaps/%s.json", scratch(""), name);
    scratch_write(path, text);
    free(path);
}

static int setup(void **state)
{
    struct error e = ERROR_INIT;
    if (scratch_setup(state))
        return -1;
    setenv("XDG_CONFIG_HOME", scratch(""), 1);
    paths_init();
    return file_make_dirs(scratch("virtdeck/keymaps"), &e) ? 0 : -1;
}

static void drop(void)
{
    keymap_free(&map);
    error_list_free(&mistakes);
}

static int teardown(void **state)
{
    drop();
    return scratch_teardown(state);
}

static void load(const char *name)
{
    drop();
    assert_true(keymap_load(&map, name, &mistakes));
    assert_string_equal(map.name, name);
}

static void expect_mistakes(size_t n)
{
    if (mistakes.len != n)
        fail_msg("%zu mistakes, not %zu; the first: %s", mistakes.len, n,
                 mistakes.len ? error_text(&mistakes.items[0]) : "-");
}

static void expect_mistake(const char *a, const char *b, const char *c)
{
    for (size_t i = 0; i < mistakes.len; i++) {
        const char *text = error_text(&mistakes.items[i]);
        if (strstr(text, a) && strstr(text, b) && strstr(text, c))
            return;
    }
    fail_msg("no mistake with \"%s\", \"%s\", \"%s\" among %zu; the first: %s", a, b, c, mistakes.len,
             mistakes.len ? error_text(&mistakes.items[0]) : "-");
}

static const char *run_of(enum place place, const char *key)
{
    keycode code;
    struct error e = ERROR_INIT;
    assert_true(key_parse(key, &code, &e));
    const struct binding *b = keymap_find(&map, place, code);
    return b ? b->run : "-";
}

/* Against the program's own command tables: no built-in key runs into nothing. */
static void test_built_in_keymaps_are_right(void **state)
{
    (void)state;
    static const char *const names[] = {"default", "emacs", "vim"};
    size_t n;
    char **known = keymap_names(&n);
    assert_int_equal(n, ARRAY_LEN(names));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(known[i], names[i]);
        load(known[i]);
        expect_mistakes(0);
        for (size_t k = 0; k < map.bindings.len; k++) {
            assert_non_null(map.bindings.items[k].note); /* help has something to say of each */
            assert_true(map.bindings.items[k].bar >= -1);
        }
        free(known[i]);
    }
    free(known);
}

static void test_habits(void **state)
{
    (void)state;
    static const struct {
        enum place place;
        const char *key, *run;
    } rows[] = {
        {PLACE_TABLE, "j", "move down"},
        {PLACE_TABLE, "Space", "tag toggle"},
        {PLACE_TABLE, "U", "tag none"},
        {PLACE_TABLE, "s", "start"},
        {PLACE_TABLE, "I", "sort invert"},
        {PLACE_TABLE, "<", "sort prev"},
        {PLACE_TABLE, "/", "filter"},
        {PLACE_TABLE, ":", "command"},
        {PLACE_TABLE, "?", "help"},
        {PLACE_TABLE, "C-l", "redraw"},
        {PLACE_TABLE, "q", "quit"},
        {PLACE_TABLE, "Tab", "pane next"},
        {PLACE_TABLE, "e", "-"},
        {PLACE_LOGS, "F", "follow toggle"},
        {PLACE_LOGS, "G", "move end"},
        {PLACE_LOGS, "/", "search"},
        {PLACE_HELP, "q", "back"},
        {PLACE_DIALOG, "q", "back"},
        {PLACE_DIALOG, "X", "-"},
        {PLACE_HELP, "s", "-"},
        {PLACE_ANY, "s", "-"},
    };
    load("default");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(run_of(rows[i].place, rows[i].key), rows[i].run) != 0)
            fail_msg("%s in %s runs \"%s\"", rows[i].key, place_names[rows[i].place],
                     run_of(rows[i].place, rows[i].key));
    load("vim");
    assert_string_equal(run_of(PLACE_TABLE, "X"), "-");
    assert_string_equal(run_of(PLACE_TABLE, "C-d"), "move pagedown");
    assert_string_equal(run_of(PLACE_TABLE, "j"), "move down");
    load("emacs");
    assert_string_equal(run_of(PLACE_EVENTS, "C-n"), "move down");
    assert_string_equal(run_of(PLACE_TABLE, "M-x"), "command");
}

static void test_places(void **state)
{
    (void)state;
    assert_int_equal(place_parent(PLACE_LOGS), PLACE_PANE);
    assert_int_equal(place_parent(PLACE_PANE), PLACE_ANY);
    assert_int_equal(place_parent(PLACE_TABLE), PLACE_ANY);
    assert_int_equal(place_parent(PLACE_ANY), PLACE_ANY);
    user_keymap(
        "mine",
        "{\"bindings\": {\"any\": {\"F8\": {\"run\": \"redraw\"}}, \"pane\": {\"F8\": {\"run\": \"help\"}},"
        "\"logs\": {\"F8\": {\"run\": \"quit\"}}}}");
    load("mine");
    expect_mistakes(0);
    assert_string_equal(run_of(PLACE_LOGS, "F8"), "quit");
    assert_string_equal(run_of(PLACE_GRAPHS, "F8"), "help");
    assert_string_equal(run_of(PLACE_TABLE, "F8"), "redraw");
    assert_string_equal(run_of(PLACE_TABLE, "s"), "start");
}

static void test_a_few_rows_override(void **state)
{
    (void)state;
    user_keymap("default",
                "{\"bindings\": {\"table\": {\"s\": {\"run\": \"start --paused && refresh\", \"bar\": 5},"
                " \"X\": null, \"F4\": null}}}");
    load("default");
    expect_mistakes(0);
    assert_string_equal(run_of(PLACE_TABLE, "s"), "start --paused && refresh");
    assert_string_equal(run_of(PLACE_TABLE, "X"), "-");
    assert_string_equal(run_of(PLACE_PANE, "X"), "destroy");
    assert_string_equal(run_of(PLACE_TABLE, "/"), "filter");
    const struct binding *b = keymap_find(&map, PLACE_TABLE, 's');
    assert_int_equal(b->bar, 5);
    assert_null(b->note);
}

static void test_users_default_may_inherit_from_vim(void **state)
{
    (void)state;
    user_keymap("default", "{\"inherit\": \"vim\", \"bindings\": {\"any\": {\"F7\": {\"run\": \"quit\"}}}}");
    load("default");
    expect_mistakes(0);
    assert_string_equal(run_of(PLACE_TABLE, "F7"), "quit");
    assert_string_equal(run_of(PLACE_TABLE, "C-d"), "move pagedown");
    assert_string_equal(run_of(PLACE_TABLE, "s"), "start");
}

static void test_key_for(void **state)
{
    (void)state;
    load("default");
    assert_int_equal(keymap_key_for(&map, PLACE_TABLE, "start"), 's');
    assert_int_equal(keymap_key_for(&map, PLACE_LOGS, "help"), KEYC_F1);
    assert_int_equal(keymap_key_for(&map, PLACE_TABLE, "no such line"), 0);
    /* Where the place uses the key otherwise, it is not the key for it. */
    user_keymap("mine", "{\"bindings\": {\"table\": {\"F1\": {\"run\": \"redraw\"}}}}");
    load("mine");
    assert_int_equal(keymap_key_for(&map, PLACE_TABLE, "help"), '?');
    assert_int_equal(keymap_key_for(&map, PLACE_PANE, "help"), KEYC_F1);
}

static void test_mistakes_name_line_key_and_remedy(void **state)
{
    (void)state;
    user_keymap("bad", "{\n"
                       "\"bindings\": {\n"
                       "  \"tabel\": {},\n"
                       "  \"table\": {\n"
                       "    \"F99\": {\"run\": \"start\"},\n"
                       "    \"F7\": {\"run\": \"strat\"},\n"
                       "    \"F8\": {\"note\": \"nothing\"},\n"
                       "    \"F9\": \"start\",\n"
                       "    \"s\": {\"run\": \"start 'x\"},\n"
                       "    \"S\": {\"run\": \"start && strat\"},\n"
                       "    \"x\": {\"run\": \"start\", \"bar\": -3, \"color\": 1},\n"
                       "    \"y\": {\"run\": \"\"},\n"
                       "    \"z\": {\"run\": 3},\n"
                       "    \"m\": {\"run\": \"quit\"},\n"
                       "    \"M\": {\"run\": \"sort name && window 2h\"}, \"n\": {\"run\": \"quit &&\"}\n"
                       "  },\n"
                       "  \"pane\": []\n"
                       "},\n"
                       "\"keys\": {}}");
    load("bad");
    expect_mistake("bad.json:3: key \"bindings.tabel\"", "no such place", "table");
    expect_mistake("bad.json:5: key \"bindings.table.F99\"", "no such key", "F1 to F12");
    expect_mistake("bad.json:6: key \"bindings.table.F7.run\"", "there is no command \"strat\"", "start");
    expect_mistake("bad.json:7: key \"bindings.table.F8\"", "\"run\" is missing", "");
    expect_mistake("bad.json:8: key \"bindings.table.F9\"", "not an object", "null to unbind");
    expect_mistake("bad.json:9: key \"bindings.table.s.run\"", "", "");
    expect_mistake("bad.json:10: key \"bindings.table.S.run\"", "strat", "start");
    expect_mistake("bad.json:11: key \"bindings.table.x.bar\"", "0", "999");
    expect_mistake("bad.json:11: key \"bindings.table.x.color\"", "\"note\"", "");
    expect_mistake("bad.json:12: key \"bindings.table.y.run\"", "no command", "");
    expect_mistake("bad.json:13: key \"bindings.table.z.run\"", "not a string", "");
    expect_mistake("bad.json:17: key \"bindings.pane\"", "not an object", "");
    expect_mistake("bad.json:15: key \"bindings.table.M.run\"", "2h", "15m");
    expect_mistake("bad.json:15: key \"bindings.table.n.run\"", "&&", "two commands");
    expect_mistake("bad.json:19: key \"keys\"", "\"bindings\"", "");
    expect_mistakes(15);
    /* What is right counts, and a row that is wrong leaves the one below. */
    assert_string_equal(run_of(PLACE_TABLE, "m"), "quit");
    assert_string_equal(run_of(PLACE_TABLE, "x"), "start");
    assert_string_equal(run_of(PLACE_TABLE, "s"), "start");
    assert_string_equal(run_of(PLACE_TABLE, "F9"), "destroy");
}

static void test_unknown_and_unreadable(void **state)
{
    (void)state;
    assert_false(keymap_load(&map, "vmi", &mistakes));
    assert_string_equal(map.name, "default");
    expect_mistakes(1);
    expect_mistake("no such keymap \"vmi\"", "default, emacs, vim", "");
    assert_string_equal(run_of(PLACE_TABLE, "s"), "start");
    user_keymap("vim", "{\"bindings\": {\n");
    load("vim");
    expect_mistakes(1);
    expect_mistake("vim.json:", "", "");
    assert_string_equal(run_of(PLACE_TABLE, "C-d"), "move pagedown");
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_built_in_keymaps_are_right),
        TEST(test_habits),
        TEST(test_places),
        TEST(test_a_few_rows_override),
        TEST(test_users_default_may_inherit_from_vim),
        TEST(test_key_for),
        TEST(test_mistakes_name_line_key_and_remedy),
        TEST(test_unknown_and_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
