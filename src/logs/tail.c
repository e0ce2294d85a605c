/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/tail.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/mem.h"
#include "logs/follow.h"
#include "logs/watch.h"

/* Between two looks at the file: where the kernel tells of changes, only for what it can't know (network
 * file systems). */
#define POLL_TOLD_MS   2000
#define POLL_UNTOLD_MS 250
#define POLL_SHUT_MS   1000 /* there is nothing to read, and nobody tells when there is */
/* After news, wait for more of it: a writer of single lines must not cost a round each. */
#define GATHER_MS 20
/* How long tail_free() waits for a thread that waits for a disk. */
#define FREE_WAIT_S 1
/* However many lines were asked for. */
#define MOST_BYTES (16u << 20)

struct tail {
    pthread_t thread;
    int notify, wake; /* eventfds: to the reader of lines, to the thread */
    struct watch watch;

    pthread_mutex_t lock;
    bool stop, abandoned;
    char *path;          /* to follow; NULL none */
    uint64_t generation; /* counts tail_follow() */
    char **ring;
    size_t cap, len, first, bytes;
    uint64_t next_number, dropped, version;
    bool at_end;
    char *unfinished; /* the last line, still without its newline; NULL for none */
    char *problem;

    uint64_t reading;     /* the thread's own: the generation it reads for */
    struct follow follow; /* the thread's own */
};

static void ring_drop_oldest(struct tail *t)
{
    char *line = t->ring[t->first];
    t->bytes -= strlen(line);
    free(line);
    t->ring[t->first] = NULL;
    t->first = (t->first + 1) % t->cap;
    t->len--;
}

static void ring_clear(struct tail *t)
{
    while (t->len > 0)
        ring_drop_oldest(t);
    t->dropped = 0;
    t->at_end = false;
    free(t->unfinished);
    t->unfinished = NULL;
    free(t->problem);
    t->problem = NULL;
}

static void signal_fd(int fd)
{
    uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof one);
    (void)n; /* Full means that it is readable already. */
}

static void drain(int fd)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof count);
    (void)n;
}

/* ---- the thread ---- */

/* follow's `take`: a complete line. Lines that come after the user went to another file are dropped. */
static void take_line(void *ctx, char *text)
{
    struct tail *t = ctx;
    pthread_mutex_lock(&t->lock);
    if (t->generation == t->reading) {
        size_t size = strlen(text);
        while (t->len > 0 && (t->len == t->cap || t->bytes + size > MOST_BYTES)) {
            ring_drop_oldest(t);
            t->dropped++;
        }
        t->ring[(t->first + t->len++) % t->cap] = text;
        t->bytes += size;
        t->next_number++;
        t->version++;
        text = NULL;
    }
    pthread_mutex_unlock(&t->lock);
    free(text);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Puts a copy of `text` (NULL allowed) in *slot; true when that changed anything. */
static bool update(char **slot, const char *text)
{
    if (same(*slot, text))
        return false;
    free(*slot);
    *slot = xstrdup(text);
    return true;
}

/* The state beside the lines: what has no newline yet, and what is wrong. Tells the reader when anything is
 * new since `version`; returns the version now. */
static uint64_t publish(struct tail *t, uint64_t version, bool at_end)
{
    pthread_mutex_lock(&t->lock);
    if (t->generation == t->reading) {
        bool news = update(&t->unfinished, t->follow.line.len > 0 ? t->follow.line.s : NULL);
        news = update(&t->problem, t->follow.problem) || news;
        news = news || t->at_end != at_end;
        t->at_end = at_end;
        t->version += news;
    }
    uint64_t now = t->version;
    pthread_mutex_unlock(&t->lock);
    if (now != version)
        signal_fd(t->notify);
    return now;
}

/* Goes over to another file where one was asked for. False when the thread shall end. */
static bool take_orders(struct tail *t)
{
    pthread_mutex_lock(&t->lock);
    bool go_on = !t->stop;
    bool change = t->generation != t->reading;
    char *path = change ? xstrdup(t->path) : NULL;
    t->reading = t->generation;
    pthread_mutex_unlock(&t->lock);
    if (change) {
        if (t->follow.path)
            follow_free(&t->follow);
        if (path)
            follow_init(&t->follow, path, take_line, t);
        else
            watch_path(&t->watch, NULL);
        free(path);
    }
    return go_on;
}

static void wait_for_news(struct tail *t, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = t->wake, .events = POLLIN}, {.fd = t->watch.fd, .events = POLLIN}};
    if (poll(fds, ARRAY_LEN(fds), timeout_ms) <= 0)
        return;
    if (fds[0].revents)
        drain(t->wake);
    if (fds[1].revents) {
        poll(fds, 1, GATHER_MS);
        watch_drain(&t->watch);
    }
}

static void release(struct tail *t)
{
    ring_clear(t);
    if (t->follow.path)
        follow_free(&t->follow);
    watch_free(&t->watch);
    close(t->notify);
    close(t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t->ring);
    free(t->path);
    free(t);
}

static void *run(void *arg)
{
    struct tail *t = arg;
    uint64_t version = 0;
    while (take_orders(t)) {
        int timeout_ms = -1;
        if (t->follow.path) {
            /* Watched before it is read: what comes in between wakes the poll below. */
            bool told = watch_path(&t->watch, t->follow.path);
            bool more = follow_step(&t->follow);
            timeout_ms = told ? POLL_TOLD_MS : t->follow.problem ? POLL_SHUT_MS : POLL_UNTOLD_MS;
            version = publish(t, version, !more);
            if (more)
                continue;
        }
        wait_for_news(t, timeout_ms);
    }
    pthread_mutex_lock(&t->lock);
    bool abandoned = t->abandoned;
    t->abandoned = true;
    pthread_mutex_unlock(&t->lock);
    if (abandoned)
        release(t);
    return NULL;
}

/* ---- the outside ---- */

struct tail *tail_new(size_t max_lines)
{
    struct tail *t = xcalloc(1, sizeof *t);
    sigset_t all, old;
    t->cap = max_lines > 0 ? max_lines : 1;
    t->next_number = 1;
    t->ring = xcalloc(t->cap, sizeof *t->ring);
    t->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (t->notify < 0 || t->wake < 0)
        die("no eventfd: %s", strerror(errno));
    t->follow.fd = -1;
    watch_init(&t->watch);
    pthread_mutex_init(&t->lock, NULL);
    /* Signals are the screen's business. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&t->thread, NULL, run, t);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failed)
        die("no thread: %s", strerror(failed));
    return t;
}

void tail_free(struct tail *t)
{
    if (!t)
        return;
    struct timespec until;
    pthread_t thread = t->thread;
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_mutex_unlock(&t->lock);
    signal_fd(t->wake);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += FREE_WAIT_S;
    if (pthread_timedjoin_np(thread, NULL, &until) == 0) {
        release(t);
        return;
    }
    /* It hangs in a read from a dead disk or server: it cleans up itself, should it ever come back. */
    pthread_detach(thread);
    pthread_mutex_lock(&t->lock);
    bool ended = t->abandoned;
    t->abandoned = true;
    pthread_mutex_unlock(&t->lock);
    if (ended)
        release(t);
}

void tail_follow(struct tail *t, const char *path)
{
    pthread_mutex_lock(&t->lock);
    bool change = !same(t->path, path);
    if (change) {
        free(t->path);
        t->path = xstrdup(path);
        t->generation++;
        t->version++;
        /* The line begun may have been seen under its number. */
        t->next_number += t->unfinished != NULL;
        ring_clear(t);
    }
    pthread_mutex_unlock(&t->lock);
    if (change)
        signal_fd(t->wake);
}

int tail_fd(const struct tail *t)
{
    return t->notify;
}

void tail_drain_fd(struct tail *t)
{
    drain(t->notify);
}

void tail_view(struct tail *t, size_t max, struct tail_view *out)
{
    *out = (struct tail_view){0};
    pthread_mutex_lock(&t->lock);
    size_t have = t->len + (t->unfinished != NULL);
    size_t n = max > 0 && max < have ? max : have;
    out->lines = xcalloc(n, sizeof *out->lines);
    out->n = n;
    for (size_t i = 0; i < n; i++) {
        size_t at = have - n + i; /* from the oldest */
        out->lines[i].number = t->next_number - t->len + at;
        out->lines[i].text = xstrdup(at < t->len ? t->ring[(t->first + at) % t->cap] : t->unfinished);
    }
    out->dropped = t->dropped;
    out->at_end = t->at_end;
    out->problem = xstrdup(t->problem);
    out->version = t->version;
    pthread_mutex_unlock(&t->lock);
}

void tail_view_clear(struct tail_view *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->lines[i].text);
    free(v->lines);
    free(v->problem);
    *v = (struct tail_view){0};
}

uint64_t tail_version(struct tail *t)
{
    pthread_mutex_lock(&t->lock);
    uint64_t version = t->version;
    pthread_mutex_unlock(&t->lock);
    return version;
}
