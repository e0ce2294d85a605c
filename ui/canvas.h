/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The grid of cells that everything is drawn into. One file (term.c) hands it to curses; tests print it as
 * text. Text given to canvas_text() may be raw: it is escaped here, so no pane can forget to. Screen thread.
 */
#ifndef VIRTDECK_UI_CANVAS_H
#define VIRTDECK_UI_CANVAS_H

#include <stdint.h>
#include <wchar.h>
#include "base/strbuf.h"
#include "base/text.h"
#include "picture/picture.h"
#include "ui/role.h"

struct cell {
    wchar_t ch[TEXT_CLUSTER_MAX + 1]; /* L"" : the right half of a wide character */
    uint8_t width;                    /* 1, 2, or 0 for that right half */
    uint8_t role;                     /* enum role */
    uint8_t over;                     /* enum role laid over it (selection, tag), ROLE_NONE for none */
    bool picture;                     /* the canvas's picture is seen here: nothing was written over it */
};

struct rect {
    int x, y, w, h;
};

/* What a terminal that can do so shows instead of the characters that stand for it. */
struct canvas_picture {
    struct rect area;            /* it fills these cells */
    const struct picture *shown; /* the drawer's, until the next drawing; NULL: there is none */
    uint64_t hash;               /* picture_hash(); the same again: nothing has changed */
};

struct canvas {
    int w, h;
    struct cell *cells;
    struct canvas_picture picture;
    int cell_w, cell_h;     /* a cell's size in pixels, or one of that shape */
    bool unicode;           /* false: draw with ASCII glyphs */
    int cursor_x, cursor_y; /* -1: hidden */
};

void canvas_init(struct canvas *c, int w, int h, bool unicode);
void canvas_resize(struct canvas *c, int w, int h); /* contents are cleared */
void canvas_free(struct canvas *c);
void canvas_clear(struct canvas *c, struct rect area, enum role role);
/* Writes text clipped to [x, x+w); returns the columns used. Never splits a wide character. */
int canvas_text(struct canvas *c, int x, int y, int w, enum role role, const char *raw);
/* The same, padded or cut with an ellipsis to exactly w columns. */
void canvas_fit(struct canvas *c, int x, int y, int w, enum role role, enum text_align align,
                const char *raw);
int canvas_printf(struct canvas *c, int x, int y, int w, enum role role, const char *fmt, ...)
    ATTR_PRINTF(6, 7);
void canvas_glyph(struct canvas *c, int x, int y, enum role role, wchar_t ch);
void canvas_fill(struct canvas *c, struct rect area, enum role role, wchar_t ch);
/* Lays a role over cells already drawn (the selected row). */
void canvas_over(struct canvas *c, struct rect area, enum role role);
void canvas_hline(struct canvas *c, int x, int y, int w, enum role role);
void canvas_box(struct canvas *c, struct rect area, enum role role);
/* A picture over an area inside of the canvas; one a canvas. The cells get its brightness as characters
 * (area.w × area.h of them), for terminals that show no pictures, and for tests. */
void canvas_picture(struct canvas *c, struct rect area, const struct picture *p, uint64_t hash,
                    const char *luminance);
/* The grid as text, a line a row, trailing blanks cut; `roles`: followed by a second block with a letter per
 * cell naming its role, for tests. */
void canvas_print(const struct canvas *c, struct strbuf *out, bool roles);

/* Glyphs with an ASCII twin. */
enum glyph {
    GLYPH_CURSOR,
    GLYPH_TAG,
    GLYPH_UP,
    GLYPH_DOWN,
    GLYPH_DOT,
    GLYPH_DASH,
    GLYPH_ELLIPSIS,
    GLYPH_WARN,
    GLYPH_CROSS,
    GLYPH_PAUSE,
    GLYPH_PLAY,
    GLYPH_STOP,
    GLYPH_VBAR,
    GLYPH_SORT_UP,
    GLYPH_SORT_DOWN,
    GLYPH_COUNT
};
const char *glyph(const struct canvas *c, enum glyph g);

#endif
