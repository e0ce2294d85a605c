/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "picture/graphics.h"
#include "picture/picture.h"
#include "tests/fuzz/fuzz.h"

#define SMALL 64

/* What is read has its pixels, can be drawn in every way, and is the same when it is read from the PNG that
 * was made of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct picture p, small, again;
    struct error e = ERROR_INIT;
    (void)graphics_answer((const char *)data, size);
    if (!picture_read(&p, data, size, &e)) {
        FUZZ_CHECK(error_text(&e)[0]);
        FUZZ_CHECK(!p.rgb);
        error_clear(&e);
        return 0;
    }
    FUZZ_CHECK(p.width > 0 && p.height > 0 && p.width <= PICTURE_MOST && p.height <= PICTURE_MOST);
    int w, h;
    picture_fit(&p, SMALL, SMALL, &w, &h);
    FUZZ_CHECK(w >= 1 && h >= 1 && w <= SMALL && h <= SMALL);
    picture_scale(&p, w, h, &small);
    struct strbuf out = {0}, png = {0};
    picture_print_blocks(&small, w, h, data[size - 1] & 1, &out);
    char lit[SMALL * SMALL];
    picture_luminance(&small, w, h, lit);
    for (int i = 0; i < w * h; i++)
        FUZZ_CHECK(lit[i] >= ' ' && lit[i] <= '@');
    FUZZ_CHECK(picture_sixel(&small, &out, NULL));
    FUZZ_CHECK(picture_png(&small, true, &png, NULL));
    kitty_put(&out, 1, png.s, png.len, w, h);
    FUZZ_CHECK(picture_read(&again, (const uint8_t *)png.s, png.len, NULL));
    FUZZ_CHECK(picture_hash(&again) == picture_hash(&small));
    strbuf_free(&out);
    strbuf_free(&png);
    picture_clear(&again);
    picture_clear(&small);
    picture_clear(&p);
    return 0;
}
