/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/engine_private.h"
#include "base/format.h"

#define FORCED_MS  30000 /* how long a domain may take to go when it is turned off hard */
#define RECHECK_MS 1000  /* how often memory and load are looked at again */

const char *const engine_state_words[NODE_STATES] = {
    [NODE_IDLE] = "waiting",    [NODE_STARTING] = "starting", [NODE_CREATED] = "created",
    [NODE_PROBING] = "started", [NODE_READY] = "ready",       [NODE_LATE] = "late",
    [NODE_FAILED] = "failed",   [NODE_SKIPPED] = "skipped",   [NODE_STOPPING] = "stopping",
    [NODE_FORCING] = "forcing", [NODE_OFF] = "off",           [NODE_LEFT] = "left",
};

static bool is_over(enum engine_state s)
{
    return s == NODE_READY || s == NODE_LATE || s == NODE_FAILED || s == NODE_SKIPPED || s == NODE_OFF ||
           s == NODE_LEFT;
}

static const struct plan_node *plan_of(const struct engine *e, uint32_t i)
{
    return &e->plan->nodes[i];
}

struct engine *engine_new(const struct plan *plan, const struct autostart_config *config)
{
    struct engine *e = xcalloc(1, sizeof *e);
    e->plan = plan;
    e->begun_ms = -1;
    memcpy(e->limits, config->v, sizeof e->limits);
    e->nodes = xcalloc(plan->n_nodes + 1, sizeof *e->nodes);
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        e->nodes[i] = (struct node){.since_ms = -1,
                                    .deadline_ms = -1,
                                    .turn_ms = -1,
                                    .held_ms = -1,
                                    .pending = plan->nodes[i].n_waits,
                                    .stop = plan->nodes[i].stop};
    return e;
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    for (uint32_t i = 0; i < e->plan->n_nodes; i++)
        free(e->nodes[i].why);
    for (size_t i = 0; i < e->whys.len; i++)
        free(e->whys.items[i]);
    free(e->stopped);
    free(e->nodes);
    vec_free(&e->steps);
    vec_free(&e->changed);
    vec_free(&e->whys);
    free(e);
}

/* ---- changes of state ---- */

static void queue_step(struct engine *e, enum engine_action action, uint32_t i)
{
    struct node *n = &e->nodes[i];
    char *why = xstrdup(n->why);
    if (why)
        vec_push(&e->whys, why);
    vec_push(&e->steps, ((struct engine_step){action, i, n->deadline_ms, n->stop, why}));
}

/* `why` is taken; NULL: nothing to say. */
static void set_state(struct engine *e, uint32_t i, enum engine_state state, int64_t now, char *why)
{
    struct node *n = &e->nodes[i];
    n->state = state;
    n->since_ms = now;
    if (is_over(state))
        n->deadline_ms = -1;
    if (state == NODE_READY)
        n->started = true;
    free(n->why);
    n->why = why;
    vec_push(&e->changed, i);
}

static void skip(struct engine *e, uint32_t i, int64_t now, char *why)
{
    set_state(e, i, NODE_SKIPPED, now, why);
    queue_step(e, ENGINE_SKIP, i);
}

/* ---- telling those that wait ---- */

/* Nothing is begun before the initial wait is over. */
static int64_t turn_from(const struct engine *e, uint32_t i, int64_t now)
{
    int64_t first = e->begun_ms + (int64_t)e->limits[LIMIT_INITIAL_WAIT];
    return e->plan->reverse ? now : (now > first ? now : first) + plan_of(e, i)->delay_ms;
}

static void satisfy(struct engine *e, uint32_t i, int64_t now)
{
    struct node *n = &e->nodes[i];
    if (n->pending == 0 || --n->pending > 0 || n->state != NODE_IDLE)
        return;
    if (plan_of(e, i)->kind == PLAN_BARRIER)
        set_state(e, i, NODE_READY, now, NULL);
    else if (n->turn_ms < 0)
        n->turn_ms = turn_from(e, i, now);
}

/* What it waits for will not come. */
static void lose(struct engine *e, uint32_t i, uint32_t lost, int64_t now)
{
    static const char *const ends[NODE_STATES] = {
        [NODE_LATE] = "was not ready in time", [NODE_FAILED] = "failed", [NODE_SKIPPED] = "was not started"};
    const struct plan_node *p = plan_of(e, lost);
    const char *end = ends[e->nodes[lost].state];
    if (e->nodes[i].state != NODE_IDLE)
        return;
    if (p->kind == PLAN_NEED)
        skip(e, i, now, xasprintf("it needs %s %s, which is not there", need_words[p->need], p->name));
    else
        skip(e, i, now, xasprintf("it waits for %s, which %s", p->name, end ? end : "has gone"));
}

static void tell(struct engine *e, uint32_t i, int64_t now)
{
    struct node *n = &e->nodes[i];
    const struct plan_node *p = plan_of(e, i);
    bool start = n->started && !n->told_started, over = is_over(n->state) && !n->told_over;
    bool good = n->state == NODE_READY || n->state == NODE_OFF;
    for (uint32_t k = p->nexts; k < p->nexts + p->n_nexts && (start || over); k++) {
        const struct plan_wait *w = &e->plan->nexts[k];
        bool at_start = w->until == UNTIL_STARTED;
        bool kept = at_start ? start : over && (good || w->until == UNTIL_OVER);
        bool lost = at_start ? over && !start && !n->told_started : over && !kept;
        if (kept)
            satisfy(e, w->node, now);
        else if (lost)
            lose(e, w->node, i, now);
    }
    n->told_started = n->told_started || start;
    n->told_over = n->told_over || over;
}

/* A list instead of recursion: chains may be long. */
static void settle(struct engine *e, int64_t now)
{
    for (size_t i = 0; i < e->changed.len; i++)
        tell(e, e->changed.items[i], now);
    vec_clear(&e->changed);
}

/* ---- what happened ---- */

static void make_ready(struct engine *e, uint32_t i, int64_t now)
{
    set_state(e, i, NODE_READY, now, NULL);
}

static bool on_created(struct engine *e, uint32_t i, int64_t now)
{
    struct node *n = &e->nodes[i];
    if (n->state != NODE_STARTING && n->state != NODE_IDLE)
        return false;
    if (plan_of(e, i)->kind == PLAN_NEED) {
        make_ready(e, i, now);
        return true;
    }
    if (n->state == NODE_IDLE) /* somebody else was faster */
        n->deadline_ms = now + plan_of(e, i)->timeout_ms;
    set_state(e, i, NODE_CREATED, now, NULL);
    return true;
}

static bool on_ready(struct engine *e, uint32_t i, int64_t now)
{
    enum engine_state s = e->nodes[i].state;
    if (s != NODE_STARTING && s != NODE_CREATED && s != NODE_PROBING)
        return false;
    make_ready(e, i, now);
    return true;
}

/* A start that failed; a stop that was refused is tried less gently. */
static bool on_failed(struct engine *e, uint32_t i, int64_t now, const char *why)
{
    struct node *n = &e->nodes[i];
    const struct plan_node *p = plan_of(e, i);
    if (n->state == NODE_STARTING || n->state == NODE_CREATED || n->state == NODE_PROBING) {
        set_state(e, i, NODE_FAILED, now, xstrdup(why ? why : "the start failed"));
        return true;
    }
    if (n->state != NODE_STOPPING && n->state != NODE_FORCING)
        return false;
    char *reason = xstrdup(why ? why : "it could not be stopped");
    if (n->state == NODE_STOPPING && n->stop == STOP_MANAGEDSAVE) {
        n->stop = STOP_SHUTDOWN;
        n->deadline_ms = now + p->stop_timeout_ms;
        set_state(e, i, NODE_STOPPING, now, reason);
        queue_step(e, ENGINE_STOP, i);
    } else if (n->state == NODE_STOPPING && p->stop_force) {
        n->deadline_ms = now + FORCED_MS;
        set_state(e, i, NODE_FORCING, now, reason);
        queue_step(e, ENGINE_FORCE, i);
    } else {
        set_state(e, i, NODE_LEFT, now, reason);
        queue_step(e, ENGINE_LEAVE, i);
    }
    return true;
}

static bool on_stopped(struct engine *e, uint32_t i, int64_t now, const char *why)
{
    struct node *n = &e->nodes[i];
    if (e->plan->reverse && n->state != NODE_OFF) {
        set_state(e, i, NODE_OFF, now, NULL);
        return true;
    }
    if (!e->plan->reverse && n->state == NODE_READY && plan_of(e, i)->kind == PLAN_DOMAIN) {
        set_state(e, i, NODE_FAILED, now, xstrdup("it stopped after it was ready"));
        return true;
    }
    if (e->plan->reverse || (n->state != NODE_CREATED && n->state != NODE_PROBING))
        return false;
    set_state(e, i, NODE_FAILED, now, xstrdup(why ? why : "it stopped before it was ready"));
    return true;
}

bool engine_event(struct engine *e, enum engine_event event, uint32_t node, int64_t now_ms, const char *why)
{
    bool changed = false;
    if (node >= e->plan->n_nodes || plan_of(e, node)->kind == PLAN_BARRIER)
        return false;
    if (event == ENGINE_STOPPED)
        changed = on_stopped(e, node, now_ms, why);
    else if (event == ENGINE_FAILED)
        changed = on_failed(e, node, now_ms, why);
    else if (!e->plan->reverse)
        changed = event == ENGINE_CREATED ? on_created(e, node, now_ms) : on_ready(e, node, now_ms);
    if (e->begun)
        settle(e, now_ms);
    return changed;
}

/* ---- what the time brings ---- */

static char *after_text(const char *fmt, int64_t ms)
{
    struct strbuf duration = {0};
    format_duration(&duration, (double)ms / 1000, false);
    char *text = xasprintf(fmt, strbuf_str(&duration));
    strbuf_free(&duration);
    return text;
}

static void stop_run(struct engine *e, uint32_t by, int64_t now)
{
    free(e->stopped);
    e->stopped = xasprintf("nothing more is started, as %s was not ready in time", plan_of(e, by)->name);
    for (uint32_t i = 0; i < e->plan->n_nodes; i++)
        if (e->nodes[i].state == NODE_IDLE && plan_of(e, i)->kind != PLAN_BARRIER)
            skip(e, i, now, xstrdup(e->stopped));
}

static void not_ready_in_time(struct engine *e, uint32_t i, int64_t now)
{
    static const char *const texts[] = {[TIMEOUT_CONTINUE] = "not ready after %s; it goes on as if it were",
                                        [TIMEOUT_SKIP_DEPENDENTS] =
                                            "not ready after %s; what waits for it is not started",
                                        [TIMEOUT_STOP] = "not ready after %s; nothing more is started"};
    const struct plan_node *p = plan_of(e, i);
    if (p->kind == PLAN_NEED) {
        set_state(e, i, NODE_FAILED, now, after_text("not there after %s", p->timeout_ms));
        return;
    }
    bool on = p->on_timeout == TIMEOUT_CONTINUE;
    e->nodes[i].late = true;
    set_state(e, i, on ? NODE_READY : NODE_LATE, now, after_text(texts[p->on_timeout], p->timeout_ms));
    queue_step(e, ENGINE_LATE, i);
    if (p->on_timeout == TIMEOUT_STOP)
        stop_run(e, i, now);
}

static void not_off_in_time(struct engine *e, uint32_t i, int64_t now)
{
    struct node *n = &e->nodes[i];
    const struct plan_node *p = plan_of(e, i);
    if (n->state == NODE_STOPPING && p->stop_force) {
        n->deadline_ms = now + FORCED_MS;
        set_state(e, i, NODE_FORCING, now, after_text("not off after %s", p->stop_timeout_ms));
        queue_step(e, ENGINE_FORCE, i);
        return;
    }
    bool forced = n->state == NODE_FORCING;
    set_state(e, i, NODE_LEFT, now,
              forced ? xstrdup("it was turned off hard and still runs")
                     : after_text("it still runs after %s", p->stop_timeout_ms));
    queue_step(e, ENGINE_LEAVE, i);
}

static int64_t grace(const struct engine *e)
{
    return (int64_t)e->limits[LIMIT_GRACE];
}

/* What is due at `now`. */
static void pass_time(struct engine *e, int64_t now)
{
    for (uint32_t i = 0; i < e->plan->n_nodes; i++) {
        struct node *n = &e->nodes[i];
        if (n->state == NODE_CREATED && now >= n->since_ms + grace(e)) {
            n->started = true;
            if (plan_of(e, i)->probes) {
                set_state(e, i, NODE_PROBING, now, NULL);
                queue_step(e, ENGINE_PROBE, i);
            } else {
                make_ready(e, i, now);
            }
        }
        if (n->deadline_ms < 0 || now < n->deadline_ms)
            continue;
        if (n->state == NODE_STARTING || n->state == NODE_CREATED || n->state == NODE_PROBING)
            not_ready_in_time(e, i, now);
        else if (n->state == NODE_STOPPING || n->state == NODE_FORCING)
            not_off_in_time(e, i, now);
    }
    settle(e, now);
}

/* ---- the beginning ---- */

static void begin_node(struct engine *e, uint32_t i, int64_t now)
{
    struct node *n = &e->nodes[i];
    const struct plan_node *p = plan_of(e, i);
    if (n->state != NODE_IDLE)
        return;
    if (p->blocked) {
        skip(e, i, now, xstrdup(p->blocked));
    } else if (p->running && !e->plan->reverse) {
        n->deadline_ms = now + p->timeout_ms;
        if (p->kind == PLAN_NEED)
            make_ready(e, i, now);
        else
            set_state(e, i, NODE_CREATED, now - grace(e), NULL);
    } else if (p->kind == PLAN_DOMAIN && p->who == PLAN_NATIVE && !e->plan->reverse && p->n_nexts == 0) {
        /* libvirt does so when its daemon comes up, which may be long ago: nobody waits for it. */
        set_state(e, i, NODE_LEFT, now, xstrdup("left to libvirt's own flag"));
    } else if (p->kind == PLAN_DOMAIN && p->who == PLAN_NATIVE && !e->plan->reverse) {
        n->deadline_ms = now + p->timeout_ms;
        set_state(e, i, NODE_STARTING, now, NULL);
        queue_step(e, ENGINE_EXPECT, i);
    } else if (n->pending == 0 && n->turn_ms < 0) {
        n->turn_ms = turn_from(e, i, e->begun_ms);
    }
}

static void begin(struct engine *e, int64_t now)
{
    e->begun = true;
    if (e->begun_ms < 0)
        e->begun_ms = now;
    for (uint32_t i = 0; i < e->plan->n_nodes; i++) {
        if (e->nodes[i].state != NODE_IDLE) /* restored, or told before the first step */
            vec_push(&e->changed, i);
        begin_node(e, i, now);
    }
    settle(e, now);
}

/* ---- who is next ---- */

struct use {
    int places;        /* taken */
    double memory_kib; /* of those that are starting and have not taken their memory yet */
};

static struct use in_use(const struct engine *e)
{
    struct use u = {0, 0};
    for (uint32_t i = 0; i < e->plan->n_nodes; i++) {
        const struct node *n = &e->nodes[i];
        double kib = plan_of(e, i)->memory_kib;
        bool going = n->state == NODE_STARTING || n->state == NODE_CREATED;
        bool busy = going || n->state == NODE_PROBING;
        u.places += (busy && n->ours) || n->state == NODE_STOPPING || n->state == NODE_FORCING;
        if (going && n->ours && isfinite(kib))
            u.memory_kib += kib;
    }
    return u;
}

static bool memory_suffices(const struct engine *e, uint32_t i, const struct engine_host *host,
                            double reserved)
{
    double need = plan_of(e, i)->memory_kib;
    if (!host || !(host->memory_kib > 0) || !(host->available_kib >= 0) || !isfinite(need))
        return true;
    double taken = host->memory_kib - host->available_kib + reserved + need;
    return taken <= host->memory_kib * e->limits[LIMIT_MEMORY_CEILING] / 100;
}

static bool load_suffices(const struct engine *e, const struct engine_host *host)
{
    return !host || host->processors <= 0 || !isfinite(host->load) ||
           host->load <= e->limits[LIMIT_LOAD_CEILING] * host->processors;
}

static void fail_for_memory(struct engine *e, uint32_t i, const struct engine_host *host, int64_t now)
{
    struct strbuf why = {0};
    strbuf_puts(&why, "it needs ");
    format_bytes(&why, plan_of(e, i)->memory_kib * 1024, false);
    strbuf_puts(&why, " of memory, ");
    format_bytes(&why, host->available_kib * 1024, false);
    strbuf_puts(&why, " of ");
    format_bytes(&why, host->memory_kib * 1024, false);
    strbuf_printf(&why, " are free, and %g %% may be taken", e->limits[LIMIT_MEMORY_CEILING]);
    skip(e, i, now, strbuf_steal(&why));
    settle(e, now);
}

static void hold(struct engine *e, uint32_t i, const struct engine_host *host, bool memory, int64_t now)
{
    struct node *n = &e->nodes[i];
    n->held_ms = now;
    free(n->why);
    n->why = memory ? xasprintf("the load is %.1f, and starts wait above %.1f", host->load,
                                e->limits[LIMIT_LOAD_CEILING] * host->processors)
                    : xstrdup("too little memory is free");
    queue_step(e, ENGINE_HOLD, i);
}

/* Whether memory and load allow it now. What lasts too long: too little memory skips it, load is ignored. */
static bool allowed(struct engine *e, uint32_t i, const struct engine_host *host, double reserved,
                    int64_t now)
{
    struct node *n = &e->nodes[i];
    bool memory = memory_suffices(e, i, host, reserved), load = load_suffices(e, host);
    if (memory && load) {
        n->held_ms = -1;
        return true;
    }
    if (n->held_ms < 0)
        hold(e, i, host, memory, now);
    if (now - n->held_ms < (int64_t)e->limits[LIMIT_CEILING_WAIT])
        return false;
    if (!memory)
        fail_for_memory(e, i, host, now);
    return memory;
}

static void hand_out(struct engine *e, uint32_t i, int64_t now)
{
    struct node *n = &e->nodes[i];
    const struct plan_node *p = plan_of(e, i);
    if (e->plan->reverse) {
        n->deadline_ms = now + p->stop_timeout_ms;
        set_state(e, i, NODE_STOPPING, now, NULL);
        queue_step(e, ENGINE_STOP, i);
        return;
    }
    bool expect = p->kind == PLAN_NEED && p->need >= NEED_MOUNT;
    n->deadline_ms = now + p->timeout_ms;
    n->ours = p->kind == PLAN_DOMAIN;
    set_state(e, i, NODE_STARTING, now, NULL);
    queue_step(e, expect ? ENGINE_EXPECT : ENGINE_START, i);
}

static bool try_node(struct engine *e, uint32_t i, const struct engine_host *host, const struct use *use,
                     int64_t now)
{
    struct node *n = &e->nodes[i];
    const struct plan_node *p = plan_of(e, i);
    if (n->state != NODE_IDLE || n->pending > 0 || n->turn_ms < 0 || now < n->turn_ms ||
        p->kind == PLAN_BARRIER)
        return false;
    if (e->plan->reverse && n->stop == STOP_NONE) {
        set_state(e, i, NODE_LEFT, now, xstrdup("its policy leaves it running"));
        queue_step(e, ENGINE_LEAVE, i);
        return true;
    }
    if (p->kind == PLAN_DOMAIN) {
        if (use->places >= (int)e->limits[e->plan->reverse ? LIMIT_PARALLEL_STOPS : LIMIT_PARALLEL])
            return false;
        if (!e->plan->reverse && !allowed(e, i, host, use->memory_kib, now))
            return n->state != NODE_IDLE;
    }
    hand_out(e, i, now);
    return true;
}

/* Up from the first place, down from the last one. */
static bool try_nodes(struct engine *e, const struct engine_host *host, int64_t now)
{
    uint32_t n = e->plan->n_nodes;
    struct use use = in_use(e);
    for (uint32_t k = 0; k < n; k++) {
        if (try_node(e, e->plan->reverse ? n - 1 - k : k, host, &use, now)) {
            settle(e, now);
            return true;
        }
    }
    return false;
}

static void sooner(int64_t *until, int64_t at, int64_t now)
{
    if (at > now && at < *until)
        *until = at;
}

/* When something is due; false: all is over. */
static bool next_moment(const struct engine *e, int64_t now, int64_t *until)
{
    bool left = false;
    *until = INT64_MAX;
    for (uint32_t i = 0; i < e->plan->n_nodes; i++) {
        const struct node *n = &e->nodes[i];
        if (is_over(n->state) || plan_of(e, i)->kind == PLAN_BARRIER)
            continue;
        left = true;
        sooner(until, n->deadline_ms, now);
        if (n->state == NODE_CREATED)
            sooner(until, n->since_ms + grace(e), now);
        if (n->state == NODE_IDLE && n->pending == 0)
            sooner(until, n->turn_ms, now);
        if (n->state == NODE_IDLE && n->held_ms >= 0)
            sooner(until, now + RECHECK_MS, now);
    }
    return left;
}

bool engine_next(struct engine *e, int64_t now_ms, const struct engine_host *host, struct engine_step *step)
{
    if (!e->begun)
        begin(e, now_ms);
    if (e->next_step == e->steps.len) {
        vec_clear(&e->steps);
        e->next_step = 0;
        pass_time(e, now_ms);
        while (e->steps.len == 0 && try_nodes(e, host, now_ms))
            ;
    }
    if (e->next_step < e->steps.len) {
        *step = e->steps.items[e->next_step++];
        return true;
    }
    *step = (struct engine_step){.action = ENGINE_WAIT, .node = PLAN_NONE};
    return next_moment(e, now_ms, &step->until_ms);
}

void engine_postpone(struct engine *e, uint32_t node, int64_t now_ms)
{
    if (e->nodes[node].state == NODE_STOPPING)
        e->nodes[node].deadline_ms = now_ms + plan_of(e, node)->stop_timeout_ms;
}

struct engine_node engine_look(const struct engine *e, uint32_t node)
{
    const struct node *n = &e->nodes[node];
    return (struct engine_node){n->state, n->since_ms, n->deadline_ms, n->turn_ms, n->late, n->ours, n->why};
}

bool engine_succeeded(const struct engine *e)
{
    for (uint32_t i = 0; i < e->plan->n_nodes; i++) {
        const struct node *n = &e->nodes[i];
        bool meant = n->state == NODE_READY || n->state == NODE_OFF ||
                     (n->state == NODE_LEFT && (!e->plan->reverse || plan_of(e, i)->stop == STOP_NONE));
        if (plan_of(e, i)->kind != PLAN_BARRIER && (!meant || n->late))
            return false;
    }
    return true;
}
