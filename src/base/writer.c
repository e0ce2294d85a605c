/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/file.h"
#include "base/vec.h"

/* A disk that hangs must not cost memory without end. */
#define MOST_WAITING 8192

struct piece {
    struct writer_work work;
    const char *replaces; /* the path, where a later piece may take this one's place; inside work.arg */
    bool ok;
    struct error error;
    struct piece *next;
};

struct line {
    struct piece *first, **end;
};

struct writer {
    int notify; /* eventfd: to the owner */
    pthread_t thread;
    bool started; /* the owner's own */

    pthread_mutex_t lock;
    pthread_cond_t wake, idle; /* to the thread; to the owner in writer_finish() */
    bool stop, abandoned, busy;
    size_t n_waiting;
    struct line waiting, done;
};

static void line_add(struct line *l, struct piece *p)
{
    p->next = NULL;
    *l->end = p;
    l->end = &p->next;
}

static struct piece *line_take(struct line *l)
{
    struct piece *p = l->first;
    l->first = p->next;
    if (!l->first)
        l->end = &l->first;
    return p;
}

static void piece_free(struct piece *p)
{
    if (p->work.free)
        p->work.free(p->work.arg);
    error_clear(&p->error);
    free(p);
}

static void destroy(struct writer *w)
{
    while (w->done.first)
        piece_free(line_take(&w->done));
    pthread_cond_destroy(&w->idle);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    close(w->notify);
    free(w);
}

/* ---- the thread ---- */

static void *run(void *arg)
{
    struct writer *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->waiting.first && !w->stop)
            pthread_cond_wait(&w->wake, &w->lock);
        if (!w->waiting.first)
            break;
        struct piece *p = line_take(&w->waiting);
        w->n_waiting--;
        w->busy = true;
        pthread_mutex_unlock(&w->lock);
        p->ok = p->work.run(p->work.arg, &p->error);
        pthread_mutex_lock(&w->lock);
        w->busy = false;
        line_add(&w->done, p);
        uint64_t one = 1;
        ssize_t n = write(w->notify, &one, sizeof one);
        (void)n; /* Full means that it is readable already. */
        pthread_cond_signal(&w->idle);
    }
    bool abandoned = w->abandoned;
    pthread_mutex_unlock(&w->lock);
    if (abandoned)
        destroy(w);
    return NULL;
}

/* ---- the owner ---- */

struct writer *writer_new(void)
{
    struct writer *w = xcalloc(1, sizeof *w);
    pthread_condattr_t monotonic;
    w->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->notify < 0)
        die("no eventfd: %s", strerror(errno));
    w->waiting.end = &w->waiting.first;
    w->done.end = &w->done.first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, NULL);
    pthread_cond_init(&w->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return w;
}

int writer_fd(const struct writer *w)
{
    return w ? w->notify : -1;
}

static void start(struct writer *w)
{
    sigset_t all, old;
    /* Signals are the screen's business. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&w->thread, NULL, run, w);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failed)
        die("no thread to write files: %s", strerror(failed));
    w->started = true;
}

/* Its outcome, to whom it may concern; the end of the piece. */
static void tell(struct piece *p)
{
    if (p->work.done)
        p->work.done(p->work.ctx, p->ok ? NULL : &p->error);
    piece_free(p);
}

/* A waiting piece that `path` makes needless, out of the line; NULL: none. Under the lock. */
static struct piece *take_superseded(struct writer *w, const char *path)
{
    for (struct piece **at = &w->waiting.first; *at; at = &(*at)->next) {
        struct piece *p = *at;
        if (!p->replaces || strcmp(p->replaces, path) != 0)
            continue;
        *at = p->next;
        if (!p->next)
            w->waiting.end = at;
        w->n_waiting--;
        return p;
    }
    return NULL;
}

static void add(struct writer *w, const struct writer_work *work, const char *replaces)
{
    struct piece *p = xcalloc(1, sizeof *p), *old = NULL;
    *p = (struct piece){.work = *work, .replaces = replaces, .error = ERROR_INIT};
    if (!w) {
        p->ok = work->run(work->arg, &p->error);
        tell(p);
        return;
    }
    if (!w->started)
        start(w);
    pthread_mutex_lock(&w->lock);
    if (replaces)
        old = take_superseded(w, replaces);
    /* What nobody is told of can't be refused: it may be what ends the use of something. */
    bool room = w->n_waiting < MOST_WAITING || !work->done;
    if (room) {
        line_add(&w->waiting, p);
        w->n_waiting++;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    if (old) {
        old->work.done = NULL;
        tell(old);
    }
    if (!room) {
        error_set(&p->error, STATUS_FAILED, "the disk is too slow: %d writes wait for it already",
                  MOST_WAITING);
        tell(p);
    }
}

void writer_do(struct writer *w, const struct writer_work *work)
{
    add(w, work, NULL);
}

struct replacement {
    char *path, *data;
    size_t len;
    mode_t mode;
};

static bool replace_run(void *arg, struct error *e)
{
    struct replacement *r = arg;
    return file_write(r->path, r->data, r->len, r->mode, e);
}

static void replace_free(void *arg)
{
    struct replacement *r = arg;
    free(r->path);
    free(r->data);
    free(r);
}

void writer_replace(struct writer *w, const char *path, char *data, size_t len, mode_t mode, writer_done done,
                    void *ctx)
{
    struct replacement *r = xcalloc(1, sizeof *r);
    *r = (struct replacement){xstrdup(path), data, len, mode};
    struct writer_work work = {replace_run, replace_free, r, done, ctx};
    add(w, &work, r->path);
}

void writer_deliver(struct writer *w)
{
    if (!w)
        return;
    uint64_t count;
    ssize_t n = read(w->notify, &count, sizeof count);
    (void)n;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        struct piece *p = w->done.first ? line_take(&w->done) : NULL;
        pthread_mutex_unlock(&w->lock);
        if (!p)
            return;
        tell(p);
    }
}

static struct timespec deadline(int timeout_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += (timeout_ms % 1000) * 1000000L;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Under the lock. */
static bool is_idle(const struct writer *w)
{
    return !w->waiting.first && !w->busy;
}

/* Under the lock. False: not in time. */
static bool wait_until_idle(struct writer *w, const struct timespec *until)
{
    int result = 0;
    while (!is_idle(w) && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&w->idle, &w->lock, until);
    return is_idle(w);
}

bool writer_finish(struct writer *w, int timeout_ms)
{
    if (!w)
        return true;
    struct timespec until = deadline(timeout_ms);
    pthread_mutex_lock(&w->lock);
    bool in_time = wait_until_idle(w, &until);
    while (in_time && w->done.first) {
        pthread_mutex_unlock(&w->lock);
        writer_deliver(w); /* who is told may give more work */
        pthread_mutex_lock(&w->lock);
        in_time = wait_until_idle(w, &until);
    }
    w->stop = true;
    w->abandoned = !in_time;
    pthread_cond_signal(&w->wake);
    if (w->abandoned)
        pthread_detach(w->thread);
    pthread_mutex_unlock(&w->lock);
    if (!in_time)
        return false;
    if (w->started)
        pthread_join(w->thread, NULL);
    destroy(w);
    return true;
}
