/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "ui/canvas.h"

static struct canvas c;

static int setup(void **state)
{
    (void)state;
    canvas_init(&c, 10, 3, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    canvas_free(&c);
    return 0;
}

static void expect(const char *frame, bool roles)
{
    struct strbuf out = {0};
    canvas_print(&c, &out, roles);
    assert_string_equal(strbuf_str(&out), frame);
    strbuf_free(&out);
}

static const struct cell *cell(int x, int y)
{
    return &c.cells[y * c.w + x];
}

static void test_text_is_clipped(void **state)
{
    (void)state;
    assert_int_equal(canvas_text(&c, 7, 0, 10, ROLE_TEXT, "abcdef"), 3);
    assert_int_equal(canvas_text(&c, 0, 1, 2, ROLE_TEXT, "abcdef"), 2);
    assert_int_equal(canvas_text(&c, 0, 2, 10, ROLE_TEXT, ""), 0);
    assert_int_equal(canvas_text(&c, 0, 3, 10, ROLE_TEXT, "below"), 0);
    assert_int_equal(canvas_text(&c, 0, -1, 10, ROLE_TEXT, "above"), 0);
    assert_int_equal(canvas_text(&c, 10, 0, 10, ROLE_TEXT, "beside"), 0);
    assert_int_equal(canvas_text(&c, 0, 0, -5, ROLE_TEXT, "none"), 0);
    assert_int_equal(canvas_text(&c, 0, 0, 10, ROLE_TEXT, NULL), 0);
    canvas_text(&c, -2, 2, 20, ROLE_TEXT, "xyz");
    expect("       abc\nab\nz\n", false);
}

static void test_wide_characters_stay_whole(void **state)
{
    (void)state;
    assert_int_equal(canvas_text(&c, 0, 0, 5, ROLE_TEXT, "日本語"), 4);
    assert_int_equal(cell(0, 0)->width, 2);
    assert_int_equal(cell(1, 0)->width, 0);
    assert_true(cell(1, 0)->ch[0] == L'\0');
    /* Covering a half blanks the other. */
    canvas_text(&c, 1, 0, 1, ROLE_TEXT, "x");
    canvas_text(&c, 2, 0, 1, ROLE_TEXT, "y");
    expect(" xy\n\n\n", false);
    /* A wide one over the halves of two others. */
    canvas_text(&c, 0, 1, 4, ROLE_TEXT, "日本");
    canvas_text(&c, 1, 1, 2, ROLE_TEXT, "語");
    expect(" xy\n 語\n\n", false);
    canvas_text(&c, 9, 2, 5, ROLE_TEXT, "日"); /* half a place */
    expect(" xy\n 語\n\n", false);
}

static void test_text_is_escaped(void **state)
{
    (void)state;
    canvas_text(&c, 0, 0, 10, ROLE_TEXT, "a\x1b[1m");
    canvas_printf(&c, 0, 1, 10, ROLE_TEXT, "%s%d", "\xff", 7);
    canvas_fit(&c, 0, 2, 10, ROLE_TEXT, TEXT_LEFT, "\r\n");
    expect("a\\e[1m\n\\xff7\n\\r\\n\n", false);
}

static void test_combining_marks_share_a_cell(void **state)
{
    (void)state;
    assert_int_equal(canvas_text(&c, 0, 0, 10, ROLE_TEXT, "e\xcc\x81x"), 2);
    assert_true(cell(0, 0)->ch[1] == 0x301);
    assert_true(cell(1, 0)->ch[0] == L'x');
}

static void test_fit(void **state)
{
    (void)state;
    canvas_fit(&c, 0, 0, 6, ROLE_TEXT, TEXT_RIGHT, "ab");
    canvas_fit(&c, 0, 1, 6, ROLE_TEXT, TEXT_LEFT, "abcdefgh");
    canvas_fit(&c, 0, 2, 6, ROLE_WARN, TEXT_CENTER, "日本");
    expect("    ab\nabcde…\n 日本\n--\n......\n......\nwwwwww\n", true);
}

static void test_picture(void **state)
{
    (void)state;
    uint8_t rgb[6] = {0};
    const struct picture p = {2, 1, rgb};
    canvas_picture(&c, (struct rect){1, 1, 3, 2}, &p, 9, "ab@d e");
    expect("\n ab@\n d e\n", false);
    assert_true(c.picture.shown == &p && c.picture.hash == 9);
    assert_true(cell(1, 1)->picture && cell(2, 2)->picture);
    assert_false(cell(0, 1)->picture);
    canvas_text(&c, 2, 1, 1, ROLE_TEXT, "X"); /* lies over it */
    assert_false(cell(2, 1)->picture);
    c.picture.shown = NULL;
    canvas_picture(&c, (struct rect){8, 1, 3, 1}, &p, 9, "abc"); /* reaches out of the canvas */
    assert_null(c.picture.shown);
    expect("\n aX@\n d e\n", false);
}

static void test_over_and_roles(void **state)
{
    (void)state;
    canvas_text(&c, 0, 0, 10, ROLE_GOOD, "ok");
    canvas_over(&c, (struct rect){0, 0, 4, 1}, ROLE_SELECTED);
    canvas_text(&c, 1, 0, 1, ROLE_BAD, "X"); /* new text lies on top */
    expect("oX\n\n\n--\nsbss\n\n\n", true);
    assert_int_equal(cell(0, 0)->role, ROLE_GOOD);
    assert_int_equal(cell(0, 0)->over, ROLE_SELECTED);
}

static void test_shapes(void **state)
{
    (void)state;
    canvas_box(&c, (struct rect){0, 0, 4, 3}, ROLE_BORDER);
    canvas_fill(&c, (struct rect){5, 1, 100, 1}, ROLE_BAR, L'█');
    canvas_box(&c, (struct rect){8, 0, 1, 1}, ROLE_BORDER); /* too small for one */
    expect("┌──┐\n│  │ █████\n└──┘\n", false);
    canvas_clear(&c, (struct rect){-5, -5, 100, 100}, ROLE_TEXT);
    expect("\n\n\n", false);
    canvas_fill(&c, (struct rect){INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}, ROLE_BAR, L'x');
    canvas_over(&c, (struct rect){INT32_MIN, 0, INT32_MAX, 1}, ROLE_BAR);
    expect("\n\n\n", false);
}

static void test_ascii(void **state)
{
    (void)state;
    c.unicode = false;
    canvas_box(&c, (struct rect){0, 0, 3, 3}, ROLE_BORDER);
    canvas_text(&c, 4, 0, 6, ROLE_TEXT, "é日●…");
    canvas_text(&c, 4, 1, 6, ROLE_TEXT, glyph(&c, GLYPH_WARN));
    expect("+-+ ???*~\n| | !\n+-+\n", false);
    for (int g = 0; g < GLYPH_COUNT; g++) {
        assert_int_equal(strlen(glyph(&c, (enum glyph)g)), 1);
        c.unicode = true;
        assert_int_equal(text_width(glyph(&c, (enum glyph)g)), 1);
        c.unicode = false;
    }
}

static void test_resize_clears(void **state)
{
    (void)state;
    canvas_text(&c, 0, 0, 10, ROLE_TEXT, "gone");
    c.cursor_x = 3;
    canvas_resize(&c, 4, 1);
    expect("\n", false);
    assert_int_equal(c.cursor_x, -1);
    canvas_resize(&c, 0, -3);
    canvas_text(&c, 0, 0, 10, ROLE_TEXT, "x");
    expect("", false);
}

static void test_roles_can_be_told_apart(void **state)
{
    (void)state;
    for (int a = 0; a < ROLE_COUNT; a++) {
        assert_true(role_info[a].name && role_info[a].name[0]);
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(role_info[a].name, role_info[b].name);
            assert_int_not_equal(role_info[a].letter, role_info[b].letter);
        }
    }
    assert_int_equal(role_of_level(LEVEL_BAD), ROLE_BAD);
    assert_int_equal(role_of_severity(SEV_WARN), ROLE_WARN);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_text_is_clipped),
        TEST(test_wide_characters_stay_whole),
        TEST(test_text_is_escaped),
        TEST(test_combining_marks_share_a_cell),
        TEST(test_fit),
        TEST(test_over_and_roles),
        TEST(test_picture),
        TEST(test_shapes),
        TEST(test_ascii),
        TEST(test_resize_clears),
        TEST(test_roles_can_be_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
