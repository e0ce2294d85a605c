/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `screenshot VM [FILE]`: the picture on a domain's screen into a file, or onto the terminal as well as it
 * can show one.
 */
#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "command/query.h"
#include "picture/graphics.h"
#include "virt/screenshot.h"

#define SCREENS_MOST 64
#define NAME_MOST    64
#define TRUECOLOR    0x1000000
#define ANSWER_MS    500 /* what a terminal gets to say what it can */

/* Where there is no terminal, or one that does not say how large it is. */
#define USUAL_W      80
#define USUAL_H      40
#define USUAL_CELL_W 8
#define USUAL_CELL_H 16

static bool which_screen(const struct call *call, unsigned *screen, struct error *e)
{
    const char *given = call_option(call, "screen");
    double n = given ? strtod(given, NULL) : 0;
    if (n < 0 || n != floor(n) || n >= SCREENS_MOST)
        return error_set(e, STATUS_USAGE, "screenshot: --screen wants a whole number from 0 to %d, not %s",
                         SCREENS_MOST - 1, given);
    *screen = (unsigned)n;
    return true;
}

/* ---- the file ---- */

/* A domain's name may be anything; a file's name should not surprise a shell. */
static char *usual_name(const char *vm_name)
{
    struct strbuf out = {0};
    char when[32] = "";
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;
    for (const char *p = vm_name; *p && out.len < NAME_MOST; p++) {
        bool safe = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                    (out.len && strchr("._-", *p));
        if (safe || !out.len || out.s[out.len - 1] != '_')
            strbuf_putc(&out, safe ? *p : '_');
    }
    if (localtime_r(&now, &tm))
        strftime(when, sizeof when, "-%Y%m%d-%H%M%S.png", &tm);
    strbuf_puts(&out, when);
    return strbuf_steal(&out);
}

/* NULL: none was named. The caller frees. */
static char *named_file(const struct call *call)
{
    return call->words.len ? paths_expand(call->words.items[0]) : NULL;
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

const char *screenshot_loses(const struct call *call)
{
    char *path = named_file(call);
    bool there = path && is_file(path);
    free(path);
    return there ? "the file is there already and is replaced" : NULL;
}

static struct job *submit(struct call *call, struct shot *shot)
{
    const struct target *t = &call->targets.items[0];
    struct job_args args = {.data = shot_ref(shot), .free_data = shot_unref};
    return fleet_submit(call->session->fleet, t->host, &t->uuid, t->name, &screenshot_job, &args);
}

/* Whoever was asked whether the file may go has seen that it is there; one that appears only now stays. */
static void save(struct call *call, unsigned screen, const char *path)
{
    const struct frontend *f = call->session->frontend;
    struct shot *shot = shot_new(screen, path, path && is_file(path));
    f->follow(f->ctx, submit(call, shot));
    shot_unref(shot);
}

/* ---- the terminal ---- */

struct terminal {
    enum graphics graphics;
    int w, h;           /* cells there are for a picture */
    int cell_w, cell_h; /* pixels */
};

static void measure(struct terminal *t)
{
    struct winsize size = {0};
    *t = (struct terminal){.w = USUAL_W, .h = USUAL_H, .cell_w = USUAL_CELL_W, .cell_h = USUAL_CELL_H};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return;
    t->w = size.ws_col;
    t->h = size.ws_row > 2 ? size.ws_row - 2 : 1; /* the command's line, and the next prompt's */
    if (size.ws_xpixel >= size.ws_col && size.ws_ypixel >= size.ws_row) {
        t->cell_w = size.ws_xpixel / size.ws_col;
        t->cell_h = size.ws_ypixel / size.ws_row;
    }
}

static int wanted_colors(const struct options *o, int otherwise)
{
    static const struct {
        const char *name;
        int colors;
    } names[] = {{"truecolor", TRUECOLOR}, {"256", 256}, {"16", 16}, {"mono", 0}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(opt_text(o, OPT_COLOR), names[i].name) == 0)
            return names[i].colors;
    return otherwise;
}

static void look_at_terminal(const struct options *o, struct terminal *t)
{
    struct graphics_facts facts;
    const char *unicode = opt_text(o, OPT_UNICODE), *wish = opt_text(o, OPT_GRAPHICS);
    bool terminal = isatty(STDOUT_FILENO);
    graphics_facts_init(&facts);
    facts.wish = strcmp(wish, "auto") == 0 && !terminal ? "ascii" : wish;
    facts.unicode = strcmp(unicode, "auto") == 0 ? strcmp(nl_langinfo(CODESET), "UTF-8") == 0
                                                 : strcmp(unicode, "on") == 0;
    facts.colors = wanted_colors(o, facts.colors);
    if (terminal && graphics_worth_asking(&facts))
        facts.sixel = graphics_ask(ANSWER_MS);
    measure(t);
    t->graphics = graphics_choose(&facts);
}

static int at_most(int n, int most)
{
    return n < most ? n : most;
}

/* Makes room first, for the picture does not move the cursor. */
static bool add_kitty(const struct terminal *t, const struct picture *p, struct strbuf *out, struct error *e)
{
    struct strbuf png = {0};
    int w = (p->width + t->cell_w - 1) / t->cell_w, h = (p->height + t->cell_h - 1) / t->cell_h;
    bool good = picture_png(p, true, &png, e);
    if (good) {
        for (int i = 0; i < h; i++)
            strbuf_putc(out, '\n');
        strbuf_printf(out, "\033[%dA", h);
        kitty_put(out, (uint32_t)getpid(), png.s, png.len, w, h);
        strbuf_printf(out, "\033[%dB\r", h);
    }
    strbuf_free(&png);
    return good;
}

static bool add_pixels(const struct terminal *t, const struct picture *p, struct strbuf *out, struct error *e)
{
    struct picture small;
    int w, h;
    picture_fit(p, at_most(p->width, t->w * t->cell_w), at_most(p->height, t->h * t->cell_h), &w, &h);
    picture_scale(p, w, h, &small);
    bool good = t->graphics == GRAPHICS_KITTY ? add_kitty(t, &small, out, e) : picture_sixel(&small, out, e);
    if (good && t->graphics == GRAPHICS_SIXEL)
        strbuf_putc(out, '\n');
    picture_clear(&small);
    return good;
}

/* A cell is as wide as half of its height. */
static void add_cells(const struct terminal *t, const struct picture *p, struct strbuf *out)
{
    int w, h;
    picture_fit(p, at_most(p->width, t->w), at_most(p->height, t->h * 2), &w, &h);
    h = (h + 1) / 2;
    if (t->graphics != GRAPHICS_ASCII) {
        picture_print_blocks(p, w, h, t->graphics == GRAPHICS_BLOCKS, out);
        return;
    }
    char *cells = xmalloc((size_t)w * (size_t)h);
    picture_luminance(p, w, h, cells);
    for (int y = 0; y < h; y++) {
        strbuf_add(out, cells + (size_t)y * (size_t)w, (size_t)w);
        strbuf_putc(out, '\n');
    }
    free(cells);
}

static bool draw(const struct call *call, const struct picture *p, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    struct terminal t;
    struct strbuf out = {0};
    bool good = true;
    look_at_terminal(call->session->options, &t);
    if (t.graphics >= GRAPHICS_SIXEL)
        good = add_pixels(&t, p, &out, e);
    else
        add_cells(&t, p, &out);
    if (good)
        f->print_bytes(f->ctx, strbuf_str(&out), out.len);
    strbuf_free(&out);
    return good;
}

static bool over(void *job)
{
    return job_is_over(job);
}

static bool show(struct call *call, unsigned screen, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    struct shot *shot = shot_new(screen, NULL, false);
    struct job *job = submit(call, shot);
    struct picture p = {0};
    uint64_t hash;
    bool good = f->wait(f->ctx, -1, over, job, -1, e);
    if (!good)
        job_cancel(job);
    else if (shot_take(shot, &p, &hash))
        good = draw(call, &p, e);
    else {
        struct job_status s;
        job_status(job, &s);
        error_move(e, &s.result.error);
        job_status_clear(&s);
        good = false;
    }
    picture_clear(&p);
    job_unref(job);
    shot_unref(shot);
    return good;
}

bool screenshot_run(struct call *call, struct error *e)
{
    unsigned screen = 0;
    if (!which_screen(call, &screen, e))
        return false;
    char *path = named_file(call);
    bool on_screen = call->session->frontend->screen, good = true;
    if (!path && on_screen)
        path = usual_name(call->targets.items[0].name);
    if (path || call->json)
        save(call, screen, path);
    else
        good = show(call, screen, e);
    free(path);
    return good;
}
