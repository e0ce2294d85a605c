/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of src/virt/ share with one another; nobody else includes it.
 *
 * Threads of a host and what they own:
 *   host thread   (host.c)    the state machine, the table of domains, the ticks, publishing snapshots
 *   opener        (open.c)    one virConnectOpenAuth, which nothing can cancel; left alone when given up
 *   lookups, two  (lookup.c)  single domains' XML and addresses, which may wait for a job lock for 30 s
 *   jobs          (job.c)     what was asked for: each may block in libvirt as long as it likes. At most
 *                             JOBS_IN_FLIGHT do at a time; those that wait for a guest are not counted, nor
 *                             is one that gave its place up for good
 *   event loop    (library.c) one for all hosts; its callbacks only post to a host's inbox and the fleet's
 * messages
 *
 * Locks, always taken in this order, none held over a libvirt call: host->lock, job->lock, fleet->lock.
 */
#ifndef VIRTDECK_VIRT_PRIVATE_H
#define VIRTDECK_VIRT_PRIVATE_H

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include "base/vec.h"
#include "model/vmmap.h"
#include "virt/fleet.h"
#include "virt/rate.h"

struct host;

struct fleet {
    struct fleet_config config;
    atomic_int_fast64_t interval_us;
    int fd;
    struct history *history;
    pthread_mutex_t lock; /* messages, job_number; hosts, for others than the main thread */
    VEC(struct message) messages;
    size_t first_message;
    uint64_t job_number;
    VEC(struct host *) hosts; /* the main thread's: it adds under the lock, and others read under it */
};

/* ---- what others post to a host thread ---- */

enum note_type {
    NOTE_CHANGED,
    NOTE_REDEFINED,
    NOTE_FLAGS,
    NOTE_DEFINITION,
    NOTE_ADDRESSES,
    NOTE_STARTED_AT,
    NOTE_UNPLUG,
    NOTE_FAULTS,
    NOTE_IO_ERROR
};

/* A disk that made libvirt pause its domain. */
struct disk_fault {
    char *disk; /* its target, or its alias; owned */
    bool full;  /* there is no space left for it */
};
typedef VEC(struct disk_fault) disk_faults;

struct note {
    enum note_type type;
    struct vm_uuid uuid;
    struct domdef *def; /* NOTE_DEFINITION: a reference; NULL: could not be read */
    bool updated;       /* NOTE_DEFINITION: another one is configured for the next start */
    char *text;         /* NOTE_ADDRESSES; NOTE_UNPLUG: the device's key; NOTE_IO_ERROR: its alias, or
                           ""; owned */
    char *path, *why;   /* NOTE_IO_ERROR: of the image; "enospc"; or ""; owned */
    int action;         /* NOTE_IO_ERROR: libvirt's number */
    disk_faults faults; /* NOTE_FAULTS */
    struct device_list *devices; /* NOTE_DEFINITION: a reference, of the domain in the focus; or NULL */
    struct start_item *start;    /* NOTE_DEFINITION: a reference */
    bool stuck;                  /* NOTE_DEFINITION: it was not asked for: libvirt would have us wait */
    bool once;                   /* NOTE_DEFINITION: libvirt starts it at the next boot alone */
    int64_t wall_ms;             /* NOTE_STARTED_AT */
    unsigned number;             /* NOTE_DEFINITION: as the lookup's */
    unsigned generation;         /* of the connection it is about */
};

/* ---- the table of domains: the host thread's own ---- */

struct device_counter {
    char name[32];
    bool is_nic;
    struct rate in, out, in_ops, out_ops;
    double capacity, allocation;
};

struct dom {
    struct vm_uuid uuid;
    virDomainPtr ptr; /* on host->sample_conn */
    struct vm vm;     /* name, ip, def and rates owned here; copied into snapshots */
    struct rate cpu, rx, tx, rd, wr, rd_ops, wr_ops;
    VEC(struct device_counter) devices; /* of the selected domain */
    int run_id;                         /* libvirt's number of the QEMU that it had last; -1: none was seen */
    int nic_count, disk_count; /* at the last sample: sums over another set can't be compared; -1 never */
    int64_t started_wall_ms;
    int64_t info_ms;              /* monotonic: when CPU and memory were last asked for */
    int quiet_infos, quiet_dears; /* samples since it came into its state, up to QUIET_SAMPLES */
    int64_t dear_tried_ms;        /* monotonic: when the dear groups were last asked for */
    VEC(char *) unplugging;       /* keys of devices that the guest was asked to let go */
    disk_faults faults;           /* while it is paused by an I/O error */
    bool faults_asked;            /* or told by an event */
    bool selected; /* when its definition was last thought of: then its devices are wanted, too */
    int64_t def_asked_ms, addresses_asked_ms, started_asked_ms; /* monotonic; 0 never */
    bool def_wanted;
    bool redefined;                 /* and nobody has looked whether our changes are still in it */
    unsigned def_number, def_known; /* counts its changes; that of the newest answer */
    unsigned lookups;               /* under way: 1 << enum lookup_type */
    bool visible;
    unsigned seen; /* the listing that saw it last */
};

struct reboots {
    unsigned long count;
    int64_t last_ms; /* monotonic */
};

/* ---- a connection's capabilities, found out when it opens ---- */

struct link {
    virConnectPtr conn;
    bool is_qemu;
    bool bulk_state, bulk_cheap, bulk_dear, probed;
    bool host_cpu, host_mem;
};

enum lookup_type { LOOKUP_DEFINITION, LOOKUP_ADDRESSES, LOOKUP_STARTED, LOOKUP_FAULTS };

struct lookup {
    enum lookup_type type;
    virDomainPtr dom; /* a reference */
    struct vm_uuid uuid;
    unsigned sources; /* LOOKUP_ADDRESSES: bits of 1 << VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_… */
    bool detail;      /* LOOKUP_DEFINITION: with the list of devices */
    bool redefined;   /* LOOKUP_DEFINITION: somebody has just defined it */
    unsigned number;  /* LOOKUP_DEFINITION: of the domain's change that it knows */
    unsigned generation;
};

struct opening;

/* libvirtd reads no more of a client that has five calls pending. */
#define JOBS_IN_FLIGHT 4
#define JOB_THREADS    256

struct host {
    struct fleet *fleet;
    int id;
    char *uri; /* NULL: libvirt's default */
    bool demo;
    int demo_fd;

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;    /* the host thread waits here */
    pthread_cond_t changed; /* jobs wait here for news of their domain */
    /* under lock: */
    bool quit, give_up, retry, lost;
    int64_t connection_since_ms;
    unsigned generation; /* counts connections */
    VEC(struct note) inbox;
    VEC(struct vm_uuid) visible;
    struct vm_uuid selected;
    bool interest_changed;
    struct vmmap reboots; /* uuid → struct reboots, owned */
    uint64_t changes;     /* counts events, for the waiters on `changed` */
    struct snapshot *latest;
    virConnectPtr act_conn; /* for jobs; NULL while not connected */
    bool act_is_qemu;
    bool opening_done, auth_pending; /* set by the opener */
    VEC(struct lookup) lookups;
    bool lookup_running;
    struct host_resources *resources; /* the newest; NULL: never read */
    enum { RESOURCES_IDLE, RESOURCES_WANTED, RESOURCES_READING } resources_state, autostart_state;
    struct autostart_view *autostart;                  /* the newest; NULL: never worked out */
    uint64_t autostart_changes, autostart_definitions; /* as they were when that began */
    int64_t autostart_again_ms;                        /* monotonic: not worked out anew before */
    uint64_t definitions; /* counts what became known of domains that decides what starts with the host */
    pthread_cond_t lookup_wake;
    VEC(struct job *) jobs; /* queued */
    pthread_cond_t job_wake;
    pthread_t lookup_threads[2], job_threads[JOB_THREADS];
    int n_lookup_threads, n_job_threads;
    int n_idle_job_threads; /* those that have no job */
    int n_busy_jobs;        /* those that may be in a call to libvirt */
    int n_lasting_jobs;     /* under way, of kinds that last */

    /* the host thread's own: */
    struct link link;
    struct vmmap table; /* uuid → struct dom * */
    VEC(struct dom *) doms;
    unsigned listing;
    bool relist, tick_now;
    bool list_failed; /* and that was said */
    int64_t flags_ms, node_ms, rtt_at_ms;
    struct host_info info; /* strings owned */
    struct rate node_busy, node_total;
    uint64_t seq, start_signature;
    VEC(int) callbacks;
};

/* library.c */
bool library_start(struct error *e);
void library_stop(void);
/* The last libvirt error of this thread into `e`, with advice where there is some: "start web1: …". */
bool error_from_libvirt(struct error *e, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* host.c */
void *host_thread(void *host);
void host_post(struct host *h, struct note *note); /* takes its contents over; any thread */
void note_clear(struct note *note);                /* what it owns */
void host_wake(struct host *h);
/* A reference to the acting connection, or NULL while there is none. Any thread; virConnectClose() it. */
virConnectPtr host_act_conn(struct host *h, bool *is_qemu);

/* fleet.c */
void fleet_post(struct fleet *f, struct message *m); /* takes its contents over */
void fleet_signal(struct fleet *f);
void fleet_event(struct host *h, const struct vm_uuid *uuid, const char *vm, const char *kind,
                 enum severity severity, enum event_mark mark, const char *fmt, ...) ATTR_PRINTF(7, 8);

/* open.c */
struct opening_result {
    virConnectPtr sample, act;
    struct error error;
};
struct opening *opening_start(struct host *h);
/* Only after host->opening_done: what came of it. Frees the opening. */
void opening_take(struct opening *o, struct opening_result *out);
void opening_abandon(struct opening *o); /* leaves it to itself */
char *uri_without_password(const char *uri);
bool uri_is_remote(const char *uri);
char *uri_host_name(const char *uri); /* the host part, or this machine's name; the caller frees */
bool uri_in_process(const char *uri); /* each connection is a host of its own: test, embed */

/* alias.c: the URI that libvirt will open for this one, which may be an alias or NULL; NULL: it looks for
 * one. Reads libvirt.conf; the caller frees. */
char *uri_resolved(const char *uri);
/* In the text of a libvirt.conf: what an alias stands for, or (NULL) the default URI. NULL: it says nothing.
 */
char *alias_find(const char *conf, const char *alias);

/* inventory.c: which domains there are */
bool inventory_list(struct host *h); /* all of them, anew; false: the connection failed */
bool inventory_refresh(struct host *h, const struct vm_uuid *uuid);  /* one that changed */
void inventory_outdated(struct host *h, const struct vm_uuid *uuid); /* the same, left to the next tick */
bool inventory_flags(struct host *h);
void inventory_clear(struct host *h); /* the connection is gone: pointers are dropped, figures kept */
void inventory_free(struct host *h);
void inventory_want_definitions(struct host *h, int64_t now);
void inventory_apply(struct host *h, struct note *note);
struct dom *inventory_find(struct host *h, const struct vm_uuid *uuid);

/* demo.c: the URI of the demo host; it can be opened for as long as *fd is open. The caller frees it and
 * closes that. */
char *demo_open(int *fd);

/* sample.c */
#define QUIET_SAMPLES 2
bool sample_tick(struct host *h, int64_t deadline_ms); /* false: the connection failed */
void sample_probe(struct host *h);                     /* finds out what the connection can do */
void dom_set_state(struct dom *d, int state, int reason);
/* inventory.c, too */
void dom_set_id(struct dom *d, virDomainPtr ptr);
/* stats.c: figures of one domain, from a record of the bulk calls or by single calls */
void stats_read_record(struct dom *d, virDomainStatsRecordPtr record, int64_t now_us, bool focus);
void stats_read_info(struct dom *d, const virDomainInfo *info, int64_t now_us);
void stats_read_singly(struct dom *d, int64_t now_us, bool focus);
void stats_read_host(struct host *h);
void stats_record_history(struct host *h, int64_t now_ms);

/* publish.c */
void publish(struct host *h);
void publish_state(struct host *h, enum host_state state, int64_t retry_at_ms, const char *fmt, ...)
    ATTR_PRINTF(4, 5);

/* events.c */
void events_register(struct host *h);
void events_unregister(struct host *h);

/* words.c: libvirt's numbers in words */
const char *state_reason_words(int state, int reason);

/* faults.c: the disks on whose I/O errors a domain was paused, for the words of its state */
void faults_state_changed(struct dom *d); /* state or reason may be new */
void faults_word(struct dom *d);          /* its disks' names may be new */
void faults_happened(struct host *h, struct dom *d, const struct note *note);
void faults_want(struct host *h, struct dom *d);
void faults_look_up(virDomainPtr dom, struct note *note); /* blocks: a lookup thread's */
void faults_answered(struct dom *d, const struct note *note);
void faults_clear(disk_faults *f);
void faults_free(struct dom *d);

/* edit_kept.c: which of our changes another program has taken out of the configured definition since, in
 * words, each but once: it is noted in the journal. NULL: none, or this connection may not see all of it. The
 * caller frees. May wait as long as libvirt does. */
char *edit_overwritten(virDomainPtr dom);

/* lookup.c */
void lookup_start(struct host *h);
void lookup_stop(struct host *h);
void lookup_add(struct host *h, enum lookup_type type, struct dom *d, unsigned sources, bool detail);
void *lookup_thread(void *host);

/* resources.c: in a lookup thread, which was asked to */
void resources_update(struct host *h);

/* autostart.c: the same. */
void autostart_update(struct host *h);
/* One made now, of the newest snapshot, in a thread that may wait. Never NULL; the caller unrefs. */
struct autostart_view *autostart_read(struct host *h);

/* job.c */
void jobs_stop(struct host *h);
/* It was submitted, and waits for a place. */
bool job_is_queued(struct job *j);
void *job_thread(void *host);

struct job_context {
    struct host *host;
    struct job *job;
    virConnectPtr conn;
    virDomainPtr dom;
    struct vm_uuid uuid;
    const char *vm_name;
    const struct job_args *args;
    bool is_qemu;
    struct error error; /* set by run() when it fails */
    char *text;         /* result line; owned */
    char *output;       /* lines, as job_result's; owned */
    json_object *json;
    bool gone;      /* the domain is gone after this (undefined, or transient and stopped) */
    bool placeless; /* context_give_place() */
};
/* Fails the job with libvirt's last error: "start web1: …". */
bool context_failed(struct job_context *c);
const char *context_action(const struct job_context *c); /* its kind's: "start" */
void context_say(struct job_context *c, const char *fmt, ...) ATTR_PRINTF(2, 3);
void context_progress(struct job_context *c, const char *fmt, ...) ATTR_PRINTF(2, 3);
bool context_cancelled(struct job_context *c);
/* For a job that lets others work and makes but short calls itself: from now on it is not counted, so that it
 * can look at the time, and be cancelled, while all places are taken by calls that last. */
void context_give_place(struct job_context *c);
/* Around what waits for others than libvirt: no place is held between the two. */
void context_leave_place(struct job_context *c);
void context_take_place(struct job_context *c);
/* False with c->error set: nobody can tell. */
bool context_read_state(struct job_context *c, bool *active, bool *persistent);
/* Waits until the domain's state is in the mask (1u << state) or it is gone (then c->gone). False with
 * c->error set on timeout (seconds; the caller says what to do about it), cancellation or a lost connection.
 */
enum wait_result { WAIT_REACHED, WAIT_GONE, WAIT_TIMEOUT, WAIT_FAILED };
enum wait_result context_wait_state(struct job_context *c, unsigned states, double timeout_s,
                                    const char *waiting_for);
/* Sleeps until something changed on the host or half a second passed. False: the program ends or the job was
 * cancelled. *seen begins as 0. */
bool context_wait_news(struct job_context *c, uint64_t *seen);
/* The same until a monotonic time. */
bool context_wait_until(struct job_context *c, uint64_t *seen, int64_t until_ms);
/* Waits for more reboots than `before`; WAIT_GONE: it stopped instead. */
unsigned long context_reboots(struct job_context *c);
enum wait_result context_wait_reboot(struct job_context *c, unsigned long before, double timeout_s);

#endif
