/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A picture in memory: read from what a hypervisor sends (PPM, PNG), made smaller, and written as PNG or for
 * a terminal (half blocks, sixel, kitty's protocol). Values; any thread. What is read is a stranger's: sizes
 * are checked before memory is asked for.
 */
#ifndef VIRTDECK_PICTURE_PICTURE_H
#define VIRTDECK_PICTURE_PICTURE_H

#include <stdint.h>
#include "base/error.h"
#include "base/strbuf.h"

#define PICTURE_MOST        16384       /* pixels a side */
#define PICTURE_MOST_PIXELS 40000000    /* in all: more than 8K has */
#define PICTURE_MOST_BYTES  (160 << 20) /* of a file */

struct picture {
    int width, height; /* pixels */
    uint8_t *rgb;      /* 3 bytes a pixel, rows from the top; owned */
};
void picture_clear(struct picture *p);
/* Of a PPM (P6, P5, P3, P2) or a PNG, by its first bytes. False with e set: what is wrong with it. */
bool picture_read(struct picture *out, const uint8_t *bytes, size_t len, struct error *e);
/* A copy of w × h pixels (at least 1 × 1), each the mean of those that it stands for. */
void picture_scale(const struct picture *p, int w, int h, struct picture *out);
/* The largest size with the picture's shape within w × h; at least 1 × 1. */
void picture_fit(const struct picture *p, int w, int h, int *fit_w, int *fit_h);
/* Of size and pixels: two with the same number are taken for the same. Never 0. */
uint64_t picture_hash(const struct picture *p);
/* Adds the PNG to `out`. `fast`: larger, in a fraction of the time. */
bool picture_png(const struct picture *p, bool fast, struct strbuf *out, struct error *e);

/* ---- for a terminal ---- */

/* One cell of a terminal: two pixels above one another, shown by a half block. A colour is 0xrrggbb, or one
 * of the 256. */
struct block {
    uint32_t above, below;
};
#define BLOCK_NONE UINT32_MAX /* no colour is known to be set */

/* w × h cells into `out`. */
void picture_blocks(const struct picture *p, int w, int h, bool truecolor, struct block *out);
/* Adds one cell; *pen is what the terminal's colours are set to (begin with BLOCK_NONE), so that what stays
 * the same is not sent again. */
void block_put(struct strbuf *out, const struct block *b, struct block *pen, bool truecolor);
/* Adds h lines of blocks, colours reset at the end of each. */
void picture_print_blocks(const struct picture *p, int w, int h, bool truecolor, struct strbuf *out);
/* w × h ASCII characters by brightness into `out`, no line ends, no NUL. */
void picture_luminance(const struct picture *p, int w, int h, char *out);

/* Adds it as sixel graphics, pixel by pixel. False with e set: libsixel had no memory. */
bool picture_sixel(const struct picture *p, struct strbuf *out, struct error *e);

/* Adds the commands of kitty's graphics protocol that show a PNG at the cursor, scaled to w × h cells, or
 * take the picture of that number (not 0) away. The cursor stays; the terminal answers nothing. */
void kitty_put(struct strbuf *out, uint32_t number, const char *png, size_t len, int w, int h);
void kitty_delete(struct strbuf *out, uint32_t number);

/* ppm.c, png.c: for picture_read(). */
bool ppm_read(struct picture *out, const uint8_t *bytes, size_t len, struct error *e);
bool png_read(struct picture *out, const uint8_t *bytes, size_t len, struct error *e);
/* Memory for that size; false with e set: too large, or none at all. `format`: "PNG". */
bool picture_make(struct picture *out, int64_t width, int64_t height, const char *format, struct error *e);

#endif
