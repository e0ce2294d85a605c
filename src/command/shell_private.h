/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the shell's door share: shell.c (which command next), shell_hosts.c (opening, waiting),
 * shell_out.c (stdout, stderr), shell_events.c (what jobs tell), shell_jobs.c (outcomes), shell_failures.c
 * (what is kept of them, and why they failed). Main thread.
 */
#ifndef VIRTDECK_COMMAND_SHELL_PRIVATE_H
#define VIRTDECK_COMMAND_SHELL_PRIVATE_H

#include "base/strbuf.h"
#include "command/command.h"
#include "command/private.h"
#include "command/shell.h"

struct shell {
    const struct shell_request *request;
    struct session session;
    struct frontend frontend;
    VEC(struct job *) jobs; /* of the command under way */
    bool opened;            /* the hosts were asked to connect */
    bool patient;           /* the command under way waits for hosts that do not answer (COMMAND_PATIENT) */
    bool reconnects;        /* a host that is lost is tried again */
    bool partly;            /* some host could not be opened, another could */
    bool signalled;         /* interrupted: nothing more is begun */
    bool silent;            /* nobody to ask for a password: completion */
    bool unkept;            /* it was said that what happened can't be kept */
    bool out_failed;        /* stdout can't be written to any more */
    bool out_raw;           /* CSV to a pipe or file: not escaped */
    bool out_terminal;      /* stdout is a terminal */
    int64_t changed_ms;     /* monotonic: when the last job ended; older figures are not believed */
    char *where;            /* "FILE:LINE: " in front of messages, or NULL */
};

/* shell_hosts.c */
bool shell_open(struct shell *s, int64_t until_ms,
                struct error *e); /* once; until_ms -1: as long as it takes */
/* Waits for snapshots that are newer than what was changed last, until_ms as above. */
bool shell_settle(struct shell *s, bool definitions, int64_t until_ms, struct error *e);
bool shell_wait(void *ctx, int fd, bool (*done)(void *arg), void *arg, int64_t until_ms, struct error *e);
void shell_signals(void); /* from now on SIGINT and its like only interrupt waiting */

/* shell_out.c */
void shell_say(void *ctx, enum severity severity, const char *text);
void shell_print(void *ctx, const char *text);
/* A step of a job that goes on for long, on stderr: its time, what it is about, what was done. */
void shell_tell_step(const struct event *event, bool several_hosts);
void shell_print_json(void *ctx, json_object *value);
void shell_print_bytes(void *ctx, const char *bytes, size_t len);
void shell_flush(struct shell *s);
/* A usage error: the message, the line with the offending bytes underlined, the command's usage. */
void shell_complain(struct shell *s, const struct error *e, const char *line, size_t begin, size_t end,
                    const struct command *c);

/* shell_jobs.c */
void shell_follow(void *ctx, struct job *job);
/* Waits for all jobs of the call, prints their outcome, frees them. */
enum status shell_finish(struct shell *s, const struct call *call);

/* shell_events.c */
/* What a job tells while it lasts: on stderr, and into the file that others read it from. */
void shell_take_event(struct shell *s, int host, const struct event *ev);

/* shell_failures.c */
/* Writes down what came of a job that changes something, for `events` and `explain` of later. */
void shell_note_outcome(const struct shell *s, const struct call *call, const struct job_status *j);
/* Has the starts that failed explained: below libvirt's words the likeliest cause and what helps. Returns an
 * object that has the findings of each, by the decimal number of its job in the list; the caller gives it
 * back. */
json_object *shell_explain_failures(struct shell *s);

#endif
