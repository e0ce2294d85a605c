/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Colours. A theme's colours are mapped to what the terminal has: 24 bits through a "-direct" terminal type,
 * else the nearest of 256, 16 or 8, else attributes alone. Curses colour pairs are made when first needed.
 */
#include <curses.h>
#include "ui/term_parts.h"

#include <stdlib.h>
#include <string.h>
#include <term.h>

#define TRUECOLOR 0x1000000
#define PALETTE   0x1000000
#define PAIRS_MAX 2000

struct look {
    attr_t attr;
    short pair;
    bool known;
};

static struct {
    int colors, wanted;
    bool has_default; /* the terminal's own colours can be asked for */
    struct theme theme;
    struct look looks[ROLE_COUNT][ROLE_COUNT];
    struct {
        int fg, bg;
    } pairs[PAIRS_MAX];
    int n_pairs; /* pair 0 is curses' own */
} state;

static bool env_is(const char *name, const char *value)
{
    const char *s = getenv(name);
    return s && strcmp(s, value) == 0;
}

/* The settings go before NO_COLOR: they are the more particular wish. */
static int wanted_colors(const struct term_config *config)
{
    const char *no_color = getenv("NO_COLOR");
    if (config->colors >= 0)
        return config->colors;
    if (no_color && no_color[0])
        return 0;
    return env_is("COLORTERM", "truecolor") || env_is("COLORTERM", "24bit") ? TRUECOLOR : 256;
}

static bool type_exists(const char *type)
{
    int status = 0;
    bool ok = setupterm(type, 1, &status) == OK && status == 1;
    if (ok)
        del_curterm(cur_term);
    return ok;
}

char *term_color_type(const struct term_config *config)
{
    const char *type = getenv("TERM");
    if (!type || wanted_colors(config) < TRUECOLOR)
        return NULL;
    const char *tail = strstr(type, "-256color");
    char *direct = xasprintf("%.*s-direct", (int)(tail ? tail - type : (long)strlen(type)), type);
    if (type_exists(direct))
        return direct;
    free(direct);
    return strncmp(type, "xterm-", 6) == 0 && type_exists("xterm-direct") ? xstrdup("xterm-direct") : NULL;
}

void term_color_start(const struct term_config *config)
{
    int wanted = wanted_colors(config);
    state.colors = 0;
    state.wanted = wanted;
    state.n_pairs = 1;
    memset(state.looks, 0, sizeof state.looks);
    if (wanted == 0 || !has_colors() || start_color() == ERR)
        return;
    state.has_default = use_default_colors() == OK;
    int has = COLORS >= TRUECOLOR ? TRUECOLOR : COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : COLORS >= 8 ? 8 : 0;
    state.colors = wanted < has ? wanted : has;
}

int term_color_count(void)
{
    return state.colors;
}

int term_color_free(void)
{
    return state.colors >= 256 ? state.wanted : state.colors;
}

void term_color_theme(const struct theme *t)
{
    memcpy(state.theme.roles, t->roles, sizeof state.theme.roles);
    memset(state.looks, 0, sizeof state.looks);
}

/* What curses calls the colour here. In a direct type the numbers below 8 are the palette's. */
static int here(int color)
{
    if (state.colors < TRUECOLOR)
        return color_nearest(color, state.colors);
    if (color >= PALETTE && color < PALETTE + 8)
        return color - PALETTE;
    int rgb = color_rgb(color);
    return rgb < 8 ? 8 : rgb;
}

static short pair_of(int fg, int bg)
{
    for (int i = 1; i < state.n_pairs; i++)
        if (state.pairs[i].fg == fg && state.pairs[i].bg == bg)
            return (short)i;
    if (state.n_pairs >= PAIRS_MAX || state.n_pairs >= COLOR_PAIRS ||
        init_extended_pair(state.n_pairs, fg, bg) == ERR)
        return 0;
    state.pairs[state.n_pairs].fg = fg;
    state.pairs[state.n_pairs].bg = bg;
    return (short)state.n_pairs++;
}

static unsigned mono_attr(enum role role)
{
    static const struct {
        const char *name;
        unsigned attr;
    } names[] = {
        {"bold", STYLE_BOLD}, {"dim", STYLE_DIM}, {"underline", STYLE_UNDERLINE}, {"reverse", STYLE_REVERSE}};
    unsigned attr = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strstr(role_info[role].mono, names[i].name))
            attr |= names[i].attr;
    return attr;
}

/* A role's style as this terminal can show it. With few colours a background may come out as the screen's
 * own: then the role would vanish, and its mono attributes stand in. */
static struct style style_of(enum role role)
{
    struct style s = state.theme.roles[role];
    if (state.colors == 0) {
        s.fg = s.bg = THEME_DEFAULT;
        s.attr |= mono_attr(role);
        return s;
    }
    if (state.colors > 16 || s.bg == THEME_DEFAULT)
        return s;
    int screen = state.theme.roles[ROLE_TEXT].bg;
    bool lost = here(s.bg) == (screen == THEME_DEFAULT ? 0 : here(screen)) && s.bg != screen;
    if (lost || (s.fg != THEME_DEFAULT && here(s.fg) == here(s.bg))) {
        s.bg = screen;
        s.attr |= mono_attr(role);
    }
    return s;
}

/* The one above wins where it says something; where it leaves the foreground alone, a state's colour shows
 * through the selection. Reverse on reverse cancels, so that what was reversed still stands out. */
static struct style lay_over(struct style below, struct style above)
{
    if (above.fg != THEME_DEFAULT)
        below.fg = above.fg;
    if (above.bg != THEME_DEFAULT)
        below.bg = above.bg;
    below.attr = (below.attr | above.attr) & ~(unsigned)STYLE_REVERSE;
    return below;
}

static attr_t curses_attr(unsigned attr)
{
    return (attr & STYLE_BOLD ? A_BOLD : 0) | (attr & STYLE_DIM ? A_DIM : 0) |
           (attr & STYLE_UNDERLINE ? A_UNDERLINE : 0) | (attr & STYLE_REVERSE ? A_REVERSE : 0) |
           (attr & STYLE_ITALIC ? A_ITALIC : 0);
}

static void make_look(struct look *look, struct style s)
{
    look->attr = curses_attr(s.attr);
    look->known = true;
    look->pair = 0;
    if (state.colors == 0)
        return;
    int fg = s.fg == THEME_DEFAULT ? -1 : here(s.fg), bg = s.bg == THEME_DEFAULT ? -1 : here(s.bg);
    if (fg == bg && fg != -1) /* a blue state on a blue selection, of eight colours */
        fg = state.theme.roles[ROLE_TEXT].fg == THEME_DEFAULT ? -1 : here(state.theme.roles[ROLE_TEXT].fg);
    if (fg == -1 && bg == -1)
        return;
    if (!state.has_default) {
        fg = fg == -1 ? COLOR_WHITE : fg;
        bg = bg == -1 ? COLOR_BLACK : bg;
    }
    look->pair = pair_of(fg, bg);
}

void term_color_look(enum role role, enum role over, unsigned *attr, short *pair)
{
    struct look *look = &state.looks[role][over];
    if (!look->known) {
        struct style s = style_of(role), text = style_of(ROLE_TEXT);
        if (s.fg == THEME_DEFAULT) /* what a theme leaves open is the text's */
            s.fg = text.fg;
        if (s.bg == THEME_DEFAULT)
            s.bg = text.bg;
        if (over != ROLE_NONE) {
            struct style above = style_of(over);
            if (over == ROLE_DIALOG) /* a surface: what is written on it keeps its colour */
                above.fg = THEME_DEFAULT;
            unsigned reverse = (s.attr ^ above.attr) & STYLE_REVERSE;
            s = lay_over(s, above);
            s.attr |= reverse;
        }
        make_look(look, s);
    }
    *attr = (unsigned)look->attr;
    *pair = look->pair;
}
