/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commands that only look: their rows, and the short ones themselves.
 */
#include "command/query.h"

#include <stdlib.h>
#include <string.h>

#include "command/families.h"

void grid_add(struct grid *g, const char *cell)
{
    vec_push(&g->cells, cell ? text_escaped(cell) : xstrdup("-"));
}

void grid_print(struct grid *g, struct strbuf *out)
{
    int *widths = xcalloc(g->columns, sizeof *widths);
    for (size_t i = 0; i < g->cells.len; i++) {
        int width = text_width(g->cells.items[i]);
        widths[i % g->columns] = width > widths[i % g->columns] ? width : widths[i % g->columns];
    }
    for (size_t i = 0; i < g->cells.len; i++) {
        bool last = (i + 1) % g->columns == 0;
        strbuf_puts(out, g->cells.items[i]);
        if (last)
            strbuf_putc(out, '\n');
        else
            strbuf_printf(out, "%*s", widths[i % g->columns] - text_width(g->cells.items[i]) + 2, "");
        free(g->cells.items[i]);
    }
    free(widths);
    vec_free(&g->cells);
}

static void print_text(const struct call *call, struct strbuf *out)
{
    const struct frontend *f = call->session->frontend;
    f->print(f->ctx, strbuf_str(out));
    strbuf_free(out);
}

static void print_json(const struct call *call, json_object *value)
{
    const struct frontend *f = call->session->frontend;
    f->print_json(f->ctx, value);
}

/* ---- config ---- */

static json_object *option_json(const struct option_row *row, const struct options *o)
{
    switch (row->type) {
    case OPTION_BOOL:
        return json_object_new_boolean(opt_bool(o, row->id));
    case OPTION_INT:
    case OPTION_NUMBER:
        return json_figure(opt_number(o, row->id));
    default:
        return json_text(opt_text(o, row->id));
    }
}

static bool config_run(struct call *call, struct error *e)
{
    const struct options *o = call->session->options;
    const char *only = call->words.len ? call->words.items[0] : NULL;
    json_object *array = json_object_new_array();
    struct grid g = {.columns = 3};
    struct strbuf out = {0};
    (void)e;
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (only && option_find(only) != row)
            continue;
        grid_add(&g, row->name);
        grid_add(&g, opt_text(o, row->id)[0] ? opt_text(o, row->id) : "\"\"");
        grid_add(&g, o->v[row->id].origin);
        json_object *one = json_object_new_object();
        json_object_object_add(one, "name", json_text(row->name));
        json_object_object_add(one, "value", option_json(row, o));
        json_object_object_add(one, "origin", json_text(o->v[row->id].origin));
        json_object_array_add(array, one);
    }
    grid_print(&g, &out);
    if (call->json) {
        print_json(call, array);
        strbuf_free(&out);
        return true;
    }
    json_object_put(array);
    print_text(call, &out);
    return true;
}

/* ---- version ---- */

static bool version_run(struct call *call, struct error *e)
{
    (void)e;
    if (call->json) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "virtdeck", json_text(VIRTDECK_VERSION));
        print_json(call, o);
        return true;
    }
    struct strbuf out = {0};
    strbuf_puts(&out, "virtdeck " VIRTDECK_VERSION "\n");
    print_text(call, &out);
    return true;
}

/* ---- hosts ---- */

static char *version_text(unsigned long v)
{
    return v ? xasprintf("%lu.%lu.%lu", v / 1000000, v / 1000 % 1000, v % 1000) : NULL;
}

static json_object *host_json(const struct host_info *h, const char *libvirt, const char *hypervisor,
                              size_t domains)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "name", json_text(h->name));
    json_object_object_add(o, "uri", json_text(h->uri));
    json_object_object_add(o, "state", json_text(host_state_name(h->state)));
    json_object_object_add(o, "message", json_text(h->state_text));
    json_object_object_add(o, "readonly", json_object_new_boolean(h->read_only));
    json_object_object_add(o, "demo", json_object_new_boolean(h->demo));
    json_object_object_add(o, "hypervisor", json_text(h->hypervisor));
    json_object_object_add(o, "hypervisor_version", json_text(hypervisor));
    json_object_object_add(o, "libvirt_version", json_text(libvirt));
    json_object_object_add(o, "cpus", json_figure(h->cpus));
    json_object_object_add(o, "cpu", json_figure(h->cpu_percent));
    json_object_object_add(o, "mem", json_figure(h->mem_used_kib));
    json_object_object_add(o, "maxmem", json_figure(h->mem_kib));
    json_object_object_add(o, "domains", json_object_new_int64((int64_t)domains));
    return o;
}

static void host_row(struct grid *g, const struct host_info *h, const char *libvirt, const char *hypervisor,
                     size_t domains)
{
    char *what = h->hypervisor ? xasprintf("%s %s", h->hypervisor, hypervisor ? hypervisor : "") : NULL;
    char *count = xasprintf("%zu", domains);
    grid_add(g, h->name);
    grid_add(g, host_state_name(h->state));
    grid_add(g, count);
    grid_add(g, what);
    grid_add(g, libvirt);
    grid_add(g, h->read_only ? "read-only" : "read-write");
    grid_add(g, h->demo ? "(demo)" : h->uri);
    free(count);
    free(what);
}

static bool hosts_run(struct call *call, struct error *e)
{
    static const char *const titles[] = {"NAME", "STATE", "VMS", "HYPERVISOR", "LIBVIRT", "ACCESS", "URI"};
    struct fleet *f = call->session->fleet;
    struct grid g = {.columns = ARRAY_LEN(titles)};
    struct strbuf out = {0};
    json_object *array = json_object_new_array();
    (void)e;
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        grid_add(&g, titles[i]);
    for (size_t i = 0; i < fleet_len(f); i++) {
        struct snapshot *s = fleet_snapshot(f, (int)i);
        char *libvirt = version_text(s->host.libvirt_version);
        char *hypervisor = version_text(s->host.hypervisor_version);
        host_row(&g, &s->host, libvirt, hypervisor, s->n_vms);
        json_object_array_add(array, host_json(&s->host, libvirt, hypervisor, s->n_vms));
        free(libvirt);
        free(hypervisor);
        snapshot_unref(s);
    }
    grid_print(&g, &out);
    if (call->json) {
        strbuf_free(&out);
        print_json(call, array);
        return true;
    }
    json_object_put(array);
    print_text(call, &out);
    return true;
}

/* ---- the rows ---- */

#define TABLE_OPTIONS                                                                                        \
    {.name = "columns", .value = "IDS", .kind = ARG_COLUMNS, .help = "columns, with commas between"},        \
        {.name = "sort", .value = "ID", .kind = ARG_SORT, .help = "sort by this column; -ID downwards"},     \
        {.name = "filter", .value = "FILTER", .kind = ARG_FILTER, .help = "only the domains that fit"},      \
    {                                                                                                        \
        .name = "csv", .help = "print CSV"                                                                   \
    }

static const struct command rows[] = {
    {.name = "list",
     .alias = "ls",
     .summary = "list the domains of all hosts",
     .detail =
         "As text, CSV (a header of column ids, quoted as in RFC 4180) or, with --json, an array of "
         "objects keyed by column id. Figures of CSV and JSON are plain numbers; unknown is null, in CSV "
         "empty. Columns of figures a second need two samples: the list takes a moment longer.",
     .options = {TABLE_OPTIONS},
     .run = list_run},
    {.name = "sample",
     .summary = "print the table again and again",
     .detail = "With --json one array a sample, a line each; with --csv a column \"time\" (UTC) goes before "
               "the others. Without -n until it is interrupted.",
     .flags = COMMAND_SHELL,
     .options = {{.name = "n", .value = "N", .kind = ARG_NUMBER, .help = "how many samples"},
                 {.name = "d", .value = "SECONDS", .kind = ARG_NUMBER, .help = "time between two"},
                 TABLE_OPTIONS},
     .run = sample_run},
    {.name = "hosts", .summary = "list the hosts, their state and versions", .run = hosts_run},
    {.name = "devices",
     .summary = "list the devices of a domain",
     .detail =
         "With --json an array of objects with kind, name, alias, model, target, source, mac, live (it is in "
         "the running domain), config (it is there at the next boot), pending (null, add, remove, change, or "
         "unplug while the guest has not let it go), difference, toggles, fields (of each its value live and "
         "in the configuration), automatic (libvirt added it by itself), part (it is no device: CPU, boot …) "
         "and key. CPU, memory, firmware, boot "
         "order and the domain's own texts are rows, too.",
     .flags = COMMAND_TARGETS | COMMAND_SHELL,
     .args = {{.name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"}},
     .run = devices_run},
    {.name = "fields",
     .summary = "list what can be changed of each kind of device, and when it takes effect",
     .flags = COMMAND_NO_HOST | COMMAND_SHELL,
     .args = {{.name = "KIND", .kind = ARG_KIND, .optional = true, .help = "only this kind"}},
     .run = fields_run},
    {.name = "log",
     .summary = "print what is told of a domain, from all sources in the order of time",
     .detail =
         "QEMU's log, the log file of the serial port, libvirt's events and messages, what virtdeck and its "
         "supervisor did. Files of another host are read through ssh where that is how libvirt goes there. "
         "On request the daemons' and the host's journal. A source that was asked for by name has to be "
         "there; what is missing of the usual ones is told. Of one source alone only its own lines are "
         "printed. With --json one object a line: domain, source, time (milliseconds since 1970, null: "
         "none), text, finding (the id of the known failure that the line tells of).",
     .flags = COMMAND_TARGETS | COMMAND_SHELL,
     .args = {{.name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"}},
     .options = {{.name = "source",
                  .value = "LIST",
                  .kind = ARG_SOURCES,
                  .help = "qemu, serial, events, messages, deck (these by default), libvirt, daemon, host"},
                 {.name = "n",
                  .value = "LINES",
                  .kind = ARG_NUMBER,
                  .help = "how many of the newest, usually " USUAL_LINES_TEXT
                          "; 0: what the last 256 KiB of each file hold"},
                 {.name = "follow",
                  .help = "go on with what comes from now on, as long as the domain is there"},
                 {.name = "grep",
                  .value = "REGEX",
                  .kind = ARG_TEXT,
                  .help = "only lines that this expression is found in"}},
     .run = log_run},
    {.name = "screenshot",
     .summary = "save the picture on a domain's screen as PNG, or show it on the terminal",
     .detail =
         "FILE is written whole or not at all; one that is there already is replaced only with --yes. "
         "Without FILE the shell draws the picture by what the terminal has (kitty's graphics, sixel, half "
         "blocks in colour, characters; the option graphics chooses), and the screen writes "
         "NAME-DATE-TIME.png into the current directory; the pane Screen shows it live. Needs a domain that "
         "runs, or is paused, with a video device, and the right to change it. --json prints {\"domain\", "
         "\"file\", \"width\", \"height\", …}.",
     .flags = COMMAND_TARGETS,
     .args = {{.name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"},
              {.name = "FILE", .kind = ARG_FILE, .optional = true, .help = "the PNG to write"}},
     .options = {{.name = "screen",
                  .value = "N",
                  .kind = ARG_NUMBER,
                  .help = "which of its screens; the first one is 0"}},
     .run = screenshot_run,
     .loses_now = screenshot_loses},
    {.name = "events",
     .summary = "print what happened lately, as far as virtdeck was there to see it",
     .detail = "From the state directory, oldest first: what the screen saw, and what commands that change "
               "something did.",
     .flags = COMMAND_SHELL | COMMAND_NO_HOST,
     .args = {{.name = "TEXT", .kind = ARG_TEXT, .optional = true, .help = "only events with this in them"}},
     .options = {{.name = "n",
                  .value = "EVENTS",
                  .kind = ARG_NUMBER,
                  .help = "how many, usually " USUAL_LINES_TEXT ", 0 for all"}},
     .run = events_run},
    {.name = "config",
     .summary = "print the options in force and where each comes from",
     .flags = COMMAND_NO_HOST,
     .args = {{.name = "OPTION", .kind = ARG_OPTION, .optional = true, .help = "only this one"}},
     .run = config_run},
    {.name = "help",
     .summary = "list the commands, or explain one",
     .flags = COMMAND_NO_HOST,
     .args = {{.name = "COMMAND",
               .kind = ARG_COMMAND,
               .optional = true,
               .repeat = true,
               .help = "the command to explain"}},
     .options = {{.name = "man", .help = "print all commands in roff, for virtdeck(1)"},
                 {.name = "options-man", .help = "print the options in roff, for virtdeck-config(5)"},
                 {.name = "columns-man", .help = "print the columns in roff, for virtdeck-config(5)"},
                 {.name = "fields-man", .help = "print the fields of devices in roff, for virtdeck(1)"},
                 {.name = "policy-man", .help = "print the fields of autostart in roff"},
                 {.name = "limits-man", .help = "print the limits of autostart in roff"},
                 {.name = "keys-man", .help = "print the keys in roff"},
                 {.name = "completion",
                  .value = "bash|zsh|fish",
                  .kind = ARG_WORD,
                  .help = "print a completion script"}},
     .run = help_run},
    {.name = "version", .summary = "print the version", .flags = COMMAND_NO_HOST, .run = version_run},
    {.name = "complete-line",
     .summary = "print the candidates at the end of a shell's command line",
     .flags = COMMAND_NO_HOST | COMMAND_SHELL | COMMAND_HIDDEN,
     .args = {{.name = "LINE",
               .kind = ARG_TEXT,
               .help = "the line up to the cursor, with the program's name"}},
     .options = {{.name = "plain", .help = "without the quotes that the shell needs"}},
     .run = complete_line_run},
};

const struct command_table query_commands = {rows, ARRAY_LEN(rows)};
