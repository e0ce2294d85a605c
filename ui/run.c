/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/run.h"

#include <stdlib.h>
#include <string.h>
#include "ui/causes.h"
#include "ui/confirm.h"
#include "ui/viewer.h"
#include "ui/whynot.h"

/* One command of a line. */
struct step {
    char **argv;
    int *at; /* byte offset of each word in the line */
    int argc;
};

struct chain {
    VEC(struct step) steps; /* those still to be run */
    VEC(uint64_t) jobs;     /* numbers of the jobs that the step before them waits for */
    VEC(char *) secrets;    /* what no message may have */
    bool failed;
    bool typed; /* in the bar, which is there to show what is wrong */
    bool ran;   /* something of it was run */
};

/* A command that waits for an answer. */
struct asked {
    struct call *call;
    struct chain *chain;
};

static void wipe(char *text)
{
    explicit_bzero(text, strlen(text));
    free(text);
}

static void step_free(struct step *s)
{
    for (int i = 0; i < s->argc; i++)
        wipe(s->argv[i]);
    free(s->argv);
    free(s->at);
}

static void chain_free(struct chain *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->steps.len; i++)
        step_free(&c->steps.items[i]);
    for (size_t i = 0; i < c->secrets.len; i++)
        wipe(c->secrets.items[i]);
    vec_free(&c->secrets);
    vec_free(&c->steps);
    vec_free(&c->jobs);
    free(c);
}

/* The text without what nobody may see. The caller frees. */
static char *hidden(const struct chain *c, const char *text)
{
    struct strbuf out = {0};
    while (*text) {
        size_t n = 0;
        for (size_t i = 0; c && i < c->secrets.len && n == 0; i++) {
            size_t len = strlen(c->secrets.items[i]);
            n = len > 0 && strncmp(text, c->secrets.items[i], len) == 0 ? len : 0;
        }
        if (n > 0)
            strbuf_puts(&out, "(hidden)");
        else
            strbuf_putc(&out, *text);
        text += n > 0 ? n : 1;
    }
    return strbuf_steal(&out);
}

static struct step make_step(const word_list *words, size_t from, size_t end)
{
    struct step s = {.argv = xcalloc(end - from + 1, sizeof(char *)),
                     .at = xcalloc(end - from + 1, sizeof(int))};
    for (size_t i = from; i < end; i++) {
        s.argv[s.argc] = xstrdup(words->items[i].text);
        s.at[s.argc++] = words->items[i].position;
    }
    return s;
}

static struct chain *chain_parse(const char *line, struct error *e)
{
    word_list words = {0};
    if (!words_split(line, &words, e))
        return NULL;
    struct chain *c = xcalloc(1, sizeof(*c));
    bool good = true;
    for (size_t from = 0; good && from < words.len;) {
        size_t end = words_command_end(line, &words, from);
        bool dangling = end + 1 == words.len || end == from;
        if (dangling && end < words.len) {
            good = error_set_at(e, STATUS_USAGE, words.items[end].position, "&& stands between two commands");
            break;
        }
        struct step s = make_step(&words, from, end);
        vec_push(&c->steps, s);
        from = end + 1;
    }
    words_free(&words);
    if (!good) {
        chain_free(c);
        return NULL;
    }
    return c;
}

/* What a command printed, or a job has to show: a short answer is a message, a long one is a text to read. */
static void show_lines(struct deck *d, const char *title)
{
    const char *text = strbuf_str(&d->output);
    size_t len = d->output.len;
    if (len == 0)
        return;
    const char *newline = strchr(text, '\n');
    if ((!newline || newline[1] == '\0') && len < 150) {
        deck_note(d, SEV_INFO, "%.*s", newline ? (int)(newline - text) : (int)len, text);
    } else {
        struct viewer *v = viewer_new(title, PLACE_DIALOG);
        viewer_add_text(v, text);
        viewer_show(d, v);
    }
    strbuf_clear(&d->output);
}

static void report(struct deck *d, struct chain *c, const struct step *s, struct error *e)
{
    char *text = hidden(c, error_text(e));
    if (c->typed && !c->ran) {
        free(d->bar_error);
        d->bar_error = xstrdup(text);
        d->bar_error_at = e->position >= 0 && s && e->position < s->argc ? s->at[e->position] : -1;
    } else {
        deck_note(d, SEV_ERROR, "%s", text);
    }
    free(text);
    d->dirty = true;
}

static bool run_call(struct deck *d, struct chain *c, struct call *call)
{
    struct error e = ERROR_INIT;
    const struct command *command = call->command;
    c->ran = true;
    d->current = c;
    bool good = command_run(call, &e);
    d->current = NULL;
    if (!good) {
        char *text = hidden(c, error_text(&e));
        deck_say(d, SEV_ERROR, text);
        free(text);
    }
    error_clear(&e);
    call_free(call);
    show_lines(d, command->name);
    return good;
}

static void run_chain(struct deck *d, struct chain *c);

static void wait_or_go_on(struct deck *d, struct chain *c, bool good)
{
    if (!good)
        chain_free(c);
    else if (c->jobs.len)
        vec_push(&d->chains, c);
    else
        run_chain(d, c);
}

static void answered(struct deck *d, void *arg, bool yes)
{
    struct asked *a = arg;
    struct chain *c = a->chain;
    struct call *call = a->call;
    free(a);
    if (!yes) {
        if (d)
            deck_note(d, SEV_INFO, "%s: nothing was done", call->command->name);
        call_free(call);
        chain_free(c);
        return;
    }
    call->yes = true;
    wait_or_go_on(d, c, run_call(d, c, call));
}

static void ask(struct deck *d, struct chain *c, struct call *call, const char *question, const char *typed)
{
    struct asked *a = xcalloc(1, sizeof(*a));
    *a = (struct asked){call, c};
    c->ran = true;
    confirm_open(d, question, typed, answered, a);
}

/* Runs the next step. Takes the chain over. False: the step was wrong, or refused at once. */
static bool run_step(struct deck *d, struct chain *c)
{
    struct error e = ERROR_INIT;
    struct step s = c->steps.items[0];
    struct call *call = command_prepare(&d->session, s.argc, (const char *const *)s.argv, &e);
    if (!call) {
        report(d, c, &s, &e);
        error_clear(&e);
        bool ran = c->ran;
        chain_free(c);
        return ran;
    }
    vec_remove(&c->steps, 0);
    step_free(&s);
    const char *typed = NULL;
    char *question = command_question(call, &typed);
    if (question) {
        ask(d, c, call, question, typed);
        free(question);
        return true;
    }
    bool in_bar = c->typed, good = run_call(d, c, call);
    wait_or_go_on(d, c, good);
    return good || in_bar; /* a typed line is not kept: it is in the bar's history */
}

static void run_chain(struct deck *d, struct chain *c)
{
    if (c->steps.len == 0)
        chain_free(c);
    else
        run_step(d, c);
}

void run_line(struct deck *d, const char *line)
{
    char *why = why_not(d, line);
    if (why) {
        deck_note(d, SEV_WARN, "%s", why);
        free(why);
        return;
    }
    struct error e = ERROR_INIT;
    struct chain *c = chain_parse(line, &e);
    if (c)
        run_chain(d, c);
    else
        deck_note(d, SEV_ERROR, "%s", error_text(&e));
    error_clear(&e);
}

bool run_typed(struct deck *d, const char *line)
{
    struct error e = ERROR_INIT;
    struct chain *c = chain_parse(line, &e);
    bool good = c != NULL;
    if (c && c->steps.len) {
        c->typed = true;
        good = run_step(d, c);
    } else if (c) {
        chain_free(c);
    } else {
        free(d->bar_error);
        d->bar_error = xstrdup(error_text(&e));
        d->bar_error_at = e.position;
    }
    error_clear(&e);
    return good;
}

bool run_words(struct deck *d, int argc, const char *const *argv, size_t n_secrets,
               const char *const *secrets)
{
    char *about = xasprintf("%s %s …", argv[0], argc > 1 ? argv[1] : ""), *why = why_not(d, about);
    free(about);
    if (why) {
        deck_note(d, SEV_WARN, "%s", why);
        free(why);
        return false;
    }
    struct chain *c = xcalloc(1, sizeof(*c));
    struct step s = {.argv = xcalloc((size_t)argc + 1, sizeof(char *)),
                     .at = xcalloc((size_t)argc + 1, sizeof(int)),
                     .argc = argc};
    for (int i = 0; i < argc; i++)
        s.argv[i] = xstrdup(argv[i]);
    vec_push(&c->steps, s);
    for (size_t i = 0; i < n_secrets; i++)
        vec_push(&c->secrets, xstrdup(secrets[i]));
    return run_step(d, c);
}

/* ---- jobs ---- */

static const struct chain *waiting_for(const struct deck *d, uint64_t number)
{
    for (size_t i = 0; i < d->chains.len; i++)
        for (size_t k = 0; k < d->chains.items[i]->jobs.len; k++)
            if (d->chains.items[i]->jobs.items[k] == number)
                return d->chains.items[i];
    return NULL;
}

static struct chain *chain_of(struct deck *d, uint64_t number, size_t *index)
{
    for (size_t i = 0; i < d->chains.len; i++)
        for (size_t k = 0; k < d->chains.items[i]->jobs.len; k++)
            if (d->chains.items[i]->jobs.items[k] == number) {
                vec_remove(&d->chains.items[i]->jobs, k);
                *index = i;
                return d->chains.items[i];
            }
    return NULL;
}

static void go_on(struct deck *d, uint64_t number, bool good)
{
    size_t index = 0;
    struct chain *c = chain_of(d, number, &index);
    if (!c)
        return;
    c->failed = c->failed || !good;
    if (c->jobs.len)
        return;
    vec_remove(&d->chains, index);
    if (!c->failed) {
        run_chain(d, c);
        return;
    }
    if (c->steps.len)
        deck_note(d, SEV_WARN, "%s was not run: what it waited for was not done", c->steps.items[0].argv[0]);
    chain_free(c);
}

/* A job's outcome as an event of its domain, so that its panes have it, too. */
static void tell(struct deck *d, const struct job_status *s)
{
    const struct job_result *r = &s->result;
    bool done = r->state == JOB_DONE;
    enum severity severity = done ? SEV_GOOD : r->state == JOB_CANCELLED ? SEV_WARN : SEV_ERROR;
    char *text = hidden(waiting_for(d, s->number), r->text                     ? r->text
                                                   : r->state == JOB_FAILED    ? error_text(&r->error)
                                                   : r->state == JOB_CANCELLED ? "no longer waited for"
                                                                               : "done");
    const char *action = s->kind ? s->kind->action : "";
    bool told = r->state == JOB_FAILED; /* an error's text names action and domain itself */
    char *line = told   ? xstrdup(text)
                 : done ? xasprintf("%s: %s", s->vm_name, text)
                        : xasprintf("%s %s: %s", action, s->vm_name, text);
    deck_note(d, severity, "%s", line);
    free(line);
    const struct snapshot *host = deck_host_by_id(d, s->host);
    struct event ev = {.wall_ms = d->now_wall_ms,
                       .severity = severity,
                       .kind = "command",
                       .host = xstrdup(host ? host->host.name : NULL),
                       .uuid = s->uuid,
                       .vm = xstrdup(s->vm_name),
                       .text = told ? xstrdup(text) : xasprintf("%s: %s", action, text),
                       .code = r->error.code,
                       .domain = r->error.domain,
                       .took_ms = s->ended_ms - s->started_ms};
    deck_add_event(d, &ev);
    bool start = told && strcmp(action, "start") == 0, stopped = start && causes_stopped(d, s);
    if (start && !stopped)
        causes_refused(d, s);
    free(text);
    if (!stopped && r->output && *r->output) {
        strbuf_puts(&d->output, r->output);
        show_lines(d, action);
    }
}

void run_job_changed(struct deck *d, struct job *job)
{
    for (size_t i = 0; i < d->running.len; i++) {
        struct running *r = &d->running.items[i];
        if (r->job != job)
            continue;
        job_status_clear(&r->status);
        job_status(job, &r->status);
        d->dirty = true;
        if (!job_is_over(job))
            return;
        struct running over = *r;
        vec_remove(&d->running, i);
        if (!over.quiet)
            tell(d, &over.status);
        if (over.over)
            over.over(d, &over.status);
        go_on(d, over.status.number, over.status.result.state == JOB_DONE);
        job_status_clear(&over.status);
        job_unref(over.job);
        return;
    }
}

void run_catch_up(struct deck *d)
{
    for (size_t i = d->running.len; i-- > 0;)
        if (i < d->running.len && job_is_over(d->running.items[i].job))
            run_job_changed(d, d->running.items[i].job);
}

bool run_cancel(struct deck *d)
{
    for (size_t i = 0; i < d->running.len; i++)
        job_cancel(d->running.items[i].job);
    return d->running.len > 0;
}

void run_forget(struct deck *d)
{
    for (size_t i = 0; i < d->chains.len; i++)
        chain_free(d->chains.items[i]);
    vec_free(&d->chains);
}

/* ---- what commands ask of the screen ---- */

static void front_targets(void *ctx, struct target_list *out)
{
    struct deck *d = ctx;
    size_t i = 0;
    for (struct vmmap_slot *slot; (slot = vmmap_next(&d->view.tags, &i));) {
        const struct snapshot *host = deck_host_by_id(d, slot->host);
        const struct vm *vm = host ? snapshot_find(host, &slot->uuid) : NULL;
        if (vm)
            target_list_add(out, slot->host, &vm->uuid, vm->name);
    }
    if (out->len == 0 && deck_vm(d))
        target_list_add(out, deck_host(d)->host.id, &deck_vm(d)->uuid, deck_vm(d)->name);
}

static void front_say(void *ctx, enum severity severity, const char *text)
{
    deck_say(ctx, severity, text);
}

static void front_print(void *ctx, const char *text)
{
    struct deck *d = ctx;
    strbuf_puts(&d->output, text);
    if (d->output.len && d->output.s[d->output.len - 1] != '\n')
        strbuf_putc(&d->output, '\n');
}

static void front_print_json(void *ctx, json_object *value)
{
    front_print(ctx, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(value);
}

void run_follow(struct deck *d, struct job *job, bool quiet,
                void (*over)(struct deck *d, const struct job_status *s))
{
    struct running r = {.job = job, .quiet = quiet, .over = over};
    job_status(job, &r.status);
    vec_push(&d->running, r);
    d->dirty = true;
}

static void front_follow(void *ctx, struct job *job)
{
    struct deck *d = ctx;
    struct running r = {.job = job};
    job_status(job, &r.status);
    vec_push(&d->running, r);
    if (d->current)
        vec_push(&d->current->jobs, r.status.number);
    d->dirty = true;
}

void run_init(struct deck *d, struct fleet *fleet)
{
    d->frontend = (struct frontend){.screen = true,
                                    .ctx = d,
                                    .default_targets = front_targets,
                                    .say = front_say,
                                    .print = front_print,
                                    .print_json = front_print_json,
                                    .follow = front_follow};
    d->session = (struct session){.fleet = fleet, .options = d->options, .frontend = &d->frontend};
}
