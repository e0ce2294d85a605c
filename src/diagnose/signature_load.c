/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signatures.json, the built-in one and a user's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/builtin.h"
#include "base/jsondoc.h"
#include "base/nearest.h"
#include "diagnose/signature_private.h"

#define BUILTIN_FILE  "src/diagnose/signatures.json"
#define MOST_MISTAKES 20
#define DEFAULT_RANK  50

struct loading {
    struct signatures *set;
    const struct jsondoc *doc;
    finding_list *found;
    size_t mistakes;
    bool users;
    char index[24]; /* of the signature that is read */
};

/* ---- mistakes ---- */

/* Moves the error into a finding with the line of the member `key` of the signature (NULL: of itself). */
static void mistake(struct loading *l, const char *key, struct error *e)
{
    const char *keys[] = {"signatures", l->index, key};
    l->mistakes++;
    if (l->mistakes < MOST_MISTAKES)
        finding_add(l->found, "signatures", SEV_ERROR, NULL, "%s:%d: %s", l->doc->name,
                    jsondoc_line(l->doc, key ? 3 : 2, keys), error_text(e));
    else if (l->mistakes == MOST_MISTAKES)
        finding_add(l->found, "signatures", SEV_ERROR, NULL, "%s: there are more mistakes", l->doc->name);
    error_clear(e);
}

/* ---- members ---- */

typedef bool read_fn(struct signature *s, json_object *value, struct error *e);

static bool read_text(char **to, json_object *value, struct error *e)
{
    if (!json_object_is_type(value, json_type_string) || !json_object_get_string(value)[0])
        return error_set(e, STATUS_USAGE, "it takes a text");
    free(*to);
    *to = xstrdup(json_object_get_string(value));
    return true;
}

static bool read_id(struct signature *s, json_object *value, struct error *e)
{
    return read_text(&s->id, value, e);
}
static bool read_cause(struct signature *s, json_object *value, struct error *e)
{
    return read_text(&s->cause, value, e);
}
static bool read_remedy(struct signature *s, json_object *value, struct error *e)
{
    return read_text(&s->remedy, value, e);
}
static bool read_command(struct signature *s, json_object *value, struct error *e)
{
    return read_text(&s->command, value, e);
}
static bool read_example(struct signature *s, json_object *value, struct error *e)
{
    return read_text(&s->example, value, e);
}

static bool read_pattern(struct signature *s, json_object *value, struct error *e)
{
    if (!read_text(&s->regex, value, e))
        return false;
    s->pattern = pattern_new(s->regex, false, e);
    return s->pattern && (!pattern_find(s->pattern, "", 0, PATTERN_NONE, NULL) ||
                          error_set(e, STATUS_USAGE, "the pattern matches an empty line, so it matches all"));
}

static bool read_strings(signature_strings *to, json_object *value, struct error *e)
{
    if (!json_object_is_type(value, json_type_array))
        return error_set(e, STATUS_USAGE, "it takes a list of texts: [\"…\"]");
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        char *text = NULL;
        if (!read_text(&text, json_object_array_get_idx(value, i), e))
            return false;
        vec_push(to, text);
    }
    return true;
}

static bool read_near(struct signature *s, json_object *value, struct error *e)
{
    return read_strings(&s->near, value, e);
}
static bool read_also(struct signature *s, json_object *value, struct error *e)
{
    return read_strings(&s->also, value, e);
}

static bool read_groups(struct signature *s, json_object *value, struct error *e)
{
    signature_strings names = {0};
    bool good = read_strings(&names, value, e);
    if (good && names.len > PATTERN_GROUPS)
        good = error_set(e, STATUS_USAGE, "more than %d groups", PATTERN_GROUPS);
    for (size_t i = 0; i < names.len; i++) {
        if (good)
            s->groups[i] = names.items[i];
        else
            free(names.items[i]);
    }
    vec_free(&names);
    return good;
}

static bool put_source(struct signature *s, json_object *value, struct error *e)
{
    const char *word = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    enum line_source source = source_find(word);
    if (source < SOURCES) {
        s->sources |= 1u << source;
        return true;
    }
    struct nearest near = nearest_to(word);
    for (int i = 0; i < SOURCES; i++)
        nearest_offer(&near, source_word((enum line_source)i));
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "there is no source \"%s\"%s", word, hint);
    free(hint);
    return false;
}

static bool read_source(struct signature *s, json_object *value, struct error *e)
{
    if (!json_object_is_type(value, json_type_array))
        return put_source(s, value, e);
    for (size_t i = 0; i < json_object_array_length(value); i++)
        if (!put_source(s, json_object_array_get_idx(value, i), e))
            return false;
    return true;
}

static bool read_number(int *to, json_object *value, int min, int max, struct error *e)
{
    int64_t n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : min - (int64_t)1;
    if (n < min || n > max)
        return error_set(e, STATUS_USAGE, "it takes a whole number from %d to %d", min, max);
    *to = (int)n;
    return true;
}

static bool read_code(struct signature *s, json_object *value, struct error *e)
{
    return read_number(&s->code, value, 1, 9999, e);
}
static bool read_domain(struct signature *s, json_object *value, struct error *e)
{
    return read_number(&s->domain, value, 1, 9999, e);
}
static bool read_rank(struct signature *s, json_object *value, struct error *e)
{
    return read_number(&s->rank, value, 1, 99, e);
}

static bool read_definition(struct signature *s, json_object *value, struct error *e)
{
    if (!json_object_is_type(value, json_type_boolean))
        return error_set(e, STATUS_USAGE, "it takes true or false");
    s->definition = json_object_get_boolean(value);
    return true;
}

static bool read_where(struct signature *s, json_object *value, struct error *e)
{
    const char *word = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    s->here = strcmp(word, "here") == 0;
    return s->here || strcmp(word, "host") == 0 ||
           error_set(e, STATUS_USAGE, "it takes \"here\" or \"host\"");
}

static bool read_severity(struct signature *s, json_object *value, struct error *e)
{
    static const enum severity all[] = {SEV_ERROR, SEV_WARN, SEV_INFO};
    const char *word = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (strcmp(word, finding_word(all[i])) == 0) {
            s->severity = all[i];
            return true;
        }
    return error_set(e, STATUS_USAGE, "it takes \"error\", \"warning\" or \"info\"");
}

static const struct {
    const char *key;
    read_fn *read;
} members[] = {
    {"id", read_id},
    {"source", read_source},
    {"pattern", read_pattern},
    {"groups", read_groups},
    {"code", read_code},
    {"domain", read_domain},
    {"severity", read_severity},
    {"rank", read_rank},
    {"definition", read_definition},
    {"cause", read_cause},
    {"remedy", read_remedy},
    {"command", read_command},
    {"where", read_where},
    {"example", read_example},
    {"near", read_near},
    {"also", read_also},
};

static bool read_member(struct signature *s, const char *key, json_object *value, struct error *e)
{
    struct nearest near = nearest_to(key);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (strcmp(members[i].key, key) == 0) {
            if (members[i].read(s, value, e))
                return true;
            error_prefix(e, "%s", key);
            return false;
        }
        nearest_offer(&near, members[i].key);
    }
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "a signature has no \"%s\"%s", key, hint);
    free(hint);
    return false;
}

/* ---- a signature ---- */

static bool check_example(const struct signature *s, struct error *e)
{
    if (s->example && s->pattern &&
        !pattern_find(s->pattern, s->example, strlen(s->example), PATTERN_NONE, NULL))
        return error_set(e, STATUS_USAGE, "the pattern does not match this example");
    return true;
}

static bool check_near(const struct signature *s, struct error *e)
{
    for (size_t i = 0; i < s->near.len && s->pattern; i++)
        if (pattern_find(s->pattern, s->near.items[i], strlen(s->near.items[i]), PATTERN_NONE, NULL))
            return error_set(e, STATUS_USAGE, "the pattern matches line %zu of these", i + 1);
    return true;
}

static bool check_groups(const struct signature *s, struct error *e)
{
    size_t groups = s->pattern ? pattern_groups(s->pattern) : 0;
    for (size_t i = groups; i < PATTERN_GROUPS; i++)
        if (s->groups[i])
            return error_set(e, STATUS_USAGE, "the pattern has %zu groups, \"%s\" is one more", groups,
                             s->groups[i]);
    return true;
}

static bool check_templates(const struct signature *s, const char **key, struct error *e)
{
    *key = "cause";
    if (!signature_check_template(s, s->cause, false, e))
        return false;
    *key = "remedy";
    if (!signature_check_template(s, s->remedy, false, e))
        return false;
    *key = "command";
    return !s->command || signature_check_template(s, s->command, true, e);
}

/* What is missing, or does not fit together. False: *key is the member to point at (NULL: the whole). */
static bool check_whole(const struct signature *s, const char **key, struct error *e)
{
    *key = NULL;
    const char *missing = !s->id                    ? "id"
                          : !s->sources             ? "source"
                          : !s->pattern && !s->code ? "pattern"
                          : !s->cause               ? "cause"
                          : !s->remedy              ? "remedy"
                                                    : NULL;
    if (missing)
        return error_set(e, STATUS_USAGE, "the signature needs %s", missing);
    *key = "groups";
    if (!check_groups(s, e))
        return false;
    if (!check_templates(s, key, e))
        return false;
    *key = "example";
    if (!check_example(s, e))
        return false;
    *key = "near";
    return check_near(s, e);
}

static void put_signature(struct loading *l, struct signature *s)
{
    struct signatures *set = l->set;
    for (size_t i = 0; i < set->items.len; i++)
        if (strcmp(set->items.items[i].id, s->id) == 0) {
            signature_clear(&set->items.items[i]);
            set->items.items[i] = *s;
            return;
        }
    vec_push(&set->items, *s);
}

static void load_signature(struct loading *l, json_object *o)
{
    struct signature s = {.severity = SEV_ERROR, .rank = DEFAULT_RANK, .users = l->users};
    struct error e = ERROR_INIT;
    const char *key = NULL;
    bool good = json_object_is_type(o, json_type_object);
    if (!good) {
        error_set(&e, STATUS_USAGE, "a signature is an object: { \"id\": …, \"pattern\": …, … }");
        mistake(l, NULL, &e);
        return;
    }
    json_object_object_foreach(o, name, value)
    {
        if (!read_member(&s, name, value, &e)) {
            mistake(l, name, &e);
            good = false;
        }
    }
    if (good && !check_whole(&s, &key, &e)) {
        mistake(l, key, &e);
        good = false;
    }
    if (good && s.id)
        put_signature(l, &s);
    else
        signature_clear(&s);
}

/* ---- a file ---- */

static void load_doc(struct signatures *set, const struct jsondoc *doc, bool users, finding_list *found)
{
    struct loading l = {.set = set, .doc = doc, .found = found, .users = users};
    json_object *list = NULL;
    if (json_object_is_type(doc->root, json_type_object))
        json_object_object_get_ex(doc->root, "signatures", &list);
    if (!json_object_is_type(list, json_type_array)) {
        finding_add(found, "signatures", SEV_ERROR, NULL,
                    "%s:1: the file must hold a list: { \"signatures\": [ … ] }", doc->name);
        return;
    }
    json_object_object_foreach(doc->root, key, value)
    {
        (void)value;
        const char *keys[] = {key};
        if (strcmp(key, "signatures") != 0)
            finding_add(found, "signatures", SEV_ERROR, NULL,
                        "%s:%d: there is nothing but \"signatures\" here", doc->name,
                        jsondoc_line(doc, 1, keys));
    }
    size_t n = json_object_array_length(list);
    if (n > SIGNATURE_MOST) {
        finding_add(found, "signatures", SEV_ERROR, NULL, "%s: of %zu signatures the first %d count",
                    doc->name, n, SIGNATURE_MOST);
        n = SIGNATURE_MOST;
    }
    for (size_t i = 0; i < n; i++) {
        snprintf(l.index, sizeof l.index, "%zu", i);
        load_signature(&l, json_object_array_get_idx(list, i));
    }
}

/* A user's goes before a built-in one of the same rank. */
static int by_rank(const void *a, const void *b)
{
    const struct signature *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->users != y->users)
        return x->users ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void finish(struct signatures *s)
{
    if (s->items.len)
        qsort(s->items.items, s->items.len, sizeof *s->items.items, by_rank);
    signatures_join(s);
}

static void parse(struct signatures *s, const char *name, const char *text, size_t len, bool users,
                  finding_list *found)
{
    struct jsondoc doc;
    struct error e = ERROR_INIT;
    if (jsondoc_parse(&doc, name, text, len, &e)) {
        load_doc(s, &doc, users, found);
        jsondoc_free(&doc);
    } else {
        finding_add(found, "signatures", SEV_ERROR, NULL, "%s", error_text(&e));
    }
    error_clear(&e);
}

struct signatures *signatures_load(const char *path, finding_list *mistakes)
{
    struct signatures *s = xcalloc(1, sizeof *s);
    const struct builtin *own = builtin_find(BUILTIN_FILE);
    struct jsondoc doc;
    struct error e = ERROR_INIT;
    bool missing = false;
    if (own)
        parse(s, BUILTIN_FILE, own->data, own->len, false, mistakes);
    else
        die("%s is not compiled in", BUILTIN_FILE);
    if (path && jsondoc_load(&doc, path, &missing, &e)) {
        load_doc(s, &doc, true, mistakes);
        jsondoc_free(&doc);
    } else if (path && !missing) {
        finding_add(mistakes, "signatures", SEV_ERROR, NULL, "%s", error_text(&e));
    }
    error_clear(&e);
    finish(s);
    return s;
}

struct signatures *signatures_parse(const char *name, const char *text, size_t len, finding_list *mistakes)
{
    struct signatures *s = xcalloc(1, sizeof *s);
    parse(s, name, text, len, true, mistakes);
    finish(s);
    return s;
}
