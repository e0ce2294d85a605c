/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "picture/graphics.h"

static const char *const variables[] = {"TERM", "COLORTERM", "TERM_PROGRAM", "KITTY_WINDOW_ID",
                                        "TMUX", "STY",       "NO_COLOR"};

static struct graphics_facts facts_with(const char *settings)
{
    struct graphics_facts f;
    char *copy = xstrdup(settings), *rest = copy;
    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        unsetenv(variables[i]);
    for (char *one; (one = strsep(&rest, " "));) {
        char *value = strchr(one, '=');
        if (value) {
            *value = '\0';
            setenv(one, value + 1, 1);
        }
    }
    free(copy);
    graphics_facts_init(&f);
    f.unicode = true;
    f.wish = "auto";
    return f;
}

static void test_environment(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        enum graphics how;
        bool ask;
    } cases[] = {
        {"", GRAPHICS_ASCII, false},
        {"TERM=dumb", GRAPHICS_ASCII, false},
        {"TERM=vt100", GRAPHICS_ASCII, false},
        {"TERM=vt340", GRAPHICS_ASCII, false},
        {"TERM=linux", GRAPHICS_ASCII, false},
        {"TERM=xterm", GRAPHICS_BLOCKS_256, true},
        {"TERM=xterm-256color", GRAPHICS_BLOCKS_256, true},
        {"TERM=xterm-256color COLORTERM=truecolor", GRAPHICS_BLOCKS, true},
        {"TERM=xterm-direct", GRAPHICS_BLOCKS, true},
        {"TERM=foot COLORTERM=24bit", GRAPHICS_BLOCKS, true},
        {"TERM=xterm-256color NO_COLOR=1", GRAPHICS_ASCII, false},
        {"TERM=xterm-kitty", GRAPHICS_KITTY, false},
        {"TERM=xterm-ghostty", GRAPHICS_KITTY, false},
        {"TERM=xterm-256color KITTY_WINDOW_ID=1", GRAPHICS_KITTY, false},
        {"TERM=xterm-256color TERM_PROGRAM=WezTerm", GRAPHICS_KITTY, false},
        {"TERM=tmux-256color KITTY_WINDOW_ID=1", GRAPHICS_BLOCKS_256, false},
        {"TERM=screen", GRAPHICS_ASCII, false},
        {"TERM=screen-256color COLORTERM=truecolor", GRAPHICS_BLOCKS, false},
        {"TERM=xterm-kitty TMUX=/tmp/x,1,0", GRAPHICS_BLOCKS_256, false},
        {"TERM=xterm-kitty STY=1.x", GRAPHICS_BLOCKS_256, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct graphics_facts f = facts_with(cases[i].settings);
        if (graphics_choose(&f) != cases[i].how || graphics_worth_asking(&f) != cases[i].ask)
            fail_msg("%s: %d %d", cases[i].settings, graphics_choose(&f), graphics_worth_asking(&f));
        f.sixel = true;
        assert_false(graphics_worth_asking(&f)); /* it is known */
        if (cases[i].ask)
            assert_int_equal(graphics_choose(&f), GRAPHICS_SIXEL);
    }
}

static void test_wish(void **state)
{
    (void)state;
    static const struct {
        const char *wish;
        enum graphics how;
    } cases[] = {{"kitty", GRAPHICS_KITTY},
                 {"sixel", GRAPHICS_SIXEL},
                 {"ascii", GRAPHICS_ASCII},
                 {"blocks", GRAPHICS_BLOCKS_256}};
    struct graphics_facts f = facts_with("TERM=xterm-kitty");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        f.wish = cases[i].wish;
        assert_int_equal(graphics_choose(&f), cases[i].how);
        assert_false(graphics_worth_asking(&f));
    }
    f.wish = "blocks";
    f.colors = 1 << 24;
    assert_int_equal(graphics_choose(&f), GRAPHICS_BLOCKS);
    f.unicode = false;
    assert_int_equal(graphics_choose(&f), GRAPHICS_ASCII);
    f.unicode = true;
    f.colors = 16;
    assert_int_equal(graphics_choose(&f), GRAPHICS_ASCII);
    f.wish = NULL;
    assert_int_equal(graphics_choose(&f), GRAPHICS_KITTY);
}

static void test_answer(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int answer;
    } cases[] = {
        {"\033[?62;4;22c", 1},
        {"\033[?4c", 1},
        {"\033[?62;22;4c", 1},
        {"\033[?1;2c", 0},
        {"\033[?64;14;44c", 0},
        {"\033[?c", 0},
        {"abc\033[?4c", 1},
        {"\033[?62;4;22", -1},
        {"\033[?", -1},
        {"\033[>4c", -1},
        {"", -1},
        {"\033[?4;x4c", -1},
        {"\033[?44444444444444444444c", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (graphics_answer(cases[i].bytes, strlen(cases[i].bytes)) != cases[i].answer)
            fail_msg("%s: %d", cases[i].bytes, graphics_answer(cases[i].bytes, strlen(cases[i].bytes)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_environment), cmocka_unit_test(test_wish),
                                       cmocka_unit_test(test_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
