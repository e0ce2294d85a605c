/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fleet: hosts in, snapshots and messages out. The main thread's side of everything; see private.h for
 * the others.
 */
#include <stdarg.h>
#include <stdio.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "autostart/view.h"
#include "base/clock.h"
#include "base/log.h"
#include "virt/private.h"

/* More than this and the oldest events are dropped: nobody is reading. */
#define MESSAGES_MAX 20000

struct fleet *fleet_new(const struct fleet_config *config)
{
    struct fleet *f = xcalloc(1, sizeof *f);
    struct error e = ERROR_INIT;
    f->config = *config;
    atomic_store(&f->interval_us, (int_fast64_t)(config->interval_s * 1e6));
    f->history = history_new();
    f->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (f->fd < 0)
        die("eventfd: %s", strerror(errno));
    pthread_mutex_init(&f->lock, NULL);
    if (!library_start(&e))
        die("%s", error_text(&e));
    return f;
}

static void cond_init_monotonic(pthread_cond_t *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(c, &attr);
    pthread_condattr_destroy(&attr);
}

int fleet_add(struct fleet *f, const char *uri, bool demo)
{
    struct host *h = xcalloc(1, sizeof *h);
    h->fleet = f;
    h->id = (int)f->hosts.len;
    h->demo = demo;
    h->demo_fd = -1;
    h->uri = demo ? demo_open(&h->demo_fd) : xstrdup(uri);
    pthread_mutex_init(&h->lock, NULL);
    cond_init_monotonic(&h->wake);
    cond_init_monotonic(&h->changed);
    cond_init_monotonic(&h->lookup_wake);
    cond_init_monotonic(&h->job_wake);
    h->info = (struct host_info){.id = h->id,
                                 .demo = demo,
                                 .read_only = f->config.read_only,
                                 .cpus = NAN,
                                 .cpu_percent = NAN,
                                 .mem_kib = NAN,
                                 .mem_used_kib = NAN};
    h->info.uri = demo ? xstrdup("test:///demo") : uri_without_password(uri ? uri : "");
    h->info.name = demo ? xstrdup("demo") : uri_host_name(uri);
    h->info.remote = uri_is_remote(uri);
    h->info.state_text = xstrdup("");
    publish_state(h, HOST_CONNECTING, 0, "connecting");
    pthread_mutex_lock(&f->lock);
    vec_push(&f->hosts, h);
    pthread_mutex_unlock(&f->lock);
    if (pthread_create(&h->thread, NULL, host_thread, h) != 0)
        die("no thread for host %s", h->info.uri);
    return h->id;
}

size_t fleet_len(const struct fleet *f)
{
    return f->hosts.len;
}

static void host_free(struct host *h)
{
    snapshot_unref(h->latest);
    resources_unref(h->resources);
    autostart_view_unref(h->autostart);
    struct vmmap_slot *slot;
    for (size_t i = 0; (slot = vmmap_next(&h->reboots, &i));)
        free(slot->value);
    vmmap_free(&h->reboots);
    for (size_t i = 0; i < h->inbox.len; i++)
        note_clear(&h->inbox.items[i]);
    vec_free(&h->inbox);
    vec_free(&h->visible);
    vec_free(&h->lookups);
    vec_free(&h->jobs);
    vec_free(&h->callbacks);
    free(h->uri);
    if (h->demo_fd >= 0)
        close(h->demo_fd);
    free(h->info.uri);
    free(h->info.name);
    free(h->info.state_text);
    free(h->info.hypervisor);
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->wake);
    pthread_cond_destroy(&h->changed);
    pthread_cond_destroy(&h->lookup_wake);
    pthread_cond_destroy(&h->job_wake);
    free(h);
}

bool fleet_free(struct fleet *f)
{
    bool all_ended = true;
    struct timespec until;
    if (!f)
        return true;
    for (size_t i = 0; i < f->hosts.len; i++) {
        struct host *h = f->hosts.items[i];
        pthread_mutex_lock(&h->lock);
        h->quit = true;
        pthread_cond_broadcast(&h->wake);
        pthread_cond_broadcast(&h->changed);
        pthread_cond_broadcast(&h->lookup_wake);
        pthread_cond_broadcast(&h->job_wake);
        pthread_mutex_unlock(&h->lock);
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    for (size_t i = 0; i < f->hosts.len; i++) {
        pthread_t thread = f->hosts.items[i]->thread;
        if (pthread_timedjoin_np(thread, NULL, &until) != 0) {
            all_ended = false;
            pthread_detach(thread); /* it may end yet; nobody asks for that any more */
        }
    }
    /* A thread that hangs in a libvirt call still uses what would be freed here: the process is about to end
     * anyway. */
    if (!all_ended)
        return false;
    library_stop();
    for (size_t i = 0; i < f->hosts.len; i++)
        host_free(f->hosts.items[i]);
    vec_free(&f->hosts);
    for (struct message m; fleet_next_message(f, &m);)
        message_clear(&m);
    vec_free(&f->messages);
    history_free(f->history);
    close(f->fd);
    pthread_mutex_destroy(&f->lock);
    free(f);
    return true;
}

static void host_flag(struct fleet *f, int host, bool give_up)
{
    if (host < 0 || (size_t)host >= f->hosts.len)
        return;
    struct host *h = f->hosts.items[host];
    pthread_mutex_lock(&h->lock);
    *(give_up ? &h->give_up : &h->retry) = true;
    pthread_cond_broadcast(&h->wake);
    pthread_mutex_unlock(&h->lock);
}

void fleet_give_up(struct fleet *f, int host)
{
    host_flag(f, host, true);
}

void fleet_retry(struct fleet *f, int host)
{
    host_flag(f, host, false);
}

void fleet_set_interval(struct fleet *f, double interval_s)
{
    atomic_store(&f->interval_us, (int_fast64_t)(interval_s * 1e6));
}

int fleet_fd(const struct fleet *f)
{
    return f->fd;
}

void fleet_signal(struct fleet *f)
{
    uint64_t one = 1;
    if (write(f->fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_write(LEVEL_LOG_ERROR, "eventfd: %s", strerror(errno));
}

void fleet_drain_fd(struct fleet *f)
{
    uint64_t count;
    if (read(f->fd, &count, sizeof count) < 0 && errno != EAGAIN)
        log_write(LEVEL_LOG_ERROR, "eventfd: %s", strerror(errno));
}

struct snapshot *fleet_snapshot(struct fleet *f, int host)
{
    struct host *h = f->hosts.items[host];
    pthread_mutex_lock(&h->lock);
    struct snapshot *s = snapshot_ref(h->latest);
    pthread_mutex_unlock(&h->lock);
    return s;
}

struct history *fleet_history(struct fleet *f)
{
    return f->history;
}

void fleet_set_interest(struct fleet *f, int host, const struct vm_uuid *visible, size_t n,
                        const struct vm_uuid *selected)
{
    struct host *h = f->hosts.items[host];
    pthread_mutex_lock(&h->lock);
    vec_clear(&h->visible);
    for (size_t i = 0; i < n; i++)
        vec_push(&h->visible, visible[i]);
    h->selected = selected ? *selected : (struct vm_uuid){{0}};
    h->interest_changed = true;
    pthread_mutex_unlock(&h->lock);
}

void fleet_ask_addresses(struct fleet *f, int host, const struct vm_uuid *uuid)
{
    struct note note = {.type = NOTE_ADDRESSES, .uuid = *uuid};
    host_post(f->hosts.items[host], &note);
}

/* ---- messages ---- */

void fleet_post(struct fleet *f, struct message *m)
{
    struct message dropped = {0};
    pthread_mutex_lock(&f->lock);
    if (f->messages.len - f->first_message >= MESSAGES_MAX)
        dropped = f->messages.items[f->first_message++];
    if (f->first_message && f->first_message >= f->messages.len / 2) {
        f->messages.len -= f->first_message;
        memmove(f->messages.items, f->messages.items + f->first_message, f->messages.len * sizeof *m);
        f->first_message = 0;
    }
    vec_push(&f->messages, *m);
    pthread_mutex_unlock(&f->lock);
    *m = (struct message){0};
    message_clear(&dropped); /* a job's lock goes before the fleet's */
    fleet_signal(f);
}

bool fleet_next_message(struct fleet *f, struct message *out)
{
    bool any;
    pthread_mutex_lock(&f->lock);
    any = f->first_message < f->messages.len;
    if (any)
        *out = f->messages.items[f->first_message++];
    pthread_mutex_unlock(&f->lock);
    return any;
}

void message_clear(struct message *m)
{
    if (m->type == MSG_EVENT)
        event_clear(&m->event);
    if (m->job)
        job_unref(m->job);
    if (m->auth)
        auth_answer(m->auth, NULL);
    *m = (struct message){0};
}

void fleet_event(struct host *h, const struct vm_uuid *uuid, const char *vm, const char *kind,
                 enum severity severity, enum event_mark mark, const char *fmt, ...)
{
    struct message m = {.type = MSG_EVENT, .host = h->id};
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&m.event.text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    pthread_mutex_lock(&h->lock);
    m.event.host = xstrdup(h->latest ? h->latest->host.name : "");
    pthread_mutex_unlock(&h->lock);
    m.event.wall_ms = clock_wall_ms();
    m.event.severity = severity;
    m.event.mark = mark;
    m.event.kind = kind;
    m.event.vm = xstrdup(vm);
    if (uuid)
        m.event.uuid = *uuid;
    fleet_post(h->fleet, &m);
}
