/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which door: the screen, one command, or a file of commands. Sets up what all of them need.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/text.h"
#include "command/cli.h"
#include "command/shell.h"
#include "ui/screen.h"

static void complain(const char *text)
{
    char *escaped = text_escaped(text);
    fprintf(stderr, "virtdeck: %s\n", escaped);
    free(escaped);
}

static enum status fail(struct error *e)
{
    enum status status = e->status;
    complain(error_text(e));
    error_clear(e);
    return status;
}

/* -c, else VIRTDECK_URI, else libvirt's own default, which is no URI at all. */
static void choose_uris(struct cli *cli)
{
    const char *uri = getenv("VIRTDECK_URI");
    if (cli->uris.len == 0 && !cli->on[CLI_DEMO] && uri && uri[0])
        vec_push(&cli->uris, uri);
}

static void open_log(const struct cli *cli, const struct options *options, bool screen)
{
    /* The option's words stand in the levels' order. */
    log_set_least((enum log_level)opt_number(options, OPT_LOG_LEVEL));
    if (cli->value[CLI_LOG_FILE]) {
        log_open(cli->value[CLI_LOG_FILE]);
    } else if (screen && file_make_dirs(paths_state_dir(), NULL)) {
        char *path = paths_join(paths_state_dir(), "virtdeck.log");
        log_open(path);
        free(path);
    }
}

static enum status open_screen(const struct cli *cli, struct options *options, error_list *mistakes)
{
    struct screen_request r = {.uris = cli->uris.items,
                               .n_uris = cli->uris.len,
                               .demo = cli->on[CLI_DEMO],
                               .local_or_demo = cli->on[CLI_LOCAL_OR_DEMO],
                               .read_only = opt_bool(options, OPT_READ_ONLY),
                               .options = options,
                               .mistakes = mistakes};
    return screen_run(&r);
}

static enum status run_commands(const struct cli *cli, int argc, char **argv, struct options *options,
                                const error_list *mistakes)
{
    const char *help[] = {"help"}, *version[] = {"version"};
    struct shell_request r = {.uris = cli->uris.items,
                              .n_uris = cli->uris.len,
                              .demo = cli->on[CLI_DEMO],
                              .read_only = opt_bool(options, OPT_READ_ONLY),
                              .json = cli->on[CLI_JSON],
                              .csv = cli->on[CLI_CSV],
                              .yes = cli->on[CLI_YES],
                              .keep_going = cli->on[CLI_KEEP_GOING],
                              .file = cli->value[CLI_FILE],
                              .argc = argc - cli->command,
                              .argv = (const char *const *)argv + cli->command,
                              .options = options};
    for (size_t i = 0; i < mistakes->len; i++)
        complain(error_text(&mistakes->items[i]));
    if (cli->on[CLI_HELP] || cli->on[CLI_VERSION]) {
        r.file = NULL;
        r.argc = 1;
        r.argv = cli->on[CLI_HELP] ? help : version;
    }
    return shell_run(&r);
}

/* What only one of the doors can do must not be dropped silently. */
static bool check_doors(const struct cli *cli, bool command, struct error *e)
{
    static const enum cli_id for_commands[] = {CLI_JSON, CLI_CSV, CLI_YES};
    for (size_t i = 0; i < ARRAY_LEN(for_commands); i++)
        if (!command && cli->on[for_commands[i]])
            return error_set(e, STATUS_USAGE,
                             "--%s is for commands, and there is none; `virtdeck --help` lists them",
                             cli_options[for_commands[i]].name);
    if (cli->on[CLI_KEEP_GOING] && !cli->on[CLI_FILE])
        return error_set(e, STATUS_USAGE, "--keep-going is for -f");
    if (command && cli->on[CLI_LOCAL_OR_DEMO])
        return error_set(e, STATUS_USAGE, "--local-or-demo is for the screen");
    return true;
}

static enum status run(struct cli *cli, int argc, char **argv, struct options *options)
{
    struct error e = ERROR_INIT;
    error_list mistakes = {0};
    bool early = cli->on[CLI_HELP] || cli->on[CLI_VERSION];
    bool command = early || cli->on[CLI_FILE] || cli->command < argc;
    enum status status;
    char *path = paths_join(paths_config_dir(), "config.json");
    options_load(options, path, &mistakes);
    free(path);
    bool good = cli_apply(cli, options, &e) && check_doors(cli, command, &e);
    if (good && cli->on[CLI_FILE] && cli->command < argc)
        good =
            error_set(&e, STATUS_USAGE, "give either -f or a command, not both: \"%s\"", argv[cli->command]);
    if (!good) {
        status = fail(&e);
    } else {
        choose_uris(cli);
        open_log(cli, options, !command);
        status = command ? run_commands(cli, argc, argv, options, &mistakes)
                         : open_screen(cli, options, &mistakes);
    }
    error_list_free(&mistakes);
    return status;
}

int main(int argc, char **argv)
{
    struct cli cli;
    struct options options;
    struct error e = ERROR_INIT;
    enum status status;
    /* Whoever started us may have them reaped unseen; then nobody could tell how they ended. */
    signal(SIGCHLD, SIG_DFL);
    setlocale(LC_ALL, "");
    /* Figures are read and written with a point, wherever the user lives. */
    setlocale(LC_NUMERIC, "C");
    paths_init();
    options_init(&options);
    if (cli_parse(argc, argv, &cli, &e))
        status = run(&cli, argc, argv, &options);
    else
        status = fail(&e);
    cli_free(&cli);
    options_free(&options);
    return (int)status;
}
