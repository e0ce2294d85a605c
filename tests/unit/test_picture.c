/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sixel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "picture/picture.h"

static bool reads(const void *bytes, size_t len, struct picture *p, struct error *e)
{
    /* A block of just that size: what reads past it is caught by the sanitizers. */
    uint8_t *copy = xmalloc(len + 1);
    memcpy(copy, bytes, len);
    copy = xrealloc(copy, len ? len : 1);
    bool good = picture_read(p, copy, len, e);
    free(copy);
    return good;
}

#define READS(text, p, e) reads(text, sizeof(text) - 1, p, e)

static void is_rgb(const struct picture *p, int x, int y, int r, int g, int b)
{
    const uint8_t *at = p->rgb + (y * p->width + x) * 3;
    assert_int_equal(at[0], r);
    assert_int_equal(at[1], g);
    assert_int_equal(at[2], b);
}

static void test_ppm(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } same[] = {
#define BYTES(s) {s, sizeof(s) - 1}
        BYTES("P6\n2 1\n255\n\xff\x00\x10\x01\x02\x03"),
        BYTES("P6 # made by hand\n# 9 9\n2#x\n1\r\n255\t\xff\x00\x10\x01\x02\x03"),
        BYTES("P3 2 1 255 255 0 16\n# in the middle\n1 2 3"),
        BYTES("P3 2 1 255 999 0 16 1 2 3 and more"), /* brighter than the brightest */
        BYTES("P6 2 1 65535 \xff\xff\x00\x00\x10\x10\x01\x01\x02\x02\x03\x03"),
    };
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        struct picture p;
        assert_true(reads(same[i].bytes, same[i].len, &p, NULL));
        assert_int_equal(p.width, 2);
        assert_int_equal(p.height, 1);
        is_rgb(&p, 0, 0, 255, 0, 16);
        is_rgb(&p, 1, 0, 1, 2, 3);
        picture_clear(&p);
    }
    struct picture p;
    assert_true(READS("P5 1 2 15 \x0f\x01", &p, NULL));
    is_rgb(&p, 0, 0, 255, 255, 255);
    is_rgb(&p, 0, 1, 17, 17, 17);
    picture_clear(&p);
    assert_true(READS("P2 1 1 1 1", &p, NULL));
    is_rgb(&p, 0, 0, 255, 255, 255);
    picture_clear(&p);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *why;
    } bad[] = {
#undef BYTES
#define BYTES(s, why) {s, sizeof(s) - 1, why}
        BYTES("", "not one byte"),
        BYTES("hello", "neither"),
        BYTES("\x89PNG", "neither"),
        BYTES("P", "neither"),
        BYTES("P1 1 1 1", "not read"),
        BYTES("P7\nWIDTH 1", "not read"),
        BYTES("P6", "header"),
        BYTES("P6 x", "header"),
        BYTES("P6 -1 1 255 x", "header"),
        BYTES("P6 99999999999999999999 1 255 x", "header"),
        BYTES("P6 1 1 0 xxx", "header"),
        BYTES("P6 1 1 65536 xxx", "header"),
        BYTES("P6 0 1 255 ", "no pixels"),
        BYTES("P6 2 2 255 elevenbytes", "too early"),
        BYTES("P6 16384 16384 255 x", "too early"),
        BYTES("P6 2147483647 2147483647 255 x", "too large"),
        BYTES("P6 16385 1 255 x", "too large"),
        BYTES("P3 1 1 255 1 2 x", "damaged"),
        BYTES("P6 1 1 255#", "too early"),
        BYTES("\x89PNG\r\n\x1a\n", "PNG is damaged"),
        BYTES("\x89PNG\r\n\x1a\nsome more that is none of its chunks", "PNG is damaged"),
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct picture p;
        struct error e = ERROR_INIT;
        assert_false(reads(bad[i].bytes, bad[i].len, &p, &e));
        assert_null(p.rgb);
        assert_true(error_text(&e)[0]);
        if (!strstr(error_text(&e), bad[i].why))
            fail_msg("\"%s\": %s", bad[i].bytes, error_text(&e));
        error_clear(&e);
    }
}

/* Colours that differ from pixel to pixel. */
static struct picture pattern(int w, int h)
{
    struct picture p;
    assert_true(picture_make(&p, w, h, "picture", NULL));
    for (int i = 0; i < w * h * 3; i++)
        p.rgb[i] = (uint8_t)(i * 7 + i / 256);
    return p;
}

static void test_png_round_trip(void **state)
{
    (void)state;
    struct picture p = pattern(37, 21), again;
    for (int fast = 0; fast < 2; fast++) {
        struct strbuf png = {0};
        assert_true(picture_png(&p, fast, &png, NULL));
        assert_memory_equal(png.s, "\x89PNG\r\n\x1a\n", 8);
        assert_true(reads(png.s, png.len, &again, NULL));
        assert_int_equal(again.width, 37);
        assert_int_equal(again.height, 21);
        assert_memory_equal(again.rgb, p.rgb, 37 * 21 * 3);
        assert_int_equal(picture_hash(&again), picture_hash(&p));
        picture_clear(&again);
        strbuf_free(&png);
    }
    picture_clear(&p);
    struct strbuf none = {0};
    struct error e = ERROR_INIT;
    assert_false(picture_png(&p, false, &none, &e));
    assert_true(strstr(error_text(&e), "no picture"));
    error_clear(&e);
    strbuf_free(&none);
}

/* Cut anywhere, and with any byte changed, it is refused or read, and nothing worse. */
static void test_png_damaged(void **state)
{
    (void)state;
    struct picture p = pattern(9, 9), again;
    struct strbuf png = {0};
    assert_true(picture_png(&p, false, &png, NULL));
    for (size_t len = 0; len < png.len; len++) {
        if (reads(png.s, len, &again, NULL)) {
            assert_true(len > png.len - 16); /* only the end mark was cut */
            picture_clear(&again);
        }
    }
    for (size_t i = 0; i < png.len; i++) {
        png.s[i] = (char)(png.s[i] ^ 0x55);
        if (reads(png.s, png.len, &again, NULL))
            picture_clear(&again);
        png.s[i] = (char)(png.s[i] ^ 0x55);
    }
    strbuf_free(&png);
    picture_clear(&p);
}

/* A header of 4 thousand million pixels asks for no memory. */
static void test_png_giant(void **state)
{
    (void)state;
    static const uint8_t head[] = {0x89, 'P',  'N', 'G', '\r', '\n', 0x1a, '\n', 0,    0,    0,
                                   13,   'I',  'H', 'D', 'R',  0,    0,    0xff, 0xff, 0,    0,
                                   0xff, 0xff, 8,   2,   0,    0,    0,    0x2e, 0xbc, 0x0c, 0xb8};
    struct picture p;
    struct error e = ERROR_INIT;
    assert_false(reads(head, sizeof head, &p, &e));
    assert_null(p.rgb);
    assert_true(error_text(&e)[0]);
    error_clear(&e);
    assert_false(picture_make(&p, 16384, 16384, "PNG", &e));
    assert_true(strstr(error_text(&e), "too large"));
    error_clear(&e);
}

static void test_scale(void **state)
{
    (void)state;
    struct picture p, small;
    assert_true(READS("P5 4 2 255 \x00\x64\xff\xff\x64\xc8\x00\x00", &p, NULL));
    picture_scale(&p, 2, 1, &small); /* the means of four */
    is_rgb(&small, 0, 0, 100, 100, 100);
    is_rgb(&small, 1, 0, 128, 128, 128);
    picture_clear(&small);
    picture_scale(&p, 8, 4, &small);
    is_rgb(&small, 0, 0, 0, 0, 0);
    is_rgb(&small, 2, 1, 100, 100, 100);
    is_rgb(&small, 7, 3, 0, 0, 0);
    picture_clear(&small);
    picture_scale(&p, 0, -3, &small);
    assert_int_equal(small.width * small.height, 1);
    picture_clear(&small);
    picture_clear(&p);
    picture_scale(&p, 3, 3, &small); /* of nothing: black */
    is_rgb(&small, 2, 2, 0, 0, 0);
    picture_clear(&small);
}

static void test_fit(void **state)
{
    (void)state;
    static const struct {
        int pw, ph, w, h, fit_w, fit_h;
    } cases[] = {
        {640, 480, 320, 320, 320, 240}, {640, 480, 1000, 48, 64, 48}, {16384, 1, 80, 24, 80, 1},
        {1, 16384, 80, 24, 1, 24},      {100, 100, 0, -5, 1, 1},      {720, 400, 720, 400, 720, 400},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct picture p = {.width = cases[i].pw, .height = cases[i].ph};
        int w, h;
        picture_fit(&p, cases[i].w, cases[i].h, &w, &h);
        assert_int_equal(w, cases[i].fit_w);
        assert_int_equal(h, cases[i].fit_h);
    }
}

static void test_hash(void **state)
{
    (void)state;
    struct picture p = pattern(13, 7), turned = {7, 13, p.rgb};
    uint64_t before = picture_hash(&p);
    assert_true(before);
    assert_int_not_equal(picture_hash(&turned), before);
    for (int i = 0; i < 13 * 7 * 3; i++) {
        p.rgb[i] ^= 1;
        assert_int_not_equal(picture_hash(&p), before);
        p.rgb[i] ^= 1;
    }
    picture_clear(&p);
}

static void test_blocks(void **state)
{
    (void)state;
    struct picture p;
    struct strbuf out = {0};
    assert_true(READS("P3 2 4 255  255 0 0  0 0 0   0 0 255  0 0 0   9 9 9  9 9 9  9 9 9  9 9 9", &p, NULL));
    picture_print_blocks(&p, 2, 2, true, &out);
    assert_string_equal(strbuf_str(&out), "\033[48;2;0;0;255m\033[38;2;255;0;0m▀\033[48;2;0;0;0m \033[0m\n"
                                          "\033[48;2;9;9;9m  \033[0m\n");
    strbuf_clear(&out);
    picture_print_blocks(&p, 2, 2, false, &out);
    assert_string_equal(strbuf_str(&out), "\033[48;5;21m\033[38;5;196m▀\033[48;5;16m \033[0m\n"
                                          "\033[48;5;232m  \033[0m\n");
    strbuf_free(&out);
    picture_clear(&p);
}

/* Each colour of the palette is its own nearest. */
static void test_palette(void **state)
{
    (void)state;
    static const int steps[] = {0, 95, 135, 175, 215, 255};
    for (int i = 16; i < 256; i++) {
        int grey = 8 + (i - 232) * 10, at = i - 16;
        uint8_t rgb[6] = {(uint8_t)(i < 232 ? steps[at / 36] : grey),
                          (uint8_t)(i < 232 ? steps[at / 6 % 6] : grey),
                          (uint8_t)(i < 232 ? steps[at % 6] : grey)};
        memcpy(rgb + 3, rgb, 3);
        struct picture p = {1, 2, rgb};
        struct block b;
        picture_blocks(&p, 1, 1, false, &b);
        assert_int_equal(b.above, i);
        assert_int_equal(b.below, i);
    }
}

static void test_luminance(void **state)
{
    (void)state;
    struct picture p;
    char out[5] = "";
    assert_true(READS("P3 4 1 255  0 0 0  255 255 255  0 255 0  0 0 255", &p, NULL));
    picture_luminance(&p, 4, 1, out);
    assert_string_equal(out, " @+.");
    picture_clear(&p);
}

static void test_sixel(void **state)
{
    (void)state;
    struct picture p = pattern(24, 13), none = {0};
    struct strbuf out = {0};
    strbuf_puts(&out, "before");
    assert_true(picture_sixel(&p, &out, NULL));
    assert_memory_equal(out.s, "before\033P", 8);
    assert_memory_equal(out.s + out.len - 2, "\033\\", 2);
    assert_non_null(strstr(out.s, "\"1;1;24;13"));
    picture_clear(&p);
    strbuf_clear(&out);
    struct error e = ERROR_INIT;
    assert_false(picture_sixel(&none, &out, &e));
    assert_int_equal(out.len, 0);
    assert_true(error_text(&e)[0]);
    error_clear(&e);
    strbuf_free(&out);
}

/* Drawn as a terminal would, it is the picture again; colours are near, as they are in percent and sorted by
 * fewer bits. */
static void test_sixel_decoded(void **state)
{
    (void)state;
    static const uint8_t colors[][3] = {{0, 0, 0}, {255, 255, 255}, {255, 0, 0}, {0, 128, 255}};
    struct picture p;
    struct strbuf out = {0};
    assert_true(picture_make(&p, 50, 31, "picture", NULL));
    for (int i = 0; i < 50 * 31; i++)
        memcpy(p.rgb + i * 3, colors[(i % 50 / 7 + i / 50 / 5) % 4], 3);
    assert_true(picture_sixel(&p, &out, NULL));
    unsigned char *pixels, *palette;
    int w, h, n;
    assert_true(SIXEL_SUCCEEDED(
        sixel_decode_raw((unsigned char *)out.s, (int)out.len, &pixels, &w, &h, &palette, &n, NULL)));
    assert_int_equal(w, 50);
    assert_true(h >= 31 && h < 37); /* in bands of six */
    for (int i = 0; i < 50 * 31; i++)
        for (int k = 0; k < 3; k++)
            assert_in_range(palette[pixels[i] * 3 + k] + 9 - p.rgb[i * 3 + k], 0, 18);
    free(pixels);
    free(palette);
    strbuf_free(&out);
    picture_clear(&p);
}

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    assert_non_null(at);
    return (int)(at - digits);
}

/* The pieces put together again. */
static void decode(const char *text, struct strbuf *out)
{
    while ((text = strstr(text, "\033_G"))) {
        const char *at = strchr(text, ';') + 1, *end = strstr(at, "\033\\");
        assert_non_null(end);
        assert_true(end - at <= 4096);
        assert_int_equal((end - at) % 4, 0);
        bool more = strstr(text, "m=1;") && strstr(text, "m=1;") < at;
        assert_int_equal(more, strstr(end, "\033_G") != NULL);
        for (; at < end; at += 4) {
            int bits = digit(at[0]) << 18 | digit(at[1]) << 12;
            bits |= at[2] == '=' ? 0 : digit(at[2]) << 6;
            bits |= at[3] == '=' ? 0 : digit(at[3]);
            char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
            strbuf_add(out, bytes, at[2] == '=' ? 1 : at[3] == '=' ? 2 : 3);
        }
        text = end;
    }
}

static void test_kitty(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 3071, 3072, 3073, 10000};
    char bytes[10000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 31 + i / 256);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct strbuf out = {0}, again = {0};
        kitty_put(&out, 77, bytes, sizes[i], 40, 12);
        assert_memory_equal(out.s, "\033_Ga=T,f=100,q=2,C=1,i=77,c=40,r=12,m=", 38);
        decode(out.s, &again);
        assert_int_equal(again.len, sizes[i]);
        assert_memory_equal(again.s, bytes, sizes[i]);
        strbuf_free(&again);
        strbuf_free(&out);
    }
    struct strbuf out = {0};
    kitty_delete(&out, 77);
    assert_string_equal(out.s, "\033_Ga=d,d=I,q=2,i=77\033\\");
    strbuf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ppm),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_png_round_trip),
        cmocka_unit_test(test_png_damaged),
        cmocka_unit_test(test_png_giant),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_palette),
        cmocka_unit_test(test_luminance),
        cmocka_unit_test(test_sixel),
        cmocka_unit_test(test_sixel_decoded),
        cmocka_unit_test(test_kitty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
