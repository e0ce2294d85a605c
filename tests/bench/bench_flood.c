/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Types into a full-screen program while a log that it shows is flooded, and measures how long each letter
 * takes.
 *
 *   bench_flood [-t SECONDS] [-r LINES] [-s COLSxROWS] -w TEXT -k KEYS -f FILE -- COMMAND…
 *
 * Waits until the screen shows TEXT, sends KEYS (which have to lead to where letters are typed; "\r" is
 * Enter) and has a process of its own write LINES a second into FILE, which it rolls to FILE.0 at 2 MiB as
 * virtlogd does. Prints, one "name value" a line: keys, key_ms percentiles (letter written to the end of the
 * frame that has it), lines (written altogether), seconds, rss_kib before the flood and the most during it.
 * Letters are such that no line has and no escape sequence ends with.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/bench/measure.h"

#define QUIET_MS    3 /* a frame is over when nothing came for this long */
#define DEADLINE_MS 30000
#define SLICES      100 /* a second's lines are written in so many goes */
#define ROLL_BYTES  (2 << 20)
#define KEY_EVERY   20 /* ms */
#define WORD        40 /* letters, before they are cleared */
#define MOST_KEYS   100000

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void wait_until(double ms)
{
    for (double left; (left = ms - now_ms()) > 0;)
        poll(NULL, 0, (int)left + 1);
}

/* ---- the flood ---- */

static bool roll(const char *path, int *fd)
{
    char rolled[4096];
    snprintf(rolled, sizeof rolled, "%s.0", path);
    rename(path, rolled);
    close(*fd);
    *fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    return *fd >= 0;
}

_Noreturn static void flood(const char *path, long rate, volatile long *lines)
{
    static char buf[1 << 20];
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    off_t size = 0;
    if (fd < 0)
        _exit(1);
    for (double next = now_ms();; next += 1000.0 / SLICES) {
        size_t len = 0;
        for (long i = 0; i < rate / SLICES && len < sizeof buf - 128; i++, ++*lines)
            len += (size_t)snprintf(buf + len, sizeof buf - len,
                                    "line %ld of a guest that has much to say and says it at once\n", *lines);
        if (write(fd, buf, len) != (ssize_t)len)
            _exit(1);
        size += (off_t)len;
        if (size >= ROLL_BYTES) {
            size = 0;
            if (!roll(path, &fd))
                _exit(1);
        }
        wait_until(next + 1000.0 / SLICES);
    }
}

/* ---- the screen ---- */

static char screen[1 << 20];
static size_t screen_len;

static bool read_some(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, wait_ms) <= 0)
        return false;
    if (screen_len > sizeof screen / 2)
        screen_len = 0;
    ssize_t n = read(fd, screen + screen_len, sizeof screen - screen_len - 1);
    screen_len += n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool wait_text(int fd, const char *text)
{
    for (double until = now_ms() + DEADLINE_MS; now_ms() < until;)
        if (read_some(fd, 100) && memmem(screen, screen_len, text, strlen(text)))
            return true;
    return false;
}

/* How long until the frame is complete that has this letter; negative: it never came. */
static double type(int fd, char letter)
{
    screen_len = 0;
    double begin = now_ms(), last = -1;
    if (write(fd, &letter, 1) != 1)
        return -1;
    while (now_ms() - begin < DEADLINE_MS) {
        bool there = memchr(screen, letter, screen_len) != NULL;
        if (read_some(fd, there ? QUIET_MS : 1000))
            last = now_ms();
        else if (there)
            return last - begin;
    }
    return -1;
}

static int type_for(int fd, pid_t pid, double seconds, double *ms, long *most_kib)
{
    static const char letters[] = "QWYU";
    int n = 0;
    for (double until = now_ms() + seconds * 1000; now_ms() < until && n < MOST_KEYS;) {
        double took = type(fd, letters[n % 4]);
        if (took < 0)
            return -1;
        ms[n++] = took;
        if (n % WORD == 0) {
            long kib = rss_kib(pid);
            *most_kib = kib > *most_kib ? kib : *most_kib;
            if (write(fd, "\x15", 1) != 1)
                return -1;
        }
        for (double next = now_ms() + KEY_EVERY; now_ms() < next;)
            read_some(fd, QUIET_MS);
    }
    return n;
}

int main(int argc, char **argv)
{
    double seconds = 60;
    long rate = 100000;
    unsigned short cols = 120, rows = 36;
    const char *text = "", *keys = "", *file = NULL;
    int opt, fd;
    while ((opt = getopt(argc, argv, "+t:r:s:w:k:f:")) != -1)
        switch (opt) {
        case 't':
            seconds = atof(optarg);
            break;
        case 'r':
            rate = atol(optarg);
            break;
        case 's':
            sscanf(optarg, "%hux%hu", &cols, &rows);
            break;
        case 'w':
            text = optarg;
            break;
        case 'k':
            keys = optarg;
            break;
        case 'f':
            file = optarg;
            break;
        default:
            return 2;
        }
    volatile long *lines =
        mmap(NULL, sizeof *lines, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double *ms = calloc(MOST_KEYS, sizeof *ms);
    if (!file || !ms || lines == MAP_FAILED)
        return 2;
    struct winsize size = {.ws_col = cols, .ws_row = rows};
    pid_t pid = forkpty(&fd, NULL, NULL, &size);
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        execvp(argv[optind], argv + optind);
        _exit(127);
    }
    if (!wait_text(fd, text))
        fprintf(stderr, "bench_flood: the screen does not show \"%s\"\n", text);
    for (const char *k = keys; *k; k++) {
        if (write(fd, k, 1) != 1)
            break;
        while (read_some(fd, 200))
            ;
    }
    long before = rss_kib(pid), most = before;
    pid_t writer = fork();
    if (writer == 0)
        flood(file, rate, lines);
    double begin = now_ms();
    int n = type_for(fd, pid, seconds, ms, &most);
    double took = (now_ms() - begin) / 1000;
    bool wrote = waitpid(writer, NULL, WNOHANG) == 0;
    kill(writer, SIGKILL);
    qsort(ms, n > 0 ? (size_t)n : 0, sizeof *ms, compare);
    if (n > 0)
        printf("keys %d\nkey_ms_median %.2f\nkey_ms_p99 %.2f\nkey_ms_max %.2f\nlines %ld\nseconds %.1f\n"
               "before_kib %ld\nmost_kib %ld\n",
               n, percentile(ms, n, 50), percentile(ms, n, 99), ms[n - 1], *lines, took, before, most);
    kill(pid, SIGKILL);
    return n > 0 && wrote ? 0 : 1;
}
