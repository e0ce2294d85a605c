/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program's own options (those before the command): one table that getopt, --help, the completion scripts
 * and complete-line read. Main thread (getopt keeps state).
 */
#ifndef VIRTDECK_COMMAND_CLI_H
#define VIRTDECK_COMMAND_CLI_H

#include "base/strbuf.h"
#include "command/command.h"

enum cli_id {
    CLI_CONNECT,
    CLI_READ_ONLY,
    CLI_DEMO,
    CLI_OPTION,
    CLI_FILE,
    CLI_KEEP_GOING,
    CLI_JSON,
    CLI_CSV,
    CLI_YES,
    CLI_KEYMAP,
    CLI_THEME,
    CLI_LOG_FILE,
    CLI_LOCAL_OR_DEMO,
    CLI_HELP,
    CLI_VERSION,
    CLI_COUNT
};

struct cli_option {
    enum cli_id id;
    char letter; /* '\0': none */
    const char *name;
    const char *value; /* NULL: a switch */
    enum arg_kind kind;
    const char *help; /* NULL: not shown (for make run) */
};
extern const struct cli_option cli_options[CLI_COUNT];

/* What was given; texts are borrowed from argv. */
struct cli {
    VEC(const char *) uris;
    VEC(const char *) settings; /* NAME=VALUE of every -o, --theme and --keymap, in order */
    VEC(const char *) origins;  /* "-o", "--theme", "--keymap": one each */
    bool on[CLI_COUNT];
    const char *value[CLI_COUNT]; /* the last one given */
    int command;                  /* index of the command's name in argv; argc: none */
};

/* Options end at the first other word. False with e set (position: index in argv). Needs cli_free() either
 * way. argv's order is kept. */
bool cli_parse(int argc, char *const *argv, struct cli *out, struct error *e);
void cli_free(struct cli *c);

/* Applies -o, --theme, --keymap, -r to the options. False with the first mistake in e. */
bool cli_apply(const struct cli *c, struct options *o, struct error *e);

/* The usage lines and the table of options for --help. */
void cli_usage(struct strbuf *out);

#endif
