/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A domain's autostart policy: when it is started with its host, what it waits for, when it counts as ready,
 * how it is stopped, and what is done when it fails. The fields are rows of one table; words ("order=10"),
 * JSON, the element in the domain's metadata, completion and the manual are made from it. Values belong to
 * whoever declared the policy. Any thread, a policy by one at a time.
 *
 * In the metadata:
 *     <virtdeck:domain xmlns:virtdeck="…"><virtdeck:autostart version="1" order="10" delay="5s">
 *         <virtdeck:after>db1:ready</virtdeck:after></virtdeck:autostart></virtdeck:domain>
 * A field with one value is an attribute, a list is an element for each of its values.
 */
#ifndef VIRTDECK_AUTOSTART_POLICY_H
#define VIRTDECK_AUTOSTART_POLICY_H

#include <json-c/json.h>
#include <libxml/tree.h>
#include "base/strbuf.h"
#include "base/vec.h"
#include "model/finding.h"

#define POLICY_VERSION   1    /* of the element and of the JSON */
#define POLICY_ITEMS_MAX 256  /* values of a list */
#define POLICY_TEXT_MAX  1024 /* bytes of one of them */

enum policy_id {
    POLICY_MODE,
    POLICY_ORDER,
    POLICY_DELAY,
    POLICY_AFTER,
    POLICY_READY,
    POLICY_TIMEOUT,
    POLICY_ON_TIMEOUT,
    POLICY_NEEDS,
    POLICY_STOP,
    POLICY_STOP_TIMEOUT,
    POLICY_STOP_FORCE,
    POLICY_RESTART,
    POLICY_RESTART_TRIES,
    POLICY_RESTART_WINDOW,
    POLICY_RESTART_PAUSE,
    POLICY_RESTART_PAUSE_MAX,
    POLICY_HEALTH,
    POLICY_HEALTH_INTERVAL,
    POLICY_HEALTH_FAILURES,
    POLICY_HEALTH_ACTION,
    POLICY_ON_BATTERY,
    POLICY_ON_WAKE,
    POLICY_FIELDS
};

/* Numbers of the choices: their places in the row's `values`. */
enum policy_mode { MODE_ON, MODE_OFF, MODE_ONCE };
enum policy_on_timeout { TIMEOUT_CONTINUE, TIMEOUT_SKIP_DEPENDENTS, TIMEOUT_STOP };
enum policy_stop { STOP_SHUTDOWN, STOP_MANAGEDSAVE, STOP_DESTROY, STOP_NONE };
enum policy_restart { RESTART_NO, RESTART_ON_CRASH, RESTART_ON_FAILURE, RESTART_ALWAYS };
enum policy_health_action { HEALTH_NOTIFY, HEALTH_RESET, HEALTH_RESTART };
enum policy_on_battery { BATTERY_IGNORE, BATTERY_HOLD, BATTERY_THROTTLE, BATTERY_MANAGEDSAVE };
enum policy_on_wake { WAKE_CHECK, WAKE_TIME_SYNC, WAKE_RESTART_IF_UNHEALTHY };

enum policy_type {
    POLICY_CHOICE,   /* one of `values`; of "word:PERCENT" the percentage is in `percent` */
    POLICY_NUMBER,   /* a whole number from min to max */
    POLICY_DURATION, /* in milliseconds; min and max in seconds */
    POLICY_SWITCH,   /* no, yes */
    POLICY_VMS,      /* list of VM[:started|ready] */
    POLICY_PROBES,   /* list of running, agent, ip, tcp:PORT[@ADDR], serial:/regex/ */
    POLICY_RESOURCES /* list of network:NAME, pool:NAME, mount:PATH, path:PATH */
};

enum policy_flag {
    POLICY_HOST = 1 /* the host's config may say what holds where a policy is silent */
};

struct policy_field {
    enum policy_id id;
    const char *word; /* "on-timeout" */
    enum policy_type type;
    const char *values; /* what it takes: the choices, the forms of a list's values; NULL for numbers */
    const char *def;    /* what holds unsaid, as it would be typed; NULL: nothing */
    double min, max;
    unsigned flags;
    const char *help; /* one sentence, no full stop */
};

extern const struct policy_field policy_fields[POLICY_FIELDS];

struct policy_value {
    bool given;
    bool broken; /* what stands in the metadata cannot be read: it is left there until it is set anew */
    int64_t number;
    int percent;
    VEC(char *) items; /* lists: each as it is printed */
};

struct policy {
    bool present; /* the domain has one */
    char *newer;  /* what in it this program does not know ("version 2"); NULL: it knows all */
    bool unknown; /* its version is another: nothing of it may be changed */
    struct policy_value v[POLICY_FIELDS];
};

void policy_init(struct policy *p);
void policy_free(struct policy *p); /* and as policy_init() */
void policy_copy(struct policy *to, const struct policy *from);
bool policy_equal(const struct policy *a, const struct policy *b);

/* By its word; NULL: there is none. */
const struct policy_field *policy_field_find(const char *word);
bool policy_is_list(const struct policy_field *f);
/* "a whole number from 1 to 100", "one of: no, on-crash, …": for errors, help and the manual. */
void policy_field_takes(const struct policy_field *f, struct strbuf *out);

/* Sets a field to what was typed, values of a list separated by commas ("\," is a comma in a name). "" and
 * (but for `after`) "default" go back to what holds unsaid. False with e set (field, what was typed, what it
 * takes): `p` is as it was. */
bool policy_set(struct policy *p, enum policy_id id, const char *text, struct error *e);
/* One more value of a list, as it stands alone (a comma is a comma). */
bool policy_add(struct policy *p, enum policy_id id, const char *item, struct error *e);
/* Words of a command: "order=10" "after=db1" "after=db2:started", and on, off, once. A list's words add up
 * and replace what it was. All or none; e->position is the index of the wrong word. */
bool policy_set_words(struct policy *p, size_t n, const char *const *words, struct error *e);
void policy_unset(struct policy *p, enum policy_id id);

/* What holds: the policy's own value, else the host's (`host` may be NULL), else the table's. Never NULL;
 * valid until one of them changes. */
const struct policy_value *policy_value(const struct policy *p, const struct policy *host, enum policy_id id);
int64_t policy_number(const struct policy *p, const struct policy *host, enum policy_id id);

/* The field's value as policy_set() takes it; nothing where it is not given. */
void policy_text(const struct policy *p, enum policy_id id, struct strbuf *out);
/* "order=10 after=db1:ready": what is given, a blank between; raw text. */
void policy_words(const struct policy *p, struct strbuf *out);

/* {"version":1,"order":10,"delay":5,"after":["db1:ready"]}: what is given; durations in seconds. */
json_object *policy_json(const struct policy *p);
/* Replaces `p`. False with e set (the key, what it takes): `p` is empty. */
bool policy_from_json(json_object *json, struct policy *p, struct error *e);

/* Reads the policy out of <domain>, or out of our own metadata element alone. What cannot be read or is not
 * known is told in `found` ("policy-value", "policy-newer", "policy-twice") and does not hold up the rest. */
void policy_from_xml(xmlNodePtr node, struct policy *p, finding_list *found);
/* Writes it there, touching nothing but what differs: what this program does not know stays as it is. A
 * policy that is not present goes. False with e set: it is of another version. */
bool policy_to_xml(xmlNodePtr node, const struct policy *p, struct error *e);

#endif
