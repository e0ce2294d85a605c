/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run as it is kept in a file, so that one that was broken off goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "autostart/engine.h"
#include "autostart/engine_private.h"

#define STATE_VERSION 1

/* Domains by UUID, which a rename does not change. The caller frees. */
static char *key_of(const struct plan_node *p)
{
    char uuid[UUID_TEXT_LEN + 1];
    if (p->kind == PLAN_NEED)
        return xasprintf("%s:%s", need_words[p->need], p->name);
    uuid_format(&p->uuid, uuid);
    return xstrdup(uuid);
}

/* ---- out ---- */

static void add_time(json_object *o, const char *key, int64_t ms)
{
    if (ms >= 0)
        json_object_object_add(o, key, json_object_new_int64(ms));
}

static json_object *node_json(const struct plan_node *p, const struct node *n)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "name", json_object_new_string(p->name));
    json_object_object_add(o, "state", json_object_new_string(engine_state_words[n->state]));
    add_time(o, "since", n->since_ms);
    add_time(o, "deadline", n->deadline_ms);
    add_time(o, "turn", n->turn_ms);
    if (n->ours)
        json_object_object_add(o, "ours", json_object_new_boolean(true));
    if (n->started)
        json_object_object_add(o, "started", json_object_new_boolean(true));
    if (n->late)
        json_object_object_add(o, "late", json_object_new_boolean(true));
    if (n->why)
        json_object_object_add(o, "why", json_object_new_string(n->why));
    return o;
}

json_object *engine_json(const struct engine *e)
{
    json_object *o = json_object_new_object(), *nodes = json_object_new_object();
    json_object_object_add(o, "version", json_object_new_int(STATE_VERSION));
    json_object_object_add(o, "reverse", json_object_new_boolean(e->plan->reverse));
    add_time(o, "begun", e->begun_ms);
    for (uint32_t i = 0; i < e->plan->n_nodes; i++) {
        const struct plan_node *p = &e->plan->nodes[i];
        const struct node *n = &e->nodes[i];
        if (p->kind == PLAN_BARRIER || (n->state == NODE_IDLE && n->turn_ms < 0))
            continue;
        char *key = key_of(p);
        json_object_object_add(nodes, key, node_json(p, n));
        free(key);
    }
    json_object_object_add(o, "nodes", nodes);
    return o;
}

/* ---- in ---- */

/* What was read of one node, before it is held against what is real. */
struct saved {
    enum engine_state state;
    int64_t since_ms, deadline_ms, turn_ms;
    bool ours, started, late;
    const char *why;
};

static int64_t get_time(json_object *o, const char *key)
{
    json_object *v;
    if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_int))
        return -1;
    int64_t ms = json_object_get_int64(v);
    return ms < 0 || ms > INT64_MAX / 4 ? -1 : ms;
}

static bool get_bool(json_object *o, const char *key)
{
    json_object *v;
    return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_boolean) &&
           json_object_get_boolean(v);
}

static bool read_saved(json_object *o, bool reverse, struct saved *s)
{
    json_object *state, *why;
    if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, "state", &state) ||
        !json_object_is_type(state, json_type_string))
        return false;
    *s = (struct saved){.state = NODE_STATES};
    for (int i = 0; i < NODE_STATES; i++)
        if (strcmp(json_object_get_string(state), engine_state_words[i]) == 0)
            s->state = (enum engine_state)i;
    s->since_ms = get_time(o, "since");
    s->deadline_ms = get_time(o, "deadline");
    s->turn_ms = get_time(o, "turn");
    s->ours = get_bool(o, "ours");
    s->started = get_bool(o, "started");
    s->late = get_bool(o, "late");
    if (json_object_object_get_ex(o, "why", &why) && json_object_is_type(why, json_type_string))
        s->why = json_object_get_string(why);
    bool any_way = s->state == NODE_IDLE || s->state == NODE_LEFT;
    return s->state != NODE_STATES && (any_way || (s->state >= NODE_STOPPING) == reverse);
}

static int64_t not_after(int64_t ms, int64_t latest)
{
    return ms > latest ? latest : ms;
}

/* Times of a clock that went on from somewhere else must not make the run wait for longer than the policy. */
static void make_sane(struct saved *s, const struct plan_node *p, int64_t now)
{
    int64_t longest = p->timeout_ms > p->stop_timeout_ms ? p->timeout_ms : p->stop_timeout_ms;
    s->since_ms = not_after(s->since_ms, now);
    s->deadline_ms = not_after(s->deadline_ms, now + longest);
    s->turn_ms = not_after(s->turn_ms, now + p->delay_ms);
}

static void put_step(struct engine *e, enum engine_action action, uint32_t i)
{
    vec_push(&e->steps, ((struct engine_step){action, i, e->nodes[i].deadline_ms, e->nodes[i].stop, NULL}));
}

/* A network or pool: what counts is whether it is there. */
static bool need_counts(const struct plan_node *p, const struct saved *s)
{
    return s->state == NODE_FAILED || s->state == NODE_SKIPPED || (p->running && s->state == NODE_READY);
}

static void restore_up(struct engine *e, uint32_t i, const struct saved *s, int64_t now)
{
    const struct plan_node *p = &e->plan->nodes[i];
    struct node *n = &e->nodes[i];
    bool going = s->state == NODE_CREATED || s->state == NODE_PROBING;
    bool up = going || (s->state == NODE_READY && p->kind == PLAN_DOMAIN);
    if (p->kind == PLAN_NEED && !need_counts(p, s))
        return;
    if (s->state == NODE_STARTING) {
        /* The call may or may not have been made: what runs was started, what does not is started now. */
        n->state = p->running ? NODE_CREATED : NODE_IDLE;
        n->ours = p->running && s->ours;
        n->deadline_ms = p->running ? s->deadline_ms : -1;
        n->since_ms = now;
        return;
    }
    n->state = s->state;
    n->started = s->started || s->state == NODE_READY;
    n->late = s->late;
    n->ours = s->ours;
    n->deadline_ms = going ? s->deadline_ms : -1;
    n->since_ms = s->since_ms >= 0 ? s->since_ms : now;
    n->why = xstrdup(s->why);
    if (up && !p->running) {
        n->state = NODE_FAILED;
        n->deadline_ms = -1;
        free(n->why);
        n->why = xstrdup("it was started and has stopped since");
    } else if (s->state == NODE_PROBING) {
        put_step(e, ENGINE_PROBE, i);
    }
}

/* What is on its way down is asked once more: whether the call was made is not known, and asking twice does
 * no harm. What was off and runs again is stopped again. */
static void restore_down(struct engine *e, uint32_t i, const struct saved *s, int64_t now)
{
    struct node *n = &e->nodes[i];
    if (s->state == NODE_OFF || (s->state != NODE_LEFT && s->deadline_ms < 0))
        return;
    n->state = s->state;
    n->since_ms = s->since_ms >= 0 ? s->since_ms : now;
    n->deadline_ms = s->state == NODE_LEFT ? -1 : s->deadline_ms;
    n->why = xstrdup(s->why);
    if (s->state == NODE_STOPPING)
        put_step(e, ENGINE_STOP, i);
    else if (s->state == NODE_FORCING)
        put_step(e, ENGINE_FORCE, i);
}

static bool check_saved(const struct engine *e, json_object *saved, json_object **nodes, struct error *error)
{
    json_object *version;
    if (e->begun)
        die("a run is restored after it has begun");
    if (!json_object_is_type(saved, json_type_object) || !json_object_object_get_ex(saved, "nodes", nodes) ||
        !json_object_is_type(*nodes, json_type_object))
        return error_set(error, STATUS_FAILED, "this is no state of an autostart run");
    if (!json_object_object_get_ex(saved, "version", &version) ||
        !json_object_is_type(version, json_type_int) || json_object_get_int64(version) != STATE_VERSION)
        return error_set(error, STATUS_FAILED, "the state of the autostart run is of another version");
    if (get_bool(saved, "reverse") != e->plan->reverse)
        return error_set(error, STATUS_FAILED, "the state is of a run in the other direction");
    json_object_object_foreach(*nodes, key, value)
    {
        struct saved s;
        if (!read_saved(value, e->plan->reverse, &s))
            return error_set(error, STATUS_FAILED, "the state of \"%.80s\" cannot be read", key);
    }
    return true;
}

bool engine_restore(struct engine *e, json_object *saved, int64_t now_ms, struct error *error)
{
    json_object *nodes = NULL, *value;
    if (!check_saved(e, saved, &nodes, error))
        return false;
    e->begun_ms = not_after(get_time(saved, "begun"), now_ms);
    for (uint32_t i = 0; i < e->plan->n_nodes; i++) {
        const struct plan_node *p = &e->plan->nodes[i];
        if (p->kind == PLAN_BARRIER)
            continue;
        char *key = key_of(p);
        struct saved s;
        if (json_object_object_get_ex(nodes, key, &value) && read_saved(value, e->plan->reverse, &s)) {
            make_sane(&s, p, now_ms);
            e->nodes[i].turn_ms = s.turn_ms;
            if (s.state != NODE_IDLE && e->plan->reverse)
                restore_down(e, i, &s, now_ms);
            else if (s.state != NODE_IDLE)
                restore_up(e, i, &s, now_ms);
        }
        free(key);
    }
    return true;
}
