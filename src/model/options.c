/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/format.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/utf8.h"

_Static_assert(OPT_COUNT == 28, "a new option needs a row in option_rows.c, a number here and a test");

/* A value understood: what struct options keeps of it. */
struct value {
    struct strbuf text;
    double number;
};

/* How much of a wrong value a message quotes. */
#define QUOTED 60

/* More than anyone reads; what follows is only counted as "more". */
#define MOST_MISTAKES 50

static const char *const true_words[] = {"true", "yes", "on", "1"};
static const char *const false_words[] = {"false", "no", "off", "0"};

static bool among(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(words[i], word) == 0)
            return true;
    return false;
}

static bool read_bool(const struct option_row *row, const char *text, struct value *v, struct error *e)
{
    bool on = among(true_words, ARRAY_LEN(true_words), text);
    if (!on && !among(false_words, ARRAY_LEN(false_words), text))
        return error_set(e, STATUS_USAGE, "%s is \"%.*s\", but must be true or false", row->name, QUOTED,
                         text);
    strbuf_puts(&v->text, on ? "true" : "false");
    v->number = on;
    return true;
}

static bool read_number(const struct option_row *row, const char *text, struct value *v, struct error *e)
{
    double n;
    bool whole = row->type == OPTION_INT;
    if (!parse_number(text, &n) || n < row->min || n > row->max || (whole && n != floor(n)))
        return error_set(e, STATUS_USAGE, "%s is \"%.*s\", but must be a %snumber from %g to %g", row->name,
                         QUOTED, text, whole ? "whole " : "", row->min, row->max);
    strbuf_printf(&v->text, "%.10g", n);
    v->number = n;
    return true;
}

/* The index of the word in a space separated list, whatever its case; -1 for none, with the near miss
 * offered. `at`, `len`: where in the list. */
static int word_index(const char *list, const char *word, size_t word_len, const char **at, size_t *len)
{
    int i = 0;
    for (const char *p = list; *p; i++) {
        size_t n = strcspn(p, " ");
        if (n == word_len && strncasecmp(p, word, n) == 0) {
            *at = p;
            *len = n;
            return i;
        }
        p += n + (p[n] == ' ');
    }
    return -1;
}

static bool wrong_word(const struct option_row *row, const char *word, size_t len, struct error *e)
{
    char *typed = xstrndup(word, len), *words = xstrdup(row->values), *rest = NULL;
    struct nearest near = nearest_to(typed);
    for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        nearest_offer(&near, w);
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "%s is \"%.*s\", but must be one of: %s%s", row->name, QUOTED, typed,
              row->values, hint);
    free(hint);
    free(words);
    free(typed);
    return false;
}

static bool read_enum(const struct option_row *row, const char *text, struct value *v, struct error *e)
{
    const char *at;
    size_t len;
    int i = word_index(row->values, text, strlen(text), &at, &len);
    if (i < 0)
        return wrong_word(row, text, strlen(text), e);
    strbuf_add(&v->text, at, len);
    v->number = i;
    return true;
}

static bool too_long(const struct option_row *row, const char *text, struct error *e)
{
    if (row->max <= 0 || (double)strlen(text) <= row->max)
        return false;
    error_set(e, STATUS_USAGE, "%s is too long: at most %g bytes", row->name, row->max);
    return true;
}

/* Words with commas or blanks between them become words with commas; each once where the words are known. */
static bool read_list(const struct option_row *row, const char *text, struct value *v, struct error *e)
{
    unsigned long seen = 0;
    if (too_long(row, text, e))
        return false;
    for (const char *p = text; *p;) {
        size_t len = strcspn(p, ", \t\n");
        const char *word = p;
        p += len + (p[len] != '\0');
        if (len == 0)
            continue;
        if (row->values) {
            int i = word_index(row->values, word, len, &word, &len);
            if (i < 0)
                return wrong_word(row, word, len, e);
            if (seen >> i & 1)
                continue;
            seen |= 1UL << i;
        }
        if (v->text.len > 0)
            strbuf_putc(&v->text, ',');
        strbuf_add(&v->text, word, len);
    }
    return true;
}

static bool read_string(const struct option_row *row, const char *text, struct value *v, struct error *e)
{
    size_t len = strlen(text);
    if (too_long(row, text, e))
        return false;
    if (utf8_check(text, len) < len)
        return error_set(e, STATUS_USAGE, "%s is not valid UTF-8", row->name);
    strbuf_puts(&v->text, text);
    return true;
}

static bool (*const readers[])(const struct option_row *, const char *, struct value *, struct error *) = {
    [OPTION_INT] = read_number,    [OPTION_NUMBER] = read_number, [OPTION_BOOL] = read_bool,
    [OPTION_STRING] = read_string, [OPTION_ENUM] = read_enum,     [OPTION_LIST] = read_list,
};

static bool read_value(const struct option_row *row, const char *text, struct value *v, struct error *e)
{
    if (!readers[row->type](row, text, v, e))
        return false;
    if (row->check && !row->check(strbuf_str(&v->text), e)) {
        error_prefix(e, "%s", row->name);
        return false;
    }
    return true;
}

static void store(struct options *o, enum option_id id, struct value *v, const char *origin)
{
    free(o->v[id].text);
    free(o->v[id].origin);
    o->v[id].text = strbuf_steal(&v->text);
    o->v[id].number = v->number;
    o->v[id].origin = xstrdup(origin);
}

void options_init(struct options *o)
{
    memset(o, 0, sizeof *o);
    for (size_t i = 0; i < OPT_COUNT; i++) {
        struct value v = {0};
        struct error e = ERROR_INIT;
        if (option_rows[i].id != i || !read_value(&option_rows[i], option_rows[i].def, &v, &e))
            die("option table, row %zu: %s", i, error_text(&e));
        store(o, (enum option_id)i, &v, "default");
    }
}

void options_free(struct options *o)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        free(o->v[i].text);
        free(o->v[i].origin);
    }
    memset(o, 0, sizeof *o);
}

const char *opt_text(const struct options *o, enum option_id id)
{
    return o->v[id].text;
}

double opt_number(const struct options *o, enum option_id id)
{
    return o->v[id].number;
}

bool opt_bool(const struct options *o, enum option_id id)
{
    return o->v[id].number != 0;
}

const struct option_row *option_find(const char *name)
{
    for (size_t i = 0; i < OPT_COUNT; i++)
        if (strcmp(option_rows[i].name, name) == 0)
            return &option_rows[i];
    return NULL;
}

static const struct option_row *find_or_say(const char *name, struct error *e)
{
    const struct option_row *row = option_find(name);
    if (row)
        return row;
    struct nearest near = nearest_to(name);
    for (size_t i = 0; i < OPT_COUNT; i++)
        nearest_offer(&near, option_rows[i].name);
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "there is no option \"%.*s\"%s; `virtdeck config` lists them", QUOTED, name,
              hint);
    free(hint);
    return NULL;
}

bool options_set(struct options *o, const char *name, const char *value, const char *origin, struct error *e)
{
    struct value v = {0};
    const struct option_row *row = find_or_say(name, e);
    if (!row)
        return false;
    if (!read_value(row, value, &v, e)) {
        strbuf_free(&v.text);
        return false;
    }
    store(o, row->id, &v, origin);
    return true;
}

/* ---- config.json ---- */

static bool join_array(const struct option_row *row, json_object *array, struct strbuf *out, struct error *e)
{
    size_t n = json_object_array_length(array);
    if (row->type != OPTION_LIST)
        return error_set(e, STATUS_USAGE, "%s takes one value, not a list", row->name);
    for (size_t i = 0; i < n; i++) {
        json_object *item = json_object_array_get_idx(array, i);
        if (!json_object_is_type(item, json_type_string))
            return error_set(e, STATUS_USAGE, "%s: the list must hold words in \"quotes\" only", row->name);
        if (i > 0)
            strbuf_putc(out, ',');
        strbuf_puts(out, json_object_get_string(item));
    }
    return true;
}

/* The value of a key as the text that options_set() would take. */
static bool value_text(const char *key, json_object *value, struct strbuf *out, struct error *e)
{
    const struct option_row *row = find_or_say(key, e);
    if (!row)
        return false;
    if (json_object_is_type(value, json_type_array))
        return join_array(row, value, out, e);
    if (json_object_is_type(value, json_type_null) || json_object_is_type(value, json_type_object))
        return error_set(e, STATUS_USAGE, "%s has no value: give text, a number, true or false", row->name);
    strbuf_puts(out, json_object_get_string(value));
    return true;
}

static void load_member(struct options *o, const struct jsondoc *doc, const char *key, json_object *value,
                        error_list *mistakes)
{
    struct strbuf text = {0};
    struct error e = ERROR_INIT;
    char *origin = xasprintf("%s:%d", doc->name, jsondoc_line(doc, 1, &key));
    if (!value_text(key, value, &text, &e) || !options_set(o, key, strbuf_str(&text), origin, &e)) {
        error_prefix(&e, "%s", origin);
        e.position = -1;
        vec_push(mistakes, e);
    }
    free(origin);
    strbuf_free(&text);
}

void options_load(struct options *o, const char *path, error_list *mistakes)
{
    struct jsondoc doc;
    struct error e = ERROR_INIT;
    bool missing;
    if (!jsondoc_load(&doc, path, &missing, &e)) {
        if (missing)
            error_clear(&e);
        else
            vec_push(mistakes, e);
        return;
    }
    if (!json_object_is_type(doc.root, json_type_object)) {
        error_set(&e, STATUS_FAILED, "%s:1: the file must hold one object: { \"interval\": 2, … }", path);
        vec_push(mistakes, e);
    } else {
        size_t before = mistakes->len;
        json_object_object_foreach(doc.root, key, value)
        {
            if (mistakes->len - before == MOST_MISTAKES) {
                error_set(&e, STATUS_FAILED, "%s: there are more mistakes", path);
                vec_push(mistakes, e);
                break;
            }
            load_member(o, &doc, key, value, mistakes);
        }
    }
    jsondoc_free(&doc);
}

void error_list_free(error_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        error_clear(&l->items[i]);
    vec_free(l);
}
