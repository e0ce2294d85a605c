/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A host's own thread: connect, sample until the connection fails or the program ends, wait, connect again.
 * It alone touches the table of domains. Everybody else leaves notes in its inbox.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "autostart/start_item.h"
#include "base/clock.h"
#include "base/log.h"
#include "device/list.h"
#include "virt/private.h"

#define FIRST_PAUSE_MS 250
#define WORKER_NICE    5
/* A connection that stood this long counts as good: the next failure begins with the shortest pause again. */
#define GOOD_AFTER_MS 10000
/* Changes arriving together (a bulk start) are handled together. */
#define SETTLE_MS 20
/* So many single refreshes cost as much as one listing. */
#define REFRESH_MAX 64

void host_wake(struct host *h)
{
    pthread_mutex_lock(&h->lock);
    pthread_cond_broadcast(&h->wake);
    pthread_mutex_unlock(&h->lock);
}

void host_post(struct host *h, struct note *note)
{
    pthread_mutex_lock(&h->lock);
    if (note->type == NOTE_CHANGED) {
        h->changes++;
        pthread_cond_broadcast(&h->changed);
    }
    vec_push(&h->inbox, *note);
    pthread_cond_broadcast(&h->wake);
    pthread_mutex_unlock(&h->lock);
    *note = (struct note){0};
}

virConnectPtr host_act_conn(struct host *h, bool *is_qemu)
{
    pthread_mutex_lock(&h->lock);
    *is_qemu = h->act_is_qemu;
    virConnectPtr conn = h->act_conn;
    if (conn)
        virConnectRef(conn);
    pthread_mutex_unlock(&h->lock);
    return conn;
}

static struct timespec at_ms(int64_t mono_ms)
{
    return (struct timespec){.tv_sec = mono_ms / 1000, .tv_nsec = mono_ms % 1000 * 1000000};
}

/* Waits under lock for a wake-up or until `until_ms` (monotonic; 0: for ever). */
static void wait_locked(struct host *h, int64_t until_ms)
{
    struct timespec t = at_ms(until_ms);
    if (until_ms)
        pthread_cond_timedwait(&h->wake, &h->lock, &t);
    else
        pthread_cond_wait(&h->wake, &h->lock);
}

/* ---- connecting ---- */

enum connect_result { CONNECT_UP, CONNECT_FAILED, CONNECT_GIVEN_UP, CONNECT_QUIT };

/* Waits for the opener; tells on the screen when a log-in question is open. */
static enum connect_result wait_for_opening(struct host *h)
{
    bool asked = false;
    for (;;) {
        pthread_mutex_lock(&h->lock);
        while (!h->quit && !h->give_up && !h->retry && !h->opening_done && h->auth_pending == asked)
            wait_locked(h, 0);
        bool pending = h->auth_pending, done = h->opening_done, quit = h->quit;
        bool leave = h->give_up || h->retry;
        pthread_mutex_unlock(&h->lock);
        if (done || quit || leave)
            return done ? CONNECT_UP : quit ? CONNECT_QUIT : CONNECT_GIVEN_UP;
        asked = pending;
        publish_state(h, asked ? HOST_AUTH : HOST_CONNECTING, 0,
                      asked ? "waiting for a log-in" : "connecting");
    }
}

static void learn_host(struct host *h)
{
    virNodeInfo node;
    char *name = virConnectGetHostname(h->link.conn);
    if (name && !h->demo) {
        free(h->info.name);
        h->info.name = xstrdup(name);
    }
    free(name);
    if (!h->uri || !strstr(h->uri, "://")) {
        char *uri = virConnectGetURI(h->link.conn);
        if (uri) {
            free(h->info.uri);
            h->info.uri = uri_without_password(uri);
            h->info.remote = uri_is_remote(uri);
        }
        free(uri);
    }
    virConnectGetLibVersion(h->link.conn, &h->info.libvirt_version);
    virConnectGetVersion(h->link.conn, &h->info.hypervisor_version);
    h->info.cpus = h->info.mem_kib = NAN;
    if (virNodeGetInfo(h->link.conn, &node) == 0) {
        h->info.cpus = node.cpus;
        h->info.mem_kib = (double)node.memory;
    }
    h->info.cpu_percent = h->info.mem_used_kib = NAN;
    rate_reset(&h->node_busy);
    rate_reset(&h->node_total);
}

static void adopt(struct host *h, struct opening_result *r)
{
    /* Asked here, once: libvirt's remote driver loses memory when several threads ask a connection at once.
     */
    const char *type = virConnectGetType(r->sample);
    h->link = (struct link){.conn = r->sample, .host_cpu = true, .host_mem = true};
    h->link.is_qemu = type && strcmp(type, "QEMU") == 0;
    free(h->info.hypervisor);
    h->info.hypervisor = xstrdup(type ? type : "");
    pthread_mutex_lock(&h->lock);
    h->act_conn = r->act;
    h->act_is_qemu = h->link.is_qemu;
    h->lost = false;
    h->generation++;
    h->connection_since_ms = clock_mono_ms();
    pthread_mutex_unlock(&h->lock);
    h->info.ticks = 0;
    h->relist = true;
    h->flags_ms = h->node_ms = h->rtt_at_ms = 0;
    learn_host(h);
}

static enum connect_result connect_host(struct host *h, struct error *e)
{
    struct opening_result r;
    publish_state(h, HOST_CONNECTING, 0, "connecting");
    pthread_mutex_lock(&h->lock);
    h->opening_done = h->auth_pending = h->retry = false;
    pthread_mutex_unlock(&h->lock);
    struct opening *o = opening_start(h);
    enum connect_result result = wait_for_opening(h);
    pthread_mutex_lock(&h->lock);
    h->give_up = false;
    h->retry =
        h->retry && result != CONNECT_UP; /* who asks for it while an open hangs gets a new one at once */
    pthread_mutex_unlock(&h->lock);
    if (result != CONNECT_UP) {
        opening_abandon(o);
        return result;
    }
    opening_take(o, &r);
    if (!r.sample) {
        error_move(e, &r.error);
        return CONNECT_FAILED;
    }
    adopt(h, &r);
    return CONNECT_UP;
}

static void disconnect(struct host *h)
{
    pthread_mutex_lock(&h->lock);
    virConnectPtr act = h->act_conn;
    h->act_conn = NULL;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
    events_unregister(h);
    lookup_stop(h);
    inventory_clear(h);
    if (act)
        virConnectClose(act);
    if (h->link.conn)
        virConnectClose(h->link.conn);
    h->link.conn = NULL;
}

/* ---- being connected ---- */

void note_clear(struct note *note)
{
    domdef_unref(note->def);
    device_list_unref(note->devices);
    start_item_unref(note->start);
    free(note->text);
    free(note->path);
    free(note->why);
    faults_clear(&note->faults);
    vec_free(&note->faults);
}

static void take_inbox(struct host *h, struct note **notes, size_t *n)
{
    pthread_mutex_lock(&h->lock);
    *notes = h->inbox.items;
    *n = h->inbox.len;
    h->inbox.items = NULL;
    h->inbox.len = h->inbox.cap = 0;
    pthread_mutex_unlock(&h->lock);
}

static void mark_visible(struct host *h)
{
    pthread_mutex_lock(&h->lock);
    bool changed = h->interest_changed;
    h->interest_changed = false;
    if (changed) {
        for (size_t i = 0; i < h->doms.len; i++)
            h->doms.items[i]->visible = false;
        for (size_t i = 0; i < h->visible.len; i++) {
            struct dom *d = inventory_find(h, &h->visible.items[i]);
            if (d)
                d->visible = true;
        }
    }
    pthread_mutex_unlock(&h->lock);
}

/* A start alone brings several events: each domain that changed is looked at once. Very many changes (a bulk
 * start, far away) are a listing and a tick. False: the connection failed. */
static bool refresh_changed(struct host *h, const struct note *notes, size_t n)
{
    struct vmmap changed = {0};
    struct vmmap_slot *slot;
    bool ok = true;
    for (size_t i = 0; i < n; i++)
        if (notes[i].type == NOTE_CHANGED)
            vmmap_set(&changed, 0, &notes[i].uuid, h);
    bool many = changed.len > REFRESH_MAX;
    for (size_t i = 0; ok && (slot = vmmap_next(&changed, &i));) {
        if (many)
            inventory_outdated(h, &slot->uuid);
        else
            ok = inventory_refresh(h, &slot->uuid);
    }
    h->tick_now = h->tick_now || many;
    vmmap_free(&changed);
    return ok;
}

/* Works off what others told. False: the connection failed. */
static bool handle_inbox(struct host *h)
{
    struct note *notes;
    size_t n;
    take_inbox(h, &notes, &n);
    bool ok = refresh_changed(h, notes, n);
    for (size_t i = 0; i < n; i++) {
        inventory_apply(h, &notes[i]);
        note_clear(&notes[i]);
    }
    free(notes);
    return ok;
}

/* Only the sampling connection has a close callback: the acting one may have been cut off alone. */
static bool act_is_alive(struct host *h)
{
    bool is_qemu;
    virConnectPtr act = host_act_conn(h, &is_qemu);
    bool alive = act && virConnectIsAlive(act) != 0;
    if (act)
        virConnectClose(act);
    return alive;
}

static bool is_alive(struct host *h)
{
    pthread_mutex_lock(&h->lock);
    bool alive = !h->lost && !h->quit && !h->give_up;
    pthread_mutex_unlock(&h->lock);
    return alive && virConnectIsAlive(h->link.conn) != 0 && act_is_alive(h);
}

/* Sleeps until the next tick, publishing what events bring meanwhile. False: the connection ended. */
static bool wait_for_tick(struct host *h, int64_t next_ms)
{
    for (;;) {
        bool news, done;
        pthread_mutex_lock(&h->lock);
        while (!h->quit && !h->lost && !h->give_up && !h->retry && !h->inbox.len && clock_mono_ms() < next_ms)
            wait_locked(h, next_ms);
        news = h->inbox.len > 0;
        done = h->retry || clock_mono_ms() >= next_ms;
        h->retry = false;
        pthread_mutex_unlock(&h->lock);
        if (news && !done)
            nanosleep(&(struct timespec){.tv_nsec = SETTLE_MS * 1000000}, NULL);
        if (!is_alive(h))
            return false;
        if (news) {
            if (!handle_inbox(h) || (h->relist && !inventory_list(h)))
                return false;
            mark_visible(h);
            inventory_want_definitions(h, clock_mono_ms());
            publish(h);
        }
        if (done || h->tick_now)
            return true;
    }
}

static bool one_tick(struct host *h, int64_t interval_ms)
{
    int64_t start = clock_mono_ms();
    double budget = h->fleet->config.sample_all ? 1e6 : h->fleet->config.tick_budget * (double)interval_ms;
    if (!handle_inbox(h) || (h->relist && !inventory_list(h)))
        return false;
    h->tick_now = false;
    if (start - h->flags_ms > 10000 && !inventory_flags(h))
        return false;
    mark_visible(h);
    if (!sample_tick(h, start + (int64_t)budget))
        return false;
    inventory_want_definitions(h, clock_mono_ms());
    h->info.sampled_ms = clock_mono_ms();
    h->info.tick_ms = (double)(h->info.sampled_ms - start);
    h->info.ticks++;
    publish(h);
    return true;
}

static void be_connected(struct host *h)
{
    lookup_start(h);
    events_register(h); /* before the list, so that nothing falls between the two */
    publish_state(h, HOST_UP, 0, "connected");
    fleet_event(h, NULL, NULL, "connection", SEV_GOOD, MARK_NONE, "connected to %s", h->info.uri);
    sample_probe(h);
    for (bool ok = is_alive(h); ok;) {
        int64_t interval_ms = atomic_load(&h->fleet->interval_us) / 1000;
        int64_t start = clock_mono_ms();
        ok = one_tick(h, interval_ms) && is_alive(h);
        /* After an overlong tick: rest at least a tenth of the interval, so that the daemon has time for
         * others. */
        int64_t next = start + interval_ms, rest = clock_mono_ms() + interval_ms / 10;
        ok = ok && wait_for_tick(h, next > rest ? next : rest);
    }
}

/* ---- being without ---- */

static bool wait_for_retry(struct host *h, int64_t until_ms)
{
    pthread_mutex_lock(&h->lock);
    while (!h->quit && !h->retry && (until_ms == 0 || (clock_mono_ms() < until_ms && !h->give_up)))
        wait_locked(h, until_ms);
    bool go_on = !h->quit;
    bool give_up = h->give_up && !h->retry && until_ms != 0;
    h->retry = h->give_up = false;
    pthread_mutex_unlock(&h->lock);
    if (go_on && give_up) {
        publish_state(h, HOST_GIVEN_UP, 0, "given up; `reconnect` tries again");
        return wait_for_retry(h, 0);
    }
    return go_on;
}

static double jitter(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    unsigned seed = (unsigned)t.tv_nsec ^ (unsigned)(uintptr_t)&t;
    return 0.5 + 0.5 * rand_r(&seed) / RAND_MAX;
}

/* After a failed or lost connection: says so, waits. False: the program ends. */
static bool pause_after_failure(struct host *h, const struct error *e, int64_t *pause_ms)
{
    bool final = !h->fleet->config.reconnect || e->code == VIR_ERR_AUTH_FAILED ||
                 e->code == VIR_ERR_AUTH_CANCELLED || e->code == VIR_ERR_AUTH_UNAVAILABLE;
    fleet_event(h, NULL, NULL, "connection", SEV_ERROR, MARK_NONE, "%s", error_text(e));
    log_write(LEVEL_LOG_WARN, "%s: %s", h->info.uri, error_text(e));
    if (final) {
        publish_state(h, HOST_GIVEN_UP, 0, "%s", error_text(e));
        return wait_for_retry(h, 0);
    }
    int64_t pause = (int64_t)((double)*pause_ms * jitter());
    int64_t at = clock_mono_ms() + pause;
    int64_t longest = (int64_t)(h->fleet->config.reconnect_max_s * 1000);
    *pause_ms = *pause_ms * 2 < longest ? *pause_ms * 2 : longest;
    publish_state(h, HOST_LOST, at, "%s", error_text(e));
    return wait_for_retry(h, at);
}

void *host_thread(void *opaque)
{
    struct host *h = opaque;
    /* A key goes before a sample where both want the processor. Linux has a nice value a thread. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), WORKER_NICE);
    int64_t pause_ms = FIRST_PAUSE_MS;
    for (bool go_on = true; go_on;) {
        struct error e = ERROR_INIT;
        enum connect_result result = connect_host(h, &e);
        if (result == CONNECT_UP) {
            int64_t since = clock_mono_ms();
            be_connected(h);
            if (clock_mono_ms() - since > GOOD_AFTER_MS)
                pause_ms = FIRST_PAUSE_MS;
            pthread_mutex_lock(&h->lock);
            bool quit = h->quit, given_up = h->give_up;
            h->give_up = false;
            pthread_mutex_unlock(&h->lock);
            result = quit ? CONNECT_QUIT : given_up ? CONNECT_GIVEN_UP : CONNECT_FAILED;
            error_set(&e, STATUS_NO_CONNECTION, "connection lost");
            disconnect(h);
        }
        if (result == CONNECT_QUIT) {
            go_on = false;
        } else if (result == CONNECT_GIVEN_UP) {
            publish_state(h, HOST_GIVEN_UP, 0, "given up; `reconnect` tries again");
            go_on = wait_for_retry(h, 0);
        } else {
            go_on = pause_after_failure(h, &e, &pause_ms);
        }
        error_clear(&e);
    }
    jobs_stop(h);
    inventory_free(h);
    return NULL;
}
