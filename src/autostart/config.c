/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "base/jsondoc.h"
#include "base/nearest.h"

#define MOST_MISTAKES 20
#define QUOTED        80

const struct limit_row limit_rows[LIMITS] = {
    {LIMIT_PARALLEL, "parallel", false, 4, 1, 10000,
     "How many domains may be between start and readiness at one time"},
    {LIMIT_PARALLEL_STOPS, "parallel-stops", false, 8, 1, 10000,
     "How many domains may be stopping at one time"},
    {LIMIT_MEMORY_CEILING, "memory-ceiling", false, 95, 1, 100,
     "Percent of the host's memory that may be taken after the next start"},
    {LIMIT_LOAD_CEILING, "load-ceiling", false, 4, 0.1, 1000,
     "Load (one minute) for each processor of the host above which the next start waits"},
    {LIMIT_CEILING_WAIT, "ceiling-wait", true, 60000, 0, 86400000,
     "How long a start waits for memory and load; after that, lack of memory skips it and load does not "
     "matter"},
    {LIMIT_INITIAL_WAIT, "initial-wait", true, 0, 0, 86400000, "How long to wait before the first start"},
    {LIMIT_GRACE, "grace", true, 1000, 0, 600000,
     "Grace time: how long a domain that was just started is left alone before it counts as started: a QEMU "
     "that dies at once has died by then"},
    {LIMIT_NEEDS_TIMEOUT, "needs-timeout", true, 30000, 0, 86400000,
     "How long a network, pool, mount or path may take until it is there"},
};

void autostart_config_init(struct autostart_config *c)
{
    for (size_t i = 0; i < LIMITS; i++)
        c->v[i] = limit_rows[i].def;
    policy_init(&c->defaults);
}

void autostart_config_free(struct autostart_config *c)
{
    policy_free(&c->defaults);
}

static const struct limit_row *find_row(const char *word)
{
    for (size_t i = 0; i < LIMITS; i++)
        if (strcmp(limit_rows[i].word, word) == 0)
            return &limit_rows[i];
    return NULL;
}

static bool no_such_word(const char *word, struct error *e)
{
    struct nearest near = nearest_to(word);
    for (size_t i = 0; i < LIMITS; i++)
        nearest_offer(&near, limit_rows[i].word);
    nearest_offer(&near, "defaults");
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "there is no autostart setting \"%.*s\"%s", QUOTED, word, hint);
    free(hint);
    return false;
}

static bool out_of_range(const struct limit_row *row, const char *value, struct error *e)
{
    double unit = row->duration ? 1000 : 1;
    return error_set(e, STATUS_USAGE, "%s is \"%.*s\", but takes a %s from %g to %g", row->word, QUOTED,
                     value, row->duration ? "time in seconds" : "number", row->min / unit, row->max / unit);
}

bool autostart_config_set(struct autostart_config *c, const char *word, const char *value, struct error *e)
{
    const struct limit_row *row = find_row(word);
    double n = 0;
    int64_t ms = 0;
    if (!row)
        return no_such_word(word, e);
    if (row->duration ? !parse_duration_ms(value, &ms) : !parse_number(value, &n))
        return out_of_range(row, value, e);
    if (row->duration)
        n = (double)ms;
    bool whole = row->id == LIMIT_PARALLEL || row->id == LIMIT_PARALLEL_STOPS;
    if (n < row->min || n > row->max || (whole && n != floor(n)))
        return out_of_range(row, value, e);
    c->v[row->id] = n;
    return true;
}

/* ---- the file ---- */

struct loading {
    struct autostart_config *config;
    const struct jsondoc *doc;
    finding_list *found;
    size_t mistakes;
};

/* Moves the error into a finding with file and line of the value at this path of keys. */
static void mistake(struct loading *l, size_t depth, const char *const *keys, struct error *e)
{
    l->mistakes++;
    if (l->mistakes < MOST_MISTAKES)
        finding_add(l->found, "config", SEV_ERROR, NULL, "%s:%d: %s", l->doc->name,
                    jsondoc_line(l->doc, depth, keys), error_text(e));
    else if (l->mistakes == MOST_MISTAKES)
        finding_add(l->found, "config", SEV_ERROR, NULL, "%s: there are more mistakes", l->doc->name);
    error_clear(e);
}

/* One member as a policy of its own, so that a wrong one takes nothing with it. */
static bool load_default(struct loading *l, const char *key, json_object *value, struct error *e)
{
    const struct policy_field *f = policy_field_find(key);
    if (f && !(f->flags & POLICY_HOST))
        return error_set(e, STATUS_USAGE, "%s belongs to a domain; there is no default for all", key);
    struct policy one;
    policy_init(&one);
    json_object *object = json_object_new_object();
    json_object_object_add(object, key, json_object_get(value));
    bool ok = policy_from_json(object, &one, e);
    json_object_put(object);
    if (ok && f) {
        struct policy_value old = l->config->defaults.v[f->id];
        l->config->defaults.v[f->id] = one.v[f->id];
        one.v[f->id] = old;
    }
    policy_free(&one);
    return ok;
}

static void load_defaults(struct loading *l, json_object *defaults)
{
    const char *keys[2] = {"defaults", NULL};
    struct error e = ERROR_INIT;
    if (!json_object_is_type(defaults, json_type_object)) {
        error_set(&e, STATUS_USAGE, "defaults must be an object: {\"timeout\": \"2m\", …}");
        mistake(l, 1, keys, &e);
        return;
    }
    json_object_object_foreach(defaults, key, value)
    {
        keys[1] = key;
        if (strcmp(key, "version") == 0)
            error_set(&e, STATUS_USAGE, "there is no field \"version\" in defaults");
        if (e.status != STATUS_OK || !load_default(l, key, value, &e))
            mistake(l, 2, keys, &e);
    }
}

static void load_limit(struct loading *l, const char *key, json_object *value)
{
    struct error e = ERROR_INIT;
    bool scalar = json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double) ||
                  json_object_is_type(value, json_type_string);
    if (!find_row(key))
        no_such_word(key, &e);
    else if (!scalar)
        error_set(&e, STATUS_USAGE, "%s takes a number", key);
    else
        autostart_config_set(l->config, key, json_object_get_string(value), &e);
    if (e.status != STATUS_OK)
        mistake(l, 1, &key, &e);
}

void autostart_config_load(struct autostart_config *c, const char *path, finding_list *found)
{
    struct jsondoc doc;
    struct error e = ERROR_INIT;
    bool missing = false;
    if (!jsondoc_load(&doc, path, &missing, &e)) {
        if (!missing)
            finding_add(found, "config", SEV_ERROR, NULL, "%s", error_text(&e));
        error_clear(&e);
        return;
    }
    struct loading l = {c, &doc, found, 0};
    if (!json_object_is_type(doc.root, json_type_object)) {
        finding_add(found, "config", SEV_ERROR, NULL,
                    "%s:1: the file must hold one object: { \"parallel\": 4, … }", path);
    } else {
        json_object_object_foreach(doc.root, key, value)
        {
            if (strcmp(key, "defaults") == 0)
                load_defaults(&l, value);
            else
                load_limit(&l, key, value);
        }
    }
    jsondoc_free(&doc);
}
