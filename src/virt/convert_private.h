/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the conversion share: one conversion under way. All of it belongs to the job's thread;
 * nobody else includes this.
 *
 *   convert.c        the job: the plan, beginning, going on, taking back
 *   convert_steps.c  the steps in their order, and putting everything back
 *   convert_boot.c   waiting until a guest is up, or has failed
 *   convert_serial.c what the guest writes to its serial port
 *   convert_probe.c  the small disk that shows whether the guest has a driver
 *   convert_state.c  what is kept in the state directory
 */
#ifndef VIRTDECK_VIRT_CONVERT_PRIVATE_H
#define VIRTDECK_VIRT_CONVERT_PRIVATE_H

#include "device/bootwatch.h"
#include "device/facts.h"
#include "virt/convert.h"
#include "virt/private.h"

/* Kept: written whole before each step. */
struct convert_state {
    char *uri;
    unsigned step;   /* index in convert_steps[] of the step that is due or under way */
    bool reverting;  /* it is being taken back */
    bool was_active; /* it ran when this began */
    bool stopping;   /* its guest was asked to shut down, and has not yet as far as is known */
    bool assume_driver;
    enum virtio_bus bus;
    double timeout_s;
    char *ready;     /* NULL: nothing special */
    char *old_xml;   /* the definition that is put back */
    char *known_xml; /* the one that this conversion left last; NULL: it is just writing one */
    char *probe;     /* path of the small disk; NULL: there is none yet */
    unsigned journal;
    char *marker;     /* what its serial port says when it is up, seen; NULL */
    unsigned ignored; /* signs of failure that a good boot shows, too */
    char *driver;     /* the line of its serial port that told of a virtio disk; NULL */
    char *evidence;   /* for the driver, then for the boot; or why it is taken back */
};

struct convert {
    struct job_context *c;
    struct convert_request *request;
    struct convert_state s;
    int lock; /* -1 none */
    struct facts facts;
    json_object *steps;
};

/* convert_state.c */
/* The domain's lock, which no other conversion may hold. False with c->error set. */
bool convert_lock(struct convert *cv);
/* *there: one was begun. False with c->error set when that can't be told. */
bool convert_load(struct convert *cv, bool *there);
bool convert_save(struct convert *cv);
void convert_forget(struct convert *cv); /* removes the file */
void convert_state_clear(struct convert_state *s);

/* convert_steps.c */
enum step_result {
    STEP_DONE,
    STEP_BACK, /* everything has to be put back; c->error says why */
    STEP_STOP  /* it can't go on now, but later; c->error says why */
};
struct convert_step {
    const char *id, *doing;
    enum step_result (*run)(struct convert *cv);
};
extern const struct convert_step convert_steps[];
extern const size_t n_convert_steps;
/* Adds to what is told: {"step","result","detail"}. */
void convert_note(struct convert *cv, const char *step, const char *result, const char *detail);
/* Puts the old definition back and lets the domain run if it did. False with c->error set when something of
 * that failed; then the state is kept. */
bool convert_put_back(struct convert *cv);

/* convert_boot.c */
/* Starts the domain, unless it runs, and waits until its guest is up. on_virtio: failures count, and the
 * marker of the boot before is waited for; otherwise that marker is taken. s->evidence tells what was seen.
 */
enum step_result convert_boot(struct convert *cv, bool on_virtio);
/* Waits until the guest has stopped. */
enum step_result convert_stop(struct convert *cv, double timeout_s);
double convert_timeout(const struct convert *cv);
/* Whether the running domain has this property; false when it does not run. */
bool convert_runs(struct convert *cv);
xmlDocPtr convert_live(struct convert *cv); /* NULL: it does not run */

/* convert_serial.c */
struct serial;
/* Of the domain as it runs now, from the beginning of its boot as far as that is kept. NULL: there is none
 * that can be read. */
struct serial *serial_open(struct job_context *c, bool local, xmlDocPtr live);
/* Whether the definition has a serial port that serial_open() could read. */
bool serial_readable(xmlNodePtr domain);
void serial_read(struct serial *s, struct boot_watch *into);
void serial_close(struct serial *s);

/* convert_probe.c */
bool convert_probe_make(struct convert *cv); /* sets s->probe; false with c->error set */
void convert_probe_delete(struct convert *cv);
/* Whether the guest has taken the small disk, by whatever can tell; sets s->evidence. */
bool convert_probe_seen(struct convert *cv);

#endif
