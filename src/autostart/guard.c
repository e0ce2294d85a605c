/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each domain has one time at which something is due; a heap finds the earliest of them, so that a step costs
 * the same for ten domains and for thousands.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/guard_private.h"
#include "base/format.h"

struct guard *guard_new(void)
{
    return xcalloc(1, sizeof(struct guard));
}

static void ward_free(struct ward *w)
{
    vec_free(&w->restarts);
    free(w->name);
    free(w->why);
    free(w);
}

void guard_free(struct guard *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->heap.len; i++)
        ward_free(g->heap.items[i]);
    for (size_t i = g->next_note; i < g->notes.len; i++)
        free(g->notes.items[i].text);
    vec_free(&g->heap);
    vec_free(&g->notes);
    vmmap_free(&g->wards);
    free(g);
}

/* ---- the heap ---- */

static void place(struct guard *g, struct ward *w, size_t at)
{
    g->heap.items[at] = w;
    w->at = at;
}

static void sift_up(struct guard *g, struct ward *w)
{
    size_t at = w->at;
    for (; at > 0 && g->heap.items[(at - 1) / 2]->due_ms > w->due_ms; at = (at - 1) / 2)
        place(g, g->heap.items[(at - 1) / 2], at);
    place(g, w, at);
}

static void sift_down(struct guard *g, struct ward *w)
{
    size_t at = w->at, child;
    while ((child = 2 * at + 1) < g->heap.len) {
        if (child + 1 < g->heap.len && g->heap.items[child + 1]->due_ms < g->heap.items[child]->due_ms)
            child++;
        if (g->heap.items[child]->due_ms >= w->due_ms)
            break;
        place(g, g->heap.items[child], at);
        at = child;
    }
    place(g, w, at);
}

static int64_t due_of(const struct ward *w)
{
    int64_t probe = w->probing || w->busy ? NEVER : w->probe_ms, restart = w->busy ? NEVER : w->restart_ms;
    return probe < restart ? probe : restart;
}

static void heapify(struct guard *g)
{
    for (size_t i = g->heap.len / 2; i-- > 0;)
        sift_down(g, g->heap.items[i]);
}

static void reckon_due(struct guard *g, struct ward *w)
{
    w->due_ms = due_of(w);
    sift_up(g, w);
    sift_down(g, w);
}

struct ward *ward_add(struct guard *g, const struct vm_uuid *uuid)
{
    struct ward *w = xcalloc(1, sizeof *w);
    w->uuid = *uuid;
    w->restart_ms = w->probe_ms = w->due_ms = NEVER;
    w->at = g->heap.len;
    vec_push(&g->heap, w);
    vmmap_set(&g->wards, 0, uuid, w);
    return w;
}

void guard_forget(struct guard *g, const struct vm_uuid *uuid)
{
    struct ward *w = vmmap_remove(&g->wards, 0, uuid);
    if (!w)
        return;
    struct ward *last = g->heap.items[--g->heap.len];
    if (last != w) {
        place(g, last, w->at);
        sift_up(g, last);
        sift_down(g, last);
    }
    ward_free(w);
}

/* ---- telling ---- */

static struct guard_step step_of(enum guard_action action, const struct ward *w, enum severity severity,
                                 const char *event, char *text)
{
    return (struct guard_step){action, w->uuid, 0, severity, event, text};
}

static void note(struct guard *g, const struct ward *w, enum severity severity, const char *event,
                 const char *fmt, ...) ATTR_PRINTF(5, 6);
static void note(struct guard *g, const struct ward *w, enum severity severity, const char *event,
                 const char *fmt, ...)
{
    va_list ap;
    char *text;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    vec_push(&g->notes, step_of(GUARD_NOTIFY, w, severity, event, text));
}

/* "2s"; valid until `room` changes. */
static const char *span(struct strbuf *room, int64_t ms)
{
    strbuf_clear(room);
    if (ms < 1000)
        strbuf_printf(room, "%" PRId64 "ms", ms);
    else
        format_duration(room, (double)ms / 1000, false);
    return strbuf_str(room);
}

/* ---- restarts ---- */

static const char *const stop_words[] = {
    [STOPPED_UNKNOWN] = "it stopped",
    [STOPPED_BY_PERSON] = "it was stopped",
    [STOPPED_BY_GUEST] = "its guest shut down",
    [STOPPED_CRASHED] = "it crashed",
    [STOPPED_FAILED] = "libvirt could not keep or start it",
};

static bool is_restarted(const struct ward *w, enum guard_stop stop)
{
    switch (w->policy[POLICY_RESTART]) {
    case RESTART_ALWAYS:
        return stop == STOPPED_BY_GUEST || stop == STOPPED_CRASHED || stop == STOPPED_FAILED;
    case RESTART_ON_FAILURE:
        return stop == STOPPED_CRASHED || stop == STOPPED_FAILED;
    case RESTART_ON_CRASH:
        return stop == STOPPED_CRASHED;
    default:
        return false;
    }
}

/* How many restarts the window holds. */
static int64_t count_restarts(struct ward *w, int64_t now_ms)
{
    size_t old = 0;
    while (old < w->restarts.len && now_ms - w->restarts.items[old] >= w->policy[POLICY_RESTART_WINDOW])
        old++;
    if (old)
        memmove(w->restarts.items, w->restarts.items + old,
                (w->restarts.len - old) * sizeof *w->restarts.items);
    w->restarts.len -= old;
    return (int64_t)w->restarts.len;
}

static int64_t pause_before(const struct ward *w, int64_t restarts)
{
    int64_t pause = w->policy[POLICY_RESTART_PAUSE], most = w->policy[POLICY_RESTART_PAUSE_MAX];
    for (int64_t i = 0; i < restarts && pause < most; i++)
        pause *= 2;
    return pause < most ? pause : most;
}

/* It is to run and does not: its next start, or the end of trying. */
static void plan_restart(struct guard *g, struct ward *w, const char *because, int64_t now_ms)
{
    struct strbuf room = {0}, room2 = {0};
    int64_t done = count_restarts(w, now_ms), tries = w->policy[POLICY_RESTART_TRIES];
    if (done >= tries) {
        if (!w->given_up)
            note(g, w, SEV_ERROR, "restart-given-up",
                 "%s; given up after %" PRId64 " restarts within %s: it stays off until somebody starts it",
                 because, done, span(&room, w->policy[POLICY_RESTART_WINDOW]));
        w->given_up = true;
        w->restart_ms = NEVER;
    } else {
        int64_t pause = pause_before(w, done);
        w->restart_ms = now_ms + pause;
        note(g, w, SEV_WARN, "restart-planned",
             "%s; it is started again in %s, %" PRId64 " of %" PRId64 " within %s", because,
             span(&room, pause), done + 1, tries, span(&room2, w->policy[POLICY_RESTART_WINDOW]));
    }
    strbuf_free(&room);
    strbuf_free(&room2);
}

/* ---- health ---- */

static void health_begins(struct ward *w, int64_t now_ms)
{
    w->up_ms = now_ms;
    w->healthy = false;
    w->failures = 0;
    free(w->why);
    w->why = NULL;
}

/* When the next probe is due, from now on. */
static void plan_probe(struct ward *w, int64_t at_ms)
{
    bool wanted = w->running && (w->policy[POLICY_HEALTH] || w->after_wake);
    w->probe_ms = wanted ? at_ms : NEVER;
}

static int64_t next_probe(const struct ward *w, int64_t now_ms)
{
    return now_ms + w->policy[POLICY_HEALTH_INTERVAL];
}

/* What is done about it: a step of the guard, or (GUARD_NOTIFY) only words. */
static enum guard_action remedy(const struct ward *w)
{
    if (w->after_wake || w->policy[POLICY_HEALTH_ACTION] == HEALTH_RESTART)
        return GUARD_RESTART;
    return w->policy[POLICY_HEALTH_ACTION] == HEALTH_RESET ? GUARD_RESET : GUARD_NOTIFY;
}

/* Its remedy is due now, or as soon as the pause after the last one is over. */
static void plan_remedy(struct guard *g, struct ward *w, int64_t now_ms)
{
    int64_t done = count_restarts(w, now_ms), earliest = now_ms;
    struct strbuf room = {0};
    if (done >= w->policy[POLICY_RESTART_TRIES]) {
        if (!w->given_up)
            note(g, w, SEV_ERROR, "health-given-up",
                 "unhealthy after %" PRId64 " restarts or resets within %s: it is left as it is", done,
                 span(&room, w->policy[POLICY_RESTART_WINDOW]));
        w->given_up = true;
        strbuf_free(&room);
        return;
    }
    if (done)
        earliest = w->restarts.items[done - 1] + pause_before(w, done - 1);
    w->given_up = false;
    w->restart_ms = earliest > now_ms ? earliest : now_ms;
}

static void found_unhealthy(struct guard *g, struct ward *w, int64_t now_ms)
{
    if (!w->unhealthy)
        note(g, w, SEV_ERROR, "unhealthy", "unhealthy: %s (%" PRId64 " %s in a row)",
             w->why ? w->why : "it does not answer", w->failures, w->failures == 1 ? "check" : "checks");
    w->unhealthy = true;
    if (remedy(w) != GUARD_NOTIFY)
        plan_remedy(g, w, now_ms);
}

static void found_healthy(struct guard *g, struct ward *w)
{
    if (w->unhealthy)
        note(g, w, SEV_GOOD, "healthy", "healthy again");
    /* A remedy that waited for its time has become needless. */
    if (w->running)
        w->restart_ms = NEVER;
    w->healthy = true;
    w->unhealthy = w->given_up = w->after_wake = false;
    w->failures = 0;
    free(w->why);
    w->why = NULL;
}

void guard_health(struct guard *g, const struct vm_uuid *uuid, bool healthy, const char *why, int64_t now_ms)
{
    struct ward *w = vmmap_get(&g->wards, 0, uuid);
    if (!w || !w->probing)
        return;
    w->probing = false;
    /* It was stopped, or is being restarted, meanwhile: the answer is about another machine. */
    if (!w->running || w->busy) {
        reckon_due(g, w);
        return;
    }
    if (healthy) {
        found_healthy(g, w);
    } else if (w->healthy || w->after_wake || now_ms - w->up_ms >= w->policy[POLICY_TIMEOUT]) {
        free(w->why);
        w->why = xstrdup(why);
        w->failures++;
        if (w->failures >= w->policy[POLICY_HEALTH_FAILURES] && w->restart_ms == NEVER)
            found_unhealthy(g, w, now_ms);
    }
    plan_probe(w, w->probe_ms > now_ms ? w->probe_ms : now_ms);
    reckon_due(g, w);
}

/* ---- what domains are like ---- */

static void take_policy(struct ward *w, const struct policy *policy, const struct policy *host)
{
    for (int id = 0; id < POLICY_FIELDS; id++) {
        const struct policy_value *v = policy_value(policy, host, (enum policy_id)id);
        w->policy[id] = policy_is_list(&policy_fields[id]) ? (int64_t)v->items.len : v->number;
    }
}

static void came_up(struct guard *g, struct ward *w, bool first, int64_t now_ms)
{
    w->restart_ms = NEVER;
    w->left = false;
    health_begins(w, now_ms);
    /* Somebody else has started it: what was is forgotten. */
    if (!first && !w->ours) {
        if (w->given_up)
            note(g, w, SEV_INFO, "restart-again", "started by somebody; it is looked after again");
        vec_clear(&w->restarts);
        w->given_up = false;
    }
    w->unhealthy = w->unhealthy && w->ours;
}

static void went_down(struct guard *g, struct ward *w, enum guard_stop stop, int64_t now_ms)
{
    w->ours = w->unhealthy = w->after_wake = false;
    w->given_up = false;
    w->restart_ms = NEVER;
    if (is_restarted(w, stop))
        plan_restart(g, w, stop_words[stop], now_ms);
}

/* The first time: what it was before is only known from what was saved, and from libvirt's own memory. */
static void met(struct guard *g, struct ward *w, int64_t now_ms)
{
    bool broken_off = w->busy && !w->active;
    w->busy = GUARD_NOTHING;
    if (w->active)
        came_up(g, w, true, now_ms);
    else if (broken_off)
        plan_restart(g, w, "its restart was broken off", now_ms);
    else if (!w->given_up && !w->left && (w->stop != STOPPED_BY_GUEST || w->was_active))
        went_down(g, w, w->stop, now_ms);
    w->known = true;
}

/* It is off, and nothing is planned or decided. */
static bool is_at_rest(const struct ward *w)
{
    return w->restart_ms == NEVER && !w->given_up && !w->left;
}

void guard_look(struct guard *g, const struct vm_uuid *uuid, const char *name, const struct policy *policy,
                const struct policy *host, bool active, bool running, enum guard_stop stop, int64_t now_ms)
{
    struct ward *w = vmmap_get(&g->wards, 0, uuid);
    if (!w)
        w = ward_add(g, uuid);
    bool was_active = w->active, was_running = w->running, was_probed = w->probe_ms != NEVER;
    /* Somebody tried to start it. */
    bool start_failed = !was_active && stop == STOPPED_FAILED && w->stop != stop && is_at_rest(w);
    int64_t restarted = w->policy[POLICY_RESTART];
    if (!w->name || strcmp(w->name, name) != 0) {
        free(w->name);
        w->name = xstrdup(name);
    }
    take_policy(w, policy, host);
    /* A restart goes through states of its own; what came of it is told by guard_started(). */
    if (w->known && w->busy)
        return;
    w->active = active;
    w->running = running;
    w->stop = active ? STOPPED_UNKNOWN : stop;
    if (!w->known)
        met(g, w, now_ms);
    else if (active && !was_active)
        came_up(g, w, false, now_ms);
    else if (!active && (was_active || start_failed))
        went_down(g, w, stop, now_ms);
    else if (!active && w->policy[POLICY_RESTART] != restarted && !is_restarted(w, stop))
        w->restart_ms = NEVER;
    /* Paused ones are not asked, and begin anew. */
    if (running && !was_running && was_active)
        w->failures = 0;
    if (!running || !was_running || !was_probed || !w->policy[POLICY_HEALTH])
        plan_probe(w, next_probe(w, now_ms));
    reckon_due(g, w);
}

void guard_started(struct guard *g, const struct vm_uuid *uuid, bool ok, const char *why, int64_t now_ms)
{
    struct ward *w = vmmap_get(&g->wards, 0, uuid);
    if (!w || !w->busy)
        return;
    enum guard_action was = w->busy;
    if (!why)
        why = "nobody knows why";
    w->busy = GUARD_NOTHING;
    w->after_wake = false;
    w->failures = 0;
    if (ok) {
        w->active = w->running = w->ours = true;
        w->stop = STOPPED_UNKNOWN;
        health_begins(w, now_ms);
    } else if (was == GUARD_RESET) {
        note(g, w, SEV_ERROR, "reset-failed", "it could not be reset: %s", why);
    } else {
        char *because = xasprintf("it could not be started again: %s", why);
        w->active = w->running = false;
        w->ours = was == GUARD_RESTART; /* if it was not even stopped, it is still our doing that it runs */
        plan_restart(g, w, because, now_ms);
        free(because);
    }
    plan_probe(w, next_probe(w, now_ms));
    reckon_due(g, w);
}

void guard_stand_down(struct guard *g)
{
    for (size_t i = 0; i < g->heap.len; i++) {
        struct ward *w = g->heap.items[i];
        w->restart_ms = NEVER;
        w->left = !w->active;
        if (!w->active)
            w->busy = GUARD_NOTHING;
        w->due_ms = due_of(w);
    }
    heapify(g);
}

void guard_escalate(struct guard *g, const struct vm_uuid *uuid)
{
    struct ward *w = vmmap_get(&g->wards, 0, uuid);
    if (w && w->busy == GUARD_RESET)
        w->busy = GUARD_RESTART;
}

void guard_woke(struct guard *g, int64_t now_ms, bool restart_unhealthy)
{
    for (size_t i = 0; i < g->heap.len; i++) {
        struct ward *w = g->heap.items[i];
        w->failures = 0;
        if (w->active)
            w->restart_ms = NEVER;
        if (w->running && restart_unhealthy && w->policy[POLICY_ON_WAKE] == WAKE_RESTART_IF_UNHEALTHY)
            w->after_wake = true;
        plan_probe(w, now_ms);
        w->due_ms = due_of(w);
    }
    heapify(g);
}

/* ---- what is to be done ---- */

static struct guard_step begin_restart(struct ward *w, int64_t now_ms)
{
    int64_t tries = w->policy[POLICY_RESTART_TRIES];
    enum guard_action action = w->active ? remedy(w) : GUARD_START;
    static const struct {
        const char *event, *text;
    } words[] = {[GUARD_START] = {"restart", "started again"},
                 [GUARD_RESET] = {"health-reset", "reset because it is unhealthy"},
                 [GUARD_RESTART] = {"health-restart", "restarted because it is unhealthy"}};
    count_restarts(w, now_ms);
    vec_push(&w->restarts, now_ms);
    w->restart_ms = NEVER;
    w->busy = action;
    return step_of(action, w, SEV_WARN, words[action].event,
                   xasprintf("%s, %zu of %" PRId64, words[action].text, w->restarts.len, tries));
}

static struct guard_step begin_probe(struct ward *w, int64_t now_ms)
{
    w->probing = true;
    w->probe_ms = next_probe(w, now_ms);
    return step_of(GUARD_PROBE, w, SEV_INFO, "probe", xstrdup("asked for its health"));
}

void guard_next(struct guard *g, int64_t now_ms, struct guard_step *step)
{
    if (g->next_note < g->notes.len) {
        *step = g->notes.items[g->next_note++];
        return;
    }
    vec_clear(&g->notes);
    g->next_note = 0;
    struct ward *w = g->heap.len ? g->heap.items[0] : NULL;
    if (!w || w->due_ms > now_ms) {
        *step = (struct guard_step){.action = GUARD_NOTHING, .until_ms = w ? w->due_ms : NEVER};
        return;
    }
    bool restart = w->restart_ms <= now_ms && (!w->active || remedy(w) != GUARD_NOTIFY);
    if (restart) {
        *step = begin_restart(w, now_ms);
    } else if (w->probe_ms <= now_ms) {
        *step = begin_probe(w, now_ms);
    } else { /* its policy has changed to words only */
        w->restart_ms = NEVER;
        reckon_due(g, w);
        guard_next(g, now_ms, step);
        return;
    }
    reckon_due(g, w);
}
