/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is kept of outcomes for later, and why a start has failed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "command/diagnose.h"
#include "command/shell_private.h"

#define MOST_EXPLAINED 8

/* ---- what is kept ---- */

static bool is_kept(const struct call *call, const struct job_status *j)
{
    return call->command->flags & COMMAND_CHANGES && !call_option(call, "dry-run") && !uuid_is_nil(&j->uuid);
}

/* As the screen words it. */
static char *outcome_text(const struct job_status *j)
{
    const struct job_result *r = &j->result;
    if (r->state == JOB_FAILED)
        return xstrdup(error_text(&r->error));
    const char *text = r->text ? r->text : r->state == JOB_CANCELLED ? "no longer waited for" : "done";
    return xasprintf("%s: %s", j->kind->action, text);
}

void shell_note_outcome(const struct shell *s, const struct call *call, const struct job_status *j)
{
    struct error e = ERROR_INIT;
    if (!is_kept(call, j))
        return;
    struct snapshot *snap = fleet_snapshot(s->session.fleet, j->host);
    struct event ev = {.wall_ms = clock_wall_ms(),
                       .severity = j->result.state == JOB_DONE     ? SEV_GOOD
                                   : j->result.state == JOB_FAILED ? SEV_ERROR
                                                                   : SEV_WARN,
                       .kind = "command",
                       .host = xstrdup(snap->host.name),
                       .uuid = j->uuid,
                       .vm = xstrdup(j->vm_name),
                       .text = outcome_text(j),
                       .code = j->result.error.code,
                       .domain = j->result.error.domain,
                       .took_ms = j->ended_ms - j->started_ms};
    bool demo = snap->host.demo;
    char *path = paths_join(paths_state_dir(), EVENTLOG_FILE);
    if (!demo && !eventlog_append(path, &ev, &e))
        log_write(LEVEL_LOG_WARN, "%s", error_text(&e));
    snapshot_unref(snap);
    event_clear(&ev);
    error_clear(&e);
    free(path);
}

/* ---- why ---- */

struct explaining {
    VEC(struct job *) jobs;
    VEC(size_t) of; /* the job that failed, its place in the list */
};

/* One that was stopped before libvirt was asked has said itself why. */
static bool has_failed_start(const struct job_status *j)
{
    return j->result.state == JOB_FAILED && strcmp(j->kind->action, "start") == 0 &&
           j->result.error.status == STATUS_FAILED && !j->result.output;
}

static void begin(struct shell *s, struct explaining *x)
{
    for (size_t i = 0; i < s->jobs.len && x->jobs.len < MOST_EXPLAINED; i++) {
        struct job_status j;
        job_status(s->jobs.items[i], &j);
        if (has_failed_start(&j)) {
            struct target t = {j.host, j.uuid, j.vm_name};
            vec_push(&x->jobs, diagnose_submit(&s->session, &t, diagnose_request(&s->session)));
            vec_push(&x->of, i);
        }
        job_status_clear(&j);
    }
}

static bool all_over(void *arg)
{
    const struct explaining *x = arg;
    for (size_t i = 0; i < x->jobs.len; i++)
        if (!job_is_over(x->jobs.items[i]))
            return false;
    return true;
}

static void tell(struct shell *s, const struct job_status *j)
{
    struct strbuf best = {0};
    diagnose_best(j->result.json, &best);
    if (best.len) {
        char *text = xasprintf("%s: %s", j->vm_name, strbuf_str(&best));
        shell_say(s, SEV_INFO, text);
        free(text);
    }
    strbuf_free(&best);
}

static void take(struct shell *s, const struct explaining *x, size_t i, json_object *causes)
{
    struct job_status j;
    json_object *findings = NULL;
    job_status(x->jobs.items[i], &j);
    if (j.result.state == JOB_DONE && json_object_object_get_ex(j.result.json, "findings", &findings)) {
        char *number = xasprintf("%zu", x->of.items[i]);
        json_object_object_add(causes, number, json_object_get(findings));
        free(number);
        tell(s, &j);
    }
    job_status_clear(&j);
    job_unref(x->jobs.items[i]);
}

json_object *shell_explain_failures(struct shell *s)
{
    struct error e = ERROR_INIT;
    struct explaining x = {0};
    json_object *causes = json_object_new_object();
    if (!s->signalled)
        begin(s, &x);
    if (x.jobs.len && !shell_wait(s, -1, all_over, &x, -1, &e))
        for (size_t i = 0; i < x.jobs.len; i++)
            job_cancel(x.jobs.items[i]);
    for (size_t i = 0; i < x.jobs.len; i++)
        take(s, &x, i, causes);
    vec_free(&x.jobs);
    vec_free(&x.of);
    error_clear(&e);
    return causes;
}
