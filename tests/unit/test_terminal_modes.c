/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "command/terminal.h"
#include "command/terminal_modes.h"

static char *reset_after(const char *bytes, size_t len)
{
    struct terminal_modes m = {0};
    char out[TERMINAL_RESET_MAX];
    terminal_modes_feed(&m, bytes, len);
    return xstrndup(out, terminal_modes_reset(&m, out));
}

static void check(const char *bytes, const char *wanted)
{
    char *whole = reset_after(bytes, strlen(bytes));
    assert_string_equal(whole, wanted);
    free(whole);
    /* The same, byte by byte. */
    struct terminal_modes m = {0};
    char out[TERMINAL_RESET_MAX];
    for (const char *p = bytes; *p; p++)
        terminal_modes_feed(&m, p, 1);
    size_t n = terminal_modes_reset(&m, out);
    assert_int_equal(n, strlen(wanted));
    assert_memory_equal(out, wanted, n);
}

static void test_text_needs_nothing(void **state)
{
    (void)state;
    check("", "");
    check("Welcome to Debian\r\nlogin: \a\b\tgr\xc3\xbc\xc3\x9f\xff", "");
    check("\033[2J\033[H\033[5;10Hhere\033[K\033[6n", "");
    check("\033]0;a title\a\033]2;another\033\\", "");
}

static void test_switched_on_and_off_again(void **state)
{
    (void)state;
    check("\033[?1049h\033[?25l\033[31m vi \033[m\033[?25h\033[?1049l", "");
    check("\033[?2004h\033[?2004l\033[4h\033[4l\033=\033>\016\017", "");
    check("\033[?7l\033[?7h", "");
    check("\033[?1000h\033[?1006h\033[31mred\033[3;8r\033c", "");
}

static void test_left_on(void **state)
{
    (void)state;
    check("\033[1;31mred", "\033[m");
    check("\033[?25l", "\033[?25h");
    check("\033[?7l", "\033[?7h");
    check("\033[?1049h", "\033[?1049l");
    check("\033[?47h", "\033[?47l");
    check("\033[?1000;1006h", "\033[?1000l\033[?1006l");
    check("\033[?1;2004h", "\033[?1l\033[?2004l");
    check("\033=", "\033>");
    check("\016", "\017");
    check("\033(0", "\033(B");
    check("\033)0", "\033)B");
    check("\033(0\033(B\033)0\033)B", "");
    check("\033[4h", "\033[4l");
    check("\033[2h", "\033[2l");
    check("\033[12l", "\033[12h");
    check("\033[20;4h", "\033[4l\033[20l");
    check("\033[2;12;20h\033[2;20l", "");
    check("\033[?69h", "\033[?69l");
    check("\033%@", "\033%G");
    check("\033%@\033%G", "");
    check("\033[2;10r", "\0337\033[r\0338");
    check("\033[4 q", "\033[0 q");
    check("\033[>1u", "\033[<9u\033[>4m");
    /* Colours last, too: leaving the alternate screen may bring older ones back. */
    check("\033[?1049h\033[31m", "\033[m\033[?1049l\033[m");
}

static void test_broken_off(void **state)
{
    (void)state;
    check("\033", "\030");
    check("\033[31", "\030");
    check("\033]0;a title without an end", "\030");
    check("\033P1$r", "\030");
    check("\033P1$r\a", "\030"); /* a bell ends titles alone */
    check("\033_G\a$ ", "\030");
    check("\033_G\a\033\\", "");
    check("\033[31\030", "");
    check("\033]0;x\033[31m", "\033[m");
}

static void test_soft_reset(void **state)
{
    (void)state;
    check("\033[31m\033[2;5r\033[!p", "");
}

/* Whatever comes: within bounds, and after a full reset there is nothing left to do. */
static void test_garbage(void **state)
{
    static char bytes[65536];
    uint32_t seed = 7;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = seed >> 28 < 4 ? "\033[?;0123456789hlmr"[(seed >> 8) % 18] : (char)(seed >> 16);
    }
    for (size_t from = 0; from < sizeof bytes; from += 997) {
        struct terminal_modes m = {0};
        char out[TERMINAL_RESET_MAX];
        terminal_modes_feed(&m, bytes + from, sizeof bytes - from);
        assert_true(terminal_modes_reset(&m, out) <= sizeof out);
        terminal_modes_feed(&m, "\030\033c", 3);
        assert_int_equal(terminal_modes_reset(&m, out), 0);
    }
}

/* What it would write puts right what it says is wrong. */
static void test_reset_resets(void **state)
{
    static const char *const texts[] = {
        "\033[?1049;1000;1002;1003;1006;2004;25;1;5;66h\033[?25l\033[?7l\033[4h",
        "\033[31m\033[2;3r\016\033(0\033=\033[5 q", "\033]0;title"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct terminal_modes m = {0};
        char out[TERMINAL_RESET_MAX];
        terminal_modes_feed(&m, texts[i], strlen(texts[i]));
        size_t n = terminal_modes_reset(&m, out);
        assert_true(n > 0);
        terminal_modes_feed(&m, out, n);
        assert_int_equal(terminal_modes_reset(&m, out), 0);
    }
}

static void key_is(const char *word, int wanted)
{
    int key = -1;
    struct error e = ERROR_INIT;
    assert_int_equal(terminal_key_read(word, &key, &e), wanted >= 0);
    if (wanted >= 0)
        assert_int_equal(key, wanted);
    else
        assert_non_null(strstr(error_text(&e), "no key"));
    error_clear(&e);
}

static void test_keys(void **state)
{
    (void)state;
    key_is("^]", 0x1d);
    key_is("^A", 1);
    key_is("^a", 1);
    key_is("^@", 0);
    key_is("^_", 0x1f);
    key_is("^?", 0x7f);
    key_is("~", '~');
    key_is("^", '^');
    key_is("", -1);
    key_is("^]]", -1);
    key_is("F1", -1);
    key_is("^1", -1);
    key_is("\x01", -1);
    key_is("\xc3\xa9", -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_needs_nothing),
        cmocka_unit_test(test_switched_on_and_off_again),
        cmocka_unit_test(test_left_on),
        cmocka_unit_test(test_broken_off),
        cmocka_unit_test(test_soft_reset),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_reset_resets),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
