/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/console_feed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "autostart/start_item.h"
#include "base/text.h"
#include "command/console.h"
#include "ui/logs_feed.h"

#define SETTLE_MS   400  /* the cursor only passes by */
#define RETRY_MS    5000 /* while another client has the console */
#define NO_CONSOLES 3    /* VIR_ERR_NO_SUPPORT: this driver's domains have none, which is no news */

struct console_feed {
    struct job *job; /* that looks on; NULL */
    int pipe;        /* the end to write to; -1: the logs get no console */
    /* Of which domain. */
    int host;
    struct vm_uuid uuid;
    int id;              /* of its run, as libvirt counts them */
    int64_t since_ms;    /* since when the pane is looked at; 0: it is not */
    int64_t again_ms;    /* not before */
    bool told, hopeless; /* why there is nothing; it won't change while this run lasts */
    bool draining;       /* the pipe's rest is being read */
};

static struct console_feed *feed_of(struct deck *d)
{
    if (!d->console_feed) {
        d->console_feed = xcalloc(1, sizeof *d->console_feed);
        d->console_feed->pipe = d->console_feed->host = -1;
    }
    return d->console_feed;
}

static bool is_same(const struct console_feed *f, int host, const struct vm_uuid *uuid)
{
    return f->host == host && uuid_equal(&f->uuid, uuid);
}

static void stop_job(struct console_feed *f)
{
    if (!f->job)
        return;
    job_cancel(f->job);
    job_unref(f->job);
    f->job = NULL;
}

static void close_pipe(struct console_feed *f)
{
    if (f->pipe >= 0)
        close(f->pipe);
    f->pipe = -1;
}

static bool open_pipe(struct deck *d, struct console_feed *f)
{
    int ends[2];
    if (f->pipe >= 0)
        return true;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    f->pipe = ends[1];
    logs_take_console(d, ends[0]);
    return true;
}

static void begin_domain(struct console_feed *f, int host, const struct vm_uuid *uuid, int id)
{
    stop_job(f);
    close_pipe(f); /* its lines have gone with the other domain */
    *f = (struct console_feed){.pipe = -1, .host = host, .uuid = *uuid, .id = id};
}

/* A line among the others about the domain. */
static void tell(struct deck *d, struct console_feed *f, const char *text)
{
    if (!f->told)
        collector_line(d->log.collector, SOURCE_DECK, d->now_wall_ms, text, strlen(text));
    f->told = true;
}

/* A probe that reads the console would find it taken, and the domain be held for ill. */
static bool has_serial_probe(const struct vm *vm)
{
    for (size_t i = 0; vm->start && i < POLICY_FIELDS; i++) {
        const struct policy_value *v = &vm->start->policy.v[i];
        for (size_t k = 0; policy_fields[i].type == POLICY_PROBES && k < v->items.len; k++)
            if (strncmp(v->items.items[k], "serial:", 7) == 0)
                return true;
    }
    return false;
}

static void leave_to_probe(struct deck *d, struct console_feed *f, const struct vm *vm)
{
    char *name = text_shell_word(vm->name);
    char *text =
        xasprintf("the serial console is left to the policy's probe; with a log file both can read it: "
                  "`device %s serial0 log=PATH`",
                  name);
    tell(d, f, text);
    f->hopeless = true;
    free(text);
    free(name);
}

static void begin_job(struct deck *d, struct console_feed *f, const struct vm *vm)
{
    int out = open_pipe(d, f) ? fcntl(f->pipe, F_DUPFD_CLOEXEC, 3) : -1;
    if (out < 0)
        return;
    struct console_request *r = console_request_new();
    r->out_fd = out;
    r->quiet = true;
    struct job_args args = {.data = r, .free_data = console_request_free};
    f->job = fleet_submit(d->session.fleet, f->host, &f->uuid, vm->name, &console_job, &args);
}

/* The job is over: when to try again. */
static void look_at_end(struct deck *d, struct console_feed *f)
{
    struct job_status st;
    if (!job_is_over(f->job))
        return;
    job_status(f->job, &st);
    f->again_ms = d->now_ms + RETRY_MS;
    if (st.result.state == JOB_DONE) {
        f->told = false;
    } else if (st.result.error.code == CONSOLE_BUSY) {
        tell(d, f, "another client has the serial console; its lines come when it is free");
    } else if (st.result.state == JOB_FAILED) {
        if (st.result.error.code != NO_CONSOLES)
            tell(d, f, error_text(&st.result.error));
        f->hopeless = true;
    }
    job_status_clear(&st);
    job_unref(f->job);
    f->job = NULL;
}

/* What is still in the pipe is read before the logs let go of it. */
static void let_go(struct deck *d, struct console_feed *f)
{
    struct feed_state state = {0};
    stop_job(f);
    f->since_ms = 0;
    if (f->pipe >= 0) {
        close_pipe(f);
        f->draining = true;
    }
    if (!f->draining)
        return;
    collector_state(d->log.collector, SOURCE_SERIAL, &state);
    if (!state.fed) {
        logs_drop_console(d);
        f->draining = false;
    }
    feed_state_clear(&state);
}

/* The console's bytes go to the logs already, and somebody still looks. */
static bool goes_on(const struct deck *d, const struct console_feed *f, const struct vm *vm)
{
    return f->pipe >= 0 && !d->log.serial_log && vm_state_is_active(vm->state) && logs_are_seen(d) &&
           d->log.sources >> SOURCE_SERIAL & 1;
}

/* libvirt lends a console only to who may write to it. */
static bool is_read_only(const struct deck *d, const struct console_feed *f)
{
    const struct snapshot *host = deck_host_by_id(d, f->host);
    return host && host->host.read_only;
}

static void look_on(struct deck *d, struct console_feed *f, const struct vm *vm)
{
    if (!f->since_ms)
        f->since_ms = d->now_ms;
    if (f->job || f->hopeless || d->visit || d->now_ms < f->again_ms || d->now_ms - f->since_ms < SETTLE_MS)
        return;
    if (is_read_only(d, f))
        f->hopeless = true;
    else if (has_serial_probe(vm))
        leave_to_probe(d, f, vm);
    else
        begin_job(d, f, vm);
}

void console_feed_turn(struct deck *d)
{
    struct console_feed *f = d->console_feed;
    const struct vm *vm = deck_vm(d);
    bool wanted = logs_wants_console(d);
    if (!d->session.fleet || (!f && !wanted))
        return;
    f = feed_of(d);
    if (!is_same(f, d->log.host, &d->log.uuid))
        begin_domain(f, d->log.host, &d->log.uuid, vm ? vm->id : -1);
    if (vm && f->id != vm->id) {
        f->id = vm->id;
        f->told = f->hopeless = false;
        f->again_ms = 0;
    }
    if (f->job)
        look_at_end(d, f);
    if (f->job && f->told && console_has_begun(f->job))
        f->told = false;
    if (vm && (wanted || goes_on(d, f, vm)))
        look_on(d, f, vm);
    else
        let_go(d, f);
}

int console_feed_tee(struct deck *d, int host, const struct vm_uuid *uuid)
{
    const struct vm *vm = deck_vm(d);
    const struct logs_view *v = &d->log;
    struct console_feed *f = feed_of(d);
    if (!v->collector || !vm || !vm->def || v->serial_log || v->host != host || !uuid_equal(&v->uuid, uuid))
        return -1;
    if (!is_same(f, host, uuid))
        begin_domain(f, host, uuid, vm->id);
    if (f->draining)
        logs_drop_console(d);
    f->draining = false;
    return open_pipe(d, f) ? fcntl(f->pipe, F_DUPFD_CLOEXEC, 3) : -1;
}

void console_feed_forget(struct deck *d)
{
    if (!d->console_feed)
        return;
    stop_job(d->console_feed);
    close_pipe(d->console_feed);
    free(d->console_feed);
    d->console_feed = NULL;
}
