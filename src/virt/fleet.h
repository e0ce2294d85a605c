/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The hosts, as the rest of the program sees them: snapshots out, messages out, jobs in. No call here ever
 * waits for libvirt, except fleet_free() (which gives up after a second) — the screen's thread may make all
 * of them.
 *
 * Threads: one event loop thread for all hosts; per host a sampler thread, two lookup threads and as many job
 * threads as there are jobs under way (four of them in calls to libvirt at a time).
 */
#ifndef VIRTDECK_VIRT_FLEET_H
#define VIRTDECK_VIRT_FLEET_H

#include <json-c/json.h>
#include "base/error.h"
#include "model/eventlog.h"
#include "model/history.h"
#include "model/resources.h"
#include "model/snapshot.h"

struct fleet;
struct job;

struct fleet_config {
    double interval_s;  /* between ticks */
    double tick_budget; /* 0..1 of the interval for dear groups */
    double reconnect_max_s;
    int keepalive_s;
    double grace_s; /* that what was just made is left alone */
    bool read_only;
    bool no_tty;     /* the terminal is the screen's: ssh must not ask its questions on it */
    bool sample_all; /* shell commands: dear figures for every domain, each tick */
    bool reconnect;  /* false: the first failure is final (shell commands) */
    bool want_dear;  /* false: leave block and balloon out (no column needs them) */
    bool addr_lease, addr_agent, addr_arp;
    bool hears; /* events reach a person: what is told but once may be told by one */
};

/* Starts the event thread. Sets libvirt's log and error handlers so that it never prints. Once a process. */
struct fleet *fleet_new(const struct fleet_config *config);
/* Adds a host and begins to connect. `uri` NULL: libvirt's own default. demo: the built-in host, `uri` is not
 * used. Returns its id (0, 1, …). */
int fleet_add(struct fleet *f, const char *uri, bool demo);
size_t fleet_len(const struct fleet *f);
/* Ends all threads; waits a second for calls that are under way. False: one has not ended (a far host, one
 * that hangs), and its thread goes on using what exit() takes apart: the process has to leave by _exit().
 * NULL: true. */
bool fleet_free(struct fleet *f);
/* Gives up on a connection under way or lost (the host stays, GIVEN_UP), or tries again at once. */
void fleet_give_up(struct fleet *f, int host);
void fleet_retry(struct fleet *f, int host);
void fleet_set_interval(struct fleet *f, double interval_s);

/* An eventfd that becomes readable when a snapshot or a message is new; fleet_drain_fd() clears it. */
int fleet_fd(const struct fleet *f);
void fleet_drain_fd(struct fleet *f);

/* The newest snapshot (never NULL: a host that never answered has an empty one); the caller unrefs. */
struct snapshot *fleet_snapshot(struct fleet *f, int host);
struct history *fleet_history(struct fleet *f);

/* Which domains deserve the dear figures now: those on the screen, and the selected one (nil for none).
 * Copied. */
void fleet_set_interest(struct fleet *f, int host, const struct vm_uuid *visible, size_t n,
                        const struct vm_uuid *selected);
/* Asks for the addresses of a domain from lease, agent and ARP; they come with a later snapshot. */
void fleet_ask_addresses(struct fleet *f, int host, const struct vm_uuid *uuid);

/* What the host has to choose from: the newest that was read (a reference, NULL: none yet;
 * model/resources.h). Has it read anew in the background when it is missing or older than 30 s; fleet_fd()
 * tells when it came. */
struct host_resources *fleet_resources(struct fleet *f, int host);

/* What is known of starting with the host: the newest that was worked out (a reference, NULL: none yet;
 * autostart/view.h). Has it worked out anew in the background when it is older than max_age_ms or something
 * that it rests on has changed; fleet_fd() tells when it came. */
struct autostart_view *fleet_autostart(struct fleet *f, int host, int64_t max_age_ms);

/* What workers have to tell. Owned by the receiver; message_clear(). */
enum message_type { MSG_EVENT, MSG_JOB, MSG_AUTH };
struct message {
    enum message_type type;
    int host;
    struct event event;         /* MSG_EVENT */
    struct job *job;            /* MSG_JOB: its progress or state changed; holds a reference */
    struct auth_question *auth; /* MSG_AUTH: answer with auth_answer() */
};
bool fleet_next_message(struct fleet *f, struct message *out);
void message_clear(struct message *m);

/* A log-in question of an open under way; the opening thread waits for the answer. */
struct auth_question {
    int host;
    char *prompt; /* raw */
    char *challenge;
    bool echo; /* false: a secret */
    /* private */
    struct auth_wait *wait;
};
/* NULL: cancelled. Consumes the question. */
void auth_answer(struct auth_question *q, const char *answer);

/* ---- jobs: work on one domain in a job thread ---- */

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };

/* What a job may use while it runs; private to src/virt/. */
struct job_context;

struct job_result {
    enum job_state state;
    struct error error; /* when FAILED */
    char *text;         /* one line for a person: "web1: started" without the name: "started" */
    const char
        *vm_state; /* the state afterwards, vm_state_name(), or "undefined" when it is gone; NULL unknown */
    json_object *json; /* further members for --json, or NULL */
    char *output;      /* lines for a person, for a viewer on the screen or stdout; NULL. Raw */
};

/* A kind of job: one row of a table in src/virt/ (lifecycle.c …). */
struct job_kind {
    const char *action;                 /* "start" */
    const char *doing;                  /* "starting" */
    bool (*run)(struct job_context *c); /* in a job thread; false with the context's error set */
    bool lasting; /* a call of it may take minutes: such jobs never take the last place of a host, so that a
                     destroy gets through */
};

struct job_args {
    double timeout_s; /* how long to wait for the outcome; 0: the kind's default */
    unsigned flags;   /* the kind's own */
    const char *text; /* e.g. the new name; copied */
    void *data;       /* what the kind wants; the job's from now on */
    void (*free_data)(void *data);
};

/* Queues a job on a domain, or (uuid nil; vm_name then names the host) on a host as a whole: that one begins
 * also where there is no connection. The caller gets a reference. Results come as MSG_JOB and can be polled.
 */
struct job *fleet_submit(struct fleet *f, int host, const struct vm_uuid *uuid, const char *vm_name,
                         const struct job_kind *kind, const struct job_args *args);
struct job *job_ref(struct job *j);
void job_unref(struct job *j);
/* Asks it to stop waiting; a libvirt call under way goes on to its end in its thread, but the job ends at
 * once. */
void job_cancel(struct job *j);

/* A copy of how it stands, for anyone; job_status_clear() frees it. */
struct job_status {
    uint64_t number;
    int host;
    struct vm_uuid uuid;
    char *vm_name; /* raw */
    const struct job_kind *kind;
    int64_t started_ms, ended_ms; /* monotonic */
    char *progress;               /* "waiting for the guest, 12 s" or NULL */
    struct job_result result;
};
void job_status(struct job *j, struct job_status *out);
void job_status_clear(struct job_status *s);
bool job_is_over(struct job *j);

#endif
