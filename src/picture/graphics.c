/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "picture/graphics.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/mem.h"

#define TRUECOLOR  0x1000000
#define ANSWER_MAX 256

static bool is(const char *s, const char *value)
{
    return s && strcmp(s, value) == 0;
}

static bool begins(const char *s, const char *with)
{
    return s && strncmp(s, with, strlen(with)) == 0;
}

static bool has(const char *s, const char *part)
{
    return s && strstr(s, part);
}

static bool is_set(const char *name)
{
    const char *s = getenv(name);
    return s && *s;
}

void graphics_facts_init(struct graphics_facts *f)
{
    const char *term = getenv("TERM");
    *f = (struct graphics_facts){
        .term = term,
        .colorterm = getenv("COLORTERM"),
        .program = getenv("TERM_PROGRAM"),
        .kitty = is_set("KITTY_WINDOW_ID"),
        .inside = is_set("TMUX") || is_set("STY") || begins(term, "tmux") || begins(term, "screen"),
        .colors = is_set("NO_COLOR") ? 0 : -1,
    };
}

static int colors_of(const struct graphics_facts *f)
{
    static const char *const have_256[] = {"256",  "xterm",   "kitty",   "ghostty", "alacritty", "foot",
                                           "tmux", "wezterm", "contour", "mlterm",  "rxvt",      "konsole"};
    if (f->colors >= 0)
        return f->colors;
    if (is(f->colorterm, "truecolor") || is(f->colorterm, "24bit") || has(f->term, "-direct"))
        return TRUECOLOR;
    for (size_t i = 0; i < ARRAY_LEN(have_256); i++)
        if (has(f->term, have_256[i]))
            return 256;
    return 8;
}

static bool speaks_kitty(const struct graphics_facts *f)
{
    return f->kitty || has(f->term, "kitty") || has(f->term, "ghostty") || is(f->program, "ghostty") ||
           is(f->program, "WezTerm");
}

static enum graphics blocks(const struct graphics_facts *f)
{
    int colors = colors_of(f);
    if (!f->unicode || colors < 256)
        return GRAPHICS_ASCII;
    return colors >= TRUECOLOR ? GRAPHICS_BLOCKS : GRAPHICS_BLOCKS_256;
}

enum graphics graphics_choose(const struct graphics_facts *f)
{
    if (is(f->wish, "kitty"))
        return GRAPHICS_KITTY;
    if (is(f->wish, "sixel"))
        return GRAPHICS_SIXEL;
    if (is(f->wish, "ascii"))
        return GRAPHICS_ASCII;
    if (is(f->wish, "blocks") || f->inside || colors_of(f) == 0)
        return blocks(f);
    if (speaks_kitty(f))
        return GRAPHICS_KITTY;
    return f->sixel ? GRAPHICS_SIXEL : blocks(f);
}

bool graphics_worth_asking(const struct graphics_facts *f)
{
    static const char *const silent[] = {"dumb", "linux", "vt", "cons", "ansi"};
    struct graphics_facts with = *f;
    with.sixel = true;
    if (f->sixel || !f->term || !*f->term || graphics_choose(&with) == graphics_choose(f))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(silent); i++)
        if (begins(f->term, silent[i]))
            return false;
    return true;
}

int graphics_answer(const char *bytes, size_t len)
{
    static const char start[] = "\033[?";
    const char *at = memmem(bytes, len, start, sizeof start - 1), *end = bytes + len;
    if (!at)
        return -1;
    int number = 0, sixel = 0;
    for (at += sizeof start - 1; at < end; at++) {
        if (*at >= '0' && *at <= '9') {
            number = number < 10000 ? number * 10 + *at - '0' : number;
        } else if (*at == ';' || *at == 'c') {
            sixel = sixel || number == 4;
            number = 0;
            if (*at == 'c')
                return sixel;
        } else {
            return -1;
        }
    }
    return -1;
}

/* The answer as far as it comes in time. */
static int read_answer(int fd, int timeout_ms)
{
    char bytes[ANSWER_MAX];
    size_t len = 0;
    int64_t until = clock_mono_ms() + timeout_ms;
    while (len < sizeof bytes) {
        int64_t left = until - clock_mono_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            return -1;
        ssize_t n = read(fd, bytes + len, sizeof bytes - len);
        if (n <= 0)
            return -1;
        len += (size_t)n;
        int answer = graphics_answer(bytes, len);
        if (answer >= 0)
            return answer;
    }
    return -1;
}

bool graphics_ask(int timeout_ms)
{
    struct termios before, modes;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    int answer = -1;
    /* A background process would be stopped for changing the modes. */
    if (tcgetpgrp(fd) == getpgrp() && tcgetattr(fd, &before) == 0) {
        modes = before;
        modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        modes.c_cc[VMIN] = 1;
        modes.c_cc[VTIME] = 0;
        tcsetattr(fd, TCSANOW, &modes);
        if (write(fd, GRAPHICS_QUESTION, sizeof GRAPHICS_QUESTION - 1) == sizeof GRAPHICS_QUESTION - 1)
            answer = read_answer(fd, timeout_ms);
        tcsetattr(fd, TCSANOW, &before);
    }
    close(fd);
    return answer == 1;
}
