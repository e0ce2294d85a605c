/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands about whole definitions: their rows, and what they submit.
 */
#include "command/definition.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/edit_call.h"
#include "command/families.h"
#include "command/private.h"
#include "virt/edit.h"
#include "virt/undo.h"

static void submit(struct call *call, const struct job_kind *kind, const struct job_args *args)
{
    const struct session *s = call->session;
    const struct target *t = &call->targets.items[0];
    s->frontend->follow(s->frontend->ctx, fleet_submit(s->fleet, t->host, &t->uuid, t->name, kind, args));
}

static bool diff_run(struct call *call, struct error *e)
{
    (void)e;
    submit(call, &diff_job, NULL);
    return true;
}

/* ---- history, undo ---- */

static bool is_over(void *job)
{
    return job_is_over(job);
}

/* The array alone, not a job's result. */
static bool print_history(struct call *call, struct error *e)
{
    const struct session *s = call->session;
    const struct frontend *f = s->frontend;
    const struct target *t = &call->targets.items[0];
    struct job *job = fleet_submit(s->fleet, t->host, &t->uuid, t->name, &history_job, NULL);
    bool good = f->wait(f->ctx, -1, is_over, job, -1, e);
    if (good) {
        struct job_status st;
        json_object *array = NULL, *damaged = NULL;
        job_status(job, &st);
        good = st.result.state == JOB_DONE && json_object_object_get_ex(st.result.json, "history", &array);
        if (good && json_object_object_get_ex(st.result.json, "damaged", &damaged) && damaged)
            f->say(f->ctx, SEV_WARN, json_object_get_string(damaged));
        if (good)
            f->print_json(f->ctx, json_object_get(array));
        else
            error_move(e, &st.result.error);
        job_status_clear(&st);
    }
    job_unref(job);
    return good;
}

static bool history_run(struct call *call, struct error *e)
{
    if (call->json)
        return print_history(call, e);
    submit(call, &history_job, NULL);
    return true;
}

static bool undo_run(struct call *call, struct error *e)
{
    double number = call->words.len ? strtod(call->words.items[0], NULL) : 0;
    if (call->words.len && !(number >= 1 && number <= INT_MAX && number == (double)(unsigned)number))
        return error_set(e, STATUS_USAGE, "undo: %s is no number of an entry; `history %s` lists them",
                         call->words.items[0], call->targets.items[0].name);
    struct undo_request *r = xcalloc(1, sizeof *r);
    *r = (struct undo_request){.number = (unsigned)number,
                               .dry_run = call_option(call, "dry-run") != NULL,
                               .force = call_option(call, "force") != NULL};
    struct job_args args = {.data = r, .free_data = free};
    submit(call, &undo_job, &args);
    return true;
}

/* ---- editing as text ---- */

bool definition_is_there(struct fleet *f, const struct target *t, struct error *e)
{
    struct snapshot *snap = fleet_snapshot(f, t->host);
    const struct vm *vm = snapshot_find(snap, &t->uuid);
    bool transient = vm && (vm->flags & VM_FLAGS_KNOWN) && !(vm->flags & VM_PERSISTENT);
    bool there = vm && !transient;
    snapshot_unref(snap);
    return there || error_set(e, STATUS_FAILED, "edit %s: %s", t->name,
                              transient ? "it is transient: there is no definition to edit, and nothing is "
                                          "left of it when it stops"
                                        : "the domain is gone");
}

struct job *definition_read(struct fleet *f, const struct target *t)
{
    return fleet_submit(f, t->host, &t->uuid, t->name, &read_job, NULL);
}

struct job *definition_apply(struct fleet *f, const struct target *t, const struct draft *d, const char *xml,
                             bool dry_run, bool force)
{
    struct edit_request *r = edit_request_new();
    struct change c = {.verb = CHANGE_DEFINE, .xml = xstrdup(xml), .base = xstrdup(d->base)};
    struct job_args args = {.data = r, .free_data = edit_request_free};
    vec_push(&r->changes, c);
    r->when = EDIT_CONFIG;
    r->what = xstrdup("edit");
    r->dry_run = dry_run;
    r->force = force;
    return fleet_submit(f, t->host, &t->uuid, t->name, &edit_job, &args);
}

char *definition_of(struct job *job, struct error *e)
{
    struct job_status st;
    json_object *xml = NULL;
    char *text = NULL;
    job_status(job, &st);
    if (st.result.state == JOB_DONE && json_object_object_get_ex(st.result.json, "xml", &xml))
        text = xstrdup(json_object_get_string(xml));
    else if (st.result.error.text)
        error_move(e, &st.result.error);
    else
        error_set(e, STATUS_FAILED, "the definition was not read");
    job_status_clear(&st);
    return text;
}

char *definition_kept(const struct target *t, const struct draft *d)
{
    char *vm = text_shell_word(t->name);
    char *text = xasprintf("the text is kept in %s; `edit %s --resume` takes it up again", d->path, vm);
    free(vm);
    return text;
}

/* ---- rows ---- */

#define VM                                                                                                   \
    {                                                                                                        \
        .name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"                                         \
    }

static const struct command rows[] = {
    {.name = "diff",
     .summary = "show what the next boot changes",
     .detail = "Compares the running domain with its definition: a line a device that differs, then the XML "
               "difference, without what libvirt fills in when it starts a domain. With --json: live and "
               "config (XML, without passwords), devices, and diff, an array of lines.",
     .flags = COMMAND_TARGETS,
     .args = {VM},
     .run = diff_run},
    {.name = "history",
     .summary = "list what was changed in a domain's definition, when and by whom",
     .detail =
         "From the journal in the state directory, which keeps the last 100 definitions of each domain "
         "that virtdeck changed, on this machine and by this user. \"overwritten\" means that the change is "
         "not in the definition any more, though nothing that is listed took it out: another program (it "
         "may be virtdeck, on another machine or of another user) has written it since. With --json an "
         "array of objects with number, time, user, what, when, state (done, failed, or begun: the program "
         "was killed) and overwritten (null, or when that was seen).",
     .flags = COMMAND_TARGETS,
     .args = {VM},
     .run = history_run},
    {.name = "undo",
     .summary = "put a definition back as it was before a change",
     .detail = "Takes back the last change, or entry N of `history` and all that came after it. Takes effect "
               "at the next boot. It is a change like others: `undo` again takes it back. Refused when "
               "somebody else changed the definition since; --force puts the old one back all the same.",
     .flags = COMMAND_TARGETS | COMMAND_CHANGES,
     .args = {VM, {.name = "N", .kind = ARG_NUMBER, .optional = true, .help = "the entry of `history`"}},
     .options = {OPTION_DRY_RUN,
                 {.name = "force",
                  .help = "although somebody else changed it since, or checks found errors",
                  .loses = "what others changed in the definition since is overwritten"}},
     .run = undo_run},
    {.name = "edit",
     .summary = "edit a domain's definition as XML",
     .detail =
         "Opens $VISUAL, $EDITOR, or the first of editor, nano and vi. What was changed is shown and asked "
         "about before it is applied; it takes effect at the next boot. A text that is no XML, or that "
         "libvirt refuses, is kept and can be edited again (--resume). When somebody else changed the "
         "definition meanwhile, nothing is overwritten: their change is shown above your text, to be put "
         "together.",
     .flags = COMMAND_TARGETS | COMMAND_CHANGES | COMMAND_SHELL,
     .args = {VM},
     .options = {{.name = "resume", .help = "take up the text that was not applied"},
                 OPTION_DRY_RUN,
                 {.name = "force",
                  .help = "although somebody else changed it meanwhile, or checks found errors"}},
     .run = edit_run},
};

const struct command_table definition_commands = {rows, ARRAY_LEN(rows)};
