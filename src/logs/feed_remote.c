/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of another host, through the ssh that libvirt goes through, too. What the far side runs passes a
 * shell there: names are strangers' text and are quoted for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "logs/feed_private.h"

#define CONNECT_TIMEOUT "10" /* seconds; of an ssh that nobody watches */

void feed_word(feed_words *w, const char *word)
{
    vec_push(w, xstrdup(word));
}

char **feed_words_steal(feed_words *w)
{
    vec_push(w, NULL);
    char **words = w->items;
    *w = (feed_words){0};
    return words;
}

char *feed_shell_line(const feed_words *w)
{
    struct strbuf line = {0};
    for (size_t i = 0; i < w->len; i++) {
        char *word = text_shell_word(w->items[i]);
        strbuf_printf(&line, "%s%s", i ? " " : "", word);
        free(word);
    }
    return strbuf_steal(&line);
}

static void option(feed_words *w, const char *name, const char *value)
{
    char *setting = xasprintf("%s=%s", name, value);
    feed_word(w, "-o");
    feed_word(w, setting);
    free(setting);
}

static bool is_set(const char *value)
{
    return value && value[0] && strcmp(value, "0") != 0;
}

/* What libvirt's transports know of host keys, in ssh's words: no_verify is that of ssh, the others are those
 * of libssh and libssh2. */
static void put_host_key(feed_words *w, const struct feed_uri *u)
{
    static const char *const words[][2] = {{"ignore", "no"}, {"auto", "accept-new"}, {"normal", "yes"}};
    char *no_verify = feed_uri_parameter(u, "no_verify"), *file = feed_uri_parameter(u, "known_hosts");
    char *verify = feed_uri_parameter(u, "known_hosts_verify");
    const char *strict = is_set(no_verify) ? "no" : NULL;
    for (size_t i = 0; verify && !strict && i < ARRAY_LEN(words); i++)
        if (strcmp(verify, words[i][0]) == 0)
            strict = words[i][1];
    if (strict)
        option(w, "StrictHostKeyChecking", strict);
    if (file && *file) {
        /* ssh reads a list here, with quotes around what has a blank. */
        char *quoted = xasprintf(strchr(file, '"') ? "%s" : "\"%s\"", file);
        option(w, "UserKnownHostsFile", quoted);
        free(quoted);
    }
    free(no_verify);
    free(verify);
    free(file);
}

static void put_pair(feed_words *w, const char *letter, const char *value)
{
    if (value && *value) {
        feed_word(w, letter);
        feed_word(w, value);
    }
}

char **feed_ssh(const struct feed_uri *u, const char *command)
{
    feed_words w = {0};
    char *program = feed_uri_parameter(u, "command"), *key = feed_uri_parameter(u, "keyfile");
    feed_word(&w, program && *program ? program : "ssh");
    feed_word(&w, "-T");
    option(&w, "BatchMode", "yes"); /* it must not ask on the terminal, which is the screen's */
    option(&w, "ConnectTimeout", CONNECT_TIMEOUT);
    option(&w, "ServerAliveInterval", "15");
    option(&w, "UpdateHostKeys", "no");
    option(&w, "LogLevel", "ERROR"); /* what it says besides is no reason why there are no lines */
    put_host_key(&w, u);
    put_pair(&w, "-p", u->port);
    put_pair(&w, "-l", u->user);
    put_pair(&w, "-i", key);
    feed_word(&w, "--");
    feed_word(&w, u->host);
    feed_word(&w, command);
    free(program);
    free(key);
    return feed_words_steal(&w);
}

/* $1 the directory, empty for a session's; $2 the file's name; $3 lines; $4 whether it is followed. A right
 * that is missing is told with what to do, once: tail would wait for the file for ever. The tail ends with
 * the connection where it can watch a process (that of coreutils), else with the next line. */
static const char script[] =
    "export LC_ALL=C; d=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/libvirt/qemu/log}; f=$d/$2; "
    "m=$(tail -n 1 -- \"$f\" 2>&1 >/dev/null); "
    "case $m in *\"Permission denied\"*) "
    "echo \"permission denied: $f: $(id -un) on $(uname -n) may not read it: "
    "connect as root, or have an administrator of that host open it to a group of this user\" >&2; "
    "exit 1;; esac; "
    "[ \"$4\" ] || exec tail -n \"$3\" -- \"$f\"; "
    "w=--pid=$PPID; tail $w -n 0 /dev/null >/dev/null 2>&1 || w=; "
    "exec tail $w -n \"$3\" -F -- \"$f\"";

void feed_remote_file(const struct feed_uri *u, const char *dir, const char *file, const struct feed_ask *ask,
                      struct feed *out)
{
    feed_words w = {0};
    char number[24];
    snprintf(number, sizeof number, "%zu", feed_lines(ask));
    const char *const words[] = {
        "exec", "sh", "-c", script, "sh", dir ? dir : "", file, number, ask->once ? "" : "follow"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        feed_word(&w, words[i]);
    char *command = feed_shell_line(&w);
    out->kind = FEED_PROGRAM;
    out->argv = feed_ssh(u, command);
    free(command);
    for (size_t i = 0; i < w.len; i++)
        free(w.items[i]);
    vec_free(&w);
}
