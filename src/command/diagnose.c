/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `explain VM`, and what both doors need for it.
 */
#include "command/diagnose.h"

#include <stdlib.h>
#include <string.h>

#include "base/paths.h"
#include "command/families.h"
#include "command/private.h"

/* ---- signatures ---- */

static void say_mistakes(const struct session *s, const finding_list *mistakes)
{
    for (size_t i = 0; i < mistakes->len; i++)
        s->frontend->say(s->frontend->ctx, SEV_WARN, mistakes->items[i].text);
}

struct signatures *diagnose_signatures(struct session *s)
{
    if (!s->signatures)
        diagnose_reload(s);
    return s->signatures;
}

void diagnose_reload(struct session *s)
{
    finding_list mistakes = {0};
    char *path = paths_join(paths_config_dir(), SIGNATURE_FILE);
    diagnose_forget(s);
    s->signatures = signatures_load(path, &mistakes);
    say_mistakes(s, &mistakes);
    findings_free(&mistakes);
    free(path);
}

void diagnose_forget(struct session *s)
{
    signatures_free(s->signatures);
    s->signatures = NULL;
}

/* ---- the job ---- */

struct explain_request *diagnose_request(struct session *s)
{
    struct explain_request *r = xcalloc(1, sizeof *r);
    r->signatures = signatures_ref(diagnose_signatures(s));
    return r;
}

struct job *diagnose_submit(struct session *s, const struct target *t, struct explain_request *request)
{
    struct job_args args = {.data = request, .free_data = explain_request_free};
    return fleet_submit(s->fleet, t->host, &t->uuid, t->name, &explain_job, &args);
}

static const char *member(json_object *o, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(o, key, &value);
    return value ? json_object_get_string(value) : NULL;
}

void diagnose_best(json_object *result, struct strbuf *out)
{
    json_object *findings = NULL;
    json_object_object_get_ex(result, "findings", &findings);
    size_t n = findings ? json_object_array_length(findings) : 0;
    for (size_t i = 0; i < n; i++) {
        json_object *f = json_object_array_get_idx(findings, i);
        const char *severity = member(f, "severity"), *remedy = member(f, "remedy");
        if (!severity || strcmp(severity, finding_word(SEV_ERROR)) != 0)
            continue;
        strbuf_printf(out, "%s\n%s\n", member(f, "cause"), member(f, "advice"));
        if (remedy)
            strbuf_printf(out, "→ %s\n", remedy);
        return;
    }
}

static bool explain_run(struct call *call, struct error *e)
{
    struct session *s = call->session;
    (void)e;
    struct job *job = diagnose_submit(s, &call->targets.items[0], diagnose_request(s));
    s->frontend->follow(s->frontend->ctx, job);
    return true;
}

static const struct command rows[] = {
    {.name = "explain",
     .summary = "tell why a domain failed last, and what helps",
     .detail =
         "Looks at its state, QEMU's log, the serial log, libvirt's and virtdeck's events, the host's "
         "journal "
         "and what changed since it last ran well (its definition, QEMU, libvirt, a reboot of the host), and "
         "names the causes that are known, the likeliest first, each with the line that shows it, what to "
         "do, "
         "and a command where one helps (one that begins with $ is for a shell). The status is 0 when that "
         "could be looked at, whatever was found. With --json: {\"domain\",\"failure\",\"since\",\"failed\","
         "\"ok\",\"remote\",\"findings\":[{\"id\",\"severity\",\"text\",\"cause\",\"advice\",\"remedy\","
         "\"complete\","
         "\"line\",\"source\",\"time\"}],\"unseen\"}: failure is none, start, crash, pause or boot; ok is "
         "true when nothing failed and no finding is an error; a remedy that is not complete has a place "
         "in capitals that you fill in; unseen tells what could not be looked at.",
     .flags = COMMAND_TARGETS | COMMAND_SHELL,
     .args = {{.name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"}},
     .run = explain_run},
};

const struct command_table diagnose_commands = {rows, ARRAY_LEN(rows)};
