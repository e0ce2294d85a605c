/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Outcomes in the shell: waits for the jobs of a command, prints each domain's own result as it comes.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/shell_private.h"

/* From when on a job's progress is told to a person who watches. */
#define PROGRESS_AFTER_MS 1500

struct following {
    struct shell *shell;
    const struct call *call;
    size_t printed;      /* jobs 0 … printed-1 were printed */
    int64_t progress_ms; /* when progress is told next; INT64_MAX: never */
};

void shell_follow(void *ctx, struct job *job)
{
    struct shell *s = ctx;
    vec_push(&s->jobs, job);
}

static const char *result_word(enum job_state state)
{
    return state == JOB_DONE ? "ok" : state == JOB_CANCELLED ? "cancelled" : "failed";
}

/* Then `vm_name` is the host's. */
static bool is_on_host(const struct job_status *j)
{
    return uuid_is_nil(&j->uuid);
}

static json_object *result_json(const struct shell *s, const struct job_status *j)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, is_on_host(j) ? "host" : "domain", json_text(j->vm_name));
    if (!is_on_host(j) && fleet_len(s->session.fleet) > 1) {
        struct snapshot *snap = fleet_snapshot(s->session.fleet, j->host);
        json_object_object_add(o, "host", json_text(snap->host.name));
        snapshot_unref(snap);
    }
    json_object_object_add(o, "action", json_text(j->kind->action));
    json_object_object_add(o, "result", json_text(result_word(j->result.state)));
    if (!is_on_host(j))
        json_object_object_add(o, "state", json_text(j->result.vm_state));
    if (j->result.json) {
        json_object_object_foreach(j->result.json, key, value)
        {
            json_object_object_add(o, key, json_object_get(value));
        }
    }
    if (j->result.state == JOB_FAILED)
        json_object_object_add(o, "error", json_text(error_text(&j->result.error)));
    return o;
}

/* On stderr, whatever is printed on stdout. */
static void tell_failure(struct shell *s, const struct call *call, const struct job_status *j)
{
    if (j->result.state == JOB_FAILED)
        shell_say(s, SEV_ERROR, error_text(&j->result.error));
    if (j->result.state != JOB_CANCELLED || call->command->flags & COMMAND_ENDLESS)
        return;
    char *text = is_on_host(j)
                     ? xasprintf("%s: %s was interrupted; given again, it goes on from there", j->vm_name,
                                 call->command->name)
                     : xasprintf("%s: no longer waiting for the outcome of %s; the host goes on with it",
                                 j->vm_name, j->kind->action);
    shell_say(s, SEV_WARN, text);
    free(text);
}

static void print_result(struct shell *s, const struct job_status *j)
{
    if (j->result.state != JOB_CANCELLED && j->result.output && j->result.output[0])
        shell_print(s, j->result.output);
    if (j->result.state != JOB_DONE || (!j->result.text && j->result.output))
        return;
    char *text = xasprintf("%s: %s", j->vm_name, j->result.text ? j->result.text : "done");
    shell_print(s, text);
    free(text);
}

static void tell_progress(struct following *f)
{
    struct job_status j;
    job_status(f->shell->jobs.items[f->printed], &j);
    if (j.progress) {
        char *text = xasprintf("%s: %s", j.vm_name, j.progress);
        shell_say(f->shell, SEV_INFO, text);
        free(text);
    }
    job_status_clear(&j);
    f->progress_ms = clock_mono_ms() + 10 * PROGRESS_AFTER_MS;
}

/* Prints the results in the order of the targets, each as soon as those before it are there. */
static bool all_over(void *arg)
{
    struct following *f = arg;
    struct shell *s = f->shell;
    while (f->printed < s->jobs.len && job_is_over(s->jobs.items[f->printed])) {
        struct job_status j;
        job_status(s->jobs.items[f->printed++], &j);
        if (!f->call->json)
            print_result(s, &j);
        tell_failure(s, f->call, &j);
        shell_note_outcome(s, f->call, &j);
        job_status_clear(&j);
    }
    if (f->printed < s->jobs.len && clock_mono_ms() >= f->progress_ms)
        tell_progress(f);
    return f->printed == s->jobs.len;
}

static enum status worst(struct shell *s, const struct call *call)
{
    bool endless = (call->command->flags & COMMAND_ENDLESS) != 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < s->jobs.len; i++) {
        struct job_status j;
        job_status(s->jobs.items[i], &j);
        if (j.result.state != JOB_DONE && !(endless && j.result.state == JOB_CANCELLED))
            status = STATUS_FAILED;
        job_status_clear(&j);
    }
    return status;
}

/* What explains a start that failed. */
static void add_causes(json_object *result, json_object *causes, size_t i)
{
    char *number = xasprintf("%zu", i);
    json_object *findings = NULL;
    if (json_object_object_get_ex(causes, number, &findings))
        json_object_object_add(result, "findings", json_object_get(findings));
    free(number);
}

static void print_results_json(struct shell *s, const struct call *call, json_object *causes)
{
    json_object *array = json_object_new_array(), *one = NULL;
    bool on_host = false;
    for (size_t i = 0; i < s->jobs.len; i++) {
        struct job_status j;
        job_status(s->jobs.items[i], &j);
        one = result_json(s, &j);
        add_causes(one, causes, i);
        on_host = is_on_host(&j);
        json_object_array_add(array, one);
        job_status_clear(&j);
    }
    if (s->jobs.len == 1 && (call->targets.len == 1 || on_host)) {
        json_object_get(one);
        json_object_put(array);
        array = one;
    }
    shell_print_json(s, array);
}

enum status shell_finish(struct shell *s, const struct call *call)
{
    struct error e = ERROR_INIT;
    struct following f = {.shell = s, .call = call, .progress_ms = INT64_MAX};
    if (s->jobs.len == 0)
        return STATUS_OK;
    if (isatty(STDERR_FILENO))
        f.progress_ms = clock_mono_ms() + PROGRESS_AFTER_MS;
    if (!shell_wait(s, -1, all_over, &f, -1, &e)) {
        for (size_t i = 0; i < s->jobs.len; i++)
            job_cancel(s->jobs.items[i]);
        /* A cancelled job ends at once: what is printed now is its outcome. */
        all_over(&f);
        if (e.status == STATUS_NO_CONNECTION)
            shell_say(s, SEV_ERROR, error_text(&e));
    }
    error_clear(&e);
    enum status status = worst(s, call);
    json_object *causes = shell_explain_failures(s);
    if (call->json)
        print_results_json(s, call, causes);
    json_object_put(causes);
    for (size_t i = 0; i < s->jobs.len; i++)
        job_unref(s->jobs.items[i]);
    vec_clear(&s->jobs);
    s->changed_ms = clock_mono_ms();
    return status;
}
