/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/causes.h"

#include <stdlib.h>
#include <string.h>
#include "ui/devices.h"
#include "ui/remedies.h"
#include "ui/run.h"
#include "virt/explain.h"

/* What is known of one domain. */
struct cause {
    json_object *result; /* NULL: nothing yet */
    int state, reason;   /* of the domain when that was asked for */
    bool refused;        /* a start of it has failed, and it has not run since */
    bool asked;          /* a job is under way, or its result is here */
    bool tell, open;     /* what is to be done with what the job says */
};

struct causes {
    struct vmmap map;        /* of struct cause * */
    VEC(struct job *) quiet; /* jobs that nobody asked for: neither seen nor in anybody's way */
};

static struct cause *find(const struct deck *d, int host, const struct vm_uuid *uuid)
{
    return d->causes ? vmmap_get(&d->causes->map, host, uuid) : NULL;
}

static struct cause *obtain(struct deck *d, int host, const struct vm_uuid *uuid)
{
    if (!d->causes)
        d->causes = xcalloc(1, sizeof *d->causes);
    struct cause *c = vmmap_get(&d->causes->map, host, uuid);
    if (!c) {
        c = xcalloc(1, sizeof *c);
        vmmap_set(&d->causes->map, host, uuid, c);
    }
    return c;
}

static void drop_result(struct cause *c)
{
    json_object_put(c->result);
    c->result = NULL;
    c->asked = false;
}

void causes_forget(struct deck *d)
{
    size_t i = 0;
    if (!d->causes)
        return;
    for (struct vmmap_slot *slot; (slot = vmmap_next(&d->causes->map, &i));) {
        drop_result(slot->value);
        free(slot->value);
    }
    vmmap_free(&d->causes->map);
    for (size_t k = 0; k < d->causes->quiet.len; k++)
        job_unref(d->causes->quiet.items[k]);
    vec_free(&d->causes->quiet);
    free(d->causes);
    d->causes = NULL;
}

/* ---- asking ---- */

static void keep_state(struct deck *d, struct cause *c, int host, const struct vm_uuid *uuid)
{
    const struct snapshot *snap = deck_host_by_id(d, host);
    const struct vm *vm = snap ? snapshot_find(snap, uuid) : NULL;
    c->state = vm ? (int)vm->state : VM_NOSTATE;
    c->reason = vm ? vm->reason_code : 0;
}

static struct event copy_of(const struct event *ev)
{
    struct event copy = *ev;
    copy.host = xstrdup(ev->host);
    copy.vm = xstrdup(ev->vm);
    copy.text = xstrdup(ev->text);
    return copy;
}

/* The writer may not have written the newest events yet: they go with the request. */
static void add_events(const struct deck *d, const struct vm_uuid *uuid, struct explain_request *r)
{
    for (size_t i = 0; d->events && i < eventlog_len(d->events); i++) {
        const struct event *ev = eventlog_at(d->events, i);
        if (uuid_equal(&ev->uuid, uuid))
            vec_push(&r->events, copy_of(ev));
    }
}

static void over(struct deck *d, const struct job_status *s);

static void submit(struct deck *d, struct cause *c, int host, const struct vm_uuid *uuid, const char *name)
{
    struct explain_request *r = xcalloc(1, sizeof *r);
    r->signatures = signatures_ref(d->signatures);
    r->vm = devices_vm_word(d, host, uuid);
    add_events(d, uuid, r);
    keep_state(d, c, host, uuid);
    c->asked = true;
    struct job_args args = {.data = r, .free_data = explain_request_free};
    struct job *job = fleet_submit(d->session.fleet, host, uuid, name, &explain_job, &args);
    if (c->open)
        run_follow(d, job, true, over);
    else
        vec_push(&d->causes->quiet, job);
}

static bool can_ask(const struct deck *d)
{
    return d->session.fleet && d->signatures;
}

static void take_quiet(struct deck *d)
{
    for (size_t i = 0; d->causes && i < d->causes->quiet.len;) {
        struct job *job = d->causes->quiet.items[i];
        struct job_status s;
        if (!job_is_over(job)) {
            i++;
            continue;
        }
        vec_remove(&d->causes->quiet, i);
        job_status(job, &s);
        over(d, &s);
        job_status_clear(&s);
        job_unref(job);
    }
}

void causes_turn(struct deck *d)
{
    take_quiet(d);
    const struct vm *vm = deck_vm(d);
    const struct snapshot *snap = deck_host(d);
    if (!vm || !snap || !can_ask(d) || snap->host.state != HOST_UP || (d->causes && d->causes->quiet.len))
        return;
    struct cause *c = find(d, snap->host.id, &vm->uuid);
    bool failed = explain_is_failure(vm->state, vm->reason_code);
    bool moved = c && (c->state != (int)vm->state || c->reason != vm->reason_code);
    if (moved) {
        c->refused = c->refused && !vm_state_is_active(vm->state);
        drop_result(c);
        d->dirty = true;
    }
    if (!failed && !(c && c->refused))
        return;
    c = obtain(d, snap->host.id, &vm->uuid);
    if (!c->asked)
        submit(d, c, snap->host.id, &vm->uuid, vm->name);
}

void causes_ask(struct deck *d, const struct target *t)
{
    if (!can_ask(d))
        return;
    struct cause *c = obtain(d, t->host, &t->uuid);
    c->open = true;
    submit(d, c, t->host, &t->uuid, t->name);
}

void causes_refused(struct deck *d, const struct job_status *s)
{
    if (!can_ask(d))
        return;
    struct cause *c = obtain(d, s->host, &s->uuid);
    drop_result(c);
    c->refused = c->tell = true;
    submit(d, c, s->host, &s->uuid, s->vm_name);
}

/* ---- what a job has said itself ---- */

/* A finding of a check has all in one sentence. */
static json_object *as_cause(json_object *finding)
{
    json_object *copy = json_object_new_object(), *text = NULL;
    json_object_object_foreach(finding, key, value)
    {
        json_object_object_add(copy, key, json_object_get(value));
    }
    json_object_object_get_ex(finding, "text", &text);
    json_object_object_add(copy, "cause", json_object_get(text));
    return copy;
}

bool causes_stopped(struct deck *d, const struct job_status *s)
{
    json_object *findings = NULL;
    const struct snapshot *snap = deck_host_by_id(d, s->host);
    if (!s->result.output || !json_object_object_get_ex(s->result.json, "findings", &findings))
        return false;
    json_object *result = json_object_new_object(), *list = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(findings); i++)
        json_object_array_add(list, as_cause(json_object_array_get_idx(findings, i)));
    json_object_object_add(result, "failure", json_object_new_string("start"));
    json_object_object_add(result, "remote", json_object_new_boolean(snap && snap->host.remote));
    json_object_object_add(result, "findings", list);
    causes_put(d, s->host, &s->uuid, result);
    find(d, s->host, &s->uuid)->refused = true;
    if (d->dialogs.len == 0)
        remedies_open(d, s->vm_name, result);
    return true;
}

/* ---- what came of it ---- */

static const char *first_cause(json_object *result)
{
    json_object *list = NULL, *cause = NULL;
    json_object_object_get_ex(result, "findings", &list);
    if (!list || json_object_array_length(list) == 0)
        return NULL;
    json_object_object_get_ex(json_object_array_get_idx(list, 0), "cause", &cause);
    return cause ? json_object_get_string(cause) : NULL;
}

static void tell(struct deck *d, const char *name, json_object *result)
{
    const char *cause = first_cause(result);
    char key[32];
    keymap_label_for(&d->keymap, deck_place(d), "here explain", key, sizeof key);
    if (cause)
        deck_note(d, SEV_WARN, "%s: %s %s shows what helps.", name, cause, key);
}

static void over(struct deck *d, const struct job_status *s)
{
    struct cause *c = obtain(d, s->host, &s->uuid);
    const struct job_result *r = &s->result;
    bool tells = c->tell, opens = c->open;
    c->tell = c->open = false;
    if (r->state == JOB_DONE && r->json) {
        json_object_put(c->result);
        c->result = json_object_get(r->json);
        if (tells)
            tell(d, s->vm_name, c->result);
        if (opens)
            remedies_open(d, s->vm_name, c->result);
    } else if (opens && r->state == JOB_FAILED) {
        deck_note(d, SEV_ERROR, "%s", error_text(&r->error));
    }
    d->dirty = true;
}

json_object *causes_of(const struct deck *d, int host, const struct vm_uuid *uuid)
{
    const struct cause *c = find(d, host, uuid);
    json_object *failure = NULL;
    if (!c || !c->result || !json_object_object_get_ex(c->result, "failure", &failure))
        return NULL;
    return strcmp(json_object_get_string(failure), "none") == 0 ? NULL : c->result;
}

void causes_put(struct deck *d, int host, const struct vm_uuid *uuid, json_object *result)
{
    struct cause *c = obtain(d, host, uuid);
    drop_result(c);
    keep_state(d, c, host, uuid);
    c->result = result;
    c->asked = true;
}
