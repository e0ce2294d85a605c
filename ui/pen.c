/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pen pen_at(struct canvas *c, int x, int y, int w)
{
    return (struct pen){.c = c, .x = x, .y = y, .end = x + w};
}

int pen_width(const char *raw)
{
    char *safe = text_escaped(raw);
    int w = text_width(safe);
    free(safe);
    return w;
}

void pen_text(struct pen *p, enum role role, const char *raw)
{
    if (p->c && p->x < p->end)
        canvas_text(p->c, p->x, p->y, p->end - p->x, role, raw);
    p->x += pen_width(raw);
}

void pen_printf(struct pen *p, enum role role, const char *fmt, ...)
{
    char small[256];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n < sizeof(small)) {
        pen_text(p, role, small);
        return;
    }
    char *big = xmalloc((size_t)n + 1);
    va_start(args, fmt);
    vsnprintf(big, (size_t)n + 1, fmt, args);
    va_end(args);
    pen_text(p, role, big);
    free(big);
}

void pen_fit(struct pen *p, int w, enum role role, enum text_align align, const char *raw)
{
    int room = p->end - p->x;
    if (p->c && room > 0 && w > 0)
        canvas_fit(p->c, p->x, p->y, w < room ? w : room, role, align, raw);
    p->x += w;
}

void pen_to(struct pen *p, int x)
{
    if (p->x < x)
        p->x = x;
}

void pen_skip(struct pen *p, int n)
{
    p->x += n;
}

struct sheet sheet_in(struct canvas *c, struct rect area, int scroll)
{
    return (struct sheet){.c = c, .area = area, .scroll = scroll};
}

int sheet_y(const struct sheet *s)
{
    int y = s->row - s->scroll;
    return y >= 0 && y < s->area.h ? s->area.y + y : -1;
}

struct pen sheet_pen(const struct sheet *s, int x, int w)
{
    int y = sheet_y(s);
    int room = s->area.w - x;
    if (w <= 0 || w > room)
        w = room;
    return pen_at(y < 0 || w <= 0 ? NULL : s->c, s->area.x + x, y, w);
}

void sheet_next(struct sheet *s)
{
    s->row++;
}

/* How many bytes of escaped text fit into w columns, ending at a blank where there is one. */
static size_t wrap_point(const char *text, int w)
{
    const char *at = text, *blank = NULL;
    struct text_cluster cluster;
    int used = 0;
    for (;;) {
        const char *before = at;
        if (!text_next(&at, &cluster))
            return (size_t)(before - text);
        if (used + cluster.width > w) {
            if (blank)
                return (size_t)(blank - text);
            return before > text ? (size_t)(before - text) : (size_t)(at - text);
        }
        if (cluster.ch[0] == L' ')
            blank = before;
        used += cluster.width;
    }
}

static void wrap_line(struct sheet *s, int x, int w, enum role role, const char *safe)
{
    do {
        size_t n = wrap_point(safe, w);
        char *piece = xstrndup(safe, n);
        struct pen p = sheet_pen(s, x, w);
        pen_text(&p, role, piece);
        free(piece);
        sheet_next(s);
        safe += n + strspn(safe + n, " ");
    } while (*safe);
}

void sheet_wrap(struct sheet *s, int x, int w, enum role role, const char *raw)
{
    if (w <= 0 || w > s->area.w - x)
        w = s->area.w - x;
    if (w <= 0 || !raw)
        return;
    while (*raw) {
        size_t n = strcspn(raw, "\n");
        char *line = xstrndup(raw, n);
        char *safe = text_escaped(line);
        wrap_line(s, x, w, role, safe);
        free(safe);
        free(line);
        raw += n;
        if (*raw == '\n')
            raw++;
    }
}

int sheet_clamp(int scroll, int rows, int h)
{
    int max = rows > h ? rows - h : 0;
    return scroll < 0 ? 0 : scroll > max ? max : scroll;
}
