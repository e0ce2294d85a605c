/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Jobs: what a person asked for, run in threads of their own so that nothing waits for them. Cancelling ends
 * the job for whoever follows it; a libvirt call under way can't be stopped and goes on in its thread, its
 * result is then only logged.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/log.h"
#include "virt/private.h"

struct job {
    pthread_mutex_t lock;
    int refs;
    bool cancel;
    struct host *host;
    struct job_args args;
    struct job_status status; /* the strings in it are owned */
};

static void result_clear(struct job_result *r)
{
    error_clear(&r->error);
    free(r->text);
    free(r->output);
    if (r->json)
        json_object_put(r->json);
    *r = (struct job_result){0};
}

struct job *job_ref(struct job *j)
{
    pthread_mutex_lock(&j->lock);
    j->refs++;
    pthread_mutex_unlock(&j->lock);
    return j;
}

void job_unref(struct job *j)
{
    pthread_mutex_lock(&j->lock);
    bool last = --j->refs == 0;
    pthread_mutex_unlock(&j->lock);
    if (!last)
        return;
    result_clear(&j->status.result);
    free(j->status.vm_name);
    free(j->status.progress);
    free((char *)j->args.text);
    if (j->args.free_data)
        j->args.free_data(j->args.data);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

static bool over(enum job_state s)
{
    return s == JOB_DONE || s == JOB_FAILED || s == JOB_CANCELLED;
}

static void job_tell(struct job *j)
{
    struct message m = {.type = MSG_JOB, .host = j->status.host, .job = job_ref(j)};
    fleet_post(j->host->fleet, &m);
}

void job_status(struct job *j, struct job_status *out)
{
    pthread_mutex_lock(&j->lock);
    *out = j->status;
    out->vm_name = xstrdup(j->status.vm_name);
    out->progress = xstrdup(j->status.progress);
    out->result.text = xstrdup(j->status.result.text);
    out->result.output = xstrdup(j->status.result.output);
    out->result.error.text = xstrdup(j->status.result.error.text);
    if (out->result.json)
        json_object_get(out->result.json);
    pthread_mutex_unlock(&j->lock);
}

void job_status_clear(struct job_status *s)
{
    result_clear(&s->result);
    free(s->vm_name);
    free(s->progress);
    *s = (struct job_status){0};
}

bool job_is_over(struct job *j)
{
    pthread_mutex_lock(&j->lock);
    bool is = over(j->status.result.state);
    pthread_mutex_unlock(&j->lock);
    return is;
}

bool job_is_queued(struct job *j)
{
    pthread_mutex_lock(&j->lock);
    bool is = j->status.result.state == JOB_QUEUED;
    pthread_mutex_unlock(&j->lock);
    return is;
}

void job_cancel(struct job *j)
{
    struct host *h = j->host;
    pthread_mutex_lock(&j->lock);
    bool now = !over(j->status.result.state);
    j->cancel = true;
    if (now) {
        j->status.result.state = JOB_CANCELLED;
        j->status.result.text = xstrdup("no longer waited for; what was asked of libvirt may still happen");
        j->status.ended_ms = clock_mono_ms();
    }
    pthread_mutex_unlock(&j->lock);
    if (!now)
        return;
    job_tell(j);
    pthread_mutex_lock(&h->lock);
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

/* Under the host's lock: sees to it that every job that may begin has a thread. */
static void provide_thread(struct host *h)
{
    int free_places = h->quit ? 0 : JOBS_IN_FLIGHT - h->n_busy_jobs;
    int want = (int)h->jobs.len < free_places ? (int)h->jobs.len : free_places;
    if (h->n_idle_job_threads >= want || h->n_job_threads == JOB_THREADS)
        return;
    if (pthread_create(&h->job_threads[h->n_job_threads], NULL, job_thread, h) == 0) {
        h->n_job_threads++;
        h->n_idle_job_threads++;
    }
}

struct job *fleet_submit(struct fleet *f, int host, const struct vm_uuid *uuid, const char *vm_name,
                         const struct job_kind *kind, const struct job_args *args)
{
    struct job *j = xcalloc(1, sizeof *j);
    pthread_mutex_init(&j->lock, NULL);
    j->refs = 2; /* the queue's and the caller's */
    if (args)
        j->args = *args;
    j->args.text = xstrdup(j->args.text);
    j->status = (struct job_status){.host = host, .uuid = *uuid, .vm_name = xstrdup(vm_name), .kind = kind};
    j->status.started_ms = clock_mono_ms();
    j->status.result.error = (struct error)ERROR_INIT;
    /* Jobs submit jobs, while the main thread may add a host. */
    pthread_mutex_lock(&f->lock);
    struct host *h = j->host = f->hosts.items[host];
    j->status.number = ++f->job_number;
    pthread_mutex_unlock(&f->lock);

    pthread_mutex_lock(&h->lock);
    vec_push(&h->jobs, j);
    provide_thread(h);
    pthread_cond_broadcast(&h->job_wake);
    pthread_mutex_unlock(&h->lock);
    return j;
}

/* ---- in a job thread ---- */

static void finish(struct job *j, struct job_context *c, bool ok, const char *vm_state)
{
    pthread_mutex_lock(&j->lock);
    bool dropped = over(j->status.result.state);
    if (!dropped) {
        struct job_result *r = &j->status.result;
        r->state = ok ? JOB_DONE : JOB_FAILED;
        error_move(&r->error, &c->error);
        r->text = c->text;
        r->json = c->json;
        r->output = c->output;
        r->vm_state = vm_state;
        j->status.ended_ms = clock_mono_ms();
        c->text = c->output = NULL;
        c->json = NULL;
        free(j->status.progress);
        j->status.progress = NULL;
    }
    pthread_mutex_unlock(&j->lock);
    if (dropped)
        log_write(LEVEL_LOG_INFO, "%s %s, given up on, ended: %s", j->status.kind->action, j->status.vm_name,
                  ok ? "done" : error_text(&c->error));
    else
        job_tell(j);
    pthread_mutex_lock(&j->host->lock);
    j->host->changes++; /* another job may wait for this one */
    pthread_cond_broadcast(&j->host->changed);
    pthread_mutex_unlock(&j->host->lock);
}

static const char *state_afterwards(struct job_context *c)
{
    int state;
    if (c->gone && !uuid_is_nil(&c->uuid))
        return "undefined";
    if (!c->dom || virDomainGetState(c->dom, &state, NULL, 0) < 0 || state < 0 || state >= VM_STATE_COUNT)
        return NULL;
    return vm_state_name((enum vm_state)state);
}

static bool find_domain(struct job_context *c)
{
    c->conn = host_act_conn(c->host, &c->is_qemu);
    if (uuid_is_nil(&c->uuid)) /* of the host as a whole: it sees for itself */
        return true;
    if (!c->conn)
        return error_set(&c->error, STATUS_NO_CONNECTION, "%s %s: not connected to the host",
                         c->job->status.kind->action, c->vm_name);
    c->dom = virDomainLookupByUUID(c->conn, c->job->status.uuid.b);
    return c->dom || context_failed(c);
}

/* Under the host's lock: this job is not in a call to libvirt for a while. */
static void leave_place(struct host *h)
{
    h->n_busy_jobs--;
    provide_thread(h);
    pthread_cond_broadcast(&h->job_wake);
}

static void take_place_again(struct host *h)
{
    while (h->n_busy_jobs >= JOBS_IN_FLIGHT && !h->quit)
        pthread_cond_wait(&h->job_wake, &h->lock);
    h->n_busy_jobs++;
}

/* At the end of one that had none: its thread gives it up once more. */
static void take_place_back(struct host *h)
{
    pthread_mutex_lock(&h->lock);
    h->n_busy_jobs++;
    pthread_mutex_unlock(&h->lock);
}

static void run_job(struct host *h, struct job *j)
{
    struct job_context c = {.host = h,
                            .job = j,
                            .uuid = j->status.uuid,
                            .vm_name = j->status.vm_name,
                            .args = &j->args,
                            .error = ERROR_INIT};
    struct note changed = {.type = NOTE_CHANGED, .uuid = j->status.uuid};
    bool of_host = uuid_is_nil(&c.uuid);
    pthread_mutex_lock(&j->lock);
    bool skip = over(j->status.result.state);
    if (!skip)
        j->status.result.state = JOB_RUNNING;
    pthread_mutex_unlock(&j->lock);
    if (skip)
        return;
    job_tell(j);
    bool ok = find_domain(&c) && j->status.kind->run(&c);
    const char *vm_state = state_afterwards(&c);
    if (c.dom)
        virDomainFree(c.dom);
    if (c.conn)
        virConnectClose(c.conn);
    if (!of_host)
        host_post(h, &changed);
    finish(j, &c, ok, vm_state);
    if (c.placeless)
        take_place_back(h);
    error_clear(&c.error);
    free(c.text);
    free(c.output);
    if (c.json)
        json_object_put(c.json);
}

/* Under the host's lock: the oldest job that may begin now, taken out of the queue; NULL: none. */
static struct job *next_job(struct host *h)
{
    bool lasting_too = h->n_lasting_jobs < JOBS_IN_FLIGHT - 1;
    for (size_t i = 0; h->n_busy_jobs < JOBS_IN_FLIGHT && i < h->jobs.len; i++) {
        struct job *j = h->jobs.items[i];
        if (j->status.kind->lasting && !lasting_too)
            continue;
        vec_remove(&h->jobs, i);
        return j;
    }
    return NULL;
}

void *job_thread(void *opaque)
{
    struct host *h = opaque;
    pthread_mutex_lock(&h->lock);
    while (!h->quit) {
        struct job *j = next_job(h);
        if (!j) {
            pthread_cond_wait(&h->job_wake, &h->lock);
            continue;
        }
        int lasting = j->status.kind->lasting;
        h->n_idle_job_threads--;
        h->n_busy_jobs++;
        h->n_lasting_jobs += lasting;
        pthread_mutex_unlock(&h->lock);
        run_job(h, j);
        job_unref(j);
        pthread_mutex_lock(&h->lock);
        h->n_idle_job_threads++;
        h->n_lasting_jobs -= lasting;
        leave_place(h);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

void jobs_stop(struct host *h)
{
    pthread_mutex_lock(&h->lock);
    pthread_cond_broadcast(&h->job_wake);
    pthread_cond_broadcast(&h->changed);
    int n = h->n_job_threads;
    pthread_mutex_unlock(&h->lock);
    for (int i = 0; i < n; i++)
        pthread_join(h->job_threads[i], NULL);
    for (size_t i = 0; i < h->jobs.len; i++)
        job_unref(h->jobs.items[i]);
    vec_clear(&h->jobs);
}

/* ---- what kinds of jobs use ---- */

const char *context_action(const struct job_context *c)
{
    return c->job->status.kind->action;
}

bool context_failed(struct job_context *c)
{
    return error_from_libvirt(&c->error, "%s %s", context_action(c), c->vm_name);
}

bool context_read_state(struct job_context *c, bool *active, bool *persistent)
{
    int runs = virDomainIsActive(c->dom), stays = virDomainIsPersistent(c->dom);
    *active = runs == 1;
    *persistent = stays == 1;
    return (runs >= 0 && stays >= 0) || context_failed(c);
}

void context_say(struct job_context *c, const char *fmt, ...)
{
    va_list ap;
    free(c->text);
    va_start(ap, fmt);
    if (vasprintf(&c->text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
}

void context_progress(struct job_context *c, const char *fmt, ...)
{
    va_list ap;
    pthread_mutex_lock(&c->job->lock);
    free(c->job->status.progress);
    va_start(ap, fmt);
    if (vasprintf(&c->job->status.progress, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    pthread_mutex_unlock(&c->job->lock);
    job_tell(c->job);
}

bool context_cancelled(struct job_context *c)
{
    pthread_mutex_lock(&c->job->lock);
    bool cancelled = c->job->cancel;
    pthread_mutex_unlock(&c->job->lock);
    return cancelled;
}

void context_give_place(struct job_context *c)
{
    context_leave_place(c);
    c->placeless = true;
}

void context_leave_place(struct job_context *c)
{
    pthread_mutex_lock(&c->host->lock);
    if (!c->placeless)
        leave_place(c->host);
    pthread_mutex_unlock(&c->host->lock);
}

void context_take_place(struct job_context *c)
{
    pthread_mutex_lock(&c->host->lock);
    if (!c->placeless)
        take_place_again(c->host);
    pthread_mutex_unlock(&c->host->lock);
}

/* Events end a wait at once; the state is asked for anew this often in case one is missed. */
#define POLL_MS 500

bool context_wait_until(struct job_context *c, uint64_t *seen, int64_t until_ms)
{
    struct host *h = c->host;
    struct timespec t = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_mutex_lock(&h->lock);
    if (!h->quit && h->changes == *seen && !context_cancelled(c)) {
        if (!c->placeless)
            leave_place(h);
        pthread_cond_timedwait(&h->changed, &h->lock, &t);
        if (!c->placeless)
            take_place_again(h);
    }
    *seen = h->changes;
    bool quit = h->quit;
    pthread_mutex_unlock(&h->lock);
    return !quit && !context_cancelled(c);
}

bool context_wait_news(struct job_context *c, uint64_t *seen)
{
    return context_wait_until(c, seen, clock_mono_ms() + POLL_MS);
}

static void tell_waiting(struct job_context *c, const char *what, int64_t start_ms, int64_t *told_s)
{
    int64_t seconds = (clock_mono_ms() - start_ms) / 1000;
    if (seconds == *told_s || !what)
        return;
    *told_s = seconds;
    context_progress(c, "%s, %lld s", what, (long long)seconds);
}

/* WAIT_REACHED with the state it is in now, or how the waiting ends. */
static enum wait_result look(struct job_context *c, int *state)
{
    if (virDomainGetState(c->dom, state, NULL, 0) == 0)
        return WAIT_REACHED;
    virErrorPtr e = virGetLastError();
    c->gone = e && e->code == VIR_ERR_NO_DOMAIN;
    if (!c->gone)
        context_failed(c);
    return c->gone ? WAIT_GONE : WAIT_FAILED;
}

enum wait_result context_wait_state(struct job_context *c, unsigned states, double timeout_s,
                                    const char *waiting_for)
{
    int64_t start = clock_mono_ms(), told_s = 0;
    uint64_t seen = 0;
    for (;;) {
        int state;
        enum wait_result found = look(c, &state);
        if (found != WAIT_REACHED)
            return found;
        if (states & 1u << state)
            return WAIT_REACHED;
        if ((double)(clock_mono_ms() - start) >= timeout_s * 1000)
            return WAIT_TIMEOUT;
        tell_waiting(c, waiting_for, start, &told_s);
        if (!context_wait_news(c, &seen)) {
            error_set(&c->error, STATUS_FAILED, "%s %s: no longer waited for", c->job->status.kind->action,
                      c->vm_name);
            return WAIT_FAILED;
        }
    }
}

unsigned long context_reboots(struct job_context *c)
{
    pthread_mutex_lock(&c->host->lock);
    const struct reboots *r = vmmap_get(&c->host->reboots, 0, &c->job->status.uuid);
    unsigned long count = r ? r->count : 0;
    pthread_mutex_unlock(&c->host->lock);
    return count;
}

enum wait_result context_wait_reboot(struct job_context *c, unsigned long before, double timeout_s)
{
    int64_t start = clock_mono_ms(), told_s = 0;
    uint64_t seen = 0;
    while (context_reboots(c) <= before) {
        int state;
        enum wait_result found = look(c, &state);
        if (found != WAIT_REACHED)
            return found;
        if (state == VIR_DOMAIN_SHUTOFF || state == VIR_DOMAIN_CRASHED)
            return WAIT_GONE;
        if ((double)(clock_mono_ms() - start) >= timeout_s * 1000)
            return WAIT_TIMEOUT;
        tell_waiting(c, "waiting for the guest to reboot", start, &told_s);
        if (!context_wait_news(c, &seen)) {
            error_set(&c->error, STATUS_FAILED, "%s %s: no longer waited for", c->job->status.kind->action,
                      c->vm_name);
            return WAIT_FAILED;
        }
    }
    return WAIT_REACHED;
}
