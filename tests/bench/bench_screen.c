/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs a full-screen program on a pseudo-terminal and measures what its user would feel.
 *
 *   bench_screen [-n KEYS] [-s COLSxROWS] [-w TEXT] [-p PID] -- COMMAND…
 *
 * Prints, one "name value" a line: first_frame_ms (exec to the end of the first painted frame), key_ms
 * percentiles (key written to the last byte of the frame it caused), bytes_per_key (median), rss_kib (after
 * the keys). -w: waits until the screen shows TEXT before the keys. -p: stops that process (SIGSTOP) before
 * the keys and lets it go on after.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/bench/measure.h"

/* A frame is over when nothing came for this long: the program writes it in one go. */
#define QUIET_MS    3
#define DEADLINE_MS 30000

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static char screen[1 << 20];
static size_t screen_len;

/* Reads one chunk within `wait_ms`; returns its length, 0 when none came. */
static size_t read_some(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, wait_ms) <= 0)
        return 0;
    if (screen_len > sizeof screen / 2)
        screen_len = 0;
    ssize_t n = read(fd, screen + screen_len, sizeof screen - screen_len - 1);
    if (n <= 0)
        return 0;
    screen_len += (size_t)n;
    return (size_t)n;
}

/* Reads one frame. Returns when its last byte came (0: nothing came), adds its bytes to *bytes. */
static double read_frame(int fd, size_t *bytes)
{
    double last = 0;
    for (int wait = DEADLINE_MS;; wait = QUIET_MS) {
        size_t n = read_some(fd, wait);
        if (!n)
            return last;
        last = now_ms();
        *bytes += n;
    }
}

int main(int argc, char **argv)
{
    int keys = 500, opt, fd;
    unsigned short cols = 120, rows = 36;
    const char *wait_text = NULL;
    pid_t stop = 0;
    while ((opt = getopt(argc, argv, "+n:s:w:p:")) != -1)
        switch (opt) {
        case 'n':
            keys = atoi(optarg);
            break;
        case 's':
            sscanf(optarg, "%hux%hu", &cols, &rows);
            break;
        case 'w':
            wait_text = optarg;
            break;
        case 'p':
            stop = (pid_t)atoi(optarg);
            break;
        default:
            return 2;
        }
    struct winsize size = {.ws_col = cols, .ws_row = rows};
    double start = now_ms();
    pid_t pid = forkpty(&fd, NULL, NULL, &size);
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        execvp(argv[optind], argv + optind);
        _exit(127);
    }
    size_t bytes = 0;
    double first = read_frame(fd, &bytes) - start;
    double until = now_ms() + DEADLINE_MS;
    while (wait_text && now_ms() < until && !memmem(screen, screen_len, wait_text, strlen(wait_text)))
        read_some(fd, 100);
    for (double settle = now_ms() + 2500; now_ms() < settle;) /* definitions and first figures come in */
        read_some(fd, 50);
    if (stop)
        kill(stop, SIGSTOP);
    double *ms = calloc((size_t)keys, sizeof *ms), *sent = calloc((size_t)keys, sizeof *sent);
    int n = 0;
    for (int i = 0; i < keys; i++) {
        size_t frame = 0;
        while (read_some(fd, QUIET_MS))
            ; /* a frame that a tick caused */
        double t = now_ms();
        /* Down for a while, then up: the list scrolls, the selection moves. */
        if (write(fd, i / 60 % 2 ? "k" : "j", 1) != 1)
            break;
        double end = read_frame(fd, &frame);
        if (!end)
            break;
        ms[n] = end - t;
        sent[n++] = (double)frame;
    }
    if (stop)
        kill(stop, SIGCONT);
    qsort(ms, (size_t)n, sizeof *ms, compare);
    qsort(sent, (size_t)n, sizeof *sent, compare);
    printf("first_frame_ms %.1f\nkeys %d\n", first, n);
    if (n)
        printf("key_ms_median %.2f\nkey_ms_p99 %.2f\nkey_ms_max %.2f\nbytes_per_key %.0f\n",
               percentile(ms, n, 50), percentile(ms, n, 99), ms[n - 1], percentile(sent, n, 50));
    printf("rss_kib %ld\n", rss_kib(pid));
    if (write(fd, "q", 1) == 1)
        for (double end = now_ms() + 2000; now_ms() < end && waitpid(pid, NULL, WNOHANG) == 0;)
            read_some(fd, 20);
    kill(pid, SIGKILL);
    return n == keys ? 0 : 1;
}
