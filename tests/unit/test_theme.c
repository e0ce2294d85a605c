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
#include "ui/theme.h"

#define PALETTE 0x1000000

static struct theme theme;
static error_list mistakes;

static void user_theme(const char *name, const char *text)
{
    char *path = xasprintf("%s/virtdeck/themes/%s.json", scratch(""), name);
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
    return file_make_dirs(scratch("virtdeck/themes"), &e) ? 0 : -1;
}

static void drop(void)
{
    theme_free(&theme);
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
    assert_true(theme_load(&theme, name, &mistakes));
    assert_string_equal(theme.name, name);
}

static void expect_mistakes(size_t n)
{
    if (mistakes.len != n)
        fail_msg("%zu mistakes, not %zu; the first: %s", mistakes.len, n,
                 mistakes.len ? error_text(&mistakes.items[0]) : "-");
}

/* Some mistake has all of these, "" being in every one. */
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

static void test_built_in_themes_are_right(void **state)
{
    (void)state;
    static const char *const names[] = {"default", "gruvbox", "high-contrast", "light",
                                        "mono",    "nord",    "solarized"};
    size_t n;
    char **known = theme_names(&n);
    assert_int_equal(n, ARRAY_LEN(names));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(known[i], names[i]);
        load(known[i]);
        expect_mistakes(0);
        free(known[i]);
    }
    free(known);
}

static void test_states_can_be_told_apart(void **state)
{
    (void)state;
    static const char *const names[] = {"default", "gruvbox", "high-contrast", "light", "nord", "solarized"};
    static const enum role roles[] = {ROLE_TEXT, ROLE_GOOD, ROLE_NOTICE, ROLE_WARN, ROLE_BAD, ROLE_STALE};
    static const int palettes[] = {256, 16};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        load(names[i]);
        assert_int_not_equal(theme.roles[ROLE_SELECTED].bg, theme.roles[ROLE_TEXT].bg);
        assert_int_not_equal(theme.roles[ROLE_SELECTED].bg, theme.roles[ROLE_SELECTED_IDLE].bg);
        for (size_t p = 0; p < ARRAY_LEN(palettes); p++)
            for (size_t a = 1; a < 5; a++)
                for (size_t b = 1; b < a; b++) {
                    int fa = color_nearest(theme.roles[roles[a]].fg, palettes[p]);
                    int fb = color_nearest(theme.roles[roles[b]].fg, palettes[p]);
                    if (fa == fb && theme.roles[roles[a]].attr == theme.roles[roles[b]].attr)
                        fail_msg("%s: %s and %s look the same", names[i], role_info[roles[a]].name,
                                 role_info[roles[b]].name);
                }
    }
}

static void test_mono_is_by_attribute(void **state)
{
    (void)state;
    load("mono");
    for (int i = 0; i < ROLE_COUNT; i++) {
        assert_int_equal(theme.roles[i].fg, THEME_DEFAULT);
        assert_int_equal(theme.roles[i].bg, THEME_DEFAULT);
        assert_int_equal(theme.roles[i].attr != 0, role_info[i].mono[0] != '\0');
    }
    assert_int_equal(theme.roles[ROLE_BAD].attr, STYLE_BOLD | STYLE_REVERSE);
}

static void test_every_form_of_a_color(void **state)
{
    (void)state;
    user_theme(
        "mine",
        "{\"colors\": {\"base\": \"#102030\", \"link\": \"base\", \"red\": \"red\"},\n"
        "\"roles\": {\"good\": {\"fg\": \"link\", \"bg\": 17}, \"bad\": {\"fg\": \"red\", \"bg\": \"200\"},\n"
        "\"warn\": {\"fg\": \"bright-yellow\", \"bg\": \"default\", \"attr\": \"bold, italic\"}}}");
    load("mine");
    expect_mistakes(0);
    assert_int_equal(theme.roles[ROLE_GOOD].fg, 0x102030);
    assert_int_equal(theme.roles[ROLE_GOOD].bg, PALETTE + 17);
    assert_int_equal(theme.roles[ROLE_BAD].fg, PALETTE + 1);
    assert_int_equal(theme.roles[ROLE_BAD].bg, PALETTE + 200);
    assert_int_equal(theme.roles[ROLE_WARN].fg, PALETTE + 11);
    assert_int_equal(theme.roles[ROLE_WARN].bg, THEME_DEFAULT);
    assert_int_equal(theme.roles[ROLE_WARN].attr, STYLE_BOLD | STYLE_ITALIC);
    /* The rest is the default theme's. */
    assert_int_equal(theme.roles[ROLE_NOTICE].fg, 0x6ba4ff);
}

static void test_a_few_rows_override(void **state)
{
    (void)state;
    user_theme("nord", "{\"colors\": {\"warn\": \"#010203\"}, \"roles\": {\"title\": {\"attr\": \"\"}}}");
    load("nord");
    expect_mistakes(0);
    assert_int_equal(theme.roles[ROLE_WARN].fg, 0x010203); /* through the built-in row that names it */
    assert_int_equal(theme.roles[ROLE_TITLE].attr, 0);
    assert_int_equal(theme.roles[ROLE_TITLE].fg, 0xeceff4);
    assert_int_equal(theme.roles[ROLE_BAD].fg, 0xe0818a);
}

static void test_inheritance(void **state)
{
    (void)state;
    user_theme("a", "{\"inherit\": \"b\", \"roles\": {\"good\": {\"fg\": 1}}}");
    user_theme("b",
               "{\"inherit\": \"solarized\", \"roles\": {\"good\": {\"fg\": 2}, \"warn\": {\"fg\": 3}}}");
    load("a");
    expect_mistakes(0);
    assert_int_equal(theme.roles[ROLE_GOOD].fg, PALETTE + 1);
    assert_int_equal(theme.roles[ROLE_WARN].fg, PALETTE + 3);
    assert_int_equal(theme.roles[ROLE_NOTICE].fg, 0x268bd2);
    /* A user's default on top of light, which itself is on top of the built-in default. */
    user_theme("default", "{\"inherit\": \"light\", \"roles\": {\"good\": {\"fg\": 9}}}");
    load("default");
    expect_mistakes(0);
    assert_int_equal(theme.roles[ROLE_GOOD].fg, PALETTE + 9);
    assert_int_equal(theme.roles[ROLE_WARN].fg, 0x8a4b00);
}

static void test_users_default_on_a_theme_of_its_own(void **state)
{
    (void)state;
    user_theme("mine", "{\"roles\": {\"warn\": {\"fg\": 3}}}");
    user_theme("default", "{\"inherit\": \"mine\", \"roles\": {\"good\": {\"fg\": 9}}}");
    load("default");
    expect_mistakes(0);
    assert_int_equal(theme.roles[ROLE_GOOD].fg, PALETTE + 9);
    assert_int_equal(theme.roles[ROLE_WARN].fg, PALETTE + 3);
    assert_int_equal(theme.roles[ROLE_NOTICE].fg, 0x6ba4ff);
}

static void test_circles_and_missing_parents(void **state)
{
    (void)state;
    user_theme("a", "{\n\"inherit\": \"b\", \"roles\": {\"good\": {\"fg\": 1}}}");
    user_theme("b", "{\n\"inherit\": \"a\", \"roles\": {\"warn\": {\"fg\": 3}}}");
    load("a");
    expect_mistakes(1);
    expect_mistake("b.json:2: key \"inherit\"", "itself inherits from", "remove one");
    assert_int_equal(theme.roles[ROLE_GOOD].fg, PALETTE + 1);
    assert_int_equal(theme.roles[ROLE_WARN].fg, PALETTE + 3);
    assert_int_equal(theme.roles[ROLE_NOTICE].fg, 0x6ba4ff);
    user_theme("c", "{\"inherit\": \"nrod\"}");
    load("c");
    expect_mistakes(1);
    expect_mistake("c.json:1: key \"inherit\"", "no \"nrod\"", "nord");
    user_theme("d", "{\"inherit\": 7}");
    load("d");
    expect_mistakes(1);
    expect_mistake("d.json:1: key \"inherit\"", "as a string", "");
    assert_int_equal(theme.roles[ROLE_NOTICE].fg, 0x6ba4ff);
    user_theme("e", "{\"inherit\": \"../../etc/passwd\"}");
    load("e");
    expect_mistakes(1);
}

static void test_mistakes_name_line_key_and_remedy(void **state)
{
    (void)state;
    user_theme("bad", "{\n"
                      "\"colors\": {\"x\": \"y\", \"y\": \"x\", \"z\": [1]},\n"
                      "\"roles\": {\n"
                      "  \"godo\": {\"fg\": 1},\n"
                      "  \"good\": {\"fg\": \"blu\", \"bg\": 256},\n"
                      "  \"warn\": {\"fg\": \"x\", \"attr\": \"bold blink\"},\n"
                      "  \"bad\": {\"fg\": \"#12345\", \"size\": 3},\n"
                      "  \"title\": 7,\n"
                      "  \"hint\": {\"fg\": true, \"attr\": 1},\n"
                      "  \"notice\": {\"fg\": 5}\n"
                      "},\n\"colours\": {}}");
    load("bad");
    expect_mistake("bad.json:2: key \"colors.z\"", "not a colour", "#rrggbb");
    expect_mistake("bad.json:4: key \"roles.godo\"", "no such role", "good");
    expect_mistake("bad.json:5: key \"roles.good.fg\"", "no such colour \"blu\"", "blue");
    expect_mistake("bad.json:5: key \"roles.good.bg\"", "no such colour \"256\"", "0 to 255");
    expect_mistake("bad.json:6: key \"roles.warn.fg\"", "circle", "");
    expect_mistake("bad.json:6: key \"roles.warn.attr\"", "blink", "underline");
    expect_mistake("bad.json:7: key \"roles.bad.fg\"", "#12345", "");
    expect_mistake("bad.json:7: key \"roles.bad.size\"", "\"attr\"", "");
    expect_mistake("bad.json:8: key \"roles.title\"", "not an object", "");
    expect_mistake("bad.json:9: key \"roles.hint.fg\"", "not a colour", "");
    expect_mistake("bad.json:9: key \"roles.hint.attr\"", "not a string", "");
    expect_mistake("bad.json:12: key \"colours\"", "\"colors\"", "");
    expect_mistakes(12);
    assert_int_equal(theme.roles[ROLE_NOTICE].fg, PALETTE + 5);
    assert_int_equal(theme.roles[ROLE_WARN].attr, STYLE_BOLD);
}

static void test_unreadable_files(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{", "[]", "7", "{\"roles\": {\"good\": {\"fg\": 1}}} x", "{\"a\": \"\xff\"}", "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        user_theme("broken", texts[i]);
        load("broken");
        expect_mistake("broken.json", ":1", "");
        assert_int_equal(theme.roles[ROLE_NOTICE].fg, 0x6ba4ff);
    }
}

static void test_unknown_names(void **state)
{
    (void)state;
    static const char *const names[] = {"nrod", "", ".", "../themes/nord", "a/b"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        drop();
        assert_false(theme_load(&theme, names[i], &mistakes));
        assert_string_equal(theme.name, "default");
        expect_mistakes(1);
        expect_mistake("no such theme", names[i], "gruvbox, high-contrast, light");
        assert_int_equal(theme.roles[ROLE_NOTICE].fg, 0x6ba4ff);
    }
}

static void test_names_include_the_users(void **state)
{
    (void)state;
    size_t n, seen = 0;
    user_theme("zebra", "{}");
    user_theme("nord", "{}");
    scratch_write(scratch("virtdeck/themes/.hidden.json"), "{}");
    scratch_write(scratch("virtdeck/themes/readme.txt"), "");
    char **names = theme_names(&n);
    assert_int_equal(n, 8);
    assert_string_equal(names[7], "zebra");
    for (size_t i = 0; i < n; i++) {
        seen += strcmp(names[i], "nord") == 0;
        free(names[i]);
    }
    free(names);
    assert_int_equal(seen, 1);
}

static void test_nearest_colors(void **state)
{
    (void)state;
    assert_int_equal(color_nearest(0x000000, 256), 16);
    assert_int_equal(color_nearest(0xffffff, 256), 231);
    assert_int_equal(color_nearest(0x5fd7ff, 256), 81);
    assert_int_equal(color_nearest(0x808080, 256), 244);
    assert_int_equal(color_nearest(0xff0000, 16), 9);
    assert_int_equal(color_nearest(0xcc0000, 16), 1);
    assert_int_equal(color_nearest(0xff0000, 8), 1);
    assert_int_equal(color_nearest(0x87d787, 16), 2); /* pale, but green */
    assert_int_equal(color_nearest(0x9e9e9e, 16), 8);
    assert_int_equal(color_nearest(0x6c6c6c, 8), 7); /* on black it must be seen */
    assert_int_equal(color_nearest(PALETTE + 3, 16), 3);
    assert_int_equal(color_nearest(PALETTE + 200, 256), 200);
    assert_int_equal(color_nearest(PALETTE + 196, 16), 9);
    assert_int_equal(color_rgb(PALETTE + 244), 0x808080);
    assert_int_equal(color_rgb(0x123456), 0x123456);
    for (int i = 16; i < 256; i++)
        assert_int_equal(color_rgb(PALETTE + color_nearest(color_rgb(PALETTE + i), 256)),
                         color_rgb(PALETTE + i));
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_built_in_themes_are_right),
        TEST(test_states_can_be_told_apart),
        TEST(test_mono_is_by_attribute),
        TEST(test_every_form_of_a_color),
        TEST(test_a_few_rows_override),
        TEST(test_inheritance),
        TEST(test_users_default_on_a_theme_of_its_own),
        TEST(test_circles_and_missing_parents),
        TEST(test_mistakes_name_line_key_and_remedy),
        TEST(test_unreadable_files),
        TEST(test_unknown_names),
        TEST(test_names_include_the_users),
        TEST(test_nearest_colors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
