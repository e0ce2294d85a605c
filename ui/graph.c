/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Graphs are drawn into a grid of dots, finer than cells; one table a style says how many dots a cell has and
 * which character shows them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ui/graph.h"

#define CELL_DOTS_MAX 8

/* Dots are numbered from the left, then upwards. */
struct dots {
    int across, up;                                /* dots in a cell */
    wchar_t (*glyph)(unsigned mask, bool two);     /* for line graphs; `two`: both series are in the cell */
    wchar_t (*fill)(const int *levels, int depth); /* for filled ones: levels of the columns, 0 … depth */
    int levels;                                    /* steps of a filled cell */
};

/* Bits of U+2800 by column (left, right) and row (from below). */
static const unsigned char braille_bits[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};

static wchar_t braille_glyph(unsigned mask, bool two)
{
    (void)two;
    unsigned bits = 0;
    for (int column = 0; column < 2; column++)
        for (int row = 0; row < 4; row++)
            if (mask & 1u << (row * 2 + column))
                bits |= braille_bits[column][row];
    return (wchar_t)(0x2800 + bits);
}

static wchar_t braille_fill(const int *levels, int depth)
{
    unsigned bits = 0;
    for (int column = 0; column < 2; column++)
        for (int row = 0; row < levels[column] && row < depth; row++)
            bits |= braille_bits[column][row];
    return (wchar_t)(0x2800 + bits);
}

static wchar_t block_glyph(unsigned mask, bool two)
{
    static const wchar_t halves[] = L" ▄▀█";
    (void)two;
    return halves[mask & 3];
}

static wchar_t block_fill(const int *levels, int depth)
{
    static const wchar_t eighths[] = L" ▁▂▃▄▅▆▇█";
    return eighths[levels[0] < depth ? levels[0] : depth];
}

static wchar_t ascii_glyph(unsigned mask, bool two)
{
    return two ? L'#' : mask ? L'*' : L' ';
}

static wchar_t ascii_fill(const int *levels, int depth)
{
    static const wchar_t ramp[] = L" .:|";
    return ramp[levels[0] < depth ? levels[0] : depth];
}

static const struct dots styles[] = {
    [GRAPH_BRAILLE] = {2, 4, braille_glyph, braille_fill, 4},
    [GRAPH_BLOCK] = {1, 2, block_glyph, block_fill, 8},
    [GRAPH_ASCII] = {1, 1, ascii_glyph, ascii_fill, 3},
};

static const struct dots *dots_of(const struct canvas *c, enum graph_style style)
{
    return &styles[c->unicode && (size_t)style < ARRAY_LEN(styles) ? style : GRAPH_ASCII];
}

double graph_nice_max(double max, bool bytes)
{
    static const double decimal[] = {1, 2, 5, 10}, binary[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1024};
    const double *steps = bytes ? binary : decimal;
    size_t n = bytes ? ARRAY_LEN(binary) : ARRAY_LEN(decimal);
    double base = bytes ? 1024 : 10, unit = 1;
    if (!(max > 0) || !isfinite(max))
        return 1;
    while (unit * base <= max)
        unit *= base;
    while (!bytes && unit > max && unit > 1e-9)
        unit /= base;
    for (size_t i = 0; i < n; i++)
        if (unit * steps[i] >= max)
            return unit * steps[i];
    return unit * base;
}

/* The value that column i of `slots` shows: the greatest of those that fall into it, so that no spike is lost
 * however narrow the graph; the nearest one where there are fewer values than columns. */
static double slot_value(const float *values, size_t n, int slots, int i)
{
    if (n == 0 || slots <= 0)
        return NAN;
    size_t from = (size_t)i * n / (size_t)slots, to = ((size_t)i + 1) * n / (size_t)slots;
    double best = NAN;
    for (size_t k = from; k < n && (k < to || k == from); k++)
        if (!isnan(values[k]) && !(values[k] <= best))
            best = values[k];
    return best;
}

/* 0 for a gap; at least 1 for any known value, so that "nothing" and "not known" look different. */
static int level_of(double value, double max, int depth)
{
    if (isnan(value))
        return 0;
    double part = value / max;
    if (!(part > 0))
        return 1;
    int level = part >= 1 ? depth : (int)lround(part * depth);
    return level < 1 ? 1 : level;
}

static bool drawable(struct rect area, double max)
{
    return area.w > 0 && area.h > 0 && area.w < 10000 && area.h < 10000 && max > 0;
}

void graph_area(struct canvas *c, struct rect area, enum graph_style style, enum role role,
                const float *values, size_t n, double max)
{
    const struct dots *d = dots_of(c, style);
    if (!drawable(area, max))
        return;
    for (int x = 0; x < area.w; x++) {
        int levels[2] = {0, 0};
        for (int i = 0; i < d->across; i++)
            levels[i] = level_of(slot_value(values, n, area.w * d->across, x * d->across + i), max,
                                 area.h * d->levels);
        for (int y = area.h - 1; y >= 0 && (levels[0] > 0 || levels[1] > 0); y--) {
            canvas_glyph(c, area.x + x, area.y + y, role, d->fill(levels, d->levels));
            for (int i = 0; i < 2; i++)
                levels[i] = levels[i] > d->levels ? levels[i] - d->levels : 0;
        }
    }
}

/* The masks of one line, a cell each. */
static void trace(unsigned *masks, struct rect area, const struct dots *d, const float *values, size_t n,
                  double max)
{
    int before = 0, depth = area.h * d->up;
    for (int i = 0; i < area.w * d->across; i++) {
        int level = level_of(slot_value(values, n, area.w * d->across, i), max, depth);
        /* A jump is joined by a vertical stroke that stops short of the old level. */
        int low = level, high = level;
        if (before > 0 && level > before + 1)
            low = before + 1;
        if (before > 0 && level < before - 1)
            high = before - 1;
        for (int dot = low; level > 0 && dot <= high; dot++) {
            int row = area.h - 1 - (dot - 1) / d->up;
            masks[row * area.w + i / d->across] |= 1u << ((dot - 1) % d->up * d->across + i % d->across);
        }
        before = level;
    }
}

void graph_lines(struct canvas *c, struct rect area, enum graph_style style, enum role role_a, const float *a,
                 enum role role_b, const float *b, size_t n, double max)
{
    const struct dots *d = dots_of(c, style);
    if (!drawable(area, max))
        return;
    size_t cells = (size_t)area.w * (size_t)area.h;
    unsigned *masks = xcalloc(cells * 2, sizeof *masks);
    if (a)
        trace(masks, area, d, a, n, max);
    if (b)
        trace(masks + cells, area, d, b, n, max);
    for (size_t i = 0; i < cells; i++) {
        unsigned in_a = masks[i], in_b = masks[cells + i];
        if (!in_a && !in_b)
            continue;
        canvas_glyph(c, area.x + (int)i % area.w, area.y + (int)i / area.w, in_b ? role_b : role_a,
                     d->glyph(in_a | in_b, in_a && in_b));
    }
    free(masks);
}

void graph_spark(struct canvas *c, int x, int y, int w, enum graph_style style, enum role role,
                 const float *values, size_t n, double max)
{
    static const wchar_t ramp[] = L" _.-=+*#";
    if (dots_of(c, style) != &styles[GRAPH_ASCII]) {
        graph_area(c, (struct rect){x, y, w, 1}, style, role, values, n, max);
        return;
    }
    /* Three steps are too few for a row on its own: height becomes weight. */
    for (int i = 0; i < w && drawable((struct rect){x, y, w, 1}, max); i++) {
        int level = level_of(slot_value(values, n, w, i), max, (int)ARRAY_LEN(ramp) - 2);
        if (level > 0)
            canvas_glyph(c, x + i, y, role, ramp[level]);
    }
}

void graph_bar(struct canvas *c, int x, int y, int w, enum role role, double fraction)
{
    static const wchar_t eighths[] = L" ▏▎▍▌▋▊▉█";
    if (w < 3)
        return;
    int inner = w - 2;
    canvas_glyph(c, x, y, ROLE_BORDER, L'▕');
    canvas_glyph(c, x + w - 1, y, ROLE_BORDER, L'▏');
    canvas_fill(c, (struct rect){x + 1, y, inner, 1}, ROLE_BAR_BACK, L' ');
    if (isnan(fraction)) {
        canvas_glyph(c, x + 1 + inner / 2, y, ROLE_DIM, L'?');
        return;
    }
    double part = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
    int steps = c->unicode ? 8 : 1, filled = (int)lround(part * inner * steps);
    if (filled == 0 && part > 0)
        filled = 1;
    canvas_fill(c, (struct rect){x + 1, y, filled / steps, 1}, role, c->unicode ? L'█' : L'|');
    if (filled % steps)
        canvas_glyph(c, x + 1 + filled / steps, y, role, eighths[filled % steps]);
}
