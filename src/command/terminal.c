/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "command/terminal_modes.h"

#define LOOK_MS 250

struct lending {
    const struct terminal_loan *loan;
    bool keyboard;     /* standard input is a terminal */
    int to_guest;      /* -1: closed */
    int64_t silent_ms; /* monotonic: since when */
    char typed[1024];
    size_t typed_len;
    bool input_over; /* of a file or pipe */
    bool over;
    enum terminal_end end;
};

/* What the handlers need. */
static struct {
    atomic_int taken;
    bool keyboard;
    struct termios modes, raw;
    struct terminal_modes screen;
    int pipe[2];
    volatile sig_atomic_t signal, stop, resumed;
} lent = {.pipe = {-1, -1}};

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
static const int pauses[] = {SIGTSTP, SIGCONT};
static struct sigaction ends_before[ARRAY_LEN(ends)], crashes_before[ARRAY_LEN(crashes)],
    pauses_before[ARRAY_LEN(pauses)];
static die_hook *hook_before;

/* ---- taking and giving back; only async-signal-safe calls ---- */

static void give_back(void)
{
    char reset[TERMINAL_RESET_MAX];
    if (!atomic_exchange(&lent.taken, 0))
        return;
    size_t len = terminal_modes_reset(&lent.screen, reset);
    ssize_t n = isatty(STDOUT_FILENO) ? write(STDOUT_FILENO, reset, len) : 0;
    (void)n; /* nothing can be done about a terminal that is gone */
    /* Answers of the terminal to the guest's questions are nobody's input any more. */
    while (lent.keyboard && tcsetattr(STDIN_FILENO, TCSAFLUSH, &lent.modes) != 0 && errno == EINTR)
        ;
}

static void take(void)
{
    if (lent.keyboard)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &lent.raw);
    atomic_store(&lent.taken, 1);
}

static void wake_up(void)
{
    ssize_t n = write(lent.pipe[1], "", 1);
    (void)n; /* full: it wakes up already */
}

static void on_end(int sig)
{
    int saved = errno;
    lent.signal = sig;
    wake_up();
    errno = saved;
}

static void on_pause(int sig)
{
    int saved = errno;
    if (sig == SIGTSTP)
        lent.stop = 1;
    else
        lent.resumed = 1;
    wake_up();
    errno = saved;
}

static void on_crash(int sig)
{
    give_back();
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
        if (crashes[i] == sig)
            sigaction(sig, &crashes_before[i], NULL);
    raise(sig);
}

static void watch(const int *signals, size_t n, void (*handler)(int), int flags, struct sigaction *before)
{
    struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};
    sigfillset(&sa.sa_mask);
    for (size_t i = 0; i < n; i++) {
        /* nohup and background jobs of scripts have some ignored, and mean it. */
        if (sigaction(signals[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &sa, NULL);
    }
}

static void unwatch(const int *signals, size_t n, const struct sigaction *before)
{
    for (size_t i = 0; i < n; i++)
        sigaction(signals[i], &before[i], NULL);
}

static void set_raw(void)
{
    tcgetattr(STDIN_FILENO, &lent.modes);
    lent.raw = lent.modes;
    cfmakeraw(&lent.raw);
    lent.raw.c_cc[VMIN] = 1;
    lent.raw.c_cc[VTIME] = 0;
}

static void begin(const struct lending *l)
{
    lent.signal = lent.stop = lent.resumed = 0;
    lent.screen = (struct terminal_modes){0};
    lent.keyboard = l->keyboard;
    if (pipe2(lent.pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        die("pipe: %s", strerror(errno));
    /* Without SA_RESTART: a write to a terminal that has stalled must not outlast them. */
    watch(ends, ARRAY_LEN(ends), on_end, 0, ends_before);
    watch(crashes, ARRAY_LEN(crashes), on_crash, SA_ONSTACK | SA_NODEFER, crashes_before);
    if (l->keyboard) {
        watch(pauses, ARRAY_LEN(pauses), on_pause, 0, pauses_before);
        set_raw();
    }
    hook_before = die_set_hook(give_back);
    take();
}

static void end(const struct lending *l)
{
    give_back();
    die_set_hook(hook_before);
    if (l->keyboard)
        unwatch(pauses, ARRAY_LEN(pauses), pauses_before);
    unwatch(crashes, ARRAY_LEN(crashes), crashes_before);
    unwatch(ends, ARRAY_LEN(ends), ends_before);
    close(lent.pipe[0]);
    close(lent.pipe[1]);
    lent.pipe[0] = lent.pipe[1] = -1;
    if (lent.signal)
        raise(lent.signal);
}

/* Stopped from outside: in raw mode ^Z is the guest's. */
static void pause_here(void)
{
    lent.stop = 0;
    give_back();
    raise(SIGSTOP);
    take();
}

/* ---- moving bytes ---- */

static void finish(struct lending *l, enum terminal_end how)
{
    if (!l->over)
        l->end = how;
    l->over = true;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EAGAIN) {
            /* Somebody who shares the terminal made it so. */
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            n = poll(&p, 1, LOOK_MS) < 0 ? -1 : 0;
        }
        if (n < 0 && (errno != EINTR || lent.signal))
            return false;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return true;
}

static void take_from_guest(struct lending *l)
{
    char buf[8192];
    ssize_t n = read(l->loan->from_guest, buf, sizeof buf);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        finish(l, TERMINAL_CLOSED);
    if (n <= 0)
        return;
    l->silent_ms = clock_mono_ms();
    terminal_modes_feed(&lent.screen, buf, (size_t)n);
    if (l->loan->tee >= 0) {
        ssize_t kept = write(l->loan->tee, buf, (size_t)n);
        (void)kept; /* what does not fit is not kept */
    }
    if (!write_all(STDOUT_FILENO, buf, (size_t)n) && !lent.signal)
        finish(l, TERMINAL_GONE);
}

/* The silence counts from when all of the input was taken out of the pipe: it does not end with its tail in
 * there. */
static void close_typed(struct lending *l)
{
    int left = 0;
    if (!l->input_over || l->to_guest < 0 || l->typed_len ||
        (ioctl(l->to_guest, FIONREAD, &left) == 0 && left > 0))
        return;
    close(l->to_guest);
    l->to_guest = -1;
    l->silent_ms = clock_mono_ms();
}

static void take_typed(struct lending *l)
{
    ssize_t n = read(STDIN_FILENO, l->typed, sizeof l->typed);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        if (l->keyboard)
            finish(l, TERMINAL_GONE);
        else
            l->input_over = true;
        return;
    }
    char *escape = l->keyboard ? memchr(l->typed, l->loan->escape, (size_t)n) : NULL;
    if (escape)
        finish(l, TERMINAL_LEFT);
    l->typed_len = escape ? (size_t)(escape - l->typed) : (size_t)n;
}

static void pass_on(struct lending *l)
{
    if (!l->typed_len)
        return;
    ssize_t n = l->to_guest < 0 ? -1 : write(l->to_guest, l->typed, l->typed_len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR) && l->to_guest >= 0)
        return;
    if (n < 0) /* the guest's side has closed: its end is told by what comes from it */
        n = (ssize_t)l->typed_len;
    l->typed_len -= (size_t)n;
    memmove(l->typed, l->typed + n, l->typed_len);
}

static void look_at_signals(struct lending *l)
{
    char some[64];
    while (read(lent.pipe[0], some, sizeof some) > 0)
        ;
    if (lent.signal) {
        finish(l, TERMINAL_SIGNAL);
    } else if (lent.stop) {
        pause_here();
    } else if (lent.resumed && l->keyboard) {
        /* Whoever stopped us has changed the modes. */
        lent.resumed = 0;
        take();
    }
}

static bool has_lingered(const struct lending *l)
{
    return l->to_guest < 0 && !l->typed_len &&
           (double)(clock_mono_ms() - l->silent_ms) >= l->loan->linger_s * 1000;
}

static int poll_ms(const struct lending *l)
{
    if (l->to_guest >= 0)
        return LOOK_MS;
    double left = l->loan->linger_s * 1000 - (double)(clock_mono_ms() - l->silent_ms);
    return left < 1 ? 1 : left > LOOK_MS ? LOOK_MS : (int)left;
}

static void turn(struct lending *l)
{
    bool reads = l->to_guest >= 0 && !l->input_over && !l->typed_len;
    struct pollfd fds[] = {{.fd = lent.pipe[0], .events = POLLIN},
                           {.fd = reads ? STDIN_FILENO : -1, .events = POLLIN},
                           {.fd = l->loan->from_guest, .events = POLLIN},
                           {.fd = l->typed_len ? l->to_guest : -1, .events = POLLOUT},
                           {.fd = l->loan->fd, .events = POLLIN}};
    int n = poll(fds, ARRAY_LEN(fds), poll_ms(l));
    look_at_signals(l);
    if (n > 0 && fds[1].revents)
        take_typed(l);
    pass_on(l);
    close_typed(l);
    if (n > 0 && fds[2].revents && !l->over)
        take_from_guest(l);
    if (l->loan->turn && (n == 0 || fds[4].revents))
        l->loan->turn(l->loan->ctx);
    if (has_lingered(l))
        finish(l, TERMINAL_LEFT);
}

enum terminal_end terminal_lend(const struct terminal_loan *loan)
{
    struct lending l = {.loan = loan,
                        .keyboard = isatty(STDIN_FILENO),
                        .to_guest = loan->to_guest,
                        .silent_ms = clock_mono_ms()};
    if (loan->greeting) {
        char *shown = text_escaped(loan->greeting);
        fprintf(stderr, "%s\n", shown);
        free(shown);
    }
    begin(&l);
    while (!l.over)
        turn(&l);
    if (l.to_guest >= 0)
        close(l.to_guest);
    end(&l);
    return l.end;
}

bool terminal_key_read(const char *word, int *key, struct error *e)
{
    size_t len = strlen(word);
    int byte = (unsigned char)word[len ? len - 1 : 0];
    if (len == 1 && byte >= ' ' && byte < 0x7f)
        *key = byte;
    else if (len == 2 && word[0] == '^' && byte == '?')
        *key = 0x7f;
    else if (len == 2 && word[0] == '^' && ((byte >= '@' && byte <= '_') || (byte >= 'a' && byte <= 'z')))
        *key = byte & 0x1f;
    else
        return error_set(e, STATUS_USAGE, "\"%s\" is no key: give one as ^] or ^A, or a single character",
                         word);
    return true;
}
