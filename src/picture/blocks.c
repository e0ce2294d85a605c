/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pictures as text: a half block has its own colour above and the background's below, so a cell is two
 * pixels; without colours a character stands for how bright it is there.
 */
#include <stdlib.h>
#include "picture/picture.h"

static int level_of(int value)
{
    return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

static int squared(const uint8_t *rgb, int r, int g, int b)
{
    return (rgb[0] - r) * (rgb[0] - r) + (rgb[1] - g) * (rgb[1] - g) + (rgb[2] - b) * (rgb[2] - b);
}

/* The nearest of xterm's cube and greys. The first 16 are left alone: people redefine them. */
static uint32_t palette(const uint8_t *rgb)
{
    static const int steps[] = {0, 95, 135, 175, 215, 255};
    int r = level_of(rgb[0]), g = level_of(rgb[1]), b = level_of(rgb[2]);
    int average = (rgb[0] + rgb[1] + rgb[2]) / 3;
    int grey = average < 8 ? 0 : average > 238 ? 23 : (average - 3) / 10;
    int value = 8 + grey * 10;
    if (squared(rgb, value, value, value) < squared(rgb, steps[r], steps[g], steps[b]))
        return (uint32_t)(232 + grey);
    return (uint32_t)(16 + 36 * r + 6 * g + b);
}

static uint32_t color_at(const struct picture *p, int x, int y, bool truecolor)
{
    const uint8_t *rgb = p->rgb + ((size_t)y * (size_t)p->width + (size_t)x) * 3;
    return truecolor ? (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2] : palette(rgb);
}

void picture_blocks(const struct picture *p, int w, int h, bool truecolor, struct block *out)
{
    struct picture small;
    picture_scale(p, w, h * 2, &small);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            *out++ = (struct block){color_at(&small, x, y * 2, truecolor),
                                    color_at(&small, x, y * 2 + 1, truecolor)};
    picture_clear(&small);
}

static void set_color(struct strbuf *out, bool background, uint32_t color, bool truecolor)
{
    int code = background ? 48 : 38;
    if (truecolor)
        strbuf_printf(out, "\033[%d;2;%u;%u;%um", code, color >> 16 & 255, color >> 8 & 255, color & 255);
    else
        strbuf_printf(out, "\033[%d;5;%um", code, color);
}

void block_put(struct strbuf *out, const struct block *b, struct block *pen, bool truecolor)
{
    if (b->below != pen->below) {
        set_color(out, true, b->below, truecolor);
        pen->below = b->below;
    }
    if (b->above == b->below) {
        strbuf_putc(out, ' '); /* all background */
        return;
    }
    if (b->above != pen->above) {
        set_color(out, false, b->above, truecolor);
        pen->above = b->above;
    }
    strbuf_puts(out, "▀");
}

void picture_print_blocks(const struct picture *p, int w, int h, bool truecolor, struct strbuf *out)
{
    struct block *cells = xcalloc((size_t)w * (size_t)h + 1, sizeof *cells);
    picture_blocks(p, w, h, truecolor, cells);
    for (int y = 0; y < h; y++) {
        struct block pen = {BLOCK_NONE, BLOCK_NONE};
        for (int x = 0; x < w; x++)
            block_put(out, &cells[(size_t)y * (size_t)w + (size_t)x], &pen, truecolor);
        strbuf_puts(out, "\033[0m\n");
    }
    free(cells);
}

void picture_luminance(const struct picture *p, int w, int h, char *out)
{
    static const char ramp[] = " .:-=+*#%@";
    struct picture small;
    picture_scale(p, w, h, &small);
    for (int i = 0; i < w * h; i++) {
        const uint8_t *rgb = small.rgb + (size_t)i * 3;
        int bright = (rgb[0] * 299 + rgb[1] * 587 + rgb[2] * 114) / 1000;
        out[i] = ramp[bright * (int)(sizeof ramp - 1) / 256];
    }
    picture_clear(&small);
}
