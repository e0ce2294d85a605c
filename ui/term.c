/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Taking the terminal, showing the canvas, and giving the terminal back whatever happens.
 */
#include <curses.h>
#include "ui/term_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#define OUT_FD       STDOUT_FILENO
#define IN_FD        STDIN_FILENO
#define ESC_DELAY_MS 25
#define USUAL_CELL_W 8
#define USUAL_CELL_H 16
#define WIDTH_MAX    2000 /* a window said to be larger is a mistake or malice */
#define HEIGHT_MAX   1000
#define PASTE_ON     "\033[?2004h"
#define PASTE_OFF    "\033[?2004l"
#define MOUSE_OFF    "\033[?1006l\033[?1002l\033[?1000l"

static struct {
    bool open;
    SCREEN *screen;
    char *type; /* what newterm() was given, NULL: $TERM */
    bool unicode, paste_mode;
    int pipe[2];
    struct cell *shown; /* what the terminal shows, shown_w × shown_h */
    int shown_w, shown_h;
    bool all; /* `shown` can't be relied on */
    bool hung_up;
    struct input ahead; /* read by term_pending() */
} term = {.pipe = {-1, -1}};

/* What the crash handler needs: ready before anything can go wrong, touched by nobody else meanwhile. */
static struct {
    atomic_int taken;
    struct termios modes;
    char bytes[512];
    size_t len;
    char stack[64 * 1024];
    stack_t stack_before; /* a sanitizer has one of its own */
} back;

static atomic_int pending_hangup, pending_stop, pending_resize, pending_continue;

static const int watched[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT};
static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
static struct sigaction watched_before[ARRAY_LEN(watched)], crashes_before[ARRAY_LEN(crashes)];

/* Only async-signal-safe calls. */
static void give_back(void)
{
    if (!atomic_exchange(&back.taken, 0))
        return;
    ssize_t n = write(OUT_FD, back.bytes, back.len);
    (void)n; /* nothing can be done about a terminal that is gone */
    tcsetattr(IN_FD, TCSANOW, &back.modes);
}

static void on_crash(int sig)
{
    static const char message[] = "virtdeck crashed; the terminal was given back.\r\n";
    int saved = errno;
    if (atomic_load(&back.taken)) {
        give_back();
        ssize_t n = write(STDERR_FILENO, message, sizeof message - 1);
        (void)n;
    }
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
        if (crashes[i] == sig)
            sigaction(sig, &crashes_before[i], NULL);
    errno = saved;
    raise(sig);
}

static void on_signal(int sig)
{
    int saved = errno;
    atomic_int *flag = sig == SIGWINCH  ? &pending_resize
                       : sig == SIGTSTP ? &pending_stop
                       : sig == SIGCONT ? &pending_continue
                                        : &pending_hangup;
    atomic_store(flag, 1);
    ssize_t n = write(term.pipe[1], "", 1); /* full: the reader is being woken already */
    (void)n;
    errno = saved;
}

static void install_handlers(void)
{
    stack_t stack = {.ss_sp = back.stack, .ss_size = sizeof back.stack};
    sigaltstack(&stack, &back.stack_before); /* a stack that overflowed can't run a handler */
    struct sigaction watch = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction crash = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER};
    sigfillset(&watch.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(watched); i++)
        sigaction(watched[i], &watch, &watched_before[i]);
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
        sigaction(crashes[i], &crash, &crashes_before[i]);
    die_set_hook(give_back);
}

static void remove_handlers(void)
{
    for (size_t i = 0; i < ARRAY_LEN(watched); i++)
        sigaction(watched[i], &watched_before[i], NULL);
    /* A window that closes hangs up more than once; the second time must not cut short the saving of what has
     * to be saved. */
    if (term.hung_up)
        signal(SIGHUP, SIG_IGN);
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
        sigaction(crashes[i], &crashes_before[i], NULL);
    sigaltstack(&back.stack_before, NULL);
    die_set_hook(NULL);
}

/* Terminfo strings carry delays ("$<5>") that only tputs() understands. */
static void add_capability(const char *name)
{
    const char *s = tigetstr(name);
    if (!s || s == (char *)-1)
        return;
    while (*s && back.len + 1 < sizeof back.bytes) {
        const char *end = s[0] == '$' && s[1] == '<' ? strchr(s, '>') : NULL;
        if (end)
            s = end + 1;
        else
            back.bytes[back.len++] = *s++;
    }
}

static void add_bytes(const char *s)
{
    size_t len = strlen(s);
    if (back.len + len >= sizeof back.bytes)
        return;
    memcpy(back.bytes + back.len, s, len);
    back.len += len;
}

static void prepare_give_back(void)
{
    back.len = 0;
    add_bytes(term_picture_rescue());
    if (term_input_mouse())
        add_bytes(MOUSE_OFF);
    if (term.paste_mode)
        add_bytes(PASTE_OFF);
    add_capability("sgr0");
    add_capability("op");
    add_capability("rmkx");
    add_capability("cnorm");
    add_capability("rmcup");
    add_bytes("\r\n");
    atomic_store(&back.taken, 1);
}

static void write_out(const char *s)
{
    fflush(stdout);
    ssize_t n = write(OUT_FD, s, strlen(s));
    (void)n;
}

static int at_most(int n, int max)
{
    return n < max ? n : max;
}

/* Asks the terminal itself: LINES and COLUMNS in the environment may be old. */
static void fit_window(void)
{
    struct winsize size;
    if (ioctl(OUT_FD, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        return;
    int w = at_most(size.ws_col, WIDTH_MAX), h = at_most(size.ws_row, HEIGHT_MAX);
    if (w != COLS || h != LINES)
        resizeterm(h, w);
}

/* Says why there will be no screen; curses itself would end the program. */
static bool check_type(const char *type, struct error *e)
{
    int status = 0;
    if (!isatty(IN_FD) || !isatty(OUT_FD))
        return error_set(
            e, STATUS_FAILED,
            "the screen needs a terminal, and standard input or output is none; name a command, as in "
            "\"virtdeck list\", to do without");
    const char *name = type ? type : getenv("TERM");
    if (!name || !*name)
        return error_set(e, STATUS_FAILED,
                         "TERM is not set: set it to the terminal's type, as in TERM=xterm");
    if (setupterm(name, OUT_FD, &status) != OK)
        return error_set(e, STATUS_FAILED,
                         "the terminal type \"%s\" is unknown here: set TERM to one that is installed, as in "
                         "TERM=xterm or TERM=vt100",
                         name);
    const char *cup = tigetstr("cup");
    bool can = cup && cup != (char *)-1;
    del_curterm(cur_term);
    if (!can)
        return error_set(
            e, STATUS_FAILED,
            "a terminal of type \"%s\" can't put the cursor anywhere; set TERM to what it really is, "
            "or name a command, as in \"virtdeck list\"",
            name);
    return true;
}

static bool open_pipe(struct error *e)
{
    if (pipe2(term.pipe, O_NONBLOCK | O_CLOEXEC) == 0)
        return true;
    return error_set(e, STATUS_FAILED, "can't make a pipe for signals: %s", strerror(errno));
}

static void close_pipe(void)
{
    close(term.pipe[0]);
    close(term.pipe[1]);
    term.pipe[0] = term.pipe[1] = -1;
}

static void set_modes(void)
{
    raw(); /* Ctrl-C and Ctrl-Z are keys */
    noecho();
    nonl();
    set_escdelay(ESC_DELAY_MS);
    typeahead(-1); /* a frame is painted whole, even while keys come faster than frames */
    scrollok(stdscr, FALSE);
    idcok(stdscr, FALSE); /* what is moved would take pictures along, of which curses knows nothing */
}

bool term_open(const struct term_config *config, struct error *e)
{
    if (term.open)
        return true;
    char *type = term_color_type(config);
    if (!check_type(type, e) || !open_pipe(e)) {
        free(type);
        return false;
    }
    tcgetattr(IN_FD, &back.modes);
    term.screen = newterm(type, stdout, stdin);
    if (!term.screen) {
        close_pipe();
        free(type);
        return error_set(e, STATUS_FAILED, "curses can't open a terminal of type \"%s\"", getenv("TERM"));
    }
    term.type = type;
    term.open = term.all = true;
    term.unicode = config->unicode < 0 ? strcmp(nl_langinfo(CODESET), "UTF-8") == 0 : config->unicode > 0;
    set_modes();
    term_color_start(config);
    term_input_start(config->mouse);
    term_picture_start(term.unicode);
    term_picture_wish(config->graphics);
    /* Terminals that know no better ignore it, but a real vt100 prints what it doesn't know. */
    term.paste_mode = strncmp(termname(), "vt", 2) != 0;
    prepare_give_back();
    install_handlers();
    fit_window();
    if (term.paste_mode)
        write_out(PASTE_ON);
    return true;
}

void term_close(void)
{
    if (!term.open)
        return;
    if (atomic_load(&back.taken))
        term_leave();
    remove_handlers();
    term_input_stop();
    term_picture_stop();
    delscreen(term.screen);
    close_pipe();
    free(term.shown);
    free(term.type);
    free(term.ahead.paste);
    memset(&term, 0, sizeof term);
    term.pipe[0] = term.pipe[1] = -1;
}

void term_size(int *w, int *h)
{
    *w = COLS;
    *h = LINES;
}

void term_cell_size(int *w, int *h)
{
    struct winsize size;
    *w = USUAL_CELL_W;
    *h = USUAL_CELL_H;
    if (ioctl(OUT_FD, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0 ||
        size.ws_xpixel < size.ws_col || size.ws_ypixel < size.ws_row)
        return;
    *w = size.ws_xpixel / size.ws_col;
    *h = size.ws_ypixel / size.ws_row;
}

bool term_unicode(void)
{
    return term.unicode;
}

int term_colors(void)
{
    return term_color_count();
}

void term_set_theme(const struct theme *t)
{
    term_color_theme(t);
    term.all = true; /* the cells' roles are the same, their looks are not */
}

static void graphics_changed(void)
{
    term.all = true;
    if (atomic_load(&back.taken))
        prepare_give_back();
}

void term_set_graphics(const char *wish)
{
    if (term.open && term_picture_wish(wish))
        graphics_changed();
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->picture == b->picture && a->role == b->role && a->over == b->over && a->width == b->width &&
           wcscmp(a->ch, b->ch) == 0;
}

static void show_cell(int x, int y, const struct cell *cell)
{
    static const wchar_t unknown[] = L"?";
    unsigned attr;
    short pair;
    cchar_t out;
    if (cell->width == 0)
        return; /* written together with its left half */
    term_color_look((enum role)cell->role, (enum role)cell->over, &attr, &pair);
    bool printable = cell->ch[0] >= 0x20 && wcwidth(cell->ch[0]) == cell->width;
    const wchar_t stand_in[2] = {cell->picture ? term_picture_cell() : 0, 0};
    setcchar(&out, stand_in[0] ? stand_in : printable ? cell->ch : unknown, attr, pair, NULL);
    term_picture_touch(x, y);
    mvwadd_wch(stdscr, y, x, &out); /* reports an error in the last corner, and has written all the same */
}

static void match_shown(int w, int h)
{
    if (term.shown && term.shown_w == w && term.shown_h == h)
        return;
    free(term.shown);
    term.shown = xcalloc((size_t)w * (size_t)h + 1, sizeof *term.shown);
    term.shown_w = w;
    term.shown_h = h;
    term.all = true;
}

static void show_cursor(const struct canvas *c, int w, int h)
{
    bool visible = c->cursor_x >= 0 && c->cursor_y >= 0 && c->cursor_x < w && c->cursor_y < h;
    bool hidden = curs_set(visible ? 1 : 0) != ERR && !visible;
    leaveok(stdscr, hidden); /* nobody sees where it stays: no bytes for it */
    if (visible)
        wmove(stdscr, c->cursor_y, c->cursor_x);
    else if (!hidden)
        wmove(stdscr, h - 1, w - 1);
}

void term_show(const struct canvas *c)
{
    int w = at_most(c->w, COLS), h = at_most(c->h, LINES);
    if (!term.open || w <= 0 || h <= 0)
        return;
    match_shown(w, h);
    if (term_picture_turned())
        graphics_changed();
    if (term.all)
        werase(stdscr);
    for (int y = 0; y < h; y++) {
        const struct cell *now = c->cells + (size_t)y * (size_t)c->w;
        struct cell *before = term.shown + (size_t)y * (size_t)w;
        for (int x = 0; x < w; x++) {
            if (!term.all && same_cell(&now[x], &before[x]))
                continue;
            show_cell(x, y, &now[x]);
            before[x] = now[x];
        }
    }
    term.all = false;
    show_cursor(c, w, h);
    wnoutrefresh(stdscr);
    doupdate();
    term_picture_show(c);
}

void term_redraw(void)
{
    term.all = true;
    if (term.open)
        clearok(curscr, TRUE);
}

int term_input_fd(void)
{
    return IN_FD;
}

int term_signal_fd(void)
{
    return term.pipe[0];
}

static void drain_pipe(void)
{
    char bytes[64];
    while (read(term.pipe[0], bytes, sizeof bytes) > 0)
        continue;
}

/* What signals asked for; false when nothing. */
static bool read_signals(struct input *in)
{
    drain_pipe();
    if (atomic_exchange(&pending_hangup, 0)) {
        *in = (struct input){.type = INPUT_HANGUP};
        term.hung_up = true;
        return true;
    }
    if (atomic_exchange(&pending_stop, 0)) {
        term_suspend();
        *in = (struct input){.type = INPUT_RESIZE};
        return true;
    }
    /* Stopped by SIGSTOP: the shell has set its own modes meanwhile. */
    bool back_again = atomic_exchange(&pending_continue, 0) && atomic_load(&back.taken);
    if (back_again)
        term_return();
    if (!atomic_exchange(&pending_resize, 0) && !back_again)
        return false;
    fit_window();
    term_redraw();
    *in = (struct input){.type = INPUT_RESIZE};
    return true;
}

void term_read(struct input *in)
{
    *in = (struct input){.type = INPUT_NONE};
    if (!term.open || read_signals(in))
        return;
    if (term.ahead.type != INPUT_NONE) {
        *in = term.ahead;
        term.ahead = (struct input){.type = INPUT_NONE};
        return;
    }
    if (!term_input_next(in) && term_input_gone())
        in->type = INPUT_HANGUP;
    term.hung_up = term.hung_up || in->type == INPUT_HANGUP;
}

bool term_pending(void)
{
    if (term.open && term.ahead.type == INPUT_NONE && !term_input_next(&term.ahead))
        term.ahead.type = INPUT_NONE;
    return term.ahead.type != INPUT_NONE;
}

void term_leave(void)
{
    if (!term.open || !atomic_load(&back.taken))
        return;
    term_picture_leave();
    if (term.paste_mode)
        write_out(PASTE_OFF);
    endwin(); /* turns the mouse off, too */
    atomic_store(&back.taken, 0);
}

void term_block(void)
{
    static const int fds[] = {IN_FD, OUT_FD};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        int flags = fcntl(fds[i], F_GETFL);
        if (flags >= 0 && flags & O_NONBLOCK)
            fcntl(fds[i], F_SETFL, flags & ~O_NONBLOCK);
    }
}

void term_return(void)
{
    if (!term.open)
        return;
    term_block();
    atomic_store(&back.taken, 1);
    reset_prog_mode();
    if (term.paste_mode)
        write_out(PASTE_ON);
    fit_window();
    term_redraw();
}

void term_suspend(void)
{
    struct sigaction stop = {.sa_handler = SIG_DFL}, before;
    term_leave();
    sigemptyset(&stop.sa_mask);
    sigaction(SIGTSTP, &stop, &before);
    /* The whole group, as the terminal would: the shell waits for the first of a pipeline or a make. */
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    atomic_store(&pending_continue, 0);
    term_return();
}

void term_beep(void)
{
    if (term.open)
        beep();
}
