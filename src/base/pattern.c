/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The text of a pattern read into a tree, and the strings that must be in whatever it matches.
 */
#include <stdlib.h>
#include <string.h>

#include "base/pattern_private.h"
#include "base/strbuf.h"

#define DEEPEST        40 /* groups in groups */
#define MOST_REPEATS   255
#define LEAST_LITERAL  3 /* bytes; a shorter one rules too little out */
#define MOST_LITERALS  16
#define LONGEST_STRING 64

struct reader {
    const char *text, *p;
    int depth, groups;
    bool any_case;
    struct error *e;
};

static struct node *read_alternatives(struct reader *r);

static struct node *node_new(enum node_kind kind)
{
    struct node *n = xcalloc(1, sizeof *n);
    n->kind = kind;
    return n;
}

/* The tree is no deeper than its text has groups. */
static void node_free(struct node *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->parts.len; i++)
        node_free(n->parts.items[i]);
    vec_free(&n->parts);
    free(n);
}

static struct node *wrong(struct reader *r, const char *what)
{
    int at = (int)(r->p - r->text);
    error_set_at(r->e, STATUS_USAGE, at, "\"%s\" is no regular expression: %s (at character %d)", r->text,
                 what, at + 1);
    return NULL;
}

/* ---- sets ---- */

static bool is_word(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}
static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool is_alpha(int c)
{
    return is_word(c) && !is_digit(c) && c != '_';
}
static bool is_alnum(int c)
{
    return is_word(c) && c != '_';
}
static bool is_upper(int c)
{
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(int c)
{
    return c >= 'a' && c <= 'z';
}
static bool is_blank(int c)
{
    return c == ' ' || c == '\t';
}
static bool is_punct(int c)
{
    return c > ' ' && c < 0x7f && !is_alnum(c);
}
static bool is_xdigit(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

typedef bool class_fn(int c);

static const struct {
    const char *name;
    class_fn *has;
} classes[] = {
    {"alnum", is_alnum}, {"alpha", is_alpha}, {"blank", is_blank}, {"digit", is_digit},   {"lower", is_lower},
    {"punct", is_punct}, {"space", is_space}, {"upper", is_upper}, {"xdigit", is_xdigit},
};

static void put_class(struct byte_set *s, class_fn *has, bool want)
{
    for (int c = 0; c < 256; c++)
        if (has(c) == want)
            set_put(s, (unsigned char)c);
}

static void both_cases(struct byte_set *s)
{
    for (int c = 'a'; c <= 'z'; c++) {
        unsigned char lower = (unsigned char)c, upper = (unsigned char)(c - 'a' + 'A');
        if (set_has(s, lower) || set_has(s, upper)) {
            set_put(s, lower);
            set_put(s, upper);
        }
    }
}

/* \d and its likes; the letter's capital means the others. */
static bool put_escape(struct byte_set *s, char c)
{
    static const struct {
        char letter;
        class_fn *has;
    } table[] = {{'d', is_digit}, {'s', is_space}, {'w', is_word}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if ((c | 0x20) == table[i].letter) {
            put_class(s, table[i].has, c == table[i].letter);
            return true;
        }
    return false;
}

static struct node *single(struct reader *r, char c)
{
    struct node *n = node_new(NODE_SET);
    set_put(&n->set, (unsigned char)c);
    if (r->any_case)
        both_cases(&n->set);
    return n;
}

/* ---- [ ] ---- */

/* At "[:". */
static bool read_class_name(struct reader *r, struct byte_set *s)
{
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        size_t n = strlen(classes[i].name);
        if (strncmp(r->p + 2, classes[i].name, n) == 0 && strncmp(r->p + 2 + n, ":]", 2) == 0) {
            put_class(s, classes[i].has, true);
            r->p += n + 4;
            return true;
        }
    }
    wrong(r, "there is no such class of characters");
    return false;
}

/* One byte, or a range of them. */
static bool read_range(struct reader *r, struct byte_set *s)
{
    unsigned char from = (unsigned char)*r->p++, to = from;
    if (r->p[0] == '-' && r->p[1] != ']' && r->p[1] != '\0') {
        to = (unsigned char)r->p[1];
        r->p += 2;
    }
    if (from >= 0x80 || to >= 0x80 || to < from) {
        r->p--;
        wrong(r, to < from && to < 0x80 ? "the range runs backwards"
                                        : "between [ and ] there is room for ASCII only");
        return false;
    }
    for (int c = from; c <= to; c++)
        set_put(s, (unsigned char)c);
    return true;
}

static bool read_set_item(struct reader *r, struct byte_set *s)
{
    if (r->p[0] == '[' && r->p[1] == ':')
        return read_class_name(r, s);
    if (r->p[0] == '\\' && r->p[1] != '\0') {
        if (put_escape(s, r->p[1])) {
            r->p += 2;
            return true;
        }
        if (strchr("\\]^-[", r->p[1])) /* people escape them though POSIX needs no escape here */
            r->p++;
    }
    return read_range(r, s);
}

/* Behind "[". */
static struct node *read_set(struct reader *r)
{
    struct node *n = node_new(NODE_SET);
    bool others = *r->p == '^';
    r->p += others;
    bool first = true, good = true;
    while (good && *r->p && (first || *r->p != ']')) {
        good = read_set_item(r, &n->set);
        first = false;
    }
    if (good && *r->p != ']') {
        wrong(r, "[ is not closed");
        good = false;
    }
    if (!good) {
        node_free(n);
        return NULL;
    }
    r->p++;
    if (r->any_case)
        both_cases(&n->set);
    for (int i = 0; i < 4 && others; i++)
        n->set.bits[i] = ~n->set.bits[i];
    return n;
}

/* ---- atoms ---- */

static struct node *assertion(enum node_assert what)
{
    struct node *n = node_new(NODE_ASSERT);
    n->assert = what;
    return n;
}

/* Behind the backslash. */
static struct node *read_escape(struct reader *r)
{
    char c = *r->p;
    struct byte_set s = {{0}};
    if (c == '\0')
        return wrong(r, "nothing comes after the backslash");
    if (c >= '1' && c <= '9')
        return wrong(r, "references back to a group are not taken");
    if (put_escape(&s, c)) {
        struct node *n = node_new(NODE_SET);
        n->set = s;
        r->p++;
        return n;
    }
    r->p++;
    if (c == 'b' || c == 'B')
        return assertion(c == 'b' ? AT_WORD : NOT_AT_WORD);
    if (c == 'n' || c == 't')
        return single(r, c == 'n' ? '\n' : '\t');
    if (is_alnum((unsigned char)c)) {
        r->p--;
        return wrong(r, "no such escape");
    }
    return single(r, c);
}

/* Behind "(". */
static struct node *read_group(struct reader *r)
{
    if (r->groups == PATTERN_GROUPS)
        return wrong(r, "more than 9 groups");
    if (r->depth == DEEPEST)
        return wrong(r, "too many groups in groups");
    struct node *n = node_new(NODE_GROUP);
    n->group = ++r->groups;
    r->depth++;
    struct node *inside = read_alternatives(r);
    r->depth--;
    if (inside)
        vec_push(&n->parts, inside);
    if (inside && *r->p == ')') {
        r->p++;
        return n;
    }
    if (inside)
        wrong(r, "( is not closed");
    node_free(n);
    return NULL;
}

static struct node *read_atom(struct reader *r)
{
    char c = *r->p;
    struct node *n;
    if (c == '*' || c == '+' || c == '?' || c == '{')
        return wrong(r, "there is nothing to repeat");
    r->p++;
    switch (c) {
    case '(':
        return read_group(r);
    case '[':
        return read_set(r);
    case '\\':
        return read_escape(r);
    case '^':
        return assertion(AT_BEGIN);
    case '$':
        return assertion(AT_END);
    case '.':
        n = node_new(NODE_SET);
        memset(&n->set, 0xff, sizeof n->set);
        return n;
    default:
        return single(r, c);
    }
}

/* ---- repetition ---- */

/* A number up to MOST_REPEATS, or -1. */
static int read_number(struct reader *r)
{
    int n = 0;
    if (!is_digit((unsigned char)*r->p))
        return -1;
    for (; is_digit((unsigned char)*r->p); r->p++)
        n = n > MOST_REPEATS ? n : n * 10 + (*r->p - '0');
    return n;
}

/* At "{". */
static bool read_braces(struct reader *r, int *min, int *max)
{
    const char *begin = r->p++;
    *min = *max = read_number(r);
    if (*r->p == ',') {
        r->p++;
        *max = *r->p == '}' ? -1 : read_number(r);
        if (*max == -1 && *r->p != '}')
            *min = -1;
    }
    if (*r->p == '}' && *min >= 0 && *min <= MOST_REPEATS && *max <= MOST_REPEATS &&
        (*max == -1 || *max >= *min)) {
        r->p++;
        return true;
    }
    r->p = begin;
    wrong(r, "{ } takes {n}, {n,} or {n,m} with numbers up to 255");
    return false;
}

static struct node *read_repeated(struct reader *r)
{
    struct node *n = read_atom(r);
    while (n && *r->p && strchr("*+?{", *r->p)) {
        int min = *r->p == '+', max = *r->p == '?' ? 1 : -1;
        if (*r->p == '{') {
            if (!read_braces(r, &min, &max)) {
                node_free(n);
                return NULL;
            }
        } else {
            r->p++;
        }
        struct node *repeat = node_new(NODE_REPEAT);
        repeat->min = min;
        repeat->max = max;
        vec_push(&repeat->parts, n);
        n = repeat;
    }
    return n;
}

static struct node *read_sequence(struct reader *r)
{
    struct node *n = node_new(NODE_CAT);
    while (*r->p && *r->p != '|' && *r->p != ')') {
        struct node *part = read_repeated(r);
        if (!part) {
            node_free(n);
            return NULL;
        }
        vec_push(&n->parts, part);
    }
    return n;
}

static struct node *read_alternatives(struct reader *r)
{
    struct node *n = node_new(NODE_ALT);
    for (;;) {
        struct node *part = read_sequence(r);
        if (!part) {
            node_free(n);
            return NULL;
        }
        vec_push(&n->parts, part);
        if (*r->p != '|')
            return n;
        r->p++;
    }
}

/* ---- what must be there ---- */

typedef VEC(char *) string_list;

static void strings_free(string_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i]);
    vec_free(l);
}

/* The only byte of the set, -1: there are several. */
static int only_byte(const struct byte_set *s)
{
    int found = -1;
    for (int c = 0; c < 256; c++) {
        if (!set_has(s, (unsigned char)c))
            continue;
        if (found >= 0)
            return -1;
        found = c;
    }
    return found;
}

static size_t shortest(const string_list *l)
{
    size_t least = l->len ? (size_t)-1 : 0;
    for (size_t i = 0; i < l->len; i++)
        least = strlen(l->items[i]) < least ? strlen(l->items[i]) : least;
    return least;
}

/* Keeps the one that rules more out. */
static void offer(string_list *best, string_list *other)
{
    if (shortest(other) > shortest(best)) {
        string_list t = *best;
        *best = *other;
        *other = t;
    }
    strings_free(other);
}

static string_list literals_of(const struct node *n);

static void offer_run(string_list *best, struct strbuf *run)
{
    string_list one = {0};
    if (run->len)
        vec_push(&one, xstrdup(strbuf_str(run)));
    strbuf_clear(run);
    offer(best, &one);
}

/* The longest run of single bytes, or what one of the parts needs. */
static string_list literals_of_sequence(const struct node *n)
{
    string_list best = {0};
    struct strbuf run = {0};
    for (size_t i = 0; i < n->parts.len; i++) {
        const struct node *part = n->parts.items[i];
        int c = part->kind == NODE_SET ? only_byte(&part->set) : -1;
        if (c > 0 && run.len < LONGEST_STRING) {
            strbuf_putc(&run, (char)c);
            continue;
        }
        if (part->kind == NODE_ASSERT)
            continue;
        offer_run(&best, &run);
        string_list inner = literals_of(part);
        offer(&best, &inner);
    }
    offer_run(&best, &run);
    strbuf_free(&run);
    return best;
}

/* One of each alternative's; none when an alternative has none. */
static string_list literals_of_alternatives(const struct node *n)
{
    string_list all = {0};
    for (size_t i = 0; i < n->parts.len; i++) {
        string_list one = literals_of(n->parts.items[i]);
        bool none = one.len == 0 || all.len + one.len > MOST_LITERALS;
        for (size_t k = 0; k < one.len && !none; k++)
            vec_push(&all, one.items[k]);
        if (none) {
            strings_free(&one);
            strings_free(&all);
            return all;
        }
        vec_free(&one);
    }
    return all;
}

static string_list literals_of(const struct node *n)
{
    if (n->kind == NODE_CAT)
        return literals_of_sequence(n);
    if (n->kind == NODE_ALT)
        return literals_of_alternatives(n);
    if (n->kind == NODE_GROUP || (n->kind == NODE_REPEAT && n->min > 0))
        return literals_of(n->parts.items[0]);
    return (string_list){0};
}

/* ---- the whole ---- */

static struct pattern *make(struct reader *r, const struct node *root)
{
    struct pattern *p = xcalloc(1, sizeof *p);
    p->groups = (size_t)r->groups;
    if (!pattern_compile(p, root)) {
        pattern_free(p);
        wrong(r, "it repeats too much");
        return NULL;
    }
    string_list strings = literals_of(root);
    if (shortest(&strings) < LEAST_LITERAL)
        strings_free(&strings);
    for (size_t i = 0; i < strings.len; i++)
        vec_push(&p->literals, strings.items[i]);
    vec_free(&strings);
    return p;
}

struct pattern *pattern_new(const char *regex, bool any_case, struct error *e)
{
    struct reader r = {.text = regex, .p = regex, .any_case = any_case, .e = e};
    if (strlen(regex) > PATTERN_LONGEST) {
        error_set(e, STATUS_USAGE, "the regular expression is longer than %d bytes", PATTERN_LONGEST);
        return NULL;
    }
    struct node *root = read_alternatives(&r);
    if (root && *r.p) {
        wrong(&r, ") closes nothing");
        node_free(root);
        return NULL;
    }
    if (!root)
        return NULL;
    struct pattern *p = make(&r, root);
    node_free(root);
    return p;
}

void pattern_free(struct pattern *p)
{
    if (!p)
        return;
    vec_free(&p->code);
    vec_free(&p->sets);
    for (size_t i = 0; i < p->literals.len; i++)
        free(p->literals.items[i]);
    vec_free(&p->literals);
    free(p);
}

size_t pattern_groups(const struct pattern *p)
{
    return p->groups;
}

const char *const *pattern_literals(const struct pattern *p, size_t *n)
{
    *n = p->literals.len;
    return (const char *const *)p->literals.items;
}
