/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "command/families.h"
#include "command/terminal.h"

#define LINGER_S    1
#define END_WAIT_MS 4000 /* for the word how it ended */

/* ---- the job and its pipes ---- */

bool console_begin(struct fleet *f, const struct target *t, const char *device, bool force,
                   struct console_link *out, struct error *e)
{
    int guest[2], typed[2];
    if (pipe2(guest, O_CLOEXEC) != 0)
        return error_set(e, STATUS_FAILED, "console %s: no pipe: %s", t->name, strerror(errno));
    if (pipe2(typed, O_CLOEXEC) != 0) {
        error_set(e, STATUS_FAILED, "console %s: no pipe: %s", t->name, strerror(errno));
        close(guest[0]);
        close(guest[1]);
        return false;
    }
    fcntl(guest[0], F_SETFL, O_NONBLOCK);
    fcntl(typed[1], F_SETFL, O_NONBLOCK);
    struct console_request *r = console_request_new();
    r->out_fd = guest[1];
    r->in_fd = typed[0];
    r->device = xstrdup(device);
    r->force = force;
    struct job_args args = {.data = r, .free_data = console_request_free};
    *out = (struct console_link){.from_guest = guest[0], .to_guest = typed[1]};
    out->job = fleet_submit(f, t->host, &t->uuid, t->name, &console_job, &args);
    return true;
}

bool console_has_begun(struct job *job)
{
    struct job_status st;
    job_status(job, &st);
    bool begun = st.result.state >= JOB_DONE || (st.progress && strcmp(st.progress, CONSOLE_CONNECTED) == 0);
    job_status_clear(&st);
    return begun;
}

void console_end(struct console_link *link)
{
    if (link->from_guest >= 0)
        close(link->from_guest);
    if (link->to_guest >= 0)
        close(link->to_guest);
    job_unref(link->job);
    *link = (struct console_link){.from_guest = -1, .to_guest = -1};
}

static const char *word_of(json_object *o, const char *name)
{
    json_object *value = NULL;
    return o && json_object_object_get_ex(o, name, &value) ? json_object_get_string(value) : "";
}

char *console_outcome(struct job *job, struct error *e)
{
    struct job_status st;
    struct strbuf b = {0};
    json_object *dropped = NULL;
    job_status(job, &st);
    if (st.result.state == JOB_FAILED) {
        error_move(e, &st.result.error);
    } else if (st.result.state == JOB_DONE) {
        bool stopped = strcmp(word_of(st.result.json, "end"), CONSOLE_STOPPED) == 0;
        strbuf_puts(&b, stopped ? "it has stopped" : "left");
        if (json_object_object_get_ex(st.result.json, "dropped", &dropped) &&
            json_object_get_int64(dropped) > 0)
            strbuf_printf(&b,
                          "; %lld bytes of the guest's came faster than they could be shown, and are lost",
                          (long long)json_object_get_int64(dropped));
    }
    bool said = b.len > 0;
    char *text = said ? strbuf_steal(&b) : NULL;
    strbuf_free(&b);
    job_status_clear(&st);
    return text;
}

/* ---- from the shell ---- */

static bool has_begun(void *job)
{
    return console_has_begun(job);
}

static bool is_over(void *job)
{
    return job_is_over(job);
}

static bool at_once(void *unused)
{
    (void)unused;
    return true;
}

/* While the terminal is lent: what the hosts tell must not pile up. */
static void drain(void *ctx)
{
    const struct frontend *f = ctx;
    struct error e = ERROR_INIT;
    f->wait(f->ctx, -1, at_once, NULL, -1, &e);
    error_clear(&e);
}

static bool ask_to_take_over(const char *name)
{
    char answer[64];
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    char *shown = text_escaped(name);
    dprintf(
        fd,
        "%s: another client has the console (virsh, virt-manager, another virtdeck). Take it over? [y/N] ",
        shown);
    free(shown);
    ssize_t n = read(fd, answer, sizeof answer);
    close(fd);
    return n > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Connects; asks where somebody else has it. False with e set. */
static bool connect_to(struct call *call, bool force, struct console_link *link, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    const struct target *t = &call->targets.items[0];
    bool can_ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    for (;;) {
        if (!console_begin(call->session->fleet, t, call_option(call, "device"), force, link, e))
            return false;
        if (!f->wait(f->ctx, -1, has_begun, link->job, -1, e)) {
            job_cancel(link->job);
            console_end(link);
            return false;
        }
        if (!job_is_over(link->job))
            return true;
        char *text = console_outcome(link->job, e);
        bool busy = !text && e->code == CONSOLE_BUSY;
        if (text) /* it stopped in this very moment */
            error_set(e, STATUS_FAILED, "console %s: %s", t->name, text);
        free(text);
        console_end(link);
        if (!busy || force || !can_ask)
            return false;
        if (!ask_to_take_over(t->name))
            return error_set(e, STATUS_FAILED, "console %s: left to who has it", t->name);
        error_clear(e);
        force = true;
    }
}

/* Says how it ended. */
static bool tell_end(struct call *call, struct job *job, enum terminal_end end, bool person, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    const struct target *t = &call->targets.items[0];
    if (end == TERMINAL_SIGNAL)
        return error_set(e, STATUS_FAILED, "console %s: interrupted", t->name);
    if (!f->wait(f->ctx, -1, is_over, job, clock_mono_ms() + END_WAIT_MS, e))
        return false;
    char *how = console_outcome(job, e);
    if (!how && e->text)
        return false;
    bool lost = how && strchr(how, ';');
    char *text = xasprintf("%s: %s", t->name, how ? how : "left");
    if (person || lost)
        f->say(f->ctx, lost ? SEV_WARN : SEV_INFO, text);
    free(text);
    free(how);
    return true;
}

static bool console_run(struct call *call, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    const struct target *t = &call->targets.items[0];
    const char *word = call_option(call, "escape"), *linger = call_option(call, "linger");
    bool person = isatty(STDIN_FILENO);
    struct console_link link = {NULL, -1, -1};
    struct terminal_loan loan = {.tee = -1,
                                 .linger_s = linger ? strtod(linger, NULL) : LINGER_S,
                                 .fd = fleet_fd(call->session->fleet),
                                 .turn = drain,
                                 .ctx = (void *)f};
    if (!terminal_key_read(word ? word : CONSOLE_ESCAPE_NAME, &loan.escape, e))
        return false;
    if (loan.linger_s < 0)
        return error_set(e, STATUS_USAGE, "console: --linger wants seconds from 0 on, not %s", linger);
    if (!connect_to(call, call_option(call, "force") != NULL, &link, e))
        return false;
    loan.from_guest = link.from_guest;
    loan.to_guest = link.to_guest;
    char *greeting = xasprintf("connected to %s, leave with %s", t->name, word ? word : CONSOLE_ESCAPE_NAME);
    loan.greeting = person ? greeting : NULL;
    enum terminal_end end = terminal_lend(&loan);
    free(greeting);
    link.to_guest = -1;
    close(link.from_guest);
    link.from_guest = -1;
    if (person)
        fputs("\n", stderr);
    bool good = tell_end(call, link.job, end, person, e);
    console_end(&link);
    return good;
}

static const struct command rows[] = {
    {.name = "console",
     .summary = "connect the terminal to a domain's serial console",
     .detail =
         "Keys go to the guest, what it prints to the terminal, until ^] (or the key of --escape) is pressed "
         "or the domain stops; the terminal is then as it was. Only one client can have a console: where "
         "another one has it, it asks whether to take it over (--force does without asking). The serial port "
         "has to be of type pty, and something in the guest has to use it: `device VM serial add` adds a "
         "port, and a Linux guest wants console=ttyS0 on its kernel's command line. Where standard input is "
         "no terminal, it is passed to the guest as it is (end lines with a newline), what the guest prints "
         "goes to standard output, and after the end of the input it ends as soon as the guest has been "
         "silent for a second (--linger). A guest that prints faster than it can be shown loses what "
         "does not fit into 1 MiB, and how much that was is said.",
     .flags = COMMAND_TARGETS | COMMAND_CHANGES | COMMAND_SHELL,
     .args = {{.name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"}},
     .options = {{.name = "force", .help = "take it over from whoever has it"},
                 {.name = "device",
                  .value = "ALIAS",
                  .kind = ARG_TEXT,
                  .help = "another port than the first: serial1"},
                 {.name = "escape", .value = "KEY", .kind = ARG_TEXT, .help = "leave with another key: ^A"},
                 {.name = "linger",
                  .value = "SECONDS",
                  .kind = ARG_NUMBER,
                  .help = "of silence after the end of standard input that is no terminal; 1"}},
     .run = console_run},
};

const struct command_table console_commands = {rows, ARRAY_LEN(rows)};
