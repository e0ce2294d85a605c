/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

const struct cli_option cli_options[CLI_COUNT] = {
    {CLI_CONNECT, 'c', "connect", "URI", ARG_HOST, "open this host; again for several hosts"},
    {CLI_READ_ONLY, 'r', "readonly", NULL, ARG_END, "open hosts read-only"},
    {CLI_DEMO, '\0', "demo", NULL, ARG_END, "open the built-in demo host"},
    {CLI_OPTION, 'o', "option", "NAME=VALUE", ARG_OPTION, "set an option for this run; `config` lists them"},
    {CLI_FILE, 'f', "file", "FILE", ARG_FILE, "run the commands in a file, one a line; - is standard input"},
    {CLI_KEEP_GOING, '\0', "keep-going", NULL, ARG_END, "with -f: go on after a failure"},
    {CLI_JSON, '\0', "json", NULL, ARG_END, "print one JSON value a command"},
    {CLI_CSV, '\0', "csv", NULL, ARG_END, "print tables as CSV"},
    {CLI_YES, 'y', "yes", NULL, ARG_END, "do what would be asked about on the screen"},
    {CLI_KEYMAP, '\0', "keymap", "NAME", ARG_KEYMAP, "keys of the screen"},
    {CLI_THEME, '\0', "theme", "NAME", ARG_THEME, "colours of the screen"},
    {CLI_LOG_FILE, '\0', "log-file", "FILE", ARG_FILE, "write virtdeck's own log there"},
    {CLI_LOCAL_OR_DEMO, '\0', "local-or-demo", NULL, ARG_END, NULL},
    {CLI_HELP, 'h', "help", NULL, ARG_END, "print this help and end"},
    {CLI_VERSION, 'V', "version", NULL, ARG_END, "print the version and end"},
};

/* getopt_long()'s tables, made from ours. Values of long options are above all letters. */
#define LONG_BASE 256

struct getopt_tables {
    char letters[CLI_COUNT * 2 + 3];
    struct option names[CLI_COUNT + 1];
};

static void make_tables(struct getopt_tables *t)
{
    char *p = t->letters;
    /* + ends at the first other word, : tells a missing value from an unknown option. */
    *p++ = '+';
    *p++ = ':';
    for (int i = 0; i < CLI_COUNT; i++) {
        const struct cli_option *o = &cli_options[i];
        if (o->letter)
            *p++ = o->letter;
        if (o->letter && o->value)
            *p++ = ':';
        t->names[i] = (struct option){
            .name = o->name, .has_arg = o->value ? required_argument : no_argument, .val = LONG_BASE + i};
    }
}

static const struct cli_option *option_of_result(int result)
{
    if (result >= LONG_BASE)
        return &cli_options[result - LONG_BASE];
    for (int i = 0; i < CLI_COUNT; i++)
        if (cli_options[i].letter == result)
            return &cli_options[i];
    return NULL;
}

static void add_setting(struct cli *c, const char *origin, const char *value)
{
    vec_push(&c->settings, value);
    vec_push(&c->origins, origin);
}

static void take(struct cli *c, const struct cli_option *o, const char *value)
{
    c->on[o->id] = true;
    c->value[o->id] = value;
    if (o->id == CLI_CONNECT)
        vec_push(&c->uris, value);
    else if (o->id == CLI_OPTION)
        add_setting(c, "-o", value);
    else if (o->id == CLI_THEME)
        add_setting(c, "--theme", value);
    else if (o->id == CLI_KEYMAP)
        add_setting(c, "--keymap", value);
}

static bool unknown_option(const char *word, int at, struct error *e)
{
    char *name = xstrndup(word, strcspn(word, "="));
    struct nearest near = nearest_to(name[0] == '-' && name[1] == '-' ? name + 2 : "");
    for (int i = 0; i < CLI_COUNT; i++)
        nearest_offer(&near, cli_options[i].name);
    if (near.best)
        error_set_at(e, STATUS_USAGE, at, "there is no option %s (did you mean --%s?)", name, near.best);
    else
        error_set_at(e, STATUS_USAGE, at, "there is no option %s; `virtdeck --help` lists them", name);
    free(name);
    return false;
}

static bool refuse(int result, int argc, char *const *argv, int at, struct error *e)
{
    char letter[3] = {'-', (char)optopt, '\0'};
    bool is_long = optopt == 0 || optopt >= LONG_BASE;
    const char *word = is_long && at < argc ? argv[at] : letter;
    if (result == ':') {
        const struct cli_option *o = option_of_result(optopt);
        return error_set_at(e, STATUS_USAGE, at, "%s wants %s", word, o ? o->value : "a value");
    }
    if (is_long && optopt >= LONG_BASE)
        return error_set_at(e, STATUS_USAGE, at, "--%s takes no value", option_of_result(optopt)->name);
    return unknown_option(word, at, e);
}

bool cli_parse(int argc, char *const *argv, struct cli *out, struct error *e)
{
    struct getopt_tables tables = {.letters = ""};
    *out = (struct cli){.command = argc};
    make_tables(&tables);
    optind = 0;
    opterr = 0;
    for (;;) {
        int at = optind > 0 ? optind : 1;
        int result = getopt_long(argc, argv, tables.letters, tables.names, NULL);
        if (result == -1)
            break;
        if (result == '?' || result == ':')
            return refuse(result, argc, argv, at, e);
        take(out, option_of_result(result), optarg);
    }
    out->command = optind;
    return true;
}

void cli_free(struct cli *c)
{
    vec_free(&c->uris);
    vec_free(&c->settings);
    vec_free(&c->origins);
}

static bool apply_setting(struct options *o, const char *origin, const char *setting, struct error *e)
{
    if (strcmp(origin, "-o") != 0)
        return options_set(o, origin + 2, setting, origin, e);
    const char *equals = strchr(setting, '=');
    if (!equals)
        return error_set(e, STATUS_USAGE, "-o wants NAME=VALUE, not \"%s\"", setting);
    char *name = xstrndup(setting, (size_t)(equals - setting));
    bool good = options_set(o, name, equals + 1, origin, e);
    free(name);
    return good;
}

bool cli_apply(const struct cli *c, struct options *o, struct error *e)
{
    for (size_t i = 0; i < c->settings.len; i++)
        if (!apply_setting(o, c->origins.items[i], c->settings.items[i], e))
            return false;
    return !c->on[CLI_READ_ONLY] || options_set(o, "read-only", "true", "-r", e);
}

void cli_usage(struct strbuf *out)
{
    strbuf_puts(out, "usage: virtdeck [-c URI]... [-r] [OPTION]...               the screen (-r: read-only)\n"
                     "       virtdeck [-c URI]... [OPTION]... COMMAND [ARG]...   one command\n"
                     "       virtdeck [-c URI]... [OPTION]... -f FILE|-          commands from a file\n"
                     "\nOptions:\n");
    for (int i = 0; i < CLI_COUNT; i++) {
        const struct cli_option *o = &cli_options[i];
        if (!o->help)
            continue;
        char *word = o->value ? xasprintf("--%s=%s", o->name, o->value) : xasprintf("--%s", o->name);
        strbuf_printf(out, "  %c%c%c %-22s  %s\n", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                      o->letter ? ',' : ' ', word, o->help);
        free(word);
    }
}
