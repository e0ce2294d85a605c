/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/filter.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/format.h"
#include "base/nearest.h"

#define MAX_LENGTH 65536
#define MAX_DEPTH  64

enum operator{ OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_HAS };

/* Longer ones first: the first that fits is taken. */
static const struct {
    const char *text;
    enum operator op;
} operators[] = {
    {"==", OP_EQ}, {"!=", OP_NE}, {"<=", OP_LE}, {">=", OP_GE},
    {"=", OP_EQ},  {"<", OP_LT},  {">", OP_GT},  {"~", OP_HAS},
};

/* A node of the tree: all or any of the kids, or one test. */
struct filter {
    bool (*match)(const struct filter *f, const struct row *r);
    bool negate;
    VEC(struct filter *) kids;
    const struct column *column;
    const struct filter_predicate *predicate;
    enum operator op;
    char *text; /* what to look for; NULL: the unknown */
    bool glob;
    double number;
};

/* ---- matching ---- */

bool filter_match(const struct filter *f, const struct row *row)
{
    return !f || f->match(f, row) != f->negate;
}

static bool match_all(const struct filter *f, const struct row *r)
{
    for (size_t i = 0; i < f->kids.len; i++) {
        if (!filter_match(f->kids.items[i], r)) {
            return false;
        }
    }
    return true;
}

static bool match_any(const struct filter *f, const struct row *r)
{
    for (size_t i = 0; i < f->kids.len; i++) {
        if (filter_match(f->kids.items[i], r)) {
            return true;
        }
    }
    return false;
}

static bool match_predicate(const struct filter *f, const struct row *r)
{
    return f->predicate->test(r);
}

static bool match_name(const struct filter *f, const struct row *r)
{
    return r->vm->name && text_glob(f->text, r->vm->name);
}

static bool match_anywhere(const struct filter *f, const struct row *r)
{
    const struct domdef *def = r->vm->def;
    const char *const places[] = {r->vm->name, r->vm->ip, def ? def->title : NULL, def ? def->tags : NULL};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (places[i] && text_contains(places[i], f->text)) {
            return true;
        }
    }
    return false;
}

static bool in_order(enum operator op, int order)
{
    switch (op) {
    case OP_LT:
        return order < 0;
    case OP_LE:
        return order <= 0;
    case OP_GT:
        return order > 0;
    case OP_GE:
        return order >= 0;
    case OP_NE:
        return order != 0;
    default:
        return order == 0;
    }
}

/* `!=` is the opposite of `=`, also where the figure is unknown: os!=win* keeps what may be anything. */
static bool match_number(const struct filter *f, const struct row *r)
{
    double value = f->column->number(r);
    bool equality = f->op == OP_EQ || f->op == OP_NE;
    if (!f->text || isnan(value)) {
        return equality && (isnan(value) && !f->text) == (f->op == OP_EQ);
    }
    return in_order(f->op, (value > f->number) - (value < f->number));
}

static void without_blanks(char *s)
{
    char *to = s;
    for (; *s; s++) {
        if (*s != ' ' && *s != '\t') {
            *to++ = *s;
        }
    }
    *to = '\0';
}

static bool equals(const struct filter *f, const char *value)
{
    return f->glob ? text_glob(f->text, value) : strcmp(f->text, value) == 0;
}

static bool equals_any_word(const struct filter *f, const char *value)
{
    bool found = false;
    char *words = xstrdup(value);
    char *rest = words;
    for (char *word; !found && (word = strtok_r(rest, " ", &rest));) {
        found = equals(f, word);
    }
    free(words);
    return found;
}

static bool equals_value(const struct filter *f, const char *value)
{
    if (f->column->values) {
        char plain[COLUMN_SCRATCH];
        size_t len = strnlen(value, sizeof(plain) - 1);
        memcpy(plain, value, len);
        plain[len] = '\0';
        without_blanks(plain);
        return equals(f, plain);
    }
    return equals(f, value) || (f->column->words && equals_any_word(f, value));
}

static bool match_text(const struct filter *f, const struct row *r)
{
    char scratch[COLUMN_SCRATCH];
    const char *value = f->column->value(r, scratch);
    bool known = value && value[0];
    if (f->op == OP_EQ || f->op == OP_NE) {
        bool equal = f->text && known ? equals_value(f, value) : !f->text && !known;
        return equal == (f->op == OP_EQ);
    }
    if (!known || !f->text) {
        return false;
    }
    return f->op == OP_HAS ? text_contains(value, f->text) : in_order(f->op, text_compare(value, f->text));
}

/* ---- compiling ---- */

struct parser {
    const char *start, *p;
    int depth;
    struct error *e;
};

static struct filter *parse_any(struct parser *ps);

static struct filter *node_new(bool (*match)(const struct filter *, const struct row *))
{
    struct filter *f = xcalloc(1, sizeof(*f));
    f->match = match;
    return f;
}

/* Depth is bounded by the parser, so this recursion is too. */
void filter_free(struct filter *f)
{
    if (!f) {
        return;
    }
    for (size_t i = 0; i < f->kids.len; i++) {
        filter_free(f->kids.items[i]);
    }
    free(f->kids.items);
    free(f->text);
    free(f);
}

static int position(const struct parser *ps, const char *at)
{
    return (int)(at - ps->start);
}

static void skip_blanks(struct parser *ps)
{
    while (*ps->p && strchr(" \t\r\n", *ps->p)) {
        ps->p++;
    }
}

static size_t operator_at(const char *p, enum operator* op)
{
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        size_t len = strlen(operators[i].text);
        if (strncmp(p, operators[i].text, len) == 0) {
            *op = operators[i].op;
            return len;
        }
    }
    return 0;
}

static bool ends_word(const char *p)
{
    return !*p || strchr(" \t\r\n()|", *p);
}

/* "…" or '…'; in double quotes a backslash takes the next byte as it is. NULL with e set: never closed. */
static char *read_quoted(struct parser *ps)
{
    const char *open = ps->p++;
    struct strbuf word = {0};
    while (*ps->p && *ps->p != *open) {
        if (*ps->p == '\\' && *open == '"' && ps->p[1]) {
            ps->p++;
        }
        strbuf_putc(&word, *ps->p++);
    }
    if (!*ps->p) {
        error_set_at(ps->e, STATUS_USAGE, position(ps, open), "this quotation mark is never closed");
        strbuf_free(&word);
        return NULL;
    }
    ps->p++;
    return strbuf_steal(&word);
}

/* The value behind an operator. NULL with e set when there is none. */
static char *read_value(struct parser *ps, const struct column *c)
{
    skip_blanks(ps);
    if (*ps->p == '"' || *ps->p == '\'') {
        return read_quoted(ps);
    }
    const char *start = ps->p;
    while (!ends_word(ps->p)) {
        ps->p++;
    }
    if (ps->p == start) {
        error_set_at(ps->e, STATUS_USAGE, position(ps, start), "a value for %s is missing here%s%s", c->id,
                     c->values ? ": one of " : "; \"\" stands for unknown", c->values ? c->values : "");
        return NULL;
    }
    return xstrndup(start, (size_t)(ps->p - start));
}

static bool is_glob(const char *s)
{
    return strpbrk(s, "*?[") != NULL;
}

static bool plain_number(const char *s, double *number)
{
    char *end;
    *number = strtod(s, &end);
    return end != s && *end == '\0' && isfinite(*number);
}

static bool parse_percent(const char *s, double *number)
{
    size_t len = strlen(s);
    char *digits = xstrndup(s, len > 0 && s[len - 1] == '%' ? len - 1 : len);
    bool ok = plain_number(digits, number);
    free(digits);
    return ok;
}

static bool parse_kib(const char *s, double *number)
{
    bool ok = parse_bytes(s, number);
    *number /= 1024;
    return ok;
}

static bool parse_ms(const char *s, double *number)
{
    int64_t ms = 0;
    bool ok = parse_duration_ms(s, &ms);
    *number = (double)ms;
    return ok;
}

static bool parse_seconds(const char *s, double *number)
{
    bool ok = parse_ms(s, number);
    *number /= 1000;
    return ok;
}

/* How figures of each unit are written; a plain number always is one of the column's own unit. */
static const struct {
    bool (*parse)(const char *s, double *number);
    const char *like;
} units[] = {
    [UNIT_NONE] = {plain_number, "a number like 4"},
    [UNIT_PERCENT] = {parse_percent, "a percentage like 50"},
    [UNIT_KIB] = {parse_kib, "a size like 512M or 2G (a plain number: KiB)"},
    [UNIT_BYTES] = {parse_bytes, "a size like 100K or 1.5M (a plain number: bytes)"},
    [UNIT_SECONDS] = {parse_seconds, "a duration like 90s, 1h30m or 2d (a plain number: seconds)"},
    [UNIT_MILLISECONDS] = {parse_ms, "a duration like 500ms or 5s (a plain number: milliseconds)"},
};

static bool set_bool(struct filter *f, int at, struct error *e)
{
    static const struct {
        const char *word;
        double number;
    } words[] = {{"yes", 1}, {"true", 1}, {"on", 1}, {"1", 1}, {"no", 0}, {"false", 0}, {"off", 0}, {"0", 0}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(f->text, words[i].word) == 0) {
            f->number = words[i].number;
            return true;
        }
    }
    return error_set_at(e, STATUS_USAGE, at, "%s is yes or no, not \"%.60s\"", f->column->id, f->text);
}

static bool set_number(struct filter *f, int at, struct error *e)
{
    f->match = match_number;
    if (f->op == OP_HAS) {
        return error_set_at(e, STATUS_USAGE, at, "~ looks into text, and %s is a figure: use = or <",
                            f->column->id);
    }
    if (!f->text) {
        return true;
    }
    if (f->column->type == COLUMN_BOOL) {
        return set_bool(f, at, e);
    }
    if (plain_number(f->text, &f->number) || units[f->column->unit].parse(f->text, &f->number)) {
        return true;
    }
    return error_set_at(e, STATUS_USAGE, at, "%s wants %s, not \"%.60s\"", f->column->id,
                        units[f->column->unit].like, f->text);
}

/* One of the column's few values? */
static bool check_values(const struct filter *f, int at, struct error *e)
{
    struct nearest n = nearest_to(f->text);
    bool found = false;
    char *words = xstrdup(f->column->values);
    char *rest = words;
    for (char *word; !found && (word = strtok_r(rest, " ", &rest));) {
        found = strcmp(word, f->text) == 0;
        nearest_offer(&n, word);
    }
    if (!found) {
        char *hint = nearest_hint(&n);
        error_set_at(e, STATUS_USAGE, at, "%s is never \"%.60s\"%s; it is one of %s", f->column->id, f->text,
                     hint, f->column->values);
        free(hint);
    }
    free(words);
    return found;
}

static bool set_text(struct filter *f, int at, struct error *e)
{
    f->match = match_text;
    if (!f->text || (f->op != OP_EQ && f->op != OP_NE)) {
        return true;
    }
    f->glob = is_glob(f->text);
    if (!f->column->values) {
        return true;
    }
    without_blanks(f->text);
    for (char *c = f->text; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return f->glob || check_values(f, at, e);
}

/* COLUMN OPERATOR VALUE, the parser standing at the operator. */
static struct filter *parse_comparison(struct parser *ps, const char *id, const char *id_at)
{
    const struct column *c = column_find(id);
    if (!c) {
        const char *near = column_nearest(id);
        error_set_at(ps->e, STATUS_USAGE, position(ps, id_at), "no column is called \"%.60s\"%s%s%s", id,
                     near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
        return NULL;
    }
    struct filter *f = node_new(match_text);
    f->column = c;
    ps->p += operator_at(ps->p, &f->op);
    skip_blanks(ps);
    int at = position(ps, ps->p);
    f->text = read_value(ps, c);
    bool ok = f->text != NULL;
    if (ok && !f->text[0]) { /* "" */
        free(f->text);
        f->text = NULL;
    }
    if (!ok || !(c->number ? set_number(f, at, ps->e) : set_text(f, at, ps->e))) {
        filter_free(f);
        return NULL;
    }
    return f;
}

static const struct filter_predicate *find_predicate(const char *word)
{
    for (const struct filter_predicate *p = filter_predicates; p->name; p++) {
        if (strcasecmp(p->name, word) == 0) {
            return p;
        }
    }
    return NULL;
}

/* A word alone. Takes over `word`. */
static struct filter *word_node(char *word, bool quoted)
{
    const struct filter_predicate *predicate = quoted ? NULL : find_predicate(word);
    struct filter *f = node_new(predicate                  ? match_predicate
                                : !quoted && is_glob(word) ? match_name
                                                           : match_anywhere);
    f->predicate = predicate;
    f->text = word;
    return f;
}

static void say_misplaced(const struct parser *ps, const char *at)
{
    if (*at) {
        error_set_at(ps->e, STATUS_USAGE, position(ps, at),
                     "a name, column or predicate is missing before \"%c\"", *at);
    } else {
        error_set_at(ps->e, STATUS_USAGE, position(ps, at),
                     "the filter ends where a name, column or predicate "
                     "should stand");
    }
}

static struct filter *parse_word(struct parser *ps)
{
    enum operator op;
    if (*ps->p == '"' || *ps->p == '\'') {
        char *quoted = read_quoted(ps);
        return quoted ? word_node(quoted, true) : NULL;
    }
    const char *start = ps->p;
    while (!ends_word(ps->p) && !operator_at(ps->p, &op)) {
        ps->p++;
    }
    const char *end = ps->p;
    if (end == start) {
        say_misplaced(ps, start);
        return NULL;
    }
    char *word = xstrndup(start, (size_t)(end - start));
    skip_blanks(ps);
    if (!operator_at(ps->p, &op)) {
        return word_node(word, false);
    }
    struct filter *f = parse_comparison(ps, word, start);
    free(word);
    return f;
}

static struct filter *parse_group(struct parser *ps)
{
    const char *open = ps->p++;
    if (++ps->depth > MAX_DEPTH) {
        error_set_at(ps->e, STATUS_USAGE, position(ps, open), "brackets are nested deeper than %d",
                     MAX_DEPTH);
        return NULL;
    }
    struct filter *f = parse_any(ps);
    ps->depth--;
    if (!f) {
        return NULL;
    }
    if (*ps->p != ')') {
        error_set_at(ps->e, STATUS_USAGE, position(ps, open), "this bracket is never closed");
        filter_free(f);
        return NULL;
    }
    ps->p++;
    return f;
}

/* !x, (x), or a word. */
static struct filter *parse_one(struct parser *ps)
{
    bool negate = false;
    for (skip_blanks(ps); *ps->p == '!' && ps->p[1] != '='; skip_blanks(ps)) {
        negate = !negate;
        ps->p++;
    }
    struct filter *f = *ps->p == '(' ? parse_group(ps) : parse_word(ps);
    if (f) {
        f->negate = f->negate != negate;
    }
    return f;
}

/* A node of one kid is that kid. */
static struct filter *collapse(struct filter *f)
{
    if (f->kids.len != 1) {
        return f;
    }
    struct filter *kid = f->kids.items[0];
    f->kids.len = 0;
    filter_free(f);
    return kid;
}

static struct filter *parse_all(struct parser *ps)
{
    struct filter *f = node_new(match_all);
    do {
        struct filter *kid = parse_one(ps);
        if (!kid) {
            filter_free(f);
            return NULL;
        }
        vec_push(&f->kids, kid);
        skip_blanks(ps);
    } while (*ps->p && *ps->p != '|' && *ps->p != ')');
    return collapse(f);
}

static struct filter *parse_any(struct parser *ps)
{
    struct filter *f = node_new(match_any);
    for (;;) {
        struct filter *kid = parse_all(ps);
        if (!kid) {
            filter_free(f);
            return NULL;
        }
        vec_push(&f->kids, kid);
        if (*ps->p != '|') {
            return collapse(f);
        }
        ps->p += ps->p[1] == '|' ? 2 : 1;
    }
}

struct filter *filter_compile(const char *text, struct error *e)
{
    struct parser ps = {.start = text ? text : "", .p = text ? text : "", .e = e};
    skip_blanks(&ps);
    if (!*ps.p) {
        return NULL;
    }
    if (strnlen(ps.start, MAX_LENGTH + 1) > MAX_LENGTH) {
        error_set_at(e, STATUS_USAGE, MAX_LENGTH, "the filter is longer than %d bytes", MAX_LENGTH);
        return NULL;
    }
    struct filter *f = parse_any(&ps);
    if (f && *ps.p == ')') {
        error_set_at(e, STATUS_USAGE, position(&ps, ps.p), "this bracket was never opened");
        filter_free(f);
        return NULL;
    }
    return f;
}
