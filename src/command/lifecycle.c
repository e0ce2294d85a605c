/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lifecycle family: every row submits a job for each target, one function for all. What a row's switches
 * mean to the job stands beside them.
 */
#include "virt/lifecycle.h"

#include <stdlib.h>
#include <string.h>

#include "command/families.h"
#include "command/preflight.h"
#include "command/private.h"

struct flag_word {
    const char *option; /* the switch, or the option whose value is `value` */
    const char *value;
    unsigned flag;
};

struct lifecycle {
    const char *action;
    const struct flag_word *flags; /* ends with option NULL */
};

static unsigned flags_of(const struct call *call, const struct flag_word *words)
{
    unsigned flags = 0;
    for (; words && words->option; words++) {
        const char *given = call_option(call, words->option);
        if (given && (!words->value || strcmp(given, words->value) == 0))
            flags |= words->flag;
    }
    return flags;
}

static void submit(struct call *call, const struct job_kind *kind, const struct job_args *args)
{
    const struct session *s = call->session;
    for (size_t i = 0; i < call->targets.len; i++) {
        const struct target *t = &call->targets.items[i];
        struct job *job = fleet_submit(s->fleet, t->host, &t->uuid, t->name, kind, args);
        s->frontend->follow(s->frontend->ctx, job);
    }
}

static bool run_lifecycle(struct call *call, struct error *e)
{
    const struct lifecycle *l = call->command->data;
    const char *timeout = call_option(call, "timeout");
    struct job_args args = {.flags = flags_of(call, l->flags)};
    if (timeout) {
        args.timeout_s = strtod(timeout, NULL);
        if (args.timeout_s <= 0)
            return error_set(e, STATUS_USAGE, "%s: --timeout wants seconds above 0, not %s", l->action,
                             timeout);
    } else if (command_option_index(call->command, "timeout") >= 0) {
        args.timeout_s = opt_number(call->session->options, OPT_SHUTDOWN_TIMEOUT);
    }
    submit(call, lifecycle_kind(l->action), &args);
    return true;
}

/* Other domains' definitions are compared with as far as they are known: that is worth only a moment. */
#define START_PATIENCE_MS 300

static bool run_start(struct call *call, struct error *e)
{
    return wait_for_definitions(call, START_PATIENCE_MS, e) && run_lifecycle(call, e);
}

/* ---- saving a guest that may run guests ---- */

struct looking {
    struct call *call;
    size_t i; /* the target that is looked at */
    bool nested;
};

/* Once its definition is known, or won't be. */
static bool looked(void *arg)
{
    struct looking *l = arg;
    const struct target *t = &l->call->targets.items[l->i];
    struct snapshot *snap = fleet_snapshot(l->call->session->fleet, t->host);
    const struct vm *vm = snapshot_find(snap, &t->uuid);
    bool over = !vm || vm->def || snap->host.details_pending == 0;
    l->nested = vm && vm->def && vm->def->has_nested;
    snapshot_unref(snap);
    return over;
}

static bool warn_of_nested(struct call *call, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    for (struct looking l = {.call = call}; l.i < call->targets.len; l.i++) {
        if (!looked(&l) && f->wait && !f->wait(f->ctx, -1, looked, &l, -1, e))
            return false;
        if (!l.nested)
            continue;
        char *text =
            xasprintf("%s has nested virtualization on: when it runs guests of its own, what is saved may "
                      "not go on",
                      call->targets.items[l.i].name);
        f->say(f->ctx, SEV_WARN, text);
        free(text);
    }
    return true;
}

static bool run_managedsave(struct call *call, struct error *e)
{
    return warn_of_nested(call, e) && run_lifecycle(call, e);
}

static bool run_rename(struct call *call, struct error *e)
{
    const char *name = call->words.items[0];
    if (!name[0] || strchr(name, '/'))
        return error_set(e, STATUS_USAGE, "rename: \"%s\" can't be a name: it is empty or has a slash", name);
    struct job_args args = {.text = name};
    submit(call, lifecycle_kind("rename"), &args);
    return true;
}

#define VMS                                                                                                  \
    {                                                                                                        \
        .name = "VM", .kind = ARG_TARGET, .repeat = true, .help = "name, UUID, id, pattern or filter"        \
    }
#define FLAGS(...)                                                                                           \
    (const struct flag_word[])                                                                               \
    {                                                                                                        \
        __VA_ARGS__,                                                                                         \
        {                                                                                                    \
            0                                                                                                \
        }                                                                                                    \
    }
#define LIFECYCLE(action_, flags_)                                                                           \
    &(const struct lifecycle)                                                                                \
    {                                                                                                        \
        .action = (action_), .flags = (flags_)                                                               \
    }
#define MANY_FLAGS (COMMAND_CHANGES | COMMAND_TARGETS | COMMAND_MANY)
#define JSON_DETAIL                                                                                          \
    " With --json: {\"domain\",\"action\",\"result\",\"state\"}, result being ok, failed (then with "        \
    "\"error\") or cancelled; for several domains an array of these."

static const struct command rows[] = {
    {.name = "start",
     .summary = "start domains",
     .detail = "Starts each domain, from its managed save image where it has one. One that runs already is "
               "fine. What stands in the way is looked for first, as `preflight` does: an error stops the "
               "start, a warning is told." JSON_DETAIL " What was found stands in \"findings\".",
     .flags = MANY_FLAGS,
     .args = {VMS},
     .options = {{.name = "force", .help = "start although something was found to stand in the way"},
                 {.name = "paused", .help = "start with its CPUs stopped"},
                 {.name = "bypass-cache", .help = "read the managed save image past the page cache"},
                 {.name = "force-boot",
                  .help = "boot anew, without the managed save image",
                  .loses = "a managed save image is discarded, and with it what the guest had in memory"},
                 {.name = "reset-nvram",
                  .help = "begin with fresh firmware variables",
                  .loses = "the firmware variables (boot entries, keys) are discarded"}},
     .run = run_start,
     .data = LIFECYCLE("start", FLAGS({"force", NULL, START_UNCHECKED}, {"paused", NULL, START_PAUSED},
                                      {"bypass-cache", NULL, START_BYPASS_CACHE},
                                      {"force-boot", NULL, START_FORCE_BOOT},
                                      {"reset-nvram", NULL, START_RESET_NVRAM}))},
    {.name = "shutdown",
     .summary = "ask guests to shut down, and wait until they have",
     .detail =
         "A guest may ignore the request: after the timeout (option shutdown-timeout) the command fails "
         "and says so; `destroy` pulls the plug." JSON_DETAIL,
     .flags = MANY_FLAGS,
     .args = {VMS},
     .options = {{.name = "timeout", .value = "SECONDS", .kind = ARG_NUMBER, .help = "how long to wait"},
                 {.name = "no-wait", .help = "only ask; don't wait"},
                 {.name = "mode",
                  .value = "acpi|agent",
                  .kind = ARG_WORD,
                  .help = "press the power button, or ask the guest agent"}},
     .run = run_lifecycle,
     .data = LIFECYCLE("shutdown", FLAGS({"no-wait", NULL, JOB_NO_WAIT}, {"mode", "acpi", SHUTDOWN_ACPI},
                                         {"mode", "agent", SHUTDOWN_AGENT}))},
    {.name = "reboot",
     .summary = "ask guests to reboot, and wait until they do",
     .detail = "As shutdown, but the guest comes back." JSON_DETAIL,
     .flags = MANY_FLAGS,
     .args = {VMS},
     .options = {{.name = "timeout", .value = "SECONDS", .kind = ARG_NUMBER, .help = "how long to wait"},
                 {.name = "no-wait", .help = "only ask; don't wait"},
                 {.name = "mode",
                  .value = "acpi|agent",
                  .kind = ARG_WORD,
                  .help = "press the power button, or ask the guest agent"}},
     .run = run_lifecycle,
     .data = LIFECYCLE("reboot", FLAGS({"no-wait", NULL, JOB_NO_WAIT}, {"mode", "acpi", SHUTDOWN_ACPI},
                                       {"mode", "agent", SHUTDOWN_AGENT}))},
    {.name = "reset",
     .summary = "press the reset button of domains",
     .detail = "The guest is not asked: it begins anew at once." JSON_DETAIL,
     .flags = MANY_FLAGS | COMMAND_DESTROYS,
     .args = {VMS},
     .run = run_lifecycle,
     .data = LIFECYCLE("reset", NULL),
     .loses = "the guest begins anew at once; what it has not written to disk is lost"},
    {.name = "destroy",
     .alias = "poweroff",
     .summary = "pull the plug of domains",
     .detail = "The guest is not asked: it stops at once, as in a power failure. Its definition and disks "
               "stay." JSON_DETAIL,
     .flags = MANY_FLAGS | COMMAND_DESTROYS,
     .args = {VMS},
     .options = {{.name = "graceful", .help = "only ask QEMU to end, never kill it"}},
     .run = run_lifecycle,
     .data = LIFECYCLE("destroy", FLAGS({"graceful", NULL, DESTROY_GRACEFUL})),
     .loses = "the guest stops at once, as in a power failure; what it has not written to disk is lost"},
    {.name = "suspend",
     .alias = "pause",
     .summary = "pause domains; their memory stays where it is",
     .detail = "resume lets them go on." JSON_DETAIL,
     .flags = MANY_FLAGS,
     .args = {VMS},
     .run = run_lifecycle,
     .data = LIFECYCLE("suspend", NULL)},
    {.name = "resume",
     .summary = "let paused domains go on",
     .detail = "Wakes those up, too, whose guest has gone to sleep." JSON_DETAIL,
     .flags = MANY_FLAGS,
     .args = {VMS},
     .run = run_lifecycle,
     .data = LIFECYCLE("resume", NULL)},
    {.name = "managedsave",
     .summary = "save domains' memory to disk and stop them",
     .detail = "The next start goes on from there." JSON_DETAIL,
     .flags = MANY_FLAGS,
     .args = {VMS},
     .options = {{.name = "running", .help = "the next start lets it run, whatever it does now"},
                 {.name = "paused", .help = "the next start leaves it paused"},
                 {.name = "bypass-cache", .help = "write the image past the page cache"}},
     .run = run_managedsave,
     .data = LIFECYCLE("managedsave",
                       FLAGS({"running", NULL, MANAGEDSAVE_RUNNING}, {"paused", NULL, MANAGEDSAVE_PAUSED},
                             {"bypass-cache", NULL, MANAGEDSAVE_BYPASS_CACHE}))},
    {.name = "undefine",
     .summary = "delete the definition of domains",
     .detail = "Disk images stay. A running domain becomes transient and vanishes when it stops. One with a "
               "managed save image, snapshots, checkpoints or firmware variables is undefined only with the "
               "switches that say what becomes of them." JSON_DETAIL,
     .flags = MANY_FLAGS | COMMAND_DESTROYS | COMMAND_TYPE_NAME,
     .args = {VMS},
     .options = {{.name = "managed-save", .help = "delete its managed save image"},
                 {.name = "snapshots-metadata", .help = "forget its snapshots (disk contents stay)"},
                 {.name = "checkpoints-metadata", .help = "forget its checkpoints"},
                 {.name = "nvram", .help = "delete its firmware variables"},
                 {.name = "keep-nvram", .help = "keep its firmware variables"}},
     .run = run_lifecycle,
     .data = LIFECYCLE("undefine",
                       FLAGS({"managed-save", NULL, UNDEFINE_MANAGED_SAVE},
                             {"snapshots-metadata", NULL, UNDEFINE_SNAPSHOTS},
                             {"checkpoints-metadata", NULL, UNDEFINE_CHECKPOINTS},
                             {"nvram", NULL, UNDEFINE_NVRAM}, {"keep-nvram", NULL, UNDEFINE_KEEP_NVRAM})),
     .loses = "the definition is deleted; disk images stay"},
    {.name = "rename",
     .alias = "domrename",
     .summary = "give a stopped domain another name",
     .detail = "libvirt renames only domains that are shut off." JSON_DETAIL,
     .flags = COMMAND_CHANGES | COMMAND_TARGETS,
     .args = {{.name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"},
              {.name = "NEW-NAME", .kind = ARG_TEXT, .help = "the name it gets"}},
     .run = run_rename},
};

const struct command_table lifecycle_commands = {rows, ARRAY_LEN(rows)};
