/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/jsondoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#define LARGEST 1048576
#define DEEPEST 32

/* Walks JSON text by the grammar. It is the judge of what is valid (json-c's strictness differs from release
 * to release and its complaints name no place), and finds where the value at a path of keys begins. */
struct walker {
    const char *text, *p, *end; /* *end is NUL */
    size_t depth;
    struct strbuf string;    /* the last string, decoded */
    bool searching;          /* for a path in text known to be valid; else: judging it */
    const char *const *keys; /* the path */
    size_t n_keys;
    const char *found; /* ends the walk */
    const char *wrong; /* what is wrong at `p`; NULL while all is well */
};

/* A value that does not lie on the path looked for. */
#define OFF_PATH ((size_t)-1)

static bool fail(struct walker *w, const char *wrong)
{
    w->wrong = wrong;
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct walker *w)
{
    while (is_space(*w->p))
        w->p++;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The four digits behind "\u"; -1 when they are none. */
static int32_t hex4(const char *p)
{
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit(p[i]);
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

static bool walk_unicode_escape(struct walker *w)
{
    char bytes[4];
    int32_t v = hex4(w->p + 2);
    size_t len = 6;
    if (v < 0)
        return fail(w, "\\u needs four hexadecimal digits");
    if (v == 0)
        return fail(w, "a NUL character has no place here");
    if (v >= 0xd800 && v <= 0xdbff) {
        int32_t low = w->p[6] == '\\' && w->p[7] == 'u' ? hex4(w->p + 8) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return fail(w, "half a surrogate pair");
        v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
        len = 12;
    } else if (v >= 0xdc00 && v <= 0xdfff)
        return fail(w, "half a surrogate pair");
    size_t n = utf8_encode((uint32_t)v, bytes);
    strbuf_add(&w->string, bytes, n);
    w->p += len;
    return true;
}

static bool walk_escape(struct walker *w)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = w->p[1];
    const char *at = c ? strchr(from, c) : NULL;
    if (c == 'u')
        return walk_unicode_escape(w);
    if (!at)
        return fail(w, "no such escape (there are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX)");
    strbuf_putc(&w->string, to[at - from]);
    w->p += 2;
    return true;
}

/* At the opening quote. */
static bool walk_string(struct walker *w)
{
    strbuf_clear(&w->string);
    w->p++;
    while (*w->p != '"') {
        uint32_t cp;
        size_t n = utf8_decode(w->p, (size_t)(w->end - w->p), &cp);
        if (w->p == w->end)
            return fail(w, "the text ends inside a string");
        if (n == 0)
            return fail(w, "invalid UTF-8");
        if (cp < 0x20)
            return fail(w, "a control character inside a string (is the closing quote missing?)");
        if (cp == '\\') {
            if (!walk_escape(w))
                return false;
            continue;
        }
        strbuf_add(&w->string, w->p, n);
        w->p += n;
    }
    w->p++;
    return true;
}

static size_t skip_digits(struct walker *w)
{
    size_t n = strspn(w->p, "0123456789");
    w->p += n;
    return n;
}

static bool walk_number(struct walker *w)
{
    if (*w->p == '-')
        w->p++;
    if (*w->p == '0' && w->p[1] >= '0' && w->p[1] <= '9')
        return fail(w, "a number can't begin with 0");
    if (skip_digits(w) == 0)
        return fail(w, "a digit is missing");
    if (*w->p == '.') {
        w->p++;
        if (skip_digits(w) == 0)
            return fail(w, "a digit is missing behind the point");
    }
    if (*w->p == 'e' || *w->p == 'E') {
        w->p++;
        if (*w->p == '+' || *w->p == '-')
            w->p++;
        if (skip_digits(w) == 0)
            return fail(w, "a digit is missing in the exponent");
    }
    return true;
}

static bool walk_word(struct walker *w)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t n = strlen(words[i]);
        if (strncmp(w->p, words[i], n) == 0) {
            w->p += n;
            return true;
        }
    }
    if (*w->p == '/')
        return fail(w, "JSON has no comments");
    return fail(w, w->p == w->end ? "the text ends where a value is due"
                                  : "a value is due here (text in \"quotes\", a number, true, false, null)");
}

static bool walk_value(struct walker *w, size_t matched);

/* Behind a member: more to come, or the end. False with `wrong` set, or at the end with it NULL. */
static bool walk_comma(struct walker *w, char close, const char *wrong)
{
    skip_space(w);
    if (*w->p == close) {
        w->p++;
        return false;
    }
    if (*w->p != ',')
        return fail(w, w->p == w->end ? "the text ends too soon: brackets are left open" : wrong);
    w->p++;
    skip_space(w);
    if (*w->p == close)
        return fail(w, "a comma with nothing behind it");
    return true;
}

static bool walk_member(struct walker *w, size_t matched, json_object *seen)
{
    if (*w->p != '"')
        return fail(w, "a key in \"quotes\" is due here");
    const char *key_at = w->p;
    if (!walk_string(w))
        return false;
    const char *key = strbuf_str(&w->string);
    if (seen) {
        if (json_object_object_get_ex(seen, key, NULL)) {
            w->p = key_at;
            return fail(w, "this key was there before");
        }
        json_object_object_add(seen, key, NULL);
    }
    bool on_path = matched < w->n_keys && strcmp(w->keys[matched], key) == 0;
    skip_space(w);
    if (*w->p != ':')
        return fail(w, "a colon is due here");
    w->p++;
    return walk_value(w, on_path ? matched + 1 : OFF_PATH);
}

static bool walk_object(struct walker *w, size_t matched)
{
    json_object *seen = w->searching ? NULL : json_object_new_object();
    w->p++;
    skip_space(w);
    if (*w->p == '}')
        w->p++;
    else
        while (walk_member(w, matched, seen) && walk_comma(w, '}', "a comma or } is due here"))
            ;
    json_object_put(seen);
    return !w->wrong && !w->found;
}

static bool walk_array(struct walker *w, size_t matched)
{
    char index[24];
    size_t i = 0;
    w->p++;
    skip_space(w);
    if (*w->p == ']') {
        w->p++;
        return true;
    }
    do {
        snprintf(index, sizeof index, "%zu", i++);
        bool on_path = matched < w->n_keys && strcmp(w->keys[matched], index) == 0;
        if (!walk_value(w, on_path ? matched + 1 : OFF_PATH))
            return false;
    } while (walk_comma(w, ']', "a comma or ] is due here"));
    return !w->wrong && !w->found;
}

/* `matched`: how many keys of the path lead here, OFF_PATH for a value beside it. */
static bool walk_value(struct walker *w, size_t matched)
{
    bool ok;
    skip_space(w);
    if (w->searching && matched == w->n_keys) {
        w->found = w->p;
        return false;
    }
    if (w->depth == DEEPEST)
        return fail(w, "nested too deeply (32 levels at most)");
    w->depth++;
    if (*w->p == '{')
        ok = walk_object(w, matched);
    else if (*w->p == '[')
        ok = walk_array(w, matched);
    else if (*w->p == '"')
        ok = walk_string(w);
    else if (*w->p == '-' || (*w->p >= '0' && *w->p <= '9'))
        ok = walk_number(w);
    else
        ok = walk_word(w);
    w->depth--;
    return ok;
}

static bool walk_text(struct walker *w)
{
    if (!walk_value(w, 0))
        return false;
    skip_space(w);
    return w->p == w->end || fail(w, "something follows the end of the value");
}

static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (const char *p = text; p < at; p++)
        line += *p == '\n';
    return line;
}

/* In characters, from 1. */
static int column_of(const char *text, const char *at)
{
    int column = 1;
    for (const char *p = at; p > text && p[-1] != '\n'; p--)
        column += ((unsigned char)p[-1] & 0xc0) != 0x80;
    return column;
}

static bool check(const char *name, const char *text, size_t len, struct error *e)
{
    struct walker w = {
        .text = text,
        .p = text,
        .end = text + len,
    };
    bool ok = walk_text(&w);
    strbuf_free(&w.string);
    if (ok)
        return true;
    return error_set_at(e, STATUS_FAILED, (int)(w.p - text), "%s:%d:%d: %s", name, line_of(text, w.p),
                        column_of(text, w.p), w.wrong);
}

static json_object *build(const char *text, size_t len, const char **why)
{
    json_tokener *tok = json_tokener_new_ex(DEEPEST + 2);
    if (!tok)
        die("out of memory (JSON parser)");
    /* Not JSON_TOKENER_STRICT: under it json-c 0.18 refuses every character that is not ASCII. check() has
     * been stricter. With the NUL: a number at the top has no other end. */
    json_object *root = json_tokener_parse_ex(tok, text, (int)len + 1);
    enum json_tokener_error error = json_tokener_get_error(tok);
    *why = error == json_tokener_success ? NULL : json_tokener_error_desc(error);
    json_tokener_free(tok);
    return root;
}

bool jsondoc_parse(struct jsondoc *doc, const char *name, const char *text, size_t len, struct error *e)
{
    const char *why;
    *doc = (struct jsondoc){0};
    if (len > LARGEST)
        return error_set(e, STATUS_FAILED, "%s is too large: at most 1 MiB is read", name);
    char *copy = xmalloc(len + 1);
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    bool ok = check(name, copy, len, e);
    if (ok) {
        doc->root = build(copy, len, &why);
        if (why)
            ok = error_set(e, STATUS_FAILED, "%s: %s", name, why);
    }
    if (!ok) {
        free(copy);
        return false;
    }
    doc->name = xstrdup(name);
    doc->text = copy;
    return true;
}

bool jsondoc_load(struct jsondoc *doc, const char *path, bool *missing, struct error *e)
{
    char *text;
    size_t len;
    *doc = (struct jsondoc){0};
    if (!file_read(path, LARGEST, &text, &len, missing, e))
        return false;
    bool ok = jsondoc_parse(doc, path, text, len, e);
    free(text);
    return ok;
}

int jsondoc_line(const struct jsondoc *doc, size_t depth, const char *const *keys)
{
    if (!doc->text)
        return 0;
    struct walker w = {.text = doc->text,
                       .p = doc->text,
                       .end = doc->text + strlen(doc->text),
                       .searching = true,
                       .keys = keys,
                       .n_keys = depth};
    walk_text(&w);
    strbuf_free(&w.string);
    return w.found ? line_of(doc->text, w.found) : 0;
}

void jsondoc_free(struct jsondoc *doc)
{
    free(doc->name);
    free(doc->text);
    json_object_put(doc->root);
    *doc = (struct jsondoc){0};
}

json_object *jsondoc_object(const char *text, size_t len, int flags)
{
    json_tokener *t = json_tokener_new_ex(DEEPEST);
    if (!t)
        die("out of memory (JSON parser)");
    /* Not JSON_TOKENER_STRICT: under it json-c 0.18 refuses every character that is not ASCII. */
    json_tokener_set_flags(t, flags);
    while (len && is_space(text[len - 1]))
        len--;
    json_object *o = json_tokener_parse_ex(t, text, (int)len);
    bool whole = json_tokener_get_error(t) == json_tokener_success && json_tokener_get_parse_end(t) == len;
    json_tokener_free(t);
    if (whole && json_object_is_type(o, json_type_object))
        return o;
    json_object_put(o);
    return NULL;
}

const char *jsondoc_text(json_object *o, const char *key)
{
    json_object *v = NULL;
    json_object_object_get_ex(o, key, &v);
    return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}
