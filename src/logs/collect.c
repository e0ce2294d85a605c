/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lock is held to add lines that are ready, some hundred at a time, never to read or to mark them. Who
 * waits for it gets it next, however fast lines come in.
 */
#include "logs/collect.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "logs/reader.h"

#define MAX_LINES 50000
#define MAX_BYTES (8u << 20)
#define MAX_POSTS 10000 /* lines handed over that the thread has not taken yet */
/* After news, wait for more of it: a writer of single lines must not cost a round each. */
#define GATHER_MS 10
#define TELL_MS   15  /* at least, between two times that who looks is woken, while there is more to read */
#define SLICE     500 /* lines added before somebody else may have the lock */
/* How long collector_free() waits for a thread that waits for a disk, and the thread for its programs. */
#define FREE_WAIT_S   1
#define LEAVE_WAIT_MS 400
#define LEAVE_POLL_MS 10

struct slot {
    uint64_t order;   /* counts what was asked for */
    struct feed next; /* to be read from now on, while has_next */
    bool has_next;
    bool older; /* more of what stands above is wanted */
    struct feed_state state;
};

struct post {
    enum line_source source;
    int64_t wall_ms;
    char *text;
    size_t len;
};
typedef VEC(struct post) post_list;

struct collector {
    struct collector_config config, given; /* the first as the readers see it */
    pthread_t thread;
    int notify, wake; /* eventfds: to who looks, to the thread */

    pthread_mutex_t marking; /* held during a call of given.mark */
    bool mute;               /* under it: no more of those */

    pthread_mutex_t turn; /* taken before `lock` and given back with it in hand: who comes first is first */
    pthread_mutex_t lock; /* guards from here … */
    pthread_cond_t end;   /* ended has become true */
    bool stop, ended, abandoned;
    uint64_t restarts;
    struct merge *merge;
    struct slot slots[SOURCES];
    post_list posts;
    bool posting; /* some were taken and are not in the merge yet */
    uint64_t missed[SOURCES];
    uint64_t begun[SOURCES]; /* the number of the line that has no end yet … to here */

    struct reader readers[SOURCES]; /* the thread's own, as is the rest */
    uint64_t orders[SOURCES];       /* which one the reader carries out */
    uint64_t open[SOURCES];         /* the number of the line that has no end yet */
    VEC(struct program) leaving;    /* asked to end, not reaped yet */
    uint64_t told_version;
    int64_t told_ms;
    bool state_changed;
};

static void take_lock(struct collector *c)
{
    pthread_mutex_lock(&c->turn);
    pthread_mutex_lock(&c->lock);
    pthread_mutex_unlock(&c->turn);
}

static void give_lock(struct collector *c)
{
    pthread_mutex_unlock(&c->lock);
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

void feed_state_clear(struct feed_state *s)
{
    free(s->problem);
    *s = (struct feed_state){0};
}

/* ---- the thread: lines ---- */

static void add_read(struct collector *c, int s, const struct batch *b, size_t i)
{
    const struct read_line *l = &b->lines.items[i];
    const char *text = b->text.s + l->at;
    enum line_source source = (enum line_source)s;
    uint64_t number = i == 0 && b->amends ? c->open[s] : 0;
    if (!number || !merge_amend(c->merge, source, number, l->wall_ms, text, l->len, l->mark, l->severity))
        number = merge_add(c->merge, source, l->wall_ms, l->wall_ms ? b->arrived_ms : l->key_ms, text, l->len,
                           l->mark, l->severity);
    c->open[s] = b->has_open && i + 1 == b->lines.len ? number : 0;
    c->begun[s] = c->open[s];
}

/* Adds what was read, unless something else was asked for meanwhile. */
static void deliver(struct collector *c, int s)
{
    const struct batch *b = &c->readers[s].batch;
    for (size_t i = 0; i < b->lines.len;) {
        take_lock(c);
        bool wanted = c->slots[s].order == c->orders[s];
        for (size_t end = i + SLICE; wanted && i < end && i < b->lines.len; i++)
            add_read(c, s, b, i);
        give_lock(c);
        if (!wanted)
            return;
    }
}

static void deliver_older(struct collector *c, int s)
{
    const struct batch *b = &c->readers[s].batch;
    struct merge_older *lines = xcalloc(b->lines.len, sizeof *lines);
    for (size_t i = 0; i < b->lines.len; i++) {
        const struct read_line *l = &b->lines.items[i];
        lines[i] = (struct merge_older){.wall_ms = l->wall_ms,
                                        .key_ms = l->key_ms,
                                        .text = b->text.s + l->at,
                                        .len = l->len,
                                        .mark = l->mark,
                                        .severity = l->severity};
    }
    for (size_t left = b->lines.len; left > 0;) {
        size_t n = left < SLICE ? left : SLICE, taken = 0;
        take_lock(c);
        if (c->slots[s].order == c->orders[s])
            taken = merge_above(c->merge, (enum line_source)s, lines + left - n, n);
        give_lock(c);
        left = taken == n ? left - n : 0;
    }
    free(lines);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What is to be known beside the lines. What stands above is looked for when there is nothing else to do. */
static void publish(struct collector *c, int s, bool more)
{
    const struct reader *r = &c->readers[s];
    bool has_older = !more && reader_has_older(r);
    take_lock(c);
    struct slot *slot = &c->slots[s];
    struct feed_state *was = &slot->state;
    if (slot->order == c->orders[s]) {
        bool at_end =
            !more && !slot->older && !r->before && ((r->any && !r->feed.once) || r->feed.path || r->ended);
        bool above =
            (more ? was->more_above : has_older) && merge_has_room(c->merge, (enum line_source)s, LINES_MAX);
        if (was->fed == r->ended || was->at_end != at_end || was->more_above != above ||
            !same(was->problem, r->problem)) {
            c->state_changed = true;
            free(was->problem);
            *was = (struct feed_state){
                .fed = !r->ended, .at_end = at_end, .more_above = above, .problem = xstrdup(r->problem)};
        }
    }
    give_lock(c);
}

static bool wants_older(struct collector *c, int s)
{
    take_lock(c);
    bool older = c->slots[s].order == c->orders[s] && c->slots[s].older;
    if (older)
        c->slots[s].older = false;
    give_lock(c);
    return older;
}

/* Reads some; true when there is more to be read at once. */
static bool step(struct collector *c, int s)
{
    struct reader *r = &c->readers[s];
    bool more = reader_step(r);
    deliver(c, s);
    if (!more && (wants_older(c, s) || r->before) && reader_older(r, r->before ? r->before : FOLLOW_FIRST))
        deliver_older(c, s);
    publish(c, s, more);
    return more;
}

/* ---- the thread: orders ---- */

static void open_reader(struct collector *c, int s, struct feed *feed)
{
    struct program left;
    if (c->readers[s].used && reader_close(&c->readers[s], &left))
        vec_push(&c->leaving, left);
    c->open[s] = 0;
    if (feed)
        reader_open(&c->readers[s], feed, &c->config);
}

/* Goes over to what was asked for. False when the thread shall end. */
static bool take_orders(struct collector *c)
{
    take_lock(c);
    bool go_on = !c->stop;
    for (int s = 0; s < SOURCES && go_on; s++) {
        struct slot *slot = &c->slots[s];
        if (slot->order == c->orders[s])
            continue;
        struct feed feed = slot->next;
        bool has = slot->has_next;
        slot->has_next = false;
        c->orders[s] = slot->order;
        give_lock(c); /* A file may take long to close. */
        open_reader(c, s, has ? &feed : NULL);
        take_lock(c);
        go_on = !c->stop;
    }
    give_lock(c);
    return go_on;
}

static void post_clear(post_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i].text);
    vec_free(l);
}

/* What stands behind the caller's function is gone once collector_free() has returned, the thread perhaps
 * not. */
static const char *mark(void *ctx, enum line_source source, const char *text, size_t len,
                        enum severity *severity)
{
    struct collector *c = ctx;
    const char *found = NULL;
    pthread_mutex_lock(&c->marking);
    if (!c->mute)
        found = c->given.mark(c->given.ctx, source, text, len, severity);
    pthread_mutex_unlock(&c->marking);
    return found;
}

static const char *mark_of(const struct collector *c, const struct post *p, enum severity *severity)
{
    *severity = SEV_INFO;
    return c->config.mark ? c->config.mark(c->config.ctx, p->source, p->text, p->len, severity) : NULL;
}

/* The lines that were handed over, marked. */
static void take_posts(struct collector *c)
{
    take_lock(c);
    post_list posts = c->posts;
    uint64_t restarts = c->restarts;
    c->posts = (post_list){0};
    c->posting = posts.len > 0;
    give_lock(c);
    for (size_t i = 0; i < posts.len; i++) {
        const struct post *p = &posts.items[i];
        enum severity severity;
        const char *mark = mark_of(c, p, &severity);
        take_lock(c);
        if (c->restarts == restarts)
            merge_add(c->merge, p->source, p->wall_ms, clock_wall_ms(), p->text, p->len, mark, severity);
        give_lock(c);
    }
    take_lock(c);
    c->posting = false;
    for (int s = 0; s < SOURCES; s++) {
        if (c->missed[s])
            merge_missed(c->merge, (enum line_source)s, c->missed[s]);
        c->missed[s] = 0;
    }
    give_lock(c);
    post_clear(&posts);
}

static void reap(struct collector *c)
{
    for (size_t i = 0; i < c->leaving.len;) {
        if (program_reap(&c->leaving.items[i]))
            vec_remove(&c->leaving, i);
        else
            i++;
    }
}

/* ---- the thread: waiting ---- */

static void tell(struct collector *c, bool busy)
{
    int64_t now = clock_mono_ms();
    take_lock(c);
    uint64_t version = merge_version(c->merge);
    give_lock(c);
    if ((version == c->told_version && !c->state_changed) || (busy && now - c->told_ms < TELL_MS))
        return;
    c->told_version = version;
    c->told_ms = now;
    c->state_changed = false;
    signal_fd(c->notify);
}

static void wait_for_news(struct collector *c)
{
    struct pollfd fds[1 + SOURCES * READER_FDS] = {{.fd = c->wake, .events = POLLIN}};
    nfds_t n = 1;
    int timeout_ms = c->leaving.len ? LEAVE_POLL_MS : -1;
    for (int s = 0; s < SOURCES; s++)
        if (c->readers[s].used)
            n += reader_wait(&c->readers[s], fds + n, &timeout_ms);
    if (poll(fds, n, timeout_ms) <= 0)
        return;
    if (!fds[0].revents)
        poll(fds, 1, GATHER_MS);
    if (fds[0].revents)
        drain(c->wake);
}

/* Programs end when they are asked to, as a rule; who does not is killed. */
static void end_programs(struct collector *c)
{
    int64_t until = clock_mono_ms() + LEAVE_WAIT_MS;
    for (int s = 0; s < SOURCES; s++)
        open_reader(c, s, NULL);
    for (int phase = 0; phase < 2; phase++, until += LEAVE_WAIT_MS) {
        for (size_t i = 0; phase == 1 && i < c->leaving.len; i++)
            kill(-c->leaving.items[i].pid, SIGKILL);
        while (reap(c), c->leaving.len && clock_mono_ms() < until)
            poll(NULL, 0, LEAVE_POLL_MS);
    }
}

static void release(struct collector *c)
{
    for (int s = 0; s < SOURCES; s++) {
        if (c->slots[s].has_next)
            feed_clear(&c->slots[s].next);
        feed_state_clear(&c->slots[s].state);
    }
    post_clear(&c->posts);
    vec_free(&c->leaving);
    merge_free(c->merge);
    close(c->notify);
    close(c->wake);
    pthread_mutex_destroy(&c->marking);
    pthread_mutex_destroy(&c->turn);
    pthread_cond_destroy(&c->end);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static void *run(void *arg)
{
    struct collector *c = arg;
    while (take_orders(c)) {
        bool busy = false;
        take_posts(c);
        for (int s = 0; s < SOURCES; s++)
            if (c->readers[s].used && step(c, s))
                busy = true;
        reap(c);
        tell(c, busy);
        if (!busy)
            wait_for_news(c);
    }
    end_programs(c);
    take_lock(c);
    bool abandoned = c->abandoned;
    c->ended = true;
    pthread_cond_signal(&c->end);
    give_lock(c);
    if (abandoned)
        release(c);
    return NULL;
}

/* ---- the outside ---- */

struct collector *collector_new(const struct collector_config *config)
{
    struct collector *c = xcalloc(1, sizeof *c);
    sigset_t all, old;
    c->config = c->given = *config;
    c->config.mark = config->mark ? mark : NULL;
    c->config.ctx = c;
    c->merge = merge_new(config->max_lines ? config->max_lines : MAX_LINES,
                         config->max_bytes ? config->max_bytes : MAX_BYTES);
    c->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->notify < 0 || c->wake < 0)
        die("no eventfd: %s", strerror(errno));
    pthread_mutex_init(&c->marking, NULL);
    pthread_mutex_init(&c->turn, NULL);
    pthread_cond_init(&c->end, NULL);
    pthread_mutex_init(&c->lock, NULL);
    /* Signals are the screen's business. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&c->thread, NULL, run, c);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failed)
        die("no thread: %s", strerror(failed));
    return c;
}

void collector_free(struct collector *c)
{
    if (!c)
        return;
    struct timespec until;
    pthread_t thread = c->thread;
    take_lock(c);
    c->stop = true;
    give_lock(c);
    pthread_mutex_lock(&c->marking);
    c->mute = true;
    pthread_mutex_unlock(&c->marking);
    signal_fd(c->wake);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += FREE_WAIT_S;
    take_lock(c);
    while (!c->ended && pthread_cond_clockwait(&c->end, &c->lock, CLOCK_MONOTONIC, &until) == 0)
        ;
    bool ended = c->ended;
    c->abandoned = !ended;
    give_lock(c);
    if (ended) {
        pthread_join(thread, NULL);
        release(c);
    } else /* It hangs in a read from a dead disk or server: it cleans up itself, should it ever come back. */
        pthread_detach(thread);
}

/* A new order for the source; what was waiting is no more wanted. */
static struct slot *new_order(struct collector *c, enum line_source source)
{
    struct slot *slot = &c->slots[source];
    if (slot->has_next)
        feed_clear(&slot->next);
    feed_state_clear(&slot->state);
    slot->has_next = slot->older = false;
    c->begun[source] = 0;
    slot->order++;
    return slot;
}

void collector_restart(struct collector *c)
{
    take_lock(c);
    for (int s = 0; s < SOURCES; s++) {
        new_order(c, (enum line_source)s);
        merge_clear(c->merge, (enum line_source)s);
        c->missed[s] = 0;
    }
    post_clear(&c->posts);
    c->restarts++;
    give_lock(c);
    signal_fd(c->wake);
}

void collector_feed(struct collector *c, struct feed *feed)
{
    take_lock(c);
    struct slot *slot = new_order(c, feed->source);
    slot->next = *feed;
    slot->has_next = slot->state.fed = true;
    if (feed->kind != FEED_STREAM)
        merge_clear(c->merge, feed->source);
    give_lock(c);
    *feed = (struct feed){.fd = -1};
    signal_fd(c->wake);
}

void collector_drop(struct collector *c, enum line_source source, bool keep)
{
    take_lock(c);
    new_order(c, source);
    if (!keep)
        merge_clear(c->merge, source);
    give_lock(c);
    signal_fd(c->wake);
}

static void post(struct collector *c, enum line_source source, int64_t wall_ms, const char *text, size_t len)
{
    if (c->posts.len == MAX_POSTS) {
        c->missed[source]++;
        return;
    }
    struct post p = {.source = source, .wall_ms = wall_ms, .len = len < LINES_MAX ? len : LINES_MAX};
    p.text = xmalloc(p.len + 1);
    memcpy(p.text, text, p.len);
    p.text[p.len] = '\0';
    vec_push(&c->posts, p);
}

void collector_line(struct collector *c, enum line_source source, int64_t wall_ms, const char *text,
                    size_t len)
{
    const char *end = text + len;
    take_lock(c);
    do {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        post(c, source, wall_ms, text, (size_t)(stop - text));
        text = stop + 1;
    } while (text < end);
    give_lock(c);
    signal_fd(c->wake);
}

bool collector_older(struct collector *c, enum line_source source)
{
    take_lock(c);
    struct slot *slot = &c->slots[source];
    bool more = slot->state.fed && slot->state.more_above;
    if (more) {
        slot->older = true;
        slot->state.at_end = slot->state.more_above = false;
    }
    give_lock(c);
    if (more)
        signal_fd(c->wake);
    return more;
}

int collector_fd(const struct collector *c)
{
    return c->notify;
}

void collector_drain_fd(struct collector *c)
{
    drain(c->notify);
}

const struct merge *collector_lock(struct collector *c)
{
    take_lock(c);
    return c->merge;
}

void collector_unlock(struct collector *c)
{
    give_lock(c);
}

uint64_t collector_begun(const struct collector *c, enum line_source source)
{
    return c->begun[source];
}

void collector_state(struct collector *c, enum line_source source, struct feed_state *out)
{
    take_lock(c);
    *out = c->slots[source].state;
    out->problem = xstrdup(out->problem);
    out->at_end = (out->at_end || !out->fed) && !c->posting && c->posts.len == 0;
    give_lock(c);
}
