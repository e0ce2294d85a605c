/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A picture on the terminal, past curses. Curses is told that the picture's cells hold a character that
 * nothing else has, so that it neither erases them by the way nor takes them for blanks, and writes them when
 * something else comes there. What it has not touched stays, and is not sent again.
 */
#include "ui/term_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "picture/graphics.h"

#define OUT_FD     STDOUT_FILENO
#define SAVE       "\0337"
#define RESTORE    "\0338"
#define STRING_END "\033\\"
/* Of the time, one part in so many goes into pictures where the terminal is slow to take them. */
#define PATIENCE 5

static struct {
    struct graphics_facts facts;
    char *wish;
    bool asked;
    enum graphics how, cells_for; /* chosen; what curses' cells were last made for */
    /* What is on the terminal. */
    bool shown;
    enum graphics shown_how;
    struct rect area;
    uint64_t hash;
    bool dirty;         /* curses has written over it */
    struct block *have; /* a cell each; above BLOCK_NONE: unknown */
    struct block *want; /* those of `hash` */
    uint64_t want_hash;
    int64_t not_before_ms;
    uint32_t number; /* of kitty's picture; two take turns */
    char rescue[96];
} state;

/* ---- how ---- */

static uint32_t kitty_number(unsigned which)
{
    return 0x40000000u | ((uint32_t)getpid() & 0xffffffu) << 1 | which;
}

static void choose(void)
{
    state.facts.wish = state.wish;
    state.facts.colors = term_color_free();
    state.how = graphics_choose(&state.facts);
    struct strbuf out = {0};
    if (state.how == GRAPHICS_KITTY) {
        strbuf_puts(&out, STRING_END);
        kitty_delete(&out, kitty_number(0));
        kitty_delete(&out, kitty_number(1));
    } else if (state.how == GRAPHICS_SIXEL) {
        strbuf_puts(&out, STRING_END);
    }
    snprintf(state.rescue, sizeof state.rescue, "%s", strbuf_str(&out));
    strbuf_free(&out);
}

void term_picture_start(bool unicode)
{
    graphics_facts_init(&state.facts);
    state.facts.unicode = unicode;
    state.number = kitty_number(0);
    choose();
    state.cells_for = state.how;
}

void term_picture_stop(void)
{
    free(state.wish);
    free(state.have);
    free(state.want);
    memset(&state, 0, sizeof state);
}

bool term_picture_wish(const char *wish)
{
    enum graphics before = state.how;
    if (state.wish && wish && strcmp(state.wish, wish) == 0)
        return false;
    free(state.wish);
    state.wish = xstrdup(wish);
    choose();
    return state.how != before;
}

void term_picture_answer(bool sixel)
{
    state.facts.sixel = sixel;
    choose();
}

bool term_picture_turned(void)
{
    bool turned = state.cells_for != state.how;
    state.cells_for = state.how;
    return turned;
}

const char *term_picture_rescue(void)
{
    return state.rescue;
}

/* A blank that does not break: it looks like nothing and is not what curses calls a blank. */
wchar_t term_picture_cell(void)
{
    if (state.how == GRAPHICS_ASCII)
        return 0;
    return state.facts.unicode ? L'\u00a0' : L'.';
}

/* ---- writing ---- */

static void send(struct strbuf *out)
{
    const char *at = strbuf_str(out);
    size_t left = out->len;
    fflush(stdout);
    while (left > 0) {
        ssize_t n = write(OUT_FD, at, left);
        if (n < 0 && errno != EINTR)
            break; /* the terminal has gone; the loop will hear of it */
        if (n > 0) {
            at += n;
            left -= (size_t)n;
        }
    }
    strbuf_free(out);
}

static void go_to(struct strbuf *out, int x, int y)
{
    strbuf_printf(out, "\033[%d;%dH", y + 1, x + 1);
}

static size_t count(void)
{
    return (size_t)state.area.w * (size_t)state.area.h;
}

static bool is_free(const struct canvas *c, int x, int y)
{
    return c->cells[(size_t)y * (size_t)c->w + (size_t)x].picture;
}

static bool is_covered(const struct canvas *c, struct rect r)
{
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            if (!is_free(c, x, y))
                return true;
    return false;
}

void term_picture_touch(int x, int y)
{
    const struct rect *r = &state.area;
    if (!state.shown || x < r->x || y < r->y || x >= r->x + r->w || y >= r->y + r->h)
        return;
    state.dirty = true;
    if (state.have)
        state.have[(size_t)(y - r->y) * (size_t)r->w + (size_t)(x - r->x)].above = BLOCK_NONE;
}

/* ---- taking away ---- */

/* Sixels under cells that go on being a picture's: curses has no reason to write those. */
static void wipe(const struct canvas *c, struct strbuf *out)
{
    const struct rect *r = &state.area;
    strbuf_puts(out, SAVE "\033[0m");
    for (int y = r->y; y < r->y + r->h && y < c->h; y++)
        for (int x = r->x; x < r->x + r->w && x < c->w; x++)
            if (is_free(c, x, y)) {
                go_to(out, x, y);
                strbuf_putc(out, ' ');
            }
    strbuf_puts(out, RESTORE);
}

/* `c` NULL: the whole terminal is left or drawn anew. */
static void take_away(const struct canvas *c, struct strbuf *out)
{
    if (state.shown && state.shown_how == GRAPHICS_KITTY)
        kitty_delete(out, state.number);
    else if (c && state.shown && state.shown_how == GRAPHICS_SIXEL)
        wipe(c, out);
    free(state.have);
    free(state.want);
    state.have = state.want = NULL;
    state.shown = false;
}

void term_picture_leave(void)
{
    struct strbuf out = {0};
    take_away(NULL, &out);
    if (out.len)
        send(&out);
}

/* ---- showing ---- */

static void begin(const struct canvas *c, enum graphics how)
{
    state.shown = state.dirty = true;
    state.shown_how = how;
    state.area = c->picture.area;
    state.hash = state.want_hash = 0;
    if (how == GRAPHICS_BLOCKS || how == GRAPHICS_BLOCKS_256) {
        state.have = xcalloc(count() + 1, sizeof *state.have);
        state.want = xcalloc(count() + 1, sizeof *state.want);
        for (size_t i = 0; i < count(); i++)
            state.have[i].above = BLOCK_NONE;
    }
}

static void put_blocks(const struct canvas *c, struct strbuf *out)
{
    const struct rect *r = &state.area;
    bool truecolor = state.shown_how == GRAPHICS_BLOCKS;
    struct block pen = {BLOCK_NONE, BLOCK_NONE};
    if (state.want_hash != c->picture.hash)
        picture_blocks(c->picture.shown, r->w, r->h, truecolor, state.want);
    state.want_hash = c->picture.hash;
    strbuf_puts(out, "\033[0m");
    for (int y = 0; y < r->h; y++) {
        int at = -1; /* where the cursor is in this row; -1: elsewhere */
        for (int x = 0; x < r->w; x++) {
            size_t i = (size_t)y * (size_t)r->w + (size_t)x;
            const struct block *want = &state.want[i], *have = &state.have[i];
            if (!is_free(c, r->x + x, r->y + y) || (want->above == have->above && want->below == have->below))
                continue;
            if (at != x)
                go_to(out, r->x + x, r->y + y);
            block_put(out, want, &pen, truecolor);
            state.have[i] = *want;
            at = x + 1;
        }
    }
}

/* As large as the cells that it fills. */
static void put_sixel(const struct canvas *c, struct strbuf *out)
{
    struct picture sized;
    int w, h;
    term_cell_size(&w, &h);
    picture_scale(c->picture.shown, state.area.w * w, state.area.h * h, &sized);
    go_to(out, state.area.x, state.area.y);
    picture_sixel(&sized, out, NULL);
    picture_clear(&sized);
}

/* The new one is put over the old one before that goes, so that nothing flickers. */
static void put_kitty(const struct canvas *c, struct strbuf *out)
{
    const struct picture *p = c->picture.shown;
    struct picture sized;
    struct strbuf png = {0};
    int w, h;
    term_cell_size(&w, &h);
    w = w * state.area.w < p->width ? w * state.area.w : p->width; /* the terminal itself makes it larger */
    h = h * state.area.h < p->height ? h * state.area.h : p->height;
    picture_scale(p, w, h, &sized);
    if (picture_png(&sized, true, &png, NULL)) {
        uint32_t before = state.number;
        state.number = kitty_number(before == kitty_number(0));
        go_to(out, state.area.x, state.area.y);
        kitty_put(out, state.number, png.s, png.len, state.area.w, state.area.h);
        kitty_delete(out, before);
    }
    strbuf_free(&png);
    picture_clear(&sized);
}

static void update(const struct canvas *c)
{
    struct strbuf out = {0};
    int64_t begun_ms = clock_mono_ms();
    strbuf_puts(&out, SAVE);
    if (state.shown_how == GRAPHICS_KITTY)
        put_kitty(c, &out);
    else if (state.shown_how == GRAPHICS_SIXEL)
        put_sixel(c, &out);
    else
        put_blocks(c, &out);
    strbuf_puts(&out, RESTORE);
    state.dirty = false;
    state.hash = c->picture.hash;
    send(&out);
    int64_t now_ms = clock_mono_ms();
    state.not_before_ms = now_ms + (now_ms - begun_ms) * (PATIENCE - 1);
}

/* A picture with a dialog over it can be cut only where it consists of cells. */
static enum graphics how_now(const struct canvas *c)
{
    struct graphics_facts facts = state.facts;
    if (!c->picture.shown || state.how == GRAPHICS_ASCII)
        return GRAPHICS_ASCII;
    if (state.how < GRAPHICS_SIXEL || !is_covered(c, c->picture.area))
        return state.how;
    facts.wish = "blocks";
    return graphics_choose(&facts);
}

static void ask_once(void)
{
    if (state.asked || !graphics_worth_asking(&state.facts))
        return;
    struct strbuf out = {0};
    state.asked = true;
    strbuf_puts(&out, GRAPHICS_QUESTION);
    send(&out);
}

static bool same_area(struct rect a, struct rect b)
{
    return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
}

void term_picture_show(const struct canvas *c)
{
    enum graphics how = how_now(c);
    if (c->picture.shown)
        ask_once();
    if (state.shown && (how != state.shown_how || !same_area(state.area, c->picture.area))) {
        struct strbuf out = {0};
        take_away(c, &out);
        if (out.len)
            send(&out);
    }
    bool is_right = state.shown && !state.dirty && state.hash == c->picture.hash;
    /* One that has another place is not put off: nothing is there meanwhile. */
    bool is_early = state.shown && clock_mono_ms() < state.not_before_ms;
    if (how == GRAPHICS_ASCII || is_right || is_early)
        return;
    if (!state.shown)
        begin(c, how);
    update(c);
}
