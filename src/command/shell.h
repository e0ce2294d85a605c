/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shell's door: runs one command, or a file of commands, to the end, prints results, gives the exit
 * status. Owns stdout and stderr. Main thread.
 */
#ifndef VIRTDECK_COMMAND_SHELL_H
#define VIRTDECK_COMMAND_SHELL_H

#include "command/command.h"

struct shell_request {
    const char *const *uris; /* as many as -c was given; none: the default */
    size_t n_uris;
    bool demo, read_only, json, csv, yes, keep_going;
    const char *file; /* -f; "-" is stdin; NULL: argv is the command */
    int argc;
    const char *const *argv;
    struct options *options;
};

enum status shell_run(const struct shell_request *r);

#endif
