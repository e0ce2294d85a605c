/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The runner: carries a plan out on a host that may not even be there yet, in a way that can be killed at any
 * instant and taken up again. What is decided is decided by the engine (autostart/engine.h); what was decided
 * is on disk before it is done.
 */
#include <errno.h>
#include <math.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "virt/autorun_private.h"

/* Where nothing tells of a change, it is looked for this often. */
#define LOOK_MS 500
/* How long a definition that cannot be read holds up a run. */
#define DEFINITIONS_MS 30000
/* How long the end waits for policies that said once to be taken back. */
#define SPEND_MS 10000
/* How long a shutdown waits for a start that it has ended. */
#define TAKE_OVER_MS 20000

struct run_request *run_request_new(void)
{
    return xcalloc(1, sizeof(struct run_request));
}

void run_request_free(void *request)
{
    free(request);
}

/* ---- time ---- */

static int64_t boottime_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t autorun_now(const struct autorun *r)
{
    const struct run_clock *clock = r->request->clock;
    return clock ? clock->now_ms(clock->ctx) : boottime_ms();
}

/* ---- telling ---- */

void autorun_tell(struct autorun *r, uint32_t node, enum severity severity, const char *fmt, ...)
{
    const struct plan_node *p = node == PLAN_NONE ? NULL : &r->plan->nodes[node];
    const struct vm_uuid *uuid = p && p->kind == PLAN_DOMAIN ? &p->uuid : NULL;
    char *name = !p                       ? NULL
                 : p->kind == PLAN_DOMAIN ? xstrdup(p->name)
                                          : xasprintf("%s %s", need_words[p->need], p->name);
    va_list ap;
    char *text;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    run_record_add(&r->record, clock_wall_ms(), severity, name, uuid, "%s", text);
    if (uuid || !name)
        fleet_event(r->c->host, uuid, name, "autostart", severity, MARK_NONE, "%s", text);
    else
        fleet_event(r->c->host, NULL, NULL, "autostart", severity, MARK_NONE, "%s: %s", name, text);
    r->changed = true;
    free(text);
    free(name);
}

struct snapshot *autorun_newest(const struct autorun *r)
{
    struct host *h = r->c->host;
    pthread_mutex_lock(&h->lock);
    struct snapshot *s = snapshot_ref(h->latest);
    pthread_mutex_unlock(&h->lock);
    return s;
}

/* ---- before it begins ---- */

/* Whether everything that decides is known. */
static bool is_known(const struct snapshot *s, int64_t up_since_ms)
{
    if (s->host.state != HOST_UP || s->host.ticks == 0)
        return false;
    if (clock_mono_ms() - up_since_ms > DEFINITIONS_MS)
        return true;
    for (size_t i = 0; i < s->n_vms; i++)
        if (!s->vms[i].start && !(s->vms[i].flags & VM_STUCK))
            return false;
    return true;
}

static bool given_up(struct job_context *c)
{
    return error_set(&c->error, STATUS_FAILED, "autostart: interrupted; `autostart run` takes it up again");
}

/* Waits for libvirt, however long it takes. */
static bool wait_for_host(struct autorun *r)
{
    struct job_context *c = r->c;
    uint64_t seen = 0;
    bool told = false;
    int64_t up_since = 0;
    for (;;) {
        struct snapshot *s = autorun_newest(r);
        bool up = s->host.state == HOST_UP;
        up_since = up ? (up_since ? up_since : clock_mono_ms()) : 0;
        bool known = is_known(s, up_since);
        bool hopeless = s->host.state == HOST_GIVEN_UP;
        if (hopeless)
            error_set(&c->error, STATUS_NO_CONNECTION, "autostart: %s", s->host.state_text);
        if (s->host.state == HOST_LOST && !told) {
            fleet_event(c->host, NULL, NULL, "autostart", SEV_INFO, MARK_NONE, "waiting for libvirt: %s",
                        s->host.state_text);
            told = true;
        }
        snapshot_unref(s);
        if (known)
            return true;
        if (hopeless)
            return false;
        if (!context_wait_news(c, &seen))
            return given_up(c);
    }
}

/* A shutdown goes before a start: that one is ended as ^C would end it. */
static bool take_over(struct autorun *r, long holder)
{
    struct job_context *c = r->c;
    struct error e = ERROR_INIT;
    uint64_t seen = 0;
    int64_t until = clock_mono_ms() + TAKE_OVER_MS;
    fleet_event(c->host, NULL, NULL, "autostart", SEV_WARN, MARK_NONE,
                "ending the start that is under way (process %ld)", holder);
    if (kill((pid_t)holder, SIGTERM) != 0 && errno != ESRCH)
        return error_set(&c->error, STATUS_FAILED, "autostart: process %ld starts domains here: %s", holder,
                         strerror(errno));
    while (r->lock < 0 && clock_mono_ms() < until && context_wait_news(c, &seen)) {
        r->lock = run_lock(r->key, &holder, &e);
        error_clear(&e);
    }
    return r->lock >= 0 || error_set(&c->error, STATUS_FAILED, "autostart: process %ld does not end", holder);
}

static bool take_lock(struct autorun *r)
{
    struct run_record other = {0};
    long holder = 0;
    r->lock = run_lock(r->key, &holder, &r->c->error);
    if (r->lock >= 0)
        return true;
    if (r->c->error.text)
        return false;
    run_record_load(&other, r->path, NULL);
    /* Root's record says nothing of a run of another user's. */
    bool down = other.reverse && (holder <= 0 || other.pid == holder);
    run_record_clear(&other);
    if (r->request->reverse && !down && holder > 0)
        return take_over(r, holder);
    return error_set(&r->c->error, STATUS_FAILED,
                     "autostart: process %ld %s this host's domains already; `autostart status --follow` "
                     "shows it",
                     holder, down ? "stops" : "starts");
}

/* Takes the engine up where the run before was broken off. */
static bool restore(struct autorun *r)
{
    struct run_record old = {0};
    struct error e = ERROR_INIT;
    bool resumed = false;
    if (!run_record_load(&old, r->path, &e)) {
        autorun_tell(r, PLAN_NONE, SEV_WARN, "the record of the last run is left aside: %s", error_text(&e));
    } else if (old.engine && !r->request->anew && old.reverse == r->request->reverse &&
               (old.state == RUN_UNDER_WAY || old.state == RUN_BROKEN_OFF)) {
        resumed = engine_restore(r->engine, old.engine, autorun_now(r), &e);
        if (resumed) {
            run_record_clear(&r->record);
            r->record = old;
            old = (struct run_record){0};
            json_object_put(r->record.engine);
            r->record.engine = NULL;
        } else {
            autorun_tell(r, PLAN_NONE, SEV_WARN, "begins anew: %s", error_text(&e));
        }
    }
    error_clear(&e);
    run_record_clear(&old);
    return resumed;
}

static char *login_name(void)
{
    struct passwd pw, *found = NULL;
    char buffer[4096];
    if (getpwuid_r(getuid(), &pw, buffer, sizeof buffer, &found) == 0 && found)
        return xstrdup(found->pw_name);
    return xasprintf("%ld", (long)getuid());
}

/* Whether it goes on from a broken one. */
static bool open_record(struct autorun *r)
{
    const struct survey *s = &r->view->survey;
    r->record.begun_wall_ms = clock_wall_ms();
    bool resumed = restore(r);
    free(r->record.uri);
    free(r->record.user);
    r->record.state = RUN_UNDER_WAY;
    r->record.reverse = r->request->reverse;
    r->record.uri = xstrdup(s->uri);
    r->record.user = login_name();
    r->record.pid = (long)getpid();
    r->record.ended_wall_ms = 0;
    run_record_boot(&r->record);
    autorun_tell(r, PLAN_NONE, SEV_INFO, resumed ? "takes up the %s that was broken off" : "%s begins",
                 r->request->reverse ? "shutdown" : "start");
    return resumed;
}

/* Nobody knows whether these are to be started: they are not in the plan. */
static void tell_unread(struct autorun *r)
{
    const struct survey *s = &r->view->survey;
    for (size_t i = 0; i < s->vms.len; i++)
        if (!s->vms.items[i].item)
            autorun_tell(r, PLAN_NONE, SEV_WARN, "%s is left alone: its definition could not be read",
                         s->vms.items[i].name);
}

static bool prepare(struct autorun *r)
{
    if (!wait_for_host(r))
        return false;
    struct snapshot *s = autorun_newest(r);
    r->key = run_key(s->host.uri);
    r->path = run_path(r->key, "json");
    r->own_path = run_own_path(r->key, "json");
    snapshot_unref(s);
    if (!take_lock(r))
        return false;
    r->view = autostart_read(r->c->host);
    r->plan = survey_plan(&r->view->survey, r->request->reverse, false);
    r->engine = engine_new(r->plan, &r->view->survey.config);
    r->started_ms = xmalloc((r->plan->n_nodes + 1) * sizeof *r->started_ms);
    for (uint32_t i = 0; i < r->plan->n_nodes; i++)
        r->started_ms[i] = -1;
    r->told = xcalloc(r->plan->n_nodes + 1, sizeof *r->told);
    bool resumed = open_record(r);
    if (resumed)
        autorun_spend_again(r);
    tell_unread(r);
    for (size_t i = 0; i < r->plan->findings.len; i++)
        autorun_tell(r, PLAN_NONE, r->plan->findings.items[i].severity, "%s",
                     r->plan->findings.items[i].text);
    return true;
}

/* ---- while it is under way ---- */

static void save(struct autorun *r)
{
    struct error e = ERROR_INIT;
    if (r->record.engine)
        json_object_put(r->record.engine);
    r->record.engine = engine_json(r->engine);
    run_record_take(&r->record, r->engine, r->plan, autorun_now(r), clock_wall_ms());
    bool saved = run_record_save(&r->record, r->own_path, &e);
    if (!saved && !r->unsaved)
        fleet_event(r->c->host, NULL, NULL, "autostart", SEV_WARN, MARK_NONE,
                    "others can't look on, and broken off it would begin anew: %s", error_text(&e));
    r->unsaved = !saved;
    error_clear(&e);
    r->changed = false;
}

static void look_at_memory(const struct autorun *r, struct engine_host *host)
{
    *host = (struct engine_host){.load = NAN};
    if (!r->view->survey.local)
        return;
    double load;
    if (getloadavg(&load, 1) == 1)
        host->load = load;
    host->processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    host_memory_read("", &host->memory_kib, &host->available_kib);
}

/* Takes all steps that are due, writes them down, then does them. Returns when to look again; INT64_MIN: all
 * is done. */
static int64_t advance(struct autorun *r)
{
    VEC(struct engine_step) due = {0};
    struct engine_step step;
    struct engine_host host;
    int64_t until = INT64_MIN;
    look_at_memory(r, &host);
    while (engine_next(r->engine, autorun_now(r), &host, &step)) {
        if (step.action == ENGINE_WAIT) {
            until = step.until_ms;
            break;
        }
        vec_push(&due, step);
    }
    /* What has become of others is why these are due: it is told before. */
    autorun_tell_states(r);
    if (due.len > 0 || r->changed)
        save(r);
    for (size_t i = 0; i < due.len; i++)
        autorun_do(r, &due.items[i]);
    bool done = due.len > 0;
    vec_free(&due);
    /* What was done may have brought the next thing. */
    return done ? autorun_now(r) : until;
}

/* Of the domains that are this run's business. */
static void count(const struct autorun *r, unsigned *done, unsigned *all)
{
    bool down = r->plan->reverse;
    *done = *all = 0;
    for (uint32_t i = 0; i < r->plan->n_nodes; i++) {
        enum engine_state s = engine_look(r->engine, i).state;
        if (r->plan->nodes[i].kind != PLAN_DOMAIN || (!down && s == NODE_LEFT))
            continue;
        ++*all;
        *done += s == (down ? NODE_OFF : NODE_READY);
    }
}

static void tell_progress(struct autorun *r)
{
    unsigned done, all;
    count(r, &done, &all);
    context_progress(r->c, "%u of %u %s", done, all, r->plan->reverse ? "off" : "ready");
}

/* Until something happens, or it is time. False: it was cancelled, or the program ends. */
static bool rest(struct autorun *r, uint64_t *seen, int64_t until_ms)
{
    const struct run_clock *clock = r->request->clock;
    int64_t left = until_ms - autorun_now(r);
    if (clock && clock->idle && clock->idle(clock->ctx, until_ms, r->doing.len > 0))
        return !context_cancelled(r->c);
    if (clock || left > LOOK_MS)
        left = LOOK_MS;
    return context_wait_until(r->c, seen, clock_mono_ms() + (left > 0 ? left : 0));
}

/* The program may end with the run, and with it what is not done yet. */
static void wait_for_spends(struct autorun *r)
{
    uint64_t seen = 0;
    int64_t until = clock_mono_ms() + SPEND_MS;
    while (!autorun_all_spent(r) && clock_mono_ms() < until && context_wait_news(r->c, &seen))
        ;
}

static bool carry_out(struct autorun *r)
{
    uint64_t seen = 0;
    for (;;) {
        struct snapshot *snap = autorun_newest(r);
        autorun_look(r, snap);
        snapshot_unref(snap);
        int64_t until = advance(r);
        if (until == INT64_MIN)
            return true;
        autorun_all_spent(r);
        autorun_count_down(r);
        tell_progress(r);
        if (!rest(r, &seen, until))
            return given_up(r->c);
    }
}

/* ---- the end ---- */

static void keep_times(struct autorun *r)
{
    struct error e = ERROR_INIT;
    char *path = times_path(r->key);
    if (!times_save(&r->view->survey.times, path, &e))
        log_write(LEVEL_LOG_WARN, "%s", error_text(&e));
    error_clear(&e);
    free(path);
}

static bool conclude(struct autorun *r)
{
    unsigned done, all;
    bool good = engine_succeeded(r->engine);
    const char *word = r->plan->reverse ? "off" : "ready";
    count(r, &done, &all);
    wait_for_spends(r);
    r->record.state = good ? RUN_DONE : RUN_FAILED;
    r->record.ended_wall_ms = clock_wall_ms();
    autorun_tell(r, PLAN_NONE, good ? SEV_GOOD : SEV_ERROR, "%u of %u domains %s", done, all, word);
    keep_times(r);
    context_say(r->c, "%u of %u domains %s", done, all, word);
    return good || error_set(&r->c->error, STATUS_FAILED,
                             "autostart: %u of %u domains %s; `autostart status` says why", done, all, word);
}

static void release(struct autorun *r)
{
    autorun_cancel_all(r);
    if (r->engine) {
        save(r);
        r->c->json = run_record_json(&r->record);
    }
    run_record_clear(&r->record);
    engine_free(r->engine);
    plan_free(r->plan);
    autostart_view_unref(r->view);
    vec_free(&r->doing);
    vec_free(&r->spends);
    vec_free(&r->expected);
    free(r->started_ms);
    free(r->told);
    free(r->key);
    free(r->path);
    free(r->own_path);
    if (r->lock >= 0)
        close(r->lock);
}

static bool run_autorun(struct job_context *c)
{
    struct autorun r = {.c = c, .request = c->args->data, .lock = -1};
    /* It outlives connections: whoever needs one takes the newest. */
    if (c->conn)
        virConnectClose(c->conn);
    c->conn = NULL;
    context_give_place(c);
    bool ok = prepare(&r) && carry_out(&r);
    if (ok)
        ok = conclude(&r);
    else if (r.engine)
        r.record.state = RUN_BROKEN_OFF;
    release(&r);
    return ok;
}

const struct job_kind autorun_job = {.action = "autostart", .doing = "starting in order", .run = run_autorun};
