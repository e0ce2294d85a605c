/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sixel.h>
#include "picture/picture.h"

#define COLORS 256

static int add(char *data, int size, void *out)
{
    strbuf_add(out, data, (size_t)size);
    return size;
}

bool picture_sixel(const struct picture *p, struct strbuf *out, struct error *e)
{
    sixel_output_t *output = NULL;
    sixel_dither_t *dither = NULL;
    size_t before = out->len;
    bool good =
        p->rgb && SIXEL_SUCCEEDED(sixel_output_new(&output, add, out, NULL)) &&
        SIXEL_SUCCEEDED(sixel_dither_new(&dither, COLORS, NULL)) &&
        SIXEL_SUCCEEDED(sixel_dither_initialize(dither, p->rgb, p->width, p->height, SIXEL_PIXELFORMAT_RGB888,
                                                SIXEL_LARGE_AUTO, SIXEL_REP_AUTO, SIXEL_QUALITY_LOW)) &&
        SIXEL_SUCCEEDED(sixel_encode(p->rgb, p->width, p->height, 3, dither, output));
    if (dither)
        sixel_dither_unref(dither);
    if (output)
        sixel_output_unref(output);
    if (good)
        return true;
    out->len = before;
    if (out->s)
        out->s[before] = '\0';
    return error_set(e, STATUS_FAILED, "libsixel can't encode the picture");
}
