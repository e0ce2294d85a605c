/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The record as a value and as a file. Times in it are milliseconds since 1970.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/run_private.h"
#include "base/file.h"
#include "base/jsondoc.h"

#define RECORD_VERSION 1
#define RECORD_MAX     (64u << 20) /* bytes; 5,000 domains take some 3 MB */
#define STEPS_MAX      1000
#define NODES_MAX      100000

const char *const run_state_words[RUN_BROKEN_OFF + 1] = {[RUN_NONE] = "none",
                                                         [RUN_UNDER_WAY] = "under-way",
                                                         [RUN_DONE] = "done",
                                                         [RUN_FAILED] = "failed",
                                                         [RUN_BROKEN_OFF] = "broken-off"};
static const char *const severity_words[] = {
    [SEV_INFO] = "info", [SEV_GOOD] = "good", [SEV_WARN] = "warning", [SEV_ERROR] = "error"};

/* ---- the value ---- */

static void step_clear(struct run_step *s)
{
    free(s->node);
    free(s->text);
}

static void node_clear(struct run_node *n)
{
    free(n->name);
    free(n->why);
}

void run_record_clear(struct run_record *r)
{
    for (size_t i = 0; i < r->steps.len; i++)
        step_clear(&r->steps.items[i]);
    for (size_t i = 0; i < r->nodes.len; i++)
        node_clear(&r->nodes.items[i]);
    vec_free(&r->steps);
    vec_free(&r->nodes);
    free(r->uri);
    free(r->user);
    json_object_put(r->engine);
    *r = (struct run_record){0};
}

/* The oldest go in a bunch: one at a time would move all others each time. */
static void drop_oldest(struct run_record *r, size_t most)
{
    size_t n = r->steps.len > most ? r->steps.len - most : 0;
    for (size_t i = 0; i < n; i++)
        step_clear(&r->steps.items[i]);
    if (n)
        memmove(r->steps.items, r->steps.items + n, (r->steps.len - n) * sizeof *r->steps.items);
    r->steps.len -= n;
}

void run_record_add(struct run_record *r, int64_t wall_ms, enum severity severity, const char *node,
                    const struct vm_uuid *uuid, const char *fmt, ...)
{
    struct run_step step = {.wall_ms = wall_ms, .severity = severity, .node = xstrdup(node)};
    va_list ap;
    if (uuid)
        step.uuid = *uuid;
    va_start(ap, fmt);
    if (vasprintf(&step.text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    if (r->steps.len >= STEPS_MAX + STEPS_MAX / 4)
        drop_oldest(r, STEPS_MAX - 1);
    vec_push(&r->steps, step);
}

/* ---- from the engine ---- */

static const struct run_node *find_node(const struct run_record *r, size_t hint, const char *name,
                                        const struct vm_uuid *uuid)
{
    for (size_t k = 0; k < r->nodes.len; k++) {
        const struct run_node *n = &r->nodes.items[(hint + k) % r->nodes.len];
        if (uuid_equal(&n->uuid, uuid) && (!uuid_is_nil(uuid) || strcmp(n->name, name) == 0))
            return n;
    }
    return NULL;
}

static void take_times(struct run_node *to, const struct engine_node *n, int64_t since_wall_ms)
{
    enum engine_state s = n->state;
    if (s != NODE_IDLE && s != NODE_SKIPPED && s != NODE_LEFT && !to->start_wall_ms)
        to->start_wall_ms = since_wall_ms;
    if ((s == NODE_CREATED || s == NODE_PROBING || s == NODE_READY) && !to->started_wall_ms)
        to->started_wall_ms = since_wall_ms;
    if ((s == NODE_READY || s == NODE_OFF) && !to->ready_wall_ms)
        to->ready_wall_ms = since_wall_ms;
}

static struct run_node make_node(const struct run_record *old, size_t hint, const struct plan_node *p,
                                 const struct engine_node *n, int64_t to_wall_ms)
{
    struct run_node out = {.uuid = p->uuid, .state = n->state, .order = p->order, .why = xstrdup(n->why)};
    out.name = p->kind == PLAN_NEED ? xasprintf("%s %s", need_words[p->need], p->name) : xstrdup(p->name);
    const struct run_node *known = find_node(old, hint, out.name, &out.uuid);
    if (known) {
        out.start_wall_ms = known->start_wall_ms;
        out.started_wall_ms = known->started_wall_ms;
        out.ready_wall_ms = known->ready_wall_ms;
    }
    if (n->since_ms >= 0)
        take_times(&out, n, n->since_ms + to_wall_ms);
    out.until_wall_ms = n->deadline_ms >= 0 ? n->deadline_ms + to_wall_ms : 0;
    return out;
}

void run_record_take(struct run_record *r, const struct engine *e, const struct plan *p, int64_t now_ms,
                     int64_t now_wall_ms)
{
    struct run_record taken = {0};
    size_t n;
    uint32_t *list = plan_sequence(p, &n);
    for (size_t i = 0; i < n; i++) {
        struct engine_node node = engine_look(e, list[i]);
        struct run_node made = make_node(r, i, &p->nodes[list[i]], &node, now_wall_ms - now_ms);
        vec_push(&taken.nodes, made);
    }
    free(list);
    for (size_t i = 0; i < r->nodes.len; i++)
        node_clear(&r->nodes.items[i]);
    vec_free(&r->nodes);
    r->nodes.items = taken.nodes.items;
    r->nodes.len = taken.nodes.len;
    r->nodes.cap = taken.nodes.cap;
}

/* ---- as JSON ---- */

static void put_text(json_object *o, const char *key, const char *text)
{
    if (text)
        json_object_object_add(o, key, json_object_new_string(text));
}

static void put_time(json_object *o, const char *key, int64_t ms)
{
    if (ms)
        json_object_object_add(o, key, json_object_new_int64(ms));
}

static void put_uuid(json_object *o, const struct vm_uuid *uuid)
{
    char text[UUID_TEXT_LEN + 1];
    if (uuid_is_nil(uuid))
        return;
    uuid_format(uuid, text);
    put_text(o, "uuid", text);
}

static json_object *step_json(const struct run_step *s)
{
    json_object *o = json_object_new_object();
    put_time(o, "time", s->wall_ms);
    put_text(o, "severity", severity_words[s->severity]);
    put_text(o, "node", s->node);
    put_uuid(o, &s->uuid);
    put_text(o, "text", s->text);
    return o;
}

static json_object *node_json(const struct run_node *n)
{
    json_object *o = json_object_new_object();
    put_text(o, "name", n->name);
    put_uuid(o, &n->uuid);
    put_text(o, "state", engine_state_words[n->state]);
    if (n->order >= 0)
        json_object_object_add(o, "order", json_object_new_int(n->order));
    put_time(o, "start", n->start_wall_ms);
    put_time(o, "started", n->started_wall_ms);
    put_time(o, "ready", n->ready_wall_ms);
    put_time(o, "until", n->until_wall_ms);
    put_text(o, "why", n->why);
    return o;
}

json_object *run_record_json(const struct run_record *r)
{
    json_object *o = json_object_new_object(), *nodes = json_object_new_array(),
                *steps = json_object_new_array();
    json_object_object_add(o, "version", json_object_new_int(RECORD_VERSION));
    put_text(o, "state", run_state_words[r->state]);
    json_object_object_add(o, "reverse", json_object_new_boolean(r->reverse));
    put_text(o, "uri", r->uri);
    put_text(o, "user", r->user);
    json_object_object_add(o, "pid", json_object_new_int64(r->pid));
    put_text(o, "boot", r->boot_id);
    put_time(o, "begun", r->begun_wall_ms);
    put_time(o, "ended", r->ended_wall_ms);
    for (size_t i = 0; i < r->nodes.len; i++)
        json_object_array_add(nodes, node_json(&r->nodes.items[i]));
    json_object_object_add(o, "nodes", nodes);
    for (size_t i = r->steps.len > STEPS_MAX ? r->steps.len - STEPS_MAX : 0; i < r->steps.len; i++)
        json_object_array_add(steps, step_json(&r->steps.items[i]));
    json_object_object_add(o, "steps", steps);
    return o;
}

bool run_record_save(const struct run_record *r, const char *path, struct error *e)
{
    json_object *o = run_record_json(r);
    if (r->engine)
        json_object_object_add(o, "engine", json_object_get(r->engine));
    size_t len;
    const char *text =
        json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    /* Root's may be looked at by all: it says what `virsh list` says. */
    bool good = run_make_folder(e) && file_write(path, text, len, 0644, e);
    json_object_put(o);
    return good;
}

/* ---- reading it ---- */

static bool take_int(json_object *o, const char *key, int64_t *out)
{
    json_object *v;
    if (!json_object_object_get_ex(o, key, &v))
        return true;
    if (!json_object_is_type(v, json_type_int))
        return false;
    *out = json_object_get_int64(v);
    return *out >= 0;
}

static bool take_text(json_object *o, const char *key, char **out)
{
    const char *text = jsondoc_text(o, key);
    *out = xstrdup(text);
    return text || !json_object_object_get_ex(o, key, NULL);
}

static bool take_uuid(json_object *o, struct vm_uuid *out)
{
    const char *text = jsondoc_text(o, "uuid");
    return !text || uuid_parse(text, out);
}

/* The place of the word in the table; -1: it is not in it. */
static int take_word(json_object *o, const char *key, const char *const *words, size_t n)
{
    const char *word = jsondoc_text(o, key);
    for (size_t i = 0; word && i < n; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return -1;
}

static bool read_step(json_object *o, struct run_step *s)
{
    int severity = take_word(o, "severity", severity_words, ARRAY_LEN(severity_words));
    s->severity = severity < 0 ? SEV_INFO : (enum severity)severity;
    return (int)take_text(o, "node", &s->node) & (int)take_text(o, "text", &s->text) &&
           take_int(o, "time", &s->wall_ms) && take_uuid(o, &s->uuid) && severity >= 0 && s->text;
}

static bool read_node(json_object *o, struct run_node *n)
{
    int state = take_word(o, "state", engine_state_words, NODE_STATES);
    int64_t order = -1;
    n->state = state < 0 ? NODE_IDLE : (enum engine_state)state;
    bool good = (int)take_text(o, "name", &n->name) & (int)take_text(o, "why", &n->why) &&
                take_int(o, "start", &n->start_wall_ms) && take_int(o, "started", &n->started_wall_ms) &&
                take_int(o, "ready", &n->ready_wall_ms) && take_int(o, "until", &n->until_wall_ms) &&
                (!json_object_object_get_ex(o, "order", NULL) || take_int(o, "order", &order)) &&
                order <= INT32_MAX && take_uuid(o, &n->uuid) && state >= 0 && n->name;
    n->order = good ? (int)order : -1;
    return good;
}

static bool read_lists(json_object *o, struct run_record *r)
{
    json_object *nodes, *steps;
    if (!json_object_object_get_ex(o, "nodes", &nodes) || !json_object_is_type(nodes, json_type_array) ||
        json_object_array_length(nodes) > NODES_MAX || !json_object_object_get_ex(o, "steps", &steps) ||
        !json_object_is_type(steps, json_type_array) || json_object_array_length(steps) > NODES_MAX)
        return false;
    bool good = true;
    for (size_t i = 0; good && i < json_object_array_length(nodes); i++) {
        struct run_node n = {0};
        good = read_node(json_object_array_get_idx(nodes, i), &n);
        vec_push(&r->nodes, n);
    }
    for (size_t i = 0; good && i < json_object_array_length(steps); i++) {
        struct run_step s = {0};
        good = read_step(json_object_array_get_idx(steps, i), &s);
        vec_push(&r->steps, s);
    }
    drop_oldest(r, STEPS_MAX);
    return good;
}

static bool read_record(json_object *o, struct run_record *r)
{
    json_object *reverse, *engine;
    int64_t pid = 0;
    int state = take_word(o, "state", run_state_words, ARRAY_LEN(run_state_words));
    const char *boot = jsondoc_text(o, "boot");
    if (state < 0 || !json_object_object_get_ex(o, "reverse", &reverse) ||
        !json_object_is_type(reverse, json_type_boolean) || !boot || strlen(boot) >= sizeof r->boot_id)
        return false;
    r->state = (enum run_state)state;
    r->reverse = json_object_get_boolean(reverse);
    snprintf(r->boot_id, sizeof r->boot_id, "%s", boot);
    bool good = (int)take_text(o, "uri", &r->uri) & (int)take_text(o, "user", &r->user) &&
                take_int(o, "pid", &pid) && take_int(o, "begun", &r->begun_wall_ms) &&
                take_int(o, "ended", &r->ended_wall_ms) && read_lists(o, r);
    r->pid = (long)pid;
    if (good && json_object_object_get_ex(o, "engine", &engine) && engine)
        r->engine = json_object_get(engine);
    return good;
}

static void run_boot_id(char out[40])
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    snprintf(out, 40, "unknown");
    if (f && fscanf(f, "%39s", out) != 1)
        snprintf(out, 40, "unknown");
    if (f)
        fclose(f);
}

/* What it says was true when it was written. */
static void judge(struct run_record *r, const char *path)
{
    char boot[40];
    run_boot_id(boot);
    if (strcmp(r->boot_id, boot) != 0) {
        json_object_put(r->engine);
        r->engine = NULL;
        r->state = r->state == RUN_UNDER_WAY ? RUN_BROKEN_OFF : r->state;
    }
    if (r->state != RUN_UNDER_WAY)
        return;
    size_t len = strlen(path);
    long holder;
    char *lock = len > 5 && strcmp(path + len - 5, ".json") == 0 ? xasprintf("%.*s.lock", (int)len - 5, path)
                                                                 : xstrdup(path);
    /* Held by another than the one who wrote it: that one is about to take it up. */
    if (!run_is_held(lock, r->pid, &holder) || (holder > 0 && holder != r->pid))
        r->state = RUN_BROKEN_OFF;
    free(lock);
}

bool run_record_load(struct run_record *r, const char *path, struct error *e)
{
    bool missing;
    char *text = NULL;
    size_t len = 0;
    *r = (struct run_record){0};
    if (!file_read(path, RECORD_MAX, &text, &len, &missing, e)) {
        if (missing)
            error_clear(e);
        return missing;
    }
    json_object *o = jsondoc_object(text, len, 0), *version;
    bool good =
        o && json_object_object_get_ex(o, "version", &version) && json_object_is_type(version, json_type_int);
    if (good && json_object_get_int64(version) != RECORD_VERSION)
        good =
            error_set(e, STATUS_FAILED,
                      "%s was written by another version of virtdeck (its version is %lld); `autostart run` "
                      "begins anew",
                      path, (long long)json_object_get_int64(version));
    else if (!good || !read_record(o, r))
        good = error_set(e, STATUS_FAILED,
                         "%s is damaged: it is no record of a run; `autostart run` begins anew", path);
    json_object_put(o);
    free(text);
    if (good)
        judge(r, path);
    else
        run_record_clear(r);
    return good;
}

void run_record_boot(struct run_record *r)
{
    run_boot_id(r->boot_id);
}
