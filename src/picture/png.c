/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * PNG by libpng's simplified interface: it comes back with an error, where the other one jumps.
 */
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include "picture/picture.h"

/* What is transparent is shown on black. */
static const png_color background = {0, 0, 0};

bool png_read(struct picture *out, const uint8_t *bytes, size_t len, struct error *e)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, bytes, len)) {
        error_set(e, STATUS_FAILED, "the PNG is damaged: %s", image.message);
        png_image_free(&image);
        return false;
    }
    image.format = PNG_FORMAT_RGB;
    if (!picture_make(out, image.width, image.height, "PNG", e)) {
        png_image_free(&image);
        return false;
    }
    bool good = png_image_finish_read(&image, &background, out->rgb, 0, NULL);
    if (!good) {
        error_set(e, STATUS_FAILED, "the PNG is damaged: %s", image.message);
        picture_clear(out);
    }
    png_image_free(&image);
    return good;
}

bool picture_png(const struct picture *p, bool fast, struct strbuf *out, struct error *e)
{
    if (p->width < 1 || p->height < 1 || !p->rgb)
        return error_set(e, STATUS_FAILED, "there is no picture to write");
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)p->width,
                       .height = (png_uint_32)p->height,
                       .format = PNG_FORMAT_RGB,
                       .flags = fast ? PNG_IMAGE_FLAG_FAST : 0};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    char *bytes = xmalloc(size);
    bool good = png_image_write_to_memory(&image, bytes, &size, 0, p->rgb, 0, NULL);
    if (good)
        strbuf_add(out, bytes, size);
    else
        error_set(e, STATUS_FAILED, "the PNG can't be made: %s", image.message);
    free(bytes);
    png_image_free(&image);
    return good;
}
