/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One step of the engine → a job of its own; what came of it, and what the host says → events of the engine.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "autostart/needs.h"
#include "base/format.h"
#include "virt/autorun_private.h"
#include "virt/policy_edit.h"
#include "virt/probe.h"
#include "virt/start_steps.h"

#define COUNTDOWN_MS  5000 /* between two tellings of what is waited for */
#define COUNTDOWN_VMS 3    /* more are only counted */

static const struct plan_node *node_of(const struct autorun *r, uint32_t node)
{
    return &r->plan->nodes[node];
}

static const struct start_item *item_of(const struct autorun *r, uint32_t node)
{
    const struct survey_vm *vm = survey_find(&r->view->survey, &node_of(r, node)->uuid);
    return vm ? vm->item : NULL;
}

static struct job *submit(struct autorun *r, uint32_t node, const struct job_kind *kind,
                          const struct job_args *args)
{
    const struct plan_node *p = node_of(r, node);
    struct vm_uuid nil = {0};
    return fleet_submit(r->c->host->fleet, r->c->host->id, p->kind == PLAN_DOMAIN ? &p->uuid : &nil, p->name,
                        kind, args);
}

/* ---- doing ---- */

static struct job *submit_start(struct autorun *r, const struct engine_step *s)
{
    const struct plan_node *p = node_of(r, s->node);
    if (p->kind == PLAN_DOMAIN)
        return submit(r, s->node, &step_start, NULL);
    char *text = xasprintf("%s:%s", need_words[p->need], p->name);
    struct job_args args = {.text = text};
    struct job *j = submit(r, s->node, &step_need, &args);
    free(text);
    return j;
}

static struct job *submit_probe(struct autorun *r, const struct engine_step *s)
{
    const struct start_item *item = item_of(r, s->node);
    struct probe_request *request = probe_request_new();
    const struct policy_value *ready =
        item ? policy_value(&item->policy, &r->view->survey.config.defaults, POLICY_READY) : NULL;
    for (size_t i = 0; ready && i < ready->items.len; i++)
        vec_push(&request->probes, xstrdup(ready->items.items[i]));
    struct job_args args = {.data = request, .free_data = probe_request_free};
    return submit(r, s->node, &probe_job, &args);
}

static struct job *submit_stop(struct autorun *r, const struct engine_step *s)
{
    struct job_args args = {.flags = (unsigned)s->stop};
    return submit(r, s->node, &step_stop, &args);
}

static struct job *submit_force(struct autorun *r, const struct engine_step *s)
{
    return submit(r, s->node, &step_force, NULL);
}

typedef struct job *submit_fn(struct autorun *r, const struct engine_step *s);

/* The steps that are work; the others are only told, or looked for. */
static submit_fn *const submits[] = {
    [ENGINE_START] = submit_start, [ENGINE_PROBE] = submit_probe, [ENGINE_STOP] = submit_stop,
    [ENGINE_FORCE] = submit_force, [ENGINE_WAIT] = NULL,
};

static void tell_step(struct autorun *r, const struct engine_step *s)
{
    static const char *const stops[] = {[STOP_SHUTDOWN] = "asked to shut down",
                                        [STOP_MANAGEDSAVE] = "is saved",
                                        [STOP_DESTROY] = "is turned off",
                                        [STOP_NONE] = "is left alone"};
    const char *why = s->why ? s->why : "";
    const char *colon = s->why ? ": " : "";
    switch (s->action) {
    case ENGINE_START:
        autorun_tell(r, s->node, SEV_INFO, "is started");
        break;
    case ENGINE_STOP:
        autorun_tell(r, s->node, SEV_INFO, "%s%s%s", stops[s->stop], colon, why);
        break;
    case ENGINE_FORCE:
        autorun_tell(r, s->node, SEV_WARN, "is turned off hard%s%s", colon, why);
        break;
    case ENGINE_SKIP:
        autorun_tell(r, s->node, SEV_ERROR, "is not started%s%s", colon, why);
        break;
    case ENGINE_HOLD:
        autorun_tell(r, s->node, SEV_INFO, "waits%s%s", colon, why);
        break;
    case ENGINE_LATE:
        autorun_tell(r, s->node, SEV_WARN, "%s", why);
        break;
    case ENGINE_LEAVE:
        autorun_tell(r, s->node, SEV_WARN, "runs on%s%s", colon, why);
        break;
    case ENGINE_EXPECT:
    case ENGINE_PROBE:
    case ENGINE_WAIT:
        break;
    }
}

/* Why it is late: what its probes said last. */
static void tell_last_answer(struct autorun *r, uint32_t node)
{
    for (size_t i = 0; i < r->doing.len; i++) {
        const struct doing *d = &r->doing.items[i];
        struct job_status s;
        if (d->step.node != node || d->step.action != ENGINE_PROBE || !d->job)
            continue;
        job_status(d->job, &s);
        if (s.progress)
            autorun_tell(r, node, SEV_WARN, "%s", s.progress);
        job_status_clear(&s);
    }
}

/* What was late, failed or is left is asked nothing more. */
static void cancel_of(struct autorun *r, uint32_t node)
{
    for (size_t i = r->doing.len; i-- > 0;) {
        struct doing *d = &r->doing.items[i];
        if (d->step.node != node)
            continue;
        if (d->job) {
            job_cancel(d->job);
            job_unref(d->job);
        }
        vec_remove(&r->doing, i);
    }
}

void autorun_cancel_all(struct autorun *r)
{
    while (r->doing.len > 0)
        cancel_of(r, r->doing.items[0].step.node);
    for (size_t i = 0; i < r->spends.len; i++)
        job_unref(r->spends.items[i].job);
    vec_clear(&r->spends);
}

/* Between the plan and its turn somebody may have thought better of it. */
static bool still_wanted(struct autorun *r, uint32_t node)
{
    struct snapshot *snap = autorun_newest(r);
    const struct vm *vm = snapshot_find(snap, &node_of(r, node)->uuid);
    bool wanted = !vm || !vm->start || start_item_is_ours(vm->start);
    snapshot_unref(snap);
    return wanted;
}

/* What others wait for is libvirt's to start: said, as it may take long; and that it never will where its
 * only chance since the boot is gone. */
static bool expect_domain(struct autorun *r, uint32_t node)
{
    const struct survey *survey = &r->view->survey;
    double age = survey->local ? host_native_starts_age("", survey->session) : NAN;
    if (age * 1000 > (double)node_of(r, node)->timeout_ms) {
        engine_event(r->engine, ENGINE_FAILED, node, autorun_now(r),
                     "libvirt starts what has its own flag once after a boot, and that is past: start it");
        return false;
    }
    autorun_tell(r, node, SEV_INFO, "waits for libvirt to start it by its own flag");
    return true;
}

void autorun_do(struct autorun *r, const struct engine_step *s)
{
    if (s->action == ENGINE_EXPECT && node_of(r, s->node)->kind == PLAN_DOMAIN && !expect_domain(r, s->node))
        return;
    if (s->action == ENGINE_START && node_of(r, s->node)->kind == PLAN_DOMAIN && !still_wanted(r, s->node)) {
        engine_event(r->engine, ENGINE_FAILED, s->node, autorun_now(r),
                     "its policy was taken back meanwhile");
        return;
    }
    submit_fn *work = (size_t)s->action < ARRAY_LEN(submits) ? submits[s->action] : NULL;
    tell_step(r, s);
    if (s->action == ENGINE_EXPECT)
        vec_push(&r->expected, s->node);
    if (s->action == ENGINE_LATE)
        tell_last_answer(r, s->node);
    if (s->action == ENGINE_FORCE || s->action == ENGINE_LATE || s->action == ENGINE_LEAVE)
        cancel_of(r, s->node);
    if (!work)
        return;
    struct doing d = {.step = *s, .job = work(r, s), .begun_ms = autorun_now(r)};
    d.step.why = NULL;
    if (s->action == ENGINE_START || s->action == ENGINE_STOP)
        r->started_ms[s->node] = d.begun_ms;
    vec_push(&r->doing, d);
}

/* ---- what the host says ---- */

/* Asks libvirt itself: a snapshot may be older than what was done. -1: nobody can tell now. */
static int is_active_now(struct autorun *r, const struct vm_uuid *uuid)
{
    bool is_qemu;
    virConnectPtr conn = host_act_conn(r->c->host, &is_qemu);
    virDomainPtr dom = conn ? virDomainLookupByUUID(conn, uuid->b) : NULL;
    int active = dom ? virDomainIsActive(dom) : -1;
    virErrorPtr e = dom || !conn ? NULL : virGetLastError();
    if (e && e->code == VIR_ERR_NO_DOMAIN)
        active = 0;
    if (dom)
        virDomainFree(dom);
    if (conn)
        virConnectClose(conn);
    return active;
}

static bool is_connected(const struct snapshot *snap)
{
    return snap->host.state == HOST_UP && snap->host.ticks > 0;
}

/* ---- what came of the steps ---- */

static double seconds_since(const struct autorun *r, uint32_t node)
{
    return r->started_ms[node] < 0 ? 0 : (double)(autorun_now(r) - r->started_ms[node]) / 1000;
}

static void learn(struct autorun *r, uint32_t node, enum time_kind kind)
{
    if (r->started_ms[node] >= 0 && node_of(r, node)->kind == PLAN_DOMAIN)
        times_add(&r->view->survey.times, &node_of(r, node)->uuid, kind, seconds_since(r, node));
}

static void spend_once(struct autorun *r, uint32_t node)
{
    const struct start_item *item = item_of(r, node);
    if (!item || policy_number(&item->policy, NULL, POLICY_MODE) != MODE_ONCE)
        return;
    struct policy_request *request = policy_request_new();
    request->verb = POLICY_EDIT_SPENT;
    struct job_args args = {.data = request, .free_data = policy_request_free};
    vec_push(&r->spends, ((struct spend){node, submit(r, node, &policy_job, &args)}));
}

void autorun_spend_again(struct autorun *r)
{
    for (uint32_t i = 0; i < r->plan->n_nodes && !r->plan->reverse; i++)
        if (node_of(r, i)->kind == PLAN_DOMAIN && node_of(r, i)->running && engine_look(r->engine, i).ours)
            spend_once(r, i);
}

bool autorun_all_spent(struct autorun *r)
{
    for (size_t i = r->spends.len; i-- > 0;) {
        struct spend s = r->spends.items[i];
        struct job_status status;
        if (!job_is_over(s.job))
            continue;
        job_status(s.job, &status);
        if (status.result.state == JOB_FAILED)
            autorun_tell(r, s.node, SEV_WARN, "will be started at the next boot, too: %s",
                         error_text(&status.result.error));
        job_status_clear(&status);
        job_unref(s.job);
        vec_remove(&r->spends, i);
    }
    return r->spends.len == 0;
}

static void on_started(struct autorun *r, uint32_t node, const char *text)
{
    bool new = r->started_ms[node] >= 0;
    learn(r, node, TIME_START);
    if (engine_event(r->engine, ENGINE_CREATED, node, autorun_now(r), NULL))
        autorun_tell(r, node, SEV_GOOD, "%s", text ? text : "started");
    if (new &&node_of(r, node)->kind == PLAN_DOMAIN)
        spend_once(r, node);
}

/* What becomes of a node is told by autorun_tell_states(). */
static void on_failed(struct autorun *r, uint32_t node, const char *why)
{
    engine_event(r->engine, ENGINE_FAILED, node, autorun_now(r), why);
}

static void on_off(struct autorun *r, uint32_t node)
{
    if (r->plan->reverse)
        learn(r, node, TIME_STOP);
    engine_event(r->engine, ENGINE_STOPPED, node, autorun_now(r),
                 r->plan->reverse ? NULL : "it stopped before it was ready");
    cancel_of(r, node);
}

/* The step failed. Whether that counts depends on what the host says: somebody else may have done the same,
 * and a connection that was lost says nothing about the domain. True: the step is over. */
static bool take_failure(struct autorun *r, struct doing *d, const struct job_status *j, bool connected)
{
    const struct plan_node *p = node_of(r, d->step.node);
    bool domain = p->kind == PLAN_DOMAIN;
    int active = domain ? is_active_now(r, &p->uuid) : -1;
    bool lost = j->result.error.status == STATUS_NO_CONNECTION || !connected || (domain && active < 0);
    if (lost) {
        job_unref(d->job);
        d->job = NULL;
        return false;
    }
    if (d->step.action == ENGINE_START && active == 1)
        on_started(r, d->step.node, "runs already");
    else if (d->step.action == ENGINE_PROBE && active == 0)
        on_off(r, d->step.node);
    else
        on_failed(r, d->step.node, error_text(&j->result.error));
    return true;
}

static void take_success(struct autorun *r, const struct doing *d, const struct job_status *j)
{
    if (d->step.action == ENGINE_START)
        on_started(r, d->step.node, j->result.text);
    else if (d->step.action == ENGINE_PROBE)
        engine_event(r->engine, ENGINE_READY, d->step.node, autorun_now(r), NULL);
    else if (is_active_now(r, &node_of(r, d->step.node)->uuid) == 0)
        on_off(r, d->step.node);
    /* Else a stop was accepted: when it is off is seen. */
}

/* True: it is over, one way or the other. */
static bool take_outcome(struct autorun *r, struct doing *d, bool connected)
{
    struct job_status j;
    job_status(d->job, &j);
    bool over = true;
    if (j.result.state == JOB_DONE)
        take_success(r, d, &j);
    else
        over = take_failure(r, d, &j, connected);
    job_status_clear(&j);
    return over;
}

/* Where the connection was lost in the middle of a step: what is so already is done, the rest is asked again.
 */
static void resume_step(struct autorun *r, struct doing *d)
{
    const struct plan_node *p = node_of(r, d->step.node);
    int active = p->kind == PLAN_DOMAIN ? is_active_now(r, &p->uuid) : 0;
    if (active < 0)
        return;
    if (d->step.action == ENGINE_START && active == 1) {
        on_started(r, d->step.node, "started");
        d->step.action = ENGINE_WAIT;
        return;
    }
    submit_fn *work = submits[d->step.action];
    d->job = work ? work(r, &d->step) : NULL;
}

/* Domains that are saved take the host's places for minutes: what stands in line behind them must not be
 * turned off hard because its time was over before it was asked. */
static void postpone(struct autorun *r, const struct doing *d)
{
    if (d->job && d->step.action == ENGINE_STOP && job_is_queued(d->job))
        engine_postpone(r->engine, d->step.node, autorun_now(r));
}

static bool look_at_steps(struct autorun *r, bool connected)
{
    bool any = false;
    for (size_t i = 0; i < r->doing.len; i++) {
        struct doing *d = &r->doing.items[i];
        postpone(r, d);
        if (!d->job && connected)
            resume_step(r, d);
        if (!d->job || !job_is_over(d->job))
            continue;
        any = true;
        uint32_t node = d->step.node;
        enum engine_action action = d->step.action;
        if (!take_outcome(r, d, connected))
            continue;
        /* What came of it may have cancelled steps of the same node. */
        for (size_t k = 0; k < r->doing.len; k++) {
            d = &r->doing.items[k];
            if (d->step.node != node || d->step.action != action)
                continue;
            job_unref(d->job);
            vec_remove(&r->doing, k);
            break;
        }
        i = (size_t)-1;
    }
    for (size_t i = r->doing.len; i-- > 0;)
        if (r->doing.items[i].step.action == ENGINE_WAIT)
            vec_remove(&r->doing, i);
    return any;
}

/* ---- what happens beside the steps ---- */

/* A domain that the plan has up, or on its way, and that is off; going down, one that is off. */
static bool look_at_domain(struct autorun *r, uint32_t node, const struct vm *vm)
{
    enum engine_state state = engine_look(r->engine, node).state;
    bool active = vm && vm_state_is_active(vm->state);
    bool up = !r->plan->reverse && (state == NODE_CREATED || state == NODE_PROBING || state == NODE_READY);
    bool down = r->plan->reverse && state != NODE_OFF && state != NODE_LEFT;
    if (active || !(up || down) || is_active_now(r, &node_of(r, node)->uuid) != 0)
        return false;
    on_off(r, node);
    return true;
}

static bool is_there(const struct plan_node *p, const struct snapshot *snap)
{
    if (p->kind == PLAN_DOMAIN) {
        const struct vm *vm = snapshot_find(snap, &p->uuid);
        return vm && vm_state_is_active(vm->state);
    }
    struct need need = {p->need, p->name};
    return need_is_there(&need, "");
}

static bool look_at_expected(struct autorun *r, const struct snapshot *snap)
{
    bool any = false;
    for (size_t i = r->expected.len; i-- > 0;) {
        uint32_t node = r->expected.items[i];
        bool there = is_there(node_of(r, node), snap);
        if (!there && engine_look(r->engine, node).state == NODE_STARTING)
            continue;
        if (there)
            on_started(r, node,
                       node_of(r, node)->kind == PLAN_DOMAIN ? "was started by libvirt" : "is there");
        vec_remove(&r->expected, i);
        any = true;
    }
    return any;
}

bool autorun_look(struct autorun *r, const struct snapshot *snap)
{
    bool connected = is_connected(snap);
    bool any = look_at_steps(r, connected);
    any = look_at_expected(r, snap) || any;
    for (uint32_t i = 0; connected && i < r->plan->n_nodes; i++)
        if (node_of(r, i)->kind == PLAN_DOMAIN)
            any = look_at_domain(r, i, snapshot_find(snap, &node_of(r, i)->uuid)) || any;
    r->changed = r->changed || any;
    return any;
}

static void tell_ready(struct autorun *r, uint32_t node, bool late)
{
    struct strbuf after = {0};
    if (late || node_of(r, node)->kind != PLAN_DOMAIN)
        return;
    learn(r, node, TIME_READY);
    format_duration(&after, seconds_since(r, node), false);
    autorun_tell(r, node, SEV_GOOD, r->started_ms[node] < 0 ? "ready" : "ready after %s", strbuf_str(&after));
    strbuf_free(&after);
}

void autorun_tell_states(struct autorun *r)
{
    for (uint32_t i = 0; i < r->plan->n_nodes; i++) {
        struct engine_node n = engine_look(r->engine, i);
        if (n.state == r->told[i] || node_of(r, i)->kind == PLAN_BARRIER)
            continue;
        r->told[i] = n.state;
        if (n.state == NODE_READY)
            tell_ready(r, i, n.late);
        else if (n.state == NODE_FAILED)
            autorun_tell(r, i, SEV_ERROR, "failed: %s", n.why ? n.why : "for an unknown reason");
        else if (n.state == NODE_OFF)
            autorun_tell(r, i, SEV_GOOD, "off");
    }
}

void autorun_count_down(struct autorun *r)
{
    int64_t now = autorun_now(r);
    unsigned told = 0, more = 0;
    if (!r->plan->reverse || now - r->told_ms < COUNTDOWN_MS)
        return;
    r->told_ms = now;
    for (uint32_t i = 0; i < r->plan->n_nodes; i++) {
        struct engine_node n = engine_look(r->engine, i);
        if (n.state != NODE_STOPPING || now - n.since_ms < COUNTDOWN_MS)
            continue;
        if (++told > COUNTDOWN_VMS) {
            more++;
            continue;
        }
        struct strbuf left = {0};
        format_duration(&left, (double)(n.deadline_ms - now) / 1000, false);
        autorun_tell(r, i, SEV_INFO, "still on; %s in %s",
                     node_of(r, i)->stop_force ? "is turned off hard" : "is given up", strbuf_str(&left));
        strbuf_free(&left);
    }
    if (more > 0)
        autorun_tell(r, PLAN_NONE, SEV_INFO, "%u more are still on", more);
}
