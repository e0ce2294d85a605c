/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The autostart family: its rows, setting policies, and the jobs on a host as a whole.
 */
#include "command/autostart.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/edit_call.h"
#include "command/families.h"
#include "virt/autorun.h"
#include "virt/policy_edit.h"

/* ---- policies ---- */

static bool set_run(struct call *call, struct error *e)
{
    const struct session *s = call->session;
    const enum policy_verb *verb = call->command->data;
    (void)e;
    for (size_t i = 0; i < call->targets.len; i++) {
        const struct target *t = &call->targets.items[i];
        struct policy_request *r = policy_request_new();
        struct job_args args = {.data = r, .free_data = policy_request_free};
        r->verb = *verb;
        r->dry_run = call_option(call, "dry-run") != NULL;
        for (size_t w = 0; w < call->words.len; w++)
            vec_push(&r->words, xstrdup(call->words.items[w]));
        s->frontend->follow(s->frontend->ctx,
                            fleet_submit(s->fleet, t->host, &t->uuid, t->name, &policy_job, &args));
    }
    return true;
}

/* ---- hosts ---- */

void autostart_hosts(const struct call *call, host_list *out)
{
    const struct session *s = call->session;
    struct target_list selected = {0};
    if (!s->frontend->screen) {
        for (size_t h = 0; h < fleet_len(s->fleet); h++)
            vec_push(out, (int)h);
        return;
    }
    s->frontend->default_targets(s->frontend->ctx, &selected);
    vec_push(out, selected.len ? selected.items[0].host : 0);
    target_list_free(&selected);
}

static void submit_on_hosts(struct call *call, const struct job_kind *kind,
                            struct job_args (*args)(const struct call *))
{
    static const struct vm_uuid nil;
    const struct session *s = call->session;
    host_list hosts = {0};
    autostart_hosts(call, &hosts);
    for (size_t i = 0; i < hosts.len; i++) {
        struct snapshot *snap = fleet_snapshot(s->fleet, hosts.items[i]);
        struct job_args a = args(call);
        const char *name = snap->host.name ? snap->host.name : snap->host.uri;
        s->frontend->follow(s->frontend->ctx,
                            fleet_submit(s->fleet, hosts.items[i], &nil, name ? name : "the host", kind, &a));
        snapshot_unref(snap);
    }
    vec_free(&hosts);
}

static struct job_args run_args(const struct call *call)
{
    struct run_request *r = run_request_new();
    r->reverse = call->command->data != NULL;
    r->anew = call_option(call, "anew") != NULL;
    return (struct job_args){.data = r, .free_data = run_request_free};
}

static bool run_run(struct call *call, struct error *e)
{
    (void)e;
    submit_on_hosts(call, &autorun_job, run_args);
    return true;
}

static struct job_args supervise_args(const struct call *call)
{
    return (struct job_args){.text = call_option(call, "notify")};
}

static bool supervise_run(struct call *call, struct error *e)
{
    (void)e;
    submit_on_hosts(call, &supervise_job, supervise_args);
    return true;
}

/* ---- what is known of a host ---- */

/* One domain that is busy may keep libvirt from answering for 30 s; what was known of it has to do then. */
#define BUSY_MS 5000

struct seeing {
    struct fleet *fleet;
    int host;
    int64_t begun_ms; /* monotonic */
    int64_t since_ms; /* monotonic: what is older is not believed */
    struct autostart_view *view;
    bool settled, lost;
};

/* A definition that can't be read leaves the survey incomplete for good: then all that could be is there. */
static bool seen(void *arg)
{
    struct seeing *s = arg;
    struct snapshot *snap = fleet_snapshot(s->fleet, s->host);
    bool settled = snap->host.details_pending == 0 && snap->host.ticks > 0;
    if (settled && !s->settled)
        s->since_ms = clock_mono_ms(); /* what is read from here on knows what was pending */
    s->settled = settled;
    s->lost = snap->host.state != HOST_UP;
    snapshot_unref(snap);
    struct autostart_view *v = fleet_autostart(s->fleet, s->host, clock_mono_ms() - s->since_ms);
    bool fresh = v && v->read_ms >= s->since_ms;
    bool busy = clock_mono_ms() - s->begun_ms > BUSY_MS;
    if (s->lost || (fresh && (settled || (busy && v->survey.complete)))) {
        s->view = v;
        return true;
    }
    autostart_view_unref(v);
    return false;
}

struct autostart_view *autostart_see(const struct call *call, int host, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    struct seeing s = {.fleet = call->session->fleet, .host = host, .begun_ms = clock_mono_ms()};
    s.since_ms = s.begun_ms;
    if (!f->wait)
        s.view = fleet_autostart(s.fleet, host, 2000);
    else if (!f->wait(f->ctx, -1, seen, &s, -1, e))
        return NULL;
    if (!s.view && s.lost)
        error_set(e, STATUS_NO_CONNECTION, "%s: the host is not connected", call->command->name);
    else if (!s.view)
        error_set(e, STATUS_FAILED, "%s: the host is still being looked at; try again in a moment",
                  call->command->name);
    return s.view;
}

/* ---- the rows ---- */

#define VMS                                                                                                  \
    {                                                                                                        \
        .name = "VM", .kind = ARG_TARGET, .repeat = true, .help = "name, UUID, id, pattern or filter"        \
    }
#define VERB(v)                                                                                              \
    &(const enum policy_verb)                                                                                \
    {                                                                                                        \
        (v)                                                                                                  \
    }
#define POLICY_JSON                                                                                          \
    " With --json an object: domain, action, result and state, then policy (afterwards; null for none), "    \
    "native (libvirt's own flag; null where it was not touched), once, journal (the number for `undo`) and " \
    "dry_run; for several domains an array of these."
#define MANY_FLAGS (COMMAND_CHANGES | COMMAND_TARGETS | COMMAND_MANY)
#define DRY_STEPS                                                                                            \
    {                                                                                                        \
        .name = "dry-run", .help = "only show the steps"                                                     \
    }

static const struct command rows[] = {
    {.name = "autostart",
     .summary = "say whether and how domains start with their host",
     .detail = "A plain on, off or once is libvirt's own flag, as of virsh autostart: its daemon starts such "
               "domains "
               "in no particular order (once: from libvirt 11.2 on; before, virtdeck does it). Any further "
               "FIELD=VALUE "
               "makes a policy, kept in the domain's metadata: then virtdeck starts it, in its turn, and "
               "libvirt's own "
               "flag is off. FIELD= goes back to what holds unsaid. Values of a list are separated by "
               "commas. `undo` "
               "takes policy and flag back. virtdeck-autostart(7) explains the fields." POLICY_JSON,
     .flags = MANY_FLAGS,
     .args = {VMS,
              {.name = "on|off|once|FIELD=VALUE",
               .kind = ARG_POLICY,
               .repeat = true,
               .help = "on, off, once, or a field of the policy: order=10 after=db1 ready=agent …"}},
     .options = {OPTION_DRY_RUN},
     .run = set_run,
     .data = VERB(POLICY_EDIT_WORDS)},
    {.name = "autostart list",
     .summary = "list what starts with the host, and how",
     .detail =
         "Domains that have a policy or a flag; the last column says what will really become of each. "
         "With --json an array of {\"host\",\"domain\",\"uuid\",\"order\",\"verdict\",\"why\",\"native\","
         "\"once\",\"policy\",\"newer\"}; verdict is off, on, once, ordered, blocked, nobody or unknown.",
     .options = {{.name = "all", .help = "also those that do not start with the host"}},
     .run = autostart_list_run},
    {.name = "autostart plan",
     .summary = "show in which order and when domains will start",
     .detail =
         "As after a boot of the host, with the times that earlier starts took. With --json one object.",
     .options = {{.name = "reverse", .help = "the shutdown instead"},
                 {.name = "now", .help = "from the state of now, instead of after a boot"}},
     .run = autostart_plan_run},
    {.name = "autostart check",
     .summary = "say what happens at the next boot and the next shutdown, and what stands in the way",
     .detail =
         "Looks at everything that has a say: policies, libvirt's own flags, units, libvirt-guests, "
         "qemu.conf, networks, pools, images, ports, memory. Each finding has its remedy. The exit "
         "status is 1 when something will not happen as it was asked for. With --json {\"host\",\"boot\","
         "\"shutdown\",\"domains\",\"ok\"}.",
     .run = autostart_check_run},
    {.name = "autostart run",
     .summary = "start the domains that are to start with the host, in their order",
     .detail =
         "What the unit does at boot. Waits for libvirt's daemon; tells each step on stderr. Interrupted or "
         "killed, it goes on from there when it is given again. The exit status is 1 when something was "
         "not started as planned. With --json the run as autostart status "
         "has it, with host, action and result.",
     .flags = COMMAND_CHANGES | COMMAND_PATIENT,
     .options = {{.name = "anew", .help = "forget a run that was broken off"}},
     .run = run_run},
    {.name = "autostart stop",
     .summary = "shut down what runs, in reverse order",
     .detail =
         "What the unit does when the host goes down: each domain as its policy says, with its timeout. "
         "With --json as autostart run.",
     .flags = COMMAND_CHANGES | COMMAND_PATIENT | COMMAND_DESTROYS,
     .options = {{.name = "anew", .help = "forget a shutdown that was broken off"}},
     .run = run_run,
     .data = VERB(POLICY_EDIT_WORDS),
     .loses =
         "every running domain of the host is shut down, and those that do not stop in time are turned off"},
    {.name = "autostart status",
     .summary = "show the run that is under way, or the last one",
     .detail = "Also when another process carries it out. With --json one object: state (none, running, …), "
               "nodes and steps.",
     .options = {{.name = "follow", .help = "go on until it has ended, a line a step"}},
     .run = autostart_status_run},
    {.name = "autostart import",
     .summary = "take over libvirt's own flags and libvirt-guests' habits, or policies from a file",
     .detail =
         "Without FILE: domains that libvirt starts by its own flag get a policy that starts them after all "
         "that have an order, and their flag goes off; where libvirt-guests stops domains at the shutdown, "
         "they are stopped in the same way. With FILE, which `autostart export` has written: domains are "
         "matched by UUID, else by name." POLICY_JSON,
     .flags = COMMAND_CHANGES | COMMAND_SHELL,
     .args = {{.name = "FILE", .kind = ARG_FILE, .optional = true, .help = "policies and flags as JSON"}},
     .options = {OPTION_DRY_RUN},
     .run = autostart_import_run},
    {.name = "autostart export",
     .summary = "write the policies and flags of a host as JSON",
     .detail = "To be kept, or for `autostart import` on another host. Without FILE to stdout.",
     .flags = COMMAND_SHELL,
     .args = {{.name = "FILE", .kind = ARG_FILE, .optional = true, .help = "where to write it"}},
     .run = autostart_export_run},
    {.name = "autostart native",
     .summary = "give domains back to libvirt: the policy goes, libvirt's own flag says the same",
     .detail = "Order, waiting and the rest are lost with the policy; `undo` brings them back." POLICY_JSON,
     .flags = MANY_FLAGS,
     .args = {VMS},
     .options = {OPTION_DRY_RUN},
     .run = set_run,
     .data = VERB(POLICY_EDIT_NATIVE)},
    {.name = "autostart enable",
     .summary = "install and enable the systemd units that start domains in order and watch over them",
     .detail = "For a session host the user's own units. Shows the steps; --yes does them.",
     .flags = COMMAND_CHANGES | COMMAND_SHELL,
     .options = {{.name = "replace-libvirt-guests",
                  .help = "disable libvirt-guests, which would stop domains in no order"},
                 DRY_STEPS,
                 {.name = "yes", .help = "do it"}},
     .run = autostart_units_run,
     .data = VERB(POLICY_EDIT_WORDS)},
    {.name = "autostart disable",
     .summary = "disable and remove those units",
     .detail = "Policies stay, and nobody carries them out. Shows the steps; --yes does them.",
     .flags = COMMAND_CHANGES | COMMAND_SHELL,
     .options = {{.name = "replace-libvirt-guests", .help = "enable libvirt-guests again"},
                 DRY_STEPS,
                 {.name = "yes", .help = "do it"}},
     .run = autostart_units_run},
    {.name = "supervise",
     .summary = "watch over domains as their policies say, until it is interrupted",
     .detail =
         "Restarts what has crashed, asks after the health of guests, heeds sleep, wake and battery. "
         "Waits for libvirt's daemon and survives its restarts; tells each step on stderr. PROGRAM gets "
         "each event as JSON on its standard input.",
     .flags = COMMAND_CHANGES | COMMAND_PATIENT | COMMAND_ENDLESS | COMMAND_SHELL,
     .options = {{.name = "notify", .value = "PROGRAM", .kind = ARG_FILE, .help = "run it with each event"}},
     .run = supervise_run},
};

const struct command_table autostart_commands = {rows, ARRAY_LEN(rows)};
