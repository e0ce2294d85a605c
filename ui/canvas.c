/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cell grid. Every write goes through put(), which keeps the two halves of wide characters together.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"
#include "ui/canvas.h"

/* What stands for a character where only ASCII may be drawn; anything not listed becomes '?'. */
static const struct {
    wchar_t ch;
    char ascii;
} ascii_twins[] = {
    {L'─', '-'}, {L'━', '-'},  {L'│', '|'},   {L'┃', '|'}, {L'┌', '+'}, {L'┐', '+'}, {L'└', '+'}, {L'┘', '+'},
    {L'├', '+'}, {L'┤', '+'},  {L'┬', '+'},   {L'┴', '+'}, {L'┼', '+'}, {L'╭', '+'}, {L'╮', '+'}, {L'╰', '+'},
    {L'╯', '+'}, {L'▌', '>'},  {L'▕', '['},   {L'▏', ']'}, {L'█', '#'}, {L'▉', '#'}, {L'▊', '#'}, {L'▋', '#'},
    {L'▍', '#'}, {L'▎', '#'},  {L'…', '~'},   {L'–', '-'}, {L'—', '-'}, {L'●', '*'}, {L'•', '*'}, {L'○', 'o'},
    {L'·', '.'}, {L'↑', '^'},  {L'↓', 'v'},   {L'←', '<'}, {L'→', '>'}, {L'▲', '^'}, {L'▼', 'v'}, {L'▴', '^'},
    {L'▾', 'v'}, {L'▸', '>'},  {L'◂', '<'},   {L'▶', '>'}, {L'◀', '<'}, {L'✓', '+'}, {L'✔', '+'}, {L'✖', 'x'},
    {L'✗', 'x'}, {L'⚠', '!'},  {L'⏸', '='}, {L'■', '#'}, {L'□', '.'}, {L'≠', '#'}, {L'×', 'x'}, {L'“', '"'},
    {L'”', '"'}, {L'‘', '\''}, {L'’', '\''},  {L'⟳', '@'},
};

static const struct {
    const char *unicode, *ascii;
} glyphs[GLYPH_COUNT] = {
    [GLYPH_CURSOR] = {"▌", ">"},   [GLYPH_TAG] = {"✓", "+"},     [GLYPH_UP] = {"↑", "^"},
    [GLYPH_DOWN] = {"↓", "v"},     [GLYPH_DOT] = {"●", "*"},     [GLYPH_DASH] = {"–", "-"},
    [GLYPH_ELLIPSIS] = {"…", "~"}, [GLYPH_WARN] = {"⚠", "!"},    [GLYPH_CROSS] = {"✖", "x"},
    [GLYPH_PAUSE] = {"⏸", "="},  [GLYPH_PLAY] = {"▶", ">"},    [GLYPH_STOP] = {"■", "#"},
    [GLYPH_VBAR] = {"│", "|"},     [GLYPH_SORT_UP] = {"▴", "^"}, [GLYPH_SORT_DOWN] = {"▾", "v"},
};

const char *glyph(const struct canvas *c, enum glyph g)
{
    return c->unicode ? glyphs[g].unicode : glyphs[g].ascii;
}

static wchar_t ascii_of(wchar_t ch)
{
    if (ch < 0x7f)
        return ch;
    for (size_t i = 0; i < ARRAY_LEN(ascii_twins); i++)
        if (ascii_twins[i].ch == ch)
            return (wchar_t)ascii_twins[i].ascii;
    return L'?';
}

static void set_blank(struct cell *cell)
{
    *cell = (struct cell){.ch = {L' '}, .width = 1, .role = cell->role, .over = cell->over};
}

/* Whoever covers one half of a wide character leaves a blank in the other. */
static void free_halves(struct canvas *c, int x, int y)
{
    struct cell *row = c->cells + (size_t)y * (size_t)c->w;
    if (row[x].width == 0 && x > 0 && row[x - 1].width == 2)
        set_blank(&row[x - 1]);
    if (row[x].width == 2 && x + 1 < c->w)
        set_blank(&row[x + 1]);
}

static void put(struct canvas *c, int x, int y, enum role role, const wchar_t *ch, int width)
{
    struct cell *cell = c->cells + (size_t)y * (size_t)c->w + x;
    for (int i = 0; i < width; i++)
        free_halves(c, x + i, y);
    memset(cell, 0, (size_t)width * sizeof *cell);
    for (size_t i = 0; i < TEXT_CLUSTER_MAX && ch[i]; i++)
        cell->ch[i] = ch[i];
    cell->width = (uint8_t)width;
    cell->role = (uint8_t)role;
    if (width == 2)
        cell[1].role = (uint8_t)role;
}

/* One cluster, or its ASCII stand-in column by column. */
static void put_cluster(struct canvas *c, int x, int y, enum role role, const struct text_cluster *t)
{
    if (c->unicode || (t->ch[0] < 0x7f && !t->ch[1])) {
        put(c, x, y, role, t->ch, t->width);
        return;
    }
    const wchar_t ch[2] = {ascii_of(t->ch[0]), 0};
    for (int i = 0; i < t->width; i++)
        put(c, x + i, y, role, ch, 1);
}

static struct rect clipped(const struct canvas *c, struct rect r)
{
    /* 64 bits: the sums of a careless caller's ints must not overflow. */
    int64_t x0 = r.x < 0 ? 0 : r.x, y0 = r.y < 0 ? 0 : r.y;
    int64_t x1 = (int64_t)r.x + r.w, y1 = (int64_t)r.y + r.h;
    if (x1 > c->w)
        x1 = c->w;
    if (y1 > c->h)
        y1 = c->h;
    if (x1 <= x0 || y1 <= y0)
        return (struct rect){0, 0, 0, 0};
    return (struct rect){(int)x0, (int)y0, (int)(x1 - x0), (int)(y1 - y0)};
}

void canvas_init(struct canvas *c, int w, int h, bool unicode)
{
    *c = (struct canvas){.unicode = unicode, .cell_w = 8, .cell_h = 16};
    canvas_resize(c, w, h);
}

void canvas_resize(struct canvas *c, int w, int h)
{
    free(c->cells);
    c->w = w > 0 ? w : 0;
    c->h = h > 0 ? h : 0;
    c->cells = xcalloc((size_t)c->w * (size_t)c->h + 1, sizeof *c->cells);
    c->cursor_x = c->cursor_y = -1;
    canvas_clear(c, (struct rect){0, 0, c->w, c->h}, ROLE_NONE);
}

void canvas_free(struct canvas *c)
{
    free(c->cells);
    *c = (struct canvas){.cursor_x = -1, .cursor_y = -1};
}

void canvas_clear(struct canvas *c, struct rect area, enum role role)
{
    canvas_fill(c, area, role, L' ');
}

/* Columns of text from *s drawn into [x, x+w) of a row inside the canvas; *s stops at what found no room. */
static int draw_text(struct canvas *c, int x, int y, int w, enum role role, const char **s)
{
    int used = 0;
    struct text_cluster t;
    for (const char *at = *s; text_next(&at, &t); *s = at) {
        if (used + t.width > w)
            break;
        if (x + used >= 0 && x + used + t.width <= c->w)
            put_cluster(c, x + used, y, role, &t);
        used += t.width;
    }
    return used;
}

/* Most text is plain ASCII: no need to make an escaped copy of that. */
static bool is_plain(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
            return false;
    return true;
}

int canvas_text(struct canvas *c, int x, int y, int w, enum role role, const char *raw)
{
    if (!raw || y < 0 || y >= c->h || x >= c->w || w <= 0)
        return 0;
    int room = w < c->w - x ? w : c->w - x;
    char *escaped = is_plain(raw) ? NULL : text_escaped(raw);
    const char *s = escaped ? escaped : raw;
    int used = draw_text(c, x, y, room, role, &s);
    free(escaped);
    return used;
}

void canvas_fit(struct canvas *c, int x, int y, int w, enum role role, enum text_align align, const char *raw)
{
    if (w <= 0)
        return;
    char *escaped = text_escaped(raw);
    struct strbuf fitted = {0};
    text_fit(&fitted, escaped, w, align, c->unicode);
    canvas_text(c, x, y, w, role, strbuf_str(&fitted));
    strbuf_free(&fitted);
    free(escaped);
}

int canvas_printf(struct canvas *c, int x, int y, int w, enum role role, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        die("out of memory while drawing");
    int used = canvas_text(c, x, y, w, role, text);
    free(text);
    return used;
}

void canvas_glyph(struct canvas *c, int x, int y, enum role role, wchar_t ch)
{
    canvas_fill(c, (struct rect){x, y, 1, 1}, role, ch);
}

void canvas_fill(struct canvas *c, struct rect area, enum role role, wchar_t ch)
{
    struct rect r = clipped(c, area);
    const wchar_t text[2] = {c->unicode ? ch : ascii_of(ch), 0};
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            put(c, x, y, role, text, 1);
}

void canvas_over(struct canvas *c, struct rect area, enum role role)
{
    struct rect r = clipped(c, area);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            c->cells[(size_t)y * (size_t)c->w + (size_t)x].over = (uint8_t)role;
}

void canvas_hline(struct canvas *c, int x, int y, int w, enum role role)
{
    canvas_fill(c, (struct rect){x, y, w, 1}, role, L'─');
}

void canvas_box(struct canvas *c, struct rect area, enum role role)
{
    int right = area.x + area.w - 1, bottom = area.y + area.h - 1;
    if (area.w < 2 || area.h < 2)
        return;
    canvas_hline(c, area.x, area.y, area.w, role);
    canvas_hline(c, area.x, bottom, area.w, role);
    canvas_fill(c, (struct rect){area.x, area.y + 1, 1, area.h - 2}, role, L'│');
    canvas_fill(c, (struct rect){right, area.y + 1, 1, area.h - 2}, role, L'│');
    canvas_glyph(c, area.x, area.y, role, L'┌');
    canvas_glyph(c, right, area.y, role, L'┐');
    canvas_glyph(c, area.x, bottom, role, L'└');
    canvas_glyph(c, right, bottom, role, L'┘');
}

void canvas_picture(struct canvas *c, struct rect area, const struct picture *p, uint64_t hash,
                    const char *luminance)
{
    struct rect r = clipped(c, area);
    if (r.w != area.w || r.h != area.h)
        return; /* a part of a picture is none */
    c->picture = (struct canvas_picture){area, p, hash};
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) {
            const wchar_t ch[2] = {(unsigned char)*luminance++, 0};
            put(c, x, y, ROLE_TEXT, ch, 1);
            c->cells[(size_t)y * (size_t)c->w + (size_t)x].picture = true;
        }
}

static void end_line(struct strbuf *out, size_t start)
{
    while (out->len > start && out->s[out->len - 1] == ' ')
        out->len--;
    strbuf_putc(out, '\n');
}

void canvas_print(const struct canvas *c, struct strbuf *out, bool roles)
{
    char utf8[4]; /* whatever the locale: frames are compared byte by byte */
    for (int y = 0; y < c->h; y++) {
        size_t start = out->len;
        for (int x = 0; x < c->w; x++)
            for (const wchar_t *ch = c->cells[y * c->w + x].ch; *ch; ch++) {
                size_t n = utf8_encode((uint32_t)*ch, utf8);
                strbuf_add(out, utf8, n);
            }
        end_line(out, start);
    }
    if (!roles)
        return;
    strbuf_puts(out, "--\n");
    for (int y = 0; y < c->h; y++) {
        size_t start = out->len;
        for (int x = 0; x < c->w; x++) {
            const struct cell *cell = &c->cells[y * c->w + x];
            strbuf_putc(out, role_info[cell->over ? cell->over : cell->role].letter);
        }
        end_line(out, start);
    }
}
