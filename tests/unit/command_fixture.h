/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fleet without threads and a table of commands, for the tests of the command language. It defines what
 * src/virt/fleet.c and ui/tables.c define: include it once a program.
 */
#ifndef VIRTDECK_TESTS_COMMAND_FIXTURE_H
#define VIRTDECK_TESTS_COMMAND_FIXTURE_H

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "command/command.h"
#include "command/private.h"

struct fleet {
    struct snapshot *snapshots[3];
    size_t n;
};

size_t fleet_len(const struct fleet *f)
{
    return f->n;
}

struct snapshot *fleet_snapshot(struct fleet *f, int host)
{
    return snapshot_ref(f->snapshots[host]);
}

struct host_resources *fleet_resources(struct fleet *f, int host)
{
    (void)f;
    (void)host;
    return NULL;
}

/* What the fixture knows of its domains is there already. */
void fleet_set_interest(struct fleet *f, int host, const struct vm_uuid *visible, size_t n,
                        const struct vm_uuid *selected)
{
    (void)f;
    (void)host;
    (void)visible;
    (void)n;
    (void)selected;
}

/* ---- domains ---- */

struct fixture_vm {
    const char *name;
    enum vm_state state;
    int id;
    const char *tags;
};

static struct snapshot *fixture_host(int host, const char *name, bool read_only, const struct fixture_vm *vms,
                                     size_t n)
{
    struct snapshot *s = snapshot_new(n);
    s->host.id = host;
    s->host.name = xstrdup(name);
    s->host.uri = xasprintf("test:///%s", name);
    s->host.state = HOST_UP;
    s->host.read_only = read_only;
    for (size_t i = 0; i < n; i++) {
        struct vm *vm = &s->vms[i];
        vm_set_unknown(vm);
        vm->name = xstrdup(vms[i].name);
        vm->state = vms[i].state;
        vm->id = vms[i].id;
        vm->uuid.b[0] = (unsigned char)(host + 1);
        vm->uuid.b[15] = (unsigned char)(i + 1);
        vm->reason = "";
        vm->def = xcalloc(1, sizeof *vm->def);
        vm->def->refs = 1;
        vm->def->tags = xstrdup(vms[i].tags ? vms[i].tags : "");
    }
    return s;
}

static const struct fixture_vm kvm1_vms[] = {
    {"web2", VM_RUNNING, 4, "prod web"},   {"web1", VM_RUNNING, 3, "prod"},
    {"db1", VM_SHUTOFF, -1, "prod"},       {"web10", VM_PAUSED, 7, NULL},
    {"my vm", VM_SHUTOFF, -1, NULL},       {"42", VM_SHUTOFF, -1, NULL},
    {"both", VM_RUNNING, 9, NULL},         {"a/b", VM_SHUTOFF, -1, NULL},
    {"\x1b[31mred", VM_SHUTOFF, -1, NULL}, {"it's", VM_SHUTOFF, -1, NULL},
    {"-dash", VM_SHUTOFF, -1, NULL},
};
static const struct fixture_vm kvm2_vms[] = {{"both", VM_SHUTOFF, -1, NULL}, {"mail", VM_RUNNING, 3, NULL}};

static struct fleet *fixture_fleet(void)
{
    static struct fleet f;
    /* Two fixtures of a program look at the same one. */
    if (f.n)
        return &f;
    f.n = 2;
    f.snapshots[0] = fixture_host(0, "kvm1", false, kvm1_vms, ARRAY_LEN(kvm1_vms));
    f.snapshots[1] = fixture_host(1, "kvm2", true, kvm2_vms, ARRAY_LEN(kvm2_vms));
    return &f;
}

static void fixture_fleet_free(struct fleet *f)
{
    for (size_t i = 0; i < f->n; i++)
        snapshot_unref(f->snapshots[i]);
    f->n = 0;
}

/* ---- commands ---- */

static bool fixture_run(struct call *call, struct error *e)
{
    (void)call;
    (void)e;
    return true;
}

#define FIXTURE_VMS                                                                                          \
    {                                                                                                        \
        .name = "VM", .kind = ARG_TARGET, .repeat = true, .help = "which"                                    \
    }
static const struct command fixture_rows[] = {
    {.name = "start",
     .alias = "begin run",
     .summary = "start domains",
     .flags = COMMAND_CHANGES | COMMAND_TARGETS | COMMAND_MANY,
     .args = {FIXTURE_VMS},
     .options = {{.name = "paused", .help = "stopped"},
                 {.name = "force-boot", .help = "anew", .loses = "saved memory is discarded"},
                 {.name = "timeout", .value = "SECONDS", .kind = ARG_NUMBER, .help = "how long"},
                 {.name = "mode", .value = "acpi|agent", .kind = ARG_WORD, .help = "how"}},
     .run = fixture_run},
    {.name = "destroy",
     .summary = "pull the plug",
     .flags = COMMAND_CHANGES | COMMAND_TARGETS | COMMAND_MANY | COMMAND_DESTROYS,
     .args = {FIXTURE_VMS},
     .run = fixture_run,
     .loses = "memory is lost"},
    {.name = "undefine",
     .summary = "delete",
     .flags = COMMAND_CHANGES | COMMAND_TARGETS | COMMAND_MANY | COMMAND_DESTROYS | COMMAND_TYPE_NAME,
     .args = {FIXTURE_VMS},
     .run = fixture_run,
     .loses = "the definition is deleted"},
    {.name = "rename",
     .summary = "rename",
     .flags = COMMAND_CHANGES | COMMAND_TARGETS,
     .args = {{.name = "VM", .kind = ARG_TARGET},
              {.name = "NEW-NAME", .kind = ARG_TEXT, .help = "the name it gets"}},
     .run = fixture_run},
    {.name = "shot",
     .summary = "screenshot",
     .flags = COMMAND_TARGETS,
     .args = {{.name = "VM", .kind = ARG_TARGET}, {.name = "FILE", .kind = ARG_FILE, .optional = true}},
     .run = fixture_run},
    {.name = "autostart",
     .summary = "autostart",
     .flags = COMMAND_CHANGES | COMMAND_TARGETS | COMMAND_MANY,
     .args = {FIXTURE_VMS, {.name = "on|off", .kind = ARG_WORD, .words = "on off"}},
     .run = fixture_run},
    {.name = "list",
     .summary = "list domains",
     .options = {{.name = "columns", .value = "IDS", .kind = ARG_COLUMNS, .help = "which columns"},
                 {.name = "filter", .value = "FILTER", .kind = ARG_FILTER, .help = "which rows"},
                 {.name = "n", .value = "N", .kind = ARG_NUMBER, .help = "how many"}},
     .run = fixture_run},
    {.name = "sort",
     .summary = "sort the table",
     .flags = COMMAND_SCREEN,
     .args = {{.name = "COLUMN", .kind = ARG_SORT}},
     .run = fixture_run},
    {.name = "option",
     .summary = "set an option",
     .flags = COMMAND_SCREEN,
     .args = {{.name = "NAME", .kind = ARG_OPTION},
              {.name = "VALUE", .kind = ARG_OPTION_VALUE, .repeat = true}},
     .run = fixture_run},
    {.name = "filter",
     .summary = "filter the table",
     .flags = COMMAND_SCREEN,
     .args = {{.name = "FILTER", .kind = ARG_FILTER, .optional = true, .repeat = true}},
     .run = fixture_run},
    {.name = "log", .summary = "log of the shell", .flags = COMMAND_SHELL, .run = fixture_run},
    {.name = "log", .summary = "log pane", .flags = COMMAND_SCREEN, .run = fixture_run},
    {.name = "only-shell", .summary = "for the shell", .flags = COMMAND_SHELL, .run = fixture_run},
    {.name = "secret", .summary = "for programs", .flags = COMMAND_HIDDEN, .run = fixture_run},
    {.name = "boot",
     .summary = "a policy",
     .flags = COMMAND_CHANGES | COMMAND_TARGETS | COMMAND_MANY,
     .args = {FIXTURE_VMS, {.name = "WORD", .kind = ARG_POLICY, .repeat = true, .help = "the policy"}},
     .options = {{.name = "dry-run", .help = "only show"}},
     .run = fixture_run},
    {.name = "boot plan",
     .summary = "the plan",
     .options = {{.name = "reverse", .help = "down"}},
     .run = fixture_run},
    {.name = "boot stop",
     .summary = "stop all",
     .flags = COMMAND_DESTROYS | COMMAND_SHELL,
     .run = fixture_run,
     .loses = "all is stopped"},
    {.name = "power cycle",
     .summary = "off and on",
     .args = {{.name = "N", .kind = ARG_NUMBER}},
     .run = fixture_run},
    {.name = "help",
     .summary = "help",
     .flags = COMMAND_NO_HOST,
     .args = {{.name = "COMMAND", .kind = ARG_COMMAND, .optional = true, .repeat = true}},
     .run = fixture_run},
};
static const struct command_table fixture_table = {fixture_rows, ARRAY_LEN(fixture_rows)};
const struct command_table *const command_tables[] = {&fixture_table, NULL};

/* ---- sessions ---- */

static const char *fixture_selected[4]; /* the screen's tagged domains; ends with NULL */

static void fixture_targets(void *ctx, struct target_list *out)
{
    for (size_t i = 0; fixture_selected[i]; i++)
        targets_resolve(ctx, fixture_selected[i], out, NULL);
}

struct fixture {
    struct session session;
    struct frontend frontend;
    struct options options;
};

static inline void fixture_open(struct fixture *f, bool screen)
{
    setlocale(LC_ALL, "C.UTF-8");
    memset(f, 0, sizeof *f);
    memset(fixture_selected, 0, sizeof fixture_selected);
    options_init(&f->options);
    f->session.fleet = fixture_fleet();
    f->frontend =
        (struct frontend){.screen = screen, .ctx = f->session.fleet, .default_targets = fixture_targets};
    f->session.frontend = &f->frontend;
    f->session.options = &f->options;
}

static inline void fixture_close(struct fixture *f)
{
    fixture_fleet_free(f->session.fleet);
    options_free(&f->options);
}

#endif
