/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "autostart/policy_item.h"
#include "base/format.h"
#include "base/nearest.h"
#include "base/utf8.h"

#define QUOTED 80 /* bytes of what was typed that a message repeats */

/* ---- values ---- */

static void value_clear(struct policy_value *v)
{
    for (size_t i = 0; i < v->items.len; i++)
        free(v->items.items[i]);
    vec_free(&v->items);
    *v = (struct policy_value){0};
}

static void value_copy(struct policy_value *to, const struct policy_value *from)
{
    struct policy_value v = *from;
    memset(&v.items, 0, sizeof v.items);
    for (size_t i = 0; i < from->items.len; i++)
        vec_push(&v.items, xstrdup(from->items.items[i]));
    value_clear(to);
    *to = v;
}

static bool value_equal(const struct policy_value *a, const struct policy_value *b)
{
    if (a->given != b->given || a->number != b->number || a->percent != b->percent ||
        a->items.len != b->items.len)
        return false;
    for (size_t i = 0; i < a->items.len; i++)
        if (strcmp(a->items.items[i], b->items.items[i]) != 0)
            return false;
    return true;
}

void policy_init(struct policy *p)
{
    memset(p, 0, sizeof *p);
}

void policy_free(struct policy *p)
{
    for (size_t i = 0; i < POLICY_FIELDS; i++)
        value_clear(&p->v[i]);
    free(p->newer);
    policy_init(p);
}

void policy_copy(struct policy *to, const struct policy *from)
{
    policy_free(to);
    to->present = from->present;
    to->newer = xstrdup(from->newer);
    to->unknown = from->unknown;
    for (size_t i = 0; i < POLICY_FIELDS; i++)
        value_copy(&to->v[i], &from->v[i]);
}

bool policy_equal(const struct policy *a, const struct policy *b)
{
    for (size_t i = 0; i < POLICY_FIELDS; i++)
        if (!value_equal(&a->v[i], &b->v[i]))
            return false;
    return a->present == b->present;
}

void policy_unset(struct policy *p, enum policy_id id)
{
    value_clear(&p->v[id]);
}

/* ---- reading what was typed ---- */

/* Names the field, what was typed and what it takes. */
static bool refuse(const struct policy_field *f, const char *text, const char *hint, struct error *e)
{
    struct strbuf takes = {0};
    policy_field_takes(f, &takes);
    error_set(e, STATUS_USAGE, "%s is \"%.*s\", but takes %s%s", f->word, QUOTED, text, strbuf_str(&takes),
              hint);
    strbuf_free(&takes);
    return false;
}

static bool read_number(const struct policy_field *f, const char *text, struct policy_value *v,
                        struct error *e)
{
    double n;
    if (!parse_number(text, &n) || n < f->min || n > f->max || n != floor(n))
        return refuse(f, text, "", e);
    v->number = (int64_t)n;
    return true;
}

static bool read_duration(const struct policy_field *f, const char *text, struct policy_value *v,
                          struct error *e)
{
    int64_t ms;
    if (!parse_duration_ms(text, &ms) || (double)ms < f->min * 1000 || (double)ms > f->max * 1000)
        return refuse(f, text, "", e);
    v->number = ms;
    return true;
}

static bool read_switch(const struct policy_field *f, const char *text, struct policy_value *v,
                        struct error *e)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            v->number = (int64_t)(i & 1);
            return true;
        }
    }
    return refuse(f, text, "", e);
}

/* The percentage behind the colon of "throttle:50": 1 to 99, for 100 is none and 0 stands still. */
static bool read_percent(const char *text, int *percent)
{
    double n;
    if (!parse_number(text, &n) || n < 1 || n > 99 || n != floor(n))
        return false;
    *percent = (int)n;
    return true;
}

static bool read_choice(const struct policy_field *f, const char *text, struct policy_value *v,
                        struct error *e)
{
    char *words = xstrdup(f->values), *rest = NULL;
    struct nearest near = nearest_to(text);
    bool found = false, percentless = false;
    int64_t i = 0;
    for (char *w = strtok_r(words, " ", &rest); w && !found; w = strtok_r(NULL, " ", &rest), i++) {
        size_t len = strcspn(w, ":");
        bool with = w[len] == ':';
        w[len] = '\0';
        nearest_offer(&near, w);
        bool named = strncasecmp(text, w, len) == 0;
        bool complete = named && text[len] == (with ? ':' : '\0');
        if (with)
            w[len] = ':'; /* a hint names all of it */
        percentless =
            with && named && (complete ? !read_percent(text + len + 1, &v->percent) : text[len] == '\0');
        if (percentless)
            break;
        if (!complete)
            continue;
        v->number = i;
        found = true;
    }
    if (!found) {
        char *hint =
            percentless ? xstrdup(", PERCENT being a whole number from 1 to 99") : nearest_hint(&near);
        refuse(f, text, hint, e);
        free(hint);
    }
    free(words);
    return found;
}

/* A list's value as it is printed; NULL with e set. */
static char *read_item(const struct policy_field *f, const char *text, struct error *e)
{
    struct strbuf out = {0};
    struct error why = ERROR_INIT;
    bool ok = false;
    if (f->type == POLICY_VMS) {
        struct policy_after after = {0};
        if ((ok = policy_after_read(text, &after, &why)))
            policy_after_print(&after, &out);
        policy_after_clear(&after);
    } else if (f->type == POLICY_PROBES) {
        struct probe probe = {0};
        if ((ok = probe_read(text, &probe, &why)))
            probe_print(&probe, &out);
        probe_clear(&probe);
    } else {
        struct need need = {0};
        if ((ok = need_read(text, &need, &why)))
            need_print(&need, &out);
        need_clear(&need);
    }
    if (!ok) {
        struct strbuf hint = {0};
        strbuf_printf(&hint, ": %s", error_text(&why));
        refuse(f, text, strbuf_str(&hint), e);
        strbuf_free(&hint);
    }
    error_clear(&why);
    return ok ? strbuf_steal(&out) : NULL;
}

/* What any value must be before it is looked at. */
static bool is_text(const struct policy_field *f, const char *text, struct error *e)
{
    size_t len = strlen(text);
    if (len > POLICY_TEXT_MAX)
        return error_set(e, STATUS_USAGE, "%s has a value of %zu bytes; at most %d are taken", f->word, len,
                         POLICY_TEXT_MAX);
    if (utf8_check(text, len) < len)
        return error_set(e, STATUS_USAGE, "%s is not valid UTF-8", f->word);
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return error_set(e, STATUS_USAGE, "%s has a control character in it", f->word);
    return true;
}

static bool add_item(const struct policy_field *f, const char *text, struct policy_value *v, struct error *e)
{
    char *item = is_text(f, text, e) ? read_item(f, text, e) : NULL;
    if (!item)
        return false;
    for (size_t i = 0; i < v->items.len; i++) {
        if (strcmp(v->items.items[i], item) == 0) {
            free(item);
            return true;
        }
    }
    if (v->items.len == POLICY_ITEMS_MAX) {
        free(item);
        return error_set(e, STATUS_USAGE, "%s has more than %d values", f->word, POLICY_ITEMS_MAX);
    }
    vec_push(&v->items, item);
    v->given = true;
    return true;
}

/* One value up to the comma: a pattern is taken whole, elsewhere "\" takes the next byte as it is. */
static void cut_item(const char **text, struct strbuf *out)
{
    static const char pattern[] = "serial:/";
    const char *p = *text;
    bool raw = strncmp(p, pattern, strlen(pattern)) == 0;
    bool inside = raw;
    strbuf_clear(out);
    for (size_t n = 0; *p && (*p != ',' || inside); p++, n++) {
        if (*p == '\\' && p[1]) {
            if (raw)
                strbuf_putc(out, *p);
            p++;
            n++;
        } else if (raw && *p == '/' && n >= strlen(pattern)) {
            inside = false;
        }
        strbuf_putc(out, *p);
    }
    *text = p + (*p == ',');
}

static bool read_list(const struct policy_field *f, const char *text, struct policy_value *v, struct error *e)
{
    struct strbuf item = {0};
    bool ok = true;
    do {
        cut_item(&text, &item);
        ok = add_item(f, strbuf_str(&item), v, e);
    } while (ok && *text);
    strbuf_free(&item);
    return ok;
}

static bool (*const readers[])(const struct policy_field *, const char *, struct policy_value *,
                               struct error *) = {
    [POLICY_CHOICE] = read_choice,  [POLICY_NUMBER] = read_number, [POLICY_DURATION] = read_duration,
    [POLICY_SWITCH] = read_switch,  [POLICY_VMS] = read_list,      [POLICY_PROBES] = read_list,
    [POLICY_RESOURCES] = read_list,
};

/* A domain may be called "default". */
static bool is_unset(const struct policy_field *f, const char *text)
{
    return !*text || (f->type != POLICY_VMS && strcmp(text, "default") == 0);
}

/* Adds to `v`, which is left as it comes when it fails. */
static bool read_value(const struct policy_field *f, const char *text, struct policy_value *v,
                       struct error *e)
{
    if (!policy_is_list(f) && !is_text(f, text, e))
        return false;
    if (!readers[f->type](f, text, v, e))
        return false;
    v->given = true;
    v->broken = false;
    return true;
}

bool policy_set(struct policy *p, enum policy_id id, const char *text, struct error *e)
{
    struct policy_value v = {0};
    if (!is_unset(&policy_fields[id], text) && !read_value(&policy_fields[id], text, &v, e)) {
        value_clear(&v);
        return false;
    }
    value_clear(&p->v[id]);
    p->v[id] = v;
    p->present = true;
    return true;
}

bool policy_add(struct policy *p, enum policy_id id, const char *item, struct error *e)
{
    if (!add_item(&policy_fields[id], item, &p->v[id], e))
        return false;
    p->present = true;
    return true;
}

/* ---- words ---- */

static const struct policy_field *find_or_say(const char *word, struct error *e)
{
    const struct policy_field *f = policy_field_find(word);
    if (f)
        return f;
    struct nearest near = nearest_to(word);
    for (size_t i = 0; i < POLICY_FIELDS; i++)
        nearest_offer(&near, policy_fields[i].word);
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "there is no field \"%.*s\" in an autostart policy%s", QUOTED, word, hint);
    free(hint);
    return NULL;
}

/* `seen`: fields that an earlier word has set. */
static bool set_word(struct policy *p, const char *word, bool seen[POLICY_FIELDS], struct error *e)
{
    const char *equals = strchr(word, '=');
    char *name = equals ? xstrndup(word, (size_t)(equals - word)) : NULL;
    const char *value = equals ? equals + 1 : word;
    const struct policy_field *f = equals ? find_or_say(name, e) : &policy_fields[POLICY_MODE];
    free(name);
    if (!f)
        return false;
    if (seen[f->id] && policy_is_list(f) && !is_unset(f, value))
        return read_value(f, value, &p->v[f->id], e);
    seen[f->id] = true;
    return policy_set(p, f->id, value, e);
}

bool policy_set_words(struct policy *p, size_t n, const char *const *words, struct error *e)
{
    struct policy changed;
    bool seen[POLICY_FIELDS] = {false}, ok = true;
    policy_init(&changed);
    policy_copy(&changed, p);
    for (size_t i = 0; i < n && ok; i++) {
        ok = set_word(&changed, words[i], seen, e);
        if (!ok && e)
            e->position = (int)i;
    }
    if (ok) {
        struct policy old = *p;
        *p = changed;
        changed = old;
    }
    policy_free(&changed);
    return ok;
}

/* ---- what holds ---- */

/* The defaults of the table, read once a thread that asks: values that nobody changes. */
static const struct policy_value *table_value(enum policy_id id)
{
    static _Thread_local struct policy defaults;
    const struct policy_field *f = &policy_fields[id];
    struct policy_value *v = &defaults.v[id];
    if (f->def && !policy_is_list(f) && !v->given && !read_value(f, f->def, v, NULL))
        die("policy table: %s", f->word);
    return v;
}

const struct policy_value *policy_value(const struct policy *p, const struct policy *host, enum policy_id id)
{
    if (p->v[id].given)
        return &p->v[id];
    if (host && host->v[id].given && policy_fields[id].flags & POLICY_HOST)
        return &host->v[id];
    return table_value(id);
}

int64_t policy_number(const struct policy *p, const struct policy *host, enum policy_id id)
{
    return policy_value(p, host, id)->number;
}

/* ---- printing ---- */

static void put_duration(int64_t ms, struct strbuf *out)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    strbuf_printf(out, "%lld%s", (long long)(ms / units[i].ms), ms == 0 ? "s" : units[i].unit);
}

static void put_choice(const struct policy_field *f, const struct policy_value *v, struct strbuf *out)
{
    const char *p = f->values;
    for (int64_t i = 0; i < v->number; i++)
        p = strchr(p, ' ') + 1;
    size_t len = strcspn(p, " :");
    strbuf_add(out, p, len);
    if (p[len] == ':')
        strbuf_printf(out, ":%d", v->percent);
}

static void put_list(const struct policy_field *f, const struct policy_value *v, struct strbuf *out)
{
    for (size_t i = 0; i < v->items.len; i++) {
        const char *item = v->items.items[i];
        bool raw = f->type == POLICY_PROBES;
        if (i > 0)
            strbuf_putc(out, ',');
        for (; *item; item++) {
            if (!raw && (*item == ',' || *item == '\\'))
                strbuf_putc(out, '\\');
            strbuf_putc(out, *item);
        }
    }
}

void policy_text(const struct policy *p, enum policy_id id, struct strbuf *out)
{
    const struct policy_field *f = &policy_fields[id];
    const struct policy_value *v = &p->v[id];
    if (!v->given)
        return;
    if (policy_is_list(f))
        put_list(f, v, out);
    else if (f->type == POLICY_CHOICE)
        put_choice(f, v, out);
    else if (f->type == POLICY_DURATION)
        put_duration(v->number, out);
    else if (f->type == POLICY_SWITCH)
        strbuf_puts(out, v->number ? "yes" : "no");
    else
        strbuf_printf(out, "%lld", (long long)v->number);
}

void policy_words(const struct policy *p, struct strbuf *out)
{
    for (enum policy_id id = 0; id < POLICY_FIELDS; id++) {
        if (!p->v[id].given)
            continue;
        strbuf_printf(out, "%s%s=", out->len ? " " : "", policy_fields[id].word);
        policy_text(p, id, out);
    }
}
