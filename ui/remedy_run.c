/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Enter on a remedy does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/spawn.h"
#include "base/text.h"
#include "ui/confirm.h"
#include "ui/prompt.h"
#include "ui/remedies.h"
#include "ui/run.h"
#include "ui/term.h"
#include "ui/viewer.h"

/* ---- what can't be run here ---- */

/* Shown whole, to be copied by hand where the terminal has no clipboard. */
static void show(struct deck *d, const char *title, const char *why, const char *line)
{
    struct viewer *v = viewer_new(title, PLACE_DIALOG);
    if (why) {
        viewer_add(v, ROLE_DIALOG, NULL, why);
        viewer_add(v, ROLE_DIALOG, NULL, "");
    }
    viewer_add(v, ROLE_KEY, NULL, line);
    viewer_show(d, v);
}

static char *shell_line(const char *command)
{
    bool shell = strncmp(command, "$ ", 2) == 0;
    return xasprintf("%s%s", shell ? "" : "virtdeck ", shell ? command + 2 : command);
}

void remedy_copy(struct deck *d, const char *command)
{
    free(d->clip);
    d->clip = shell_line(command);
    show(d, "Copied, where the terminal has a clipboard", NULL, d->clip);
}

static bool is_word(const char *line, const char *word)
{
    size_t n = strlen(word);
    return strncmp(line, word, n) == 0 && (line[n] == ' ' || line[n] == '\0');
}

bool remedy_wants_root(const char *line)
{
    static const char *const words[] = {"usermod",
                                        "modprobe",
                                        "ip",
                                        "mount",
                                        "apt",
                                        "apt-get",
                                        "dnf",
                                        "setfacl",
                                        "chown",
                                        "chmod",
                                        "sysctl",
                                        "systemctl start",
                                        "systemctl restart",
                                        "systemctl enable"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (is_word(line, words[i]))
            return true;
    return false;
}

/* ---- a line for a shell ---- */

static void answered_shell(struct deck *d, void *arg, bool yes)
{
    if (d && yes) {
        free(d->errand);
        d->errand = arg;
    } else {
        free(arg);
    }
}

static bool is_read_only(const struct deck *d)
{
    const struct snapshot *host = deck_host(d);
    return (host && host->host.read_only) ||
           (d->session.options && opt_bool(d->session.options, OPT_READ_ONLY));
}

static void take_shell(struct deck *d, const char *why, const char *line, bool complete, bool remote)
{
    bool far = is_word(line, "ssh") || (remote && !is_word(line, "virsh"));
    if (!complete) {
        show(d, "For a shell, once it is filled in", why, line);
    } else if (far) {
        show(d, "For a shell of that host", why, line);
    } else if (is_read_only(d)) {
        /* What a line for a shell changes is not known here. */
        show(d, "For a shell: this virtdeck is read-only (-r) and runs none", why, line);
    } else if (geteuid() != 0 && remedy_wants_root(line)) {
        show(d, "For a shell with root's rights", why, line);
    } else {
        /* A path in it may have line ends: the question is to be ours alone. */
        char *cause = text_escaped(why), *safe = text_escaped(line);
        char *question = xasprintf("%s\n\nRun this line on this machine, in a shell?\n%s", cause, safe);
        confirm_open(d, question, NULL, answered_shell, xstrdup(line));
        free(question);
        free(cause);
        free(safe);
    }
}

/* Its exit status; -1: it could not be run, or a signal ended it. */
static int run_shell(const char *line)
{
    int how = 0;
    int failed = spawn_foreground((const char *[]){"/bin/sh", "-c", line, NULL}, &how);
    return !failed && WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static void wait_for_enter(void)
{
    char byte = 0;
    ssize_t n = 1;
    term_block();
    while (byte != '\n' && byte != '\r' && (n > 0 || (n < 0 && errno == EINTR)))
        n = read(STDIN_FILENO, &byte, 1);
}

static int run_lent(const char *line)
{
    struct spawn_signals was;
    char *safe = text_escaped(line);
    term_leave();
    printf("$ %s\n", safe);
    fflush(stdout);
    spawn_lend_signals(&was);
    int status = run_shell(line);
    printf(status == 0 ? "\n[done; Enter goes back]" : "\n[it failed; Enter goes back]");
    fflush(stdout);
    wait_for_enter();
    spawn_take_signals(&was);
    term_return();
    free(safe);
    return status;
}

void remedies_turn(struct deck *d)
{
    char *line = d->errand, *clip = d->clip;
    d->errand = d->clip = NULL;
    if (clip)
        term_clip(clip);
    if (line) {
        int status = run_lent(line);
        if (status == 0)
            deck_sayf(d, SEV_GOOD, "done: %s", line);
        else
            deck_sayf(d, SEV_WARN, "failed (status %d): %s", status, line);
        d->dirty = true;
    }
    free(clip);
    free(line);
}

/* ---- a command of ours ---- */

static void answered_command(struct deck *d, void *arg, bool yes)
{
    char *line = arg;
    if (d && yes)
        run_line(d, line);
    free(line);
}

static bool is_for_shell(const char *line)
{
    const struct command *c = command_find_in(true, line, NULL);
    return c && (c->flags & COMMAND_SHELL);
}

/* Whether the first command asks by itself before it runs. False with e set: it can't be run. */
static bool asks_itself(struct deck *d, const char *line, bool *asks, struct error *e)
{
    word_list words = {0};
    const char *typed = NULL;
    if (!words_split(line, &words, e))
        return false;
    size_t n = words_command_end(line, &words, 0);
    const char **argv = xcalloc(n + 1, sizeof *argv);
    for (size_t i = 0; i < n; i++)
        argv[i] = words.items[i].text;
    struct call *call = command_prepare(&d->session, (int)n, argv, e);
    char *question = call ? command_question(call, &typed) : NULL;
    bool good = call != NULL;
    *asks = question != NULL;
    free(question);
    call_free(call);
    free(argv);
    words_free(&words);
    return good;
}

static void take_command(struct deck *d, const char *why, const char *line)
{
    struct error e = ERROR_INIT;
    bool asks = false;
    if (!asks_itself(d, line, &asks, &e)) {
        deck_note(d, SEV_ERROR, "%s", error_text(&e));
    } else if (asks) {
        run_line(d, line);
    } else {
        char *cause = text_escaped(why), *safe = text_escaped(line);
        char *question = xasprintf("%s\n\nRun this command?\n%s", cause, safe);
        confirm_open(d, question, NULL, answered_command, xstrdup(line));
        free(question);
        free(cause);
        free(safe);
    }
    error_clear(&e);
}

void remedy_take(struct deck *d, const char *why, const char *command, bool complete, bool remote)
{
    d->dirty = true;
    if (strncmp(command, "$ ", 2) == 0) {
        take_shell(d, why, command + 2, complete, remote);
    } else if (is_for_shell(command)) {
        char *line = shell_line(command);
        show(d, "For a shell", why, line);
        free(line);
    } else if (!complete) {
        prompt_open(PROMPT_COMMAND, ":", command);
    } else {
        take_command(d, why, command);
    }
}
