/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The supervisor of a host: looks at each new snapshot, lets the guard judge, and has what follows done by
 * jobs of their own, so that it waits for nothing but news.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "autostart/run_file.h"
#include "base/clock.h"
#include "base/log.h"
#include "virt/autorun.h"
#include "virt/supervise_private.h"

int64_t supervise_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct snapshot *newest(struct host *h)
{
    pthread_mutex_lock(&h->lock);
    struct snapshot *snap = snapshot_ref(h->latest);
    pthread_mutex_unlock(&h->lock);
    return snap;
}

/* ---- telling ---- */

static const char *const severity_words[] = {
    [SEV_INFO] = "info", [SEV_GOOD] = "good", [SEV_WARN] = "warn", [SEV_ERROR] = "error"};

static json_object *event_json(const struct supervisor *s, const struct watched *w, const char *event,
                               enum severity severity, const char *text)
{
    json_object *o = json_object_new_object();
    struct snapshot *snap = newest(s->c->host);
    json_object_object_add(o, "time", json_object_new_int64(clock_wall_ms()));
    json_object_object_add(o, "host", json_object_new_string(snap->host.name));
    json_object_object_add(o, "event", json_object_new_string(event));
    json_object_object_add(o, "severity", json_object_new_string(severity_words[severity]));
    if (w) {
        char uuid[UUID_TEXT_LEN + 1];
        uuid_format(&w->uuid, uuid);
        json_object_object_add(o, "domain", json_object_new_string(w->name));
        json_object_object_add(o, "uuid", json_object_new_string(uuid));
    }
    json_object_object_add(o, "text", json_object_new_string(text));
    snapshot_unref(snap);
    return o;
}

/* Said once, until it works again. */
static void tell_program(struct supervisor *s, json_object *event)
{
    struct error e = ERROR_INIT;
    bool told = notifier_tell(s->notifier, event, &e);
    if (!told && !s->notify_failed)
        fleet_event(s->c->host, NULL, NULL, "autostart", SEV_WARN, MARK_NONE, "%s", error_text(&e));
    s->notify_failed = !told;
    error_clear(&e);
}

void supervise_tell(struct supervisor *s, const struct watched *w, const char *event, enum severity severity,
                    const char *fmt, ...)
{
    va_list ap;
    char *text;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    fleet_event(s->c->host, w ? &w->uuid : NULL, w ? w->name : NULL, "autostart", severity, MARK_NONE, "%s",
                text);
    json_object *o = event_json(s, w, event, severity, text);
    tell_program(s, o);
    json_object_put(o);
    free(text);
}

/* ---- what is watched ---- */

struct watched *supervise_find(const struct supervisor *s, const struct vm_uuid *uuid)
{
    return vmmap_get(&s->watched, 0, uuid);
}

struct watched *supervise_add(struct supervisor *s, const struct vm_uuid *uuid)
{
    struct watched *w = xcalloc(1, sizeof *w);
    char text[UUID_TEXT_LEN + 1];
    uuid_format(uuid, text);
    w->uuid = *uuid;
    w->name = xstrdup(text);
    w->id = -1;
    vmmap_set(&s->watched, 0, uuid, w);
    return w;
}

static void watched_free(struct watched *w)
{
    start_item_unref(w->item);
    free(w->name);
    free(w);
}

void supervise_forget(struct supervisor *s, struct watched *w)
{
    guard_forget(s->guard, &w->uuid);
    vmmap_remove(&s->watched, 0, &w->uuid);
    watched_free(w);
    s->changed = true;
}

/* ---- begin and end ---- */

static bool interrupted(struct job_context *c)
{
    return error_set(&c->error, STATUS_FAILED, "supervise: interrupted");
}

/* Waits for libvirt, however long it takes: only its answer tells which host this is. */
static bool wait_for_host(struct supervisor *s)
{
    struct job_context *c = s->c;
    uint64_t seen = 0;
    bool told = false;
    for (;;) {
        struct snapshot *snap = newest(c->host);
        enum host_state state = snap->host.state;
        if (state == HOST_GIVEN_UP)
            error_set(&c->error, STATUS_NO_CONNECTION, "supervise: %s", snap->host.state_text);
        if (state == HOST_LOST && !told)
            fleet_event(c->host, NULL, NULL, "autostart", SEV_INFO, MARK_NONE, "waiting for libvirt: %s",
                        snap->host.state_text);
        told = told || state == HOST_LOST;
        if (state == HOST_UP)
            s->key = run_key(snap->host.uri);
        snapshot_unref(snap);
        if (state == HOST_UP || state == HOST_GIVEN_UP)
            return state == HOST_UP;
        if (!context_wait_news(c, &seen))
            return interrupted(c);
    }
}

static bool take_lock(struct supervisor *s)
{
    char *key = xasprintf("%s-supervise", s->key);
    long holder = 0;
    s->lock = run_lock(key, &holder, &s->c->error);
    s->state_path = run_own_path(key, "json");
    free(key);
    if (s->lock < 0 && !s->c->error.text)
        error_set(&s->c->error, STATUS_FAILED, "supervise: process %ld supervises this host already", holder);
    return s->lock >= 0;
}

static bool begin(struct supervisor *s)
{
    if (!wait_for_host(s) || !take_lock(s))
        return false;
    struct autostart_view *view = autostart_read(s->c->host);
    autostart_config_free(&s->config);
    s->config = view->survey.config;
    view->survey.config = (struct autostart_config){0};
    autostart_view_unref(view);
    s->run_path = run_path(s->key, "json");
    supervise_restore(s);
    return true;
}

static void release(struct supervisor *s)
{
    struct vmmap_slot *slot;
    supervise_drop_steps(s);
    for (size_t i = 0; (slot = vmmap_next(&s->watched, &i));)
        watched_free(slot->value);
    vmmap_free(&s->watched);
    guard_free(s->guard);
    notifier_free(s->notifier);
    autostart_config_free(&s->config);
    free(s->key);
    free(s->state_path);
    free(s->run_path);
    if (s->lock >= 0)
        close(s->lock);
}

/* ---- its days ---- */

/* The snapshot that is new, and whether libvirt answers. */
static void look(struct supervisor *s)
{
    struct snapshot *snap = newest(s->c->host);
    bool up = snap->host.state == HOST_UP && snap->host.ticks > 0;
    if (up && !s->connected)
        guard_woke(s->guard, supervise_now(), false);
    s->connected = up;
    if (up && snap->seq != s->seq)
        supervise_look(s, snap);
    s->seq = snap->seq;
    snapshot_unref(snap);
}

static void say_progress(struct supervisor *s)
{
    size_t n = s->connected ? s->watched.len : SIZE_MAX;
    if (n == s->told_watched)
        return;
    s->told_watched = n;
    if (s->connected)
        context_progress(s->c, "%zu %s", n, n == 1 ? "domain" : "domains");
    else
        context_progress(s->c, "waiting for libvirt");
}

static void turn(struct supervisor *s)
{
    notifier_reap(s->notifier, clock_mono_ms());
    supervise_end_steps(s);
    bool free_hand = !supervise_run_under_way(s);
    look(s);
    free_hand = free_hand && s->connected;
    if (free_hand) {
        supervise_wake(s);
        supervise_power(s);
        supervise_take_steps(s);
    }
    /* On the disk before it is done. */
    if (s->changed)
        supervise_save(s);
    if (free_hand)
        supervise_begin_steps(s);
    say_progress(s);
}

static bool run_supervise(struct job_context *c)
{
    struct supervisor s = {.c = c,
                           .lock = -1,
                           .begun_wall_ms = clock_wall_ms(),
                           .guard = guard_new(),
                           .notifier = notifier_new(c->args->text)};
    uint64_t seen = 0;
    s.sleep.offset_ms = INT64_MIN;
    autostart_config_init(&s.config);
    /* It outlives connections; its jobs take the newest. */
    if (c->conn)
        virConnectClose(c->conn);
    c->conn = NULL;
    context_give_place(c);
    bool begun = begin(&s);
    if (begun) {
        supervise_tell(&s, NULL, "supervising", SEV_INFO, "supervising");
        do {
            turn(&s);
        } while (context_wait_news(c, &seen));
        interrupted(c);
    }
    release(&s);
    return false;
}

const struct job_kind supervise_job = {.action = "supervise", .doing = "supervising", .run = run_supervise};
