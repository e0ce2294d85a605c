/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/picker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/strbuf.h"
#include "base/text.h"
#include "ui/pen.h"

#define MAX_FILTER 200 /* bytes */

struct item {
    char *text, *note;
};

struct picker {
    struct dialog base;
    char *title;
    VEC(struct item) items;
    VEC(size_t) shown; /* indices of those that fit the filter */
    struct strbuf filter;
    long at, top;
    int height;
    bool other;
    void (*done)(struct deck *d, void *arg, const char *text);
    void *arg;
};

static bool fits(const struct picker *p, const struct item *i)
{
    const char *what = strbuf_str(&p->filter);
    return text_contains(i->text, what) || (i->note && text_contains(i->note, what));
}

/* How well an item fits: its whole text before its beginning before anything else. */
static int fitness(const struct picker *p, const struct item *i)
{
    const char *what = strbuf_str(&p->filter);
    return p->filter.len == 0                               ? 0
           : strcmp(i->text, what) == 0                     ? 2
           : strncasecmp(i->text, what, p->filter.len) == 0 ? 1
                                                            : 0;
}

/* The cursor goes to what fits best, else stays where it was. */
static void narrow(struct picker *p)
{
    size_t kept = p->shown.len ? p->shown.items[p->at] : 0;
    int best = 0;
    vec_clear(&p->shown);
    p->at = 0;
    for (size_t i = 0; i < p->items.len; i++) {
        if (!fits(p, &p->items.items[i]))
            continue;
        int own = fitness(p, &p->items.items[i]);
        if (own > best || (best == 0 && i == kept))
            p->at = (long)p->shown.len;
        best = own > best ? own : best;
        vec_push(&p->shown, i);
    }
}

/* ---- drawing ---- */

static void draw_item(struct deck *d, const struct picker *p, struct canvas *c, struct rect line, long i,
                      int text_w)
{
    const struct item *item = &p->items.items[p->shown.items[i]];
    char run[32];
    struct pen pen = pen_at(c, line.x, line.y, line.w);
    pen_text(&pen, ROLE_KEY, i == p->at ? glyph(c, GLYPH_CURSOR) : " ");
    pen_fit(&pen, text_w, ROLE_TITLE, TEXT_LEFT, item->text);
    pen_skip(&pen, 2);
    pen_fit(&pen, pen.end - pen.x, ROLE_DIALOG, TEXT_LEFT, item->note ? item->note : "");
    if (i == p->at)
        canvas_over(c, line, ROLE_SELECTED);
    snprintf(run, sizeof(run), "point %ld", i + 1);
    deck_hit(d, line, run);
}

static void draw_filter(const struct picker *p, struct canvas *c, struct rect line)
{
    struct pen pen = pen_at(c, line.x, line.y, line.w);
    pen_text(&pen, ROLE_PROMPT, "/ ");
    pen_text(&pen, ROLE_INPUT, strbuf_str(&p->filter));
    if (pen.x < pen.end) {
        c->cursor_x = pen.x;
        c->cursor_y = pen.y;
    }
    pen_skip(&pen, 2);
    if (p->filter.len == 0)
        pen_text(&pen, ROLE_HINT,
                 p->other ? "type to narrow the list, or another value" : "type to narrow the list");
    else
        pen_printf(&pen, ROLE_HINT, "%zu of %zu", p->shown.len, p->items.len);
}

static int widest(int so_far, const char *text)
{
    int w = text ? pen_width(text) : 0;
    return w > so_far ? w : so_far;
}

static void draw(struct deck *d, struct dialog *base, struct canvas *c)
{
    struct picker *p = (struct picker *)base;
    long n = (long)p->shown.len;
    int text_w = 4, note_w = 0;
    for (size_t i = 0; i < p->items.len; i++) {
        text_w = widest(text_w, p->items.items[i].text);
        note_w = widest(note_w, p->items.items[i].note);
    }
    /* The box keeps its size while the list is narrowed. */
    int w = text_w + note_w + 8;
    struct rect in = dialog_box(d, c, w < 56 ? 56 : w > 90 ? 90 : w, (int)p->items.len + 5, p->title);
    text_w = text_w > in.w / 2 ? in.w / 2 : text_w;
    p->height = in.h - 3 > 0 ? in.h - 3 : 1;
    if (p->at < p->top)
        p->top = p->at;
    if (p->at >= p->top + p->height)
        p->top = p->at - p->height + 1;
    draw_filter(p, c, (struct rect){in.x, in.y, in.w, 1});
    for (int y = 0; y < p->height && p->top + y < n; y++)
        draw_item(d, p, c, (struct rect){in.x, in.y + 1 + y, in.w, 1}, p->top + y, text_w);
    if (n == 0)
        canvas_fit(c, in.x + 2, in.y + 1, in.w - 2, ROLE_DIM, TEXT_LEFT,
                   p->other ? "none of the list; Enter takes what was typed" : "nothing fits");
    canvas_fit(c, in.x, in.y + in.h - 1, in.w, ROLE_HINT, TEXT_LEFT, "Enter takes it   Esc leaves");
}

/* ---- keys ---- */

static void finish(struct deck *d, struct picker *p, const char *text)
{
    void (*done)(struct deck *, void *, const char *) = p->done;
    void *arg = p->arg;
    char *picked = xstrdup(text);
    p->done = NULL;
    dialog_close(d);
    done(d, arg, picked);
    free(picked);
}

static void accept(struct deck *d, struct dialog *base)
{
    struct picker *p = (struct picker *)base;
    if (p->shown.len)
        finish(d, p, p->items.items[p->shown.items[p->at]].text);
    else if (p->other && p->filter.len)
        finish(d, p, strbuf_str(&p->filter));
}

static void cancel(struct deck *d, struct dialog *base)
{
    finish(d, (struct picker *)base, NULL);
}

static void move(struct deck *d, struct dialog *base, enum move how)
{
    struct picker *p = (struct picker *)base;
    (void)d;
    p->at = dialog_moved(how, p->at, (long)p->shown.len, p->height);
}

static void point(struct deck *d, struct dialog *base, long item)
{
    struct picker *p = (struct picker *)base;
    if (item < 0 || item >= (long)p->shown.len)
        return;
    p->at = item;
    accept(d, base);
}

static void cut(struct picker *p)
{
    while (p->filter.len > 0 && (p->filter.s[p->filter.len - 1] & 0xc0) == 0x80)
        p->filter.len--;
    if (p->filter.len > 0)
        p->filter.len--;
    p->filter.s[p->filter.len] = '\0';
}

/* Letters narrow the list, so they do nothing else here. */
static bool key(struct deck *d, struct dialog *base, keycode k)
{
    struct picker *p = (struct picker *)base;
    char bytes[16];
    d->dirty = true;
    if (k == (KEYM_CTRL | 'n') || k == (KEYM_CTRL | 'p')) {
        move(d, base, k == (KEYM_CTRL | 'n') ? MOVE_DOWN : MOVE_UP);
    } else if ((k == KEYC_BACKSPACE || k == (KEYM_CTRL | 'h')) && p->filter.len) {
        cut(p);
        narrow(p);
    } else if (k == (KEYM_CTRL | 'u')) {
        strbuf_clear(&p->filter);
        narrow(p);
    } else if (k >= ' ' && k < KEYC_BASE && k != 0x7f) {
        size_t n = key_bytes(k, bytes);
        if (p->filter.len + n < MAX_FILTER)
            strbuf_add(&p->filter, bytes, n);
        narrow(p);
    } else {
        return dialog_common_key(d, base, k);
    }
    return true;
}

static void picker_free(struct dialog *base)
{
    struct picker *p = (struct picker *)base;
    if (p->done)
        p->done(NULL, p->arg, NULL);
    for (size_t i = 0; i < p->items.len; i++) {
        free(p->items.items[i].text);
        free(p->items.items[i].note);
    }
    vec_free(&p->items);
    vec_free(&p->shown);
    strbuf_free(&p->filter);
    free(p->title);
    free(p);
}

static const struct dialog_ops ops = {.place = PLACE_DIALOG,
                                      .draw = draw,
                                      .key = key,
                                      .move = move,
                                      .accept = accept,
                                      .cancel = cancel,
                                      .point = point,
                                      .free = picker_free};

struct picker *picker_new(const char *title)
{
    struct picker *p = xcalloc(1, sizeof(*p));
    p->base.ops = &ops;
    p->title = xstrdup(title);
    return p;
}

void picker_add(struct picker *p, const char *text, const char *note)
{
    struct item i = {xstrdup(text), xstrdup(note)};
    vec_push(&p->items, i);
    vec_push(&p->shown, p->items.len - 1);
}

void picker_begin_at(struct picker *p, const char *text)
{
    for (size_t i = 0; text && i < p->items.len; i++)
        if (strcmp(p->items.items[i].text, text) == 0)
            p->at = (long)i;
}

void picker_allow_other(struct picker *p)
{
    p->other = true;
}

void picker_show(struct deck *d, struct picker *p, void (*done)(struct deck *d, void *arg, const char *text),
                 void *arg)
{
    p->done = done;
    p->arg = arg;
    dialog_open(d, &p->base);
}
