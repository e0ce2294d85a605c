/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "picture/picture.h"

#include <stdlib.h>
#include <string.h>

void picture_clear(struct picture *p)
{
    free(p->rgb);
    *p = (struct picture){0};
}

bool picture_make(struct picture *out, int64_t width, int64_t height, const char *format, struct error *e)
{
    if (width < 1 || height < 1)
        return error_set(e, STATUS_FAILED, "the %s has no pixels (%lld × %lld)", format, (long long)width,
                         (long long)height);
    if (width > PICTURE_MOST || height > PICTURE_MOST || width * height > PICTURE_MOST_PIXELS)
        return error_set(e, STATUS_FAILED, "the %s is too large: it says that it has %lld × %lld pixels",
                         format, (long long)width, (long long)height);
    *out = (struct picture){.width = (int)width, .height = (int)height};
    out->rgb = xmalloc((size_t)width * (size_t)height * 3);
    return true;
}

bool picture_read(struct picture *out, const uint8_t *bytes, size_t len, struct error *e)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    *out = (struct picture){0};
    if (len == 0)
        return error_set(e, STATUS_FAILED, "there is no picture: not one byte came");
    if (len > PICTURE_MOST_BYTES)
        return error_set(e, STATUS_FAILED, "the picture is too large: %zu bytes", len);
    if (len >= sizeof png && memcmp(bytes, png, sizeof png) == 0)
        return png_read(out, bytes, len, e);
    if (len >= 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7')
        return ppm_read(out, bytes, len, e);
    return error_set(e, STATUS_FAILED, "the picture is neither PNG nor PPM");
}

void picture_fit(const struct picture *p, int w, int h, int *fit_w, int *fit_h)
{
    int64_t pw = p->width > 0 ? p->width : 1, ph = p->height > 0 ? p->height : 1;
    w = w > 0 ? w : 1;
    h = h > 0 ? h : 1;
    bool wide = pw * h >= ph * w; /* the width is what is short */
    int64_t fw = wide ? w : (pw * h + ph / 2) / ph, fh = wide ? (ph * w + pw / 2) / pw : h;
    *fit_w = fw > 0 ? (int)fw : 1;
    *fit_h = fh > 0 ? (int)fh : 1;
}

/* The pixels that the i-th of n stands for; at least one. */
static void span(int i, int n, int from_n, int *from, int *to)
{
    *from = (int)((int64_t)i * from_n / n);
    *to = (int)((int64_t)(i + 1) * from_n / n);
    *to = *to > *from ? *to : *from + 1;
}

static void mean(const struct picture *p, int x0, int x1, int y0, int y1, uint8_t *out)
{
    uint64_t sum[3] = {0}, n = (uint64_t)(x1 - x0) * (uint64_t)(y1 - y0);
    for (int y = y0; y < y1; y++) {
        const uint8_t *at = p->rgb + ((size_t)y * (size_t)p->width + (size_t)x0) * 3;
        for (int x = x0; x < x1; x++, at += 3) {
            sum[0] += at[0];
            sum[1] += at[1];
            sum[2] += at[2];
        }
    }
    for (int i = 0; i < 3; i++)
        out[i] = (uint8_t)((sum[i] + n / 2) / n);
}

void picture_scale(const struct picture *p, int w, int h, struct picture *out)
{
    *out = (struct picture){.width = w > 0 ? w : 1, .height = h > 0 ? h : 1};
    out->rgb = xcalloc((size_t)out->width * (size_t)out->height, 3);
    if (!p->rgb)
        return;
    for (int y = 0; y < out->height; y++) {
        int y0, y1;
        span(y, out->height, p->height, &y0, &y1);
        uint8_t *to = out->rgb + (size_t)y * (size_t)out->width * 3;
        for (int x = 0; x < out->width; x++, to += 3) {
            int x0, x1;
            span(x, out->width, p->width, &x0, &x1);
            mean(p, x0, x1, y0, y1, to);
        }
    }
}

uint64_t picture_hash(const struct picture *p)
{
    size_t len = p->rgb ? (size_t)p->width * (size_t)p->height * 3 : 0, i = 0;
    uint64_t h = ((uint64_t)(unsigned)p->width << 32 | (unsigned)p->height) ^ UINT64_C(0x9e3779b97f4a7c15);
    for (uint64_t word; i + sizeof word <= len; i += sizeof word) {
        memcpy(&word, p->rgb + i, sizeof word);
        h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
    }
    for (; i < len; i++)
        h = (h ^ p->rgb[i]) * UINT64_C(0x100000001b3);
    h ^= h >> 29;
    return h ? h : 1;
}
