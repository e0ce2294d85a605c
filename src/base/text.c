/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>
#include "base/utf8.h"
#include "base/vec.h"

#define ZWJ           0x200d
#define REPLACEMENT   0xfffd
#define DOTTED_CIRCLE 0x25cc
#define KEYCAP        0x20e3

struct range {
    uint32_t first, last;
};

/* Printable for wcwidth(), but they act on the order of the text, or can't be seen: two names that look the
 * same must be the same. */
static const struct range hidden[] = {
    {0x00ad, 0x00ad}, {0x034f, 0x034f},   {0x061c, 0x061c},   {0x115f, 0x1160},
    {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

/* What takes part in emoji sequences: near enough, since all that hangs on it is whether a joiner or a
 * variation selector is legitimate. */
static const struct range pictures[] = {
    {0x00a9, 0x00a9}, {0x00ae, 0x00ae}, {0x203c, 0x203c}, {0x2049, 0x2049},
    {0x2122, 0x2122}, {0x2139, 0x2139}, {0x2190, 0x21ff}, {0x2300, 0x23ff},
    {0x24c2, 0x24c2}, {0x25a0, 0x27bf}, {0x2900, 0x297f}, {0x2b00, 0x2bff},
    {0x3030, 0x3030}, {0x303d, 0x303d}, {0x3297, 0x3299}, {0x1f000, 0x1faff},
};

enum kind {
    KIND_BASE,     /* takes columns of its own */
    KIND_MARK,     /* combines with the base before it */
    KIND_TONE,     /* skin colour: nothing of its own after a picture, else a base */
    KIND_SELECTOR, /* picks a glyph */
    KIND_JOINER,   /* between pictures */
    KIND_UNFIT,    /* a character that is shown as its number */
    KIND_INVALID   /* a byte that is no UTF-8 */
};

struct unit {
    uint32_t cp;
    size_t len; /* bytes, at least 1 */
    int width;
    enum kind kind;
};

static bool in_ranges(uint32_t cp, const struct range *r, size_t n)
{
    size_t low = 0;
    while (low < n) {
        size_t mid = (low + n) / 2;
        if (cp < r[mid].first)
            n = mid;
        else if (cp > r[mid].last)
            low = mid + 1;
        else
            return true;
    }
    return false;
}

static bool is_picture(uint32_t cp)
{
    return in_ranges(cp, pictures, ARRAY_LEN(pictures));
}

static enum kind kind_of(uint32_t cp, int width)
{
    if (cp == ZWJ)
        return KIND_JOINER;
    if (cp >= 0xfe00 && cp <= 0xfe0f)
        return KIND_SELECTOR;
    if (cp < 0x20 || width < 0 || in_ranges(cp, hidden, ARRAY_LEN(hidden)))
        return KIND_UNFIT;
    if (cp >= 0x1f3fb && cp <= 0x1f3ff)
        return KIND_TONE;
    return width == 0 ? KIND_MARK : KIND_BASE;
}

/* The character at s; len > 0, or s ends in NUL and doesn't begin with it. */
static struct unit unit_at(const char *s, size_t len)
{
    unsigned char c = (unsigned char)*s;
    if (c >= 0x20 && c < 0x7f)
        return (struct unit){c, 1, 1, KIND_BASE};
    struct unit u = {.len = 0};
    u.len = utf8_decode(s, len, &u.cp);
    if (u.len == 0)
        return (struct unit){c, 1, 1, KIND_INVALID};
    u.width = wcwidth((wchar_t)u.cp);
    u.kind = kind_of(u.cp, u.width);
    return u;
}

/* Whether a unit that shows nothing itself belongs to what is before and behind it: joiners only between
 * pictures, selectors behind a picture, an ideograph or in a keycap. `rest`: what follows the unit. */
static bool belongs(const struct unit *u, uint32_t base, const char *rest, size_t len)
{
    struct unit next = len > 0 && *rest ? unit_at(rest, len) : (struct unit){.kind = KIND_INVALID};
    bool key = base == '#' || base == '*' || (base >= '0' && base <= '9');
    if (u->kind == KIND_SELECTOR)
        return is_picture(base) || (base >= 0x3400 && base <= 0x9fff) || (key && next.cp == KEYCAP);
    return is_picture(base) && next.kind == KIND_BASE && is_picture(next.cp);
}

static void put_escape(struct strbuf *out, const struct unit *u)
{
    static const char letters[][2] = {{'\a', 'a'}, {'\b', 'b'}, {'\t', 't'}, {'\n', 'n'},
                                      {'\v', 'v'}, {'\f', 'f'}, {'\r', 'r'}, {'\x1b', 'e'}};
    for (size_t i = 0; u->len == 1 && i < ARRAY_LEN(letters); i++) {
        if (u->cp == (unsigned char)letters[i][0]) {
            strbuf_printf(out, "\\%c", letters[i][1]);
            return;
        }
    }
    if (u->len == 1)
        strbuf_printf(out, "\\x%02x", (unsigned)u->cp);
    else
        strbuf_printf(out, "\\u{%04x}", (unsigned)u->cp);
}

/* Whether there is a glyph for it in this locale. */
static bool can_show(uint32_t cp)
{
    return wcwidth((wchar_t)cp) > 0;
}

void text_escape(struct strbuf *out, const char *raw, size_t len)
{
    uint32_t base = 0; /* 0: nothing that a mark could combine with */
    for (size_t i = 0; i < len;) {
        struct unit u = unit_at(raw + i, len - i);
        const char *rest = raw + i + u.len;
        size_t left = len - i - u.len;
        bool keep = u.kind == KIND_BASE || u.kind == KIND_TONE || u.kind == KIND_MARK;
        if (u.kind == KIND_SELECTOR || u.kind == KIND_JOINER)
            keep = belongs(&u, base, rest, left);
        if (u.kind == KIND_MARK && base == 0) {
            keep = can_show(DOTTED_CIRCLE);
            base = DOTTED_CIRCLE;
            if (keep)
                strbuf_puts(out, "\u25cc");
        }
        if (keep)
            strbuf_add(out, raw + i, u.len);
        else
            put_escape(out, &u);
        if (!keep)
            base = 0;
        else if (u.kind == KIND_BASE || (u.kind == KIND_TONE && !is_picture(base)))
            base = u.cp;
        i += u.len;
    }
    strbuf_add(out, "", 0);
}

char *text_escaped(const char *raw)
{
    struct strbuf out = {0};
    if (raw)
        text_escape(&out, raw, strlen(raw));
    return strbuf_steal(&out);
}

char *text_shell_word(const char *raw)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+/:,@=%#";
    struct strbuf out = {0};
    if (raw[0] && raw[0] != '#' && raw[strspn(raw, plain)] == '\0')
        return xstrdup(raw);
    strbuf_putc(&out, '\'');
    for (; *raw; raw++) {
        if (*raw == '\'')
            strbuf_puts(&out, "'\\''");
        else
            strbuf_putc(&out, *raw);
    }
    strbuf_putc(&out, '\'');
    return strbuf_steal(&out);
}

/* The longest UTF-8 sequence; enough to read one character of a NUL-terminated string. */
#define ONE 4

bool text_next(const char **s, struct text_cluster *out)
{
    const char *p = *s;
    size_t n = 0;
    if (!*p)
        return false;
    struct unit u = unit_at(p, ONE);
    uint32_t base = u.cp;
    out->width = u.width;
    if (u.kind == KIND_MARK) {
        base = DOTTED_CIRCLE;
        out->width = 1;
    } else if (u.kind != KIND_BASE && u.kind != KIND_TONE) {
        base = REPLACEMENT;
        out->width = 1;
        u.kind = KIND_INVALID;
    }
    out->ch[n++] = (wchar_t)base;
    if (u.kind == KIND_MARK)
        out->ch[n++] = (wchar_t)u.cp;
    p += u.len;
    /* What hangs on the base. Selectors, joiners and skin colours are left out: terminals disagree about the
     * columns of the result, but not about those of its parts. */
    while (u.kind != KIND_INVALID && (unsigned char)*p >= 0x80) {
        struct unit next = unit_at(p, ONE);
        bool mark = next.kind == KIND_MARK;
        bool silent = next.kind == KIND_TONE && is_picture(base);
        if (next.kind == KIND_SELECTOR || next.kind == KIND_JOINER)
            silent = belongs(&next, base, p + next.len, ONE);
        if (!mark && !silent)
            break;
        if (mark && n < TEXT_CLUSTER_MAX)
            out->ch[n++] = (wchar_t)next.cp;
        p += next.len;
    }
    out->ch[n] = L'\0';
    *s = p;
    return true;
}

int text_width(const char *s)
{
    struct text_cluster c;
    int width = 0;
    while (text_next(&s, &c))
        width += c.width;
    return width;
}

static void put_cluster(struct strbuf *out, const struct text_cluster *c)
{
    char bytes[4];
    for (const wchar_t *p = c->ch; *p; p++) {
        size_t n = utf8_encode((uint32_t)*p, bytes);
        strbuf_add(out, bytes, n);
    }
}

static void put_spaces(struct strbuf *out, int n)
{
    while (n-- > 0)
        strbuf_putc(out, ' ');
}

void text_fit(struct strbuf *out, const char *s, int width, enum text_align align, bool unicode)
{
    struct text_cluster c;
    if (width <= 0)
        return;
    int full = text_width(s);
    if (full > width) {
        int used = 0;
        while (text_next(&s, &c) && used + c.width <= width - 1) {
            put_cluster(out, &c);
            used += c.width;
        }
        strbuf_puts(out, unicode ? "\u2026" : "~");
        put_spaces(out, width - used - 1);
        return;
    }
    int before = align == TEXT_LEFT ? 0 : align == TEXT_RIGHT ? width - full : (width - full) / 2;
    put_spaces(out, before);
    while (text_next(&s, &c))
        put_cluster(out, &c);
    put_spaces(out, width - full - before);
}

/* The character at *s in lower case, moving on; bytes that are no UTF-8 come as numbers of their own. */
static uint32_t next_folded(const char **s)
{
    uint32_t cp;
    size_t n = utf8_decode(*s, ONE, &cp);
    if (n == 0) {
        cp = 0x110000 + (unsigned char)**s;
        n = 1;
    } else
        cp = cp < 0x80 ? (cp >= 'A' && cp <= 'Z' ? cp + 32 : cp) : (uint32_t)towlower((wint_t)cp);
    *s += n;
    return cp;
}

const char *text_next_line(const char *text)
{
    const char *end = strchr(text, '\n');
    return end ? end + 1 : NULL;
}

bool text_contains(const char *hay, const char *needle)
{
    for (;;) {
        const char *h = hay, *n = needle;
        while (*n && *h) {
            const char *at = n;
            if (next_folded(&h) != next_folded(&n)) {
                n = at;
                break;
            }
        }
        if (!*n)
            return true;
        if (!*hay)
            return false;
        next_folded(&hay);
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Two runs of digits, of any length, by value; moves both behind. */
static int compare_digits(const char **a, const char **b)
{
    const char *p = *a, *q = *b;
    while (*p == '0')
        p++;
    while (*q == '0')
        q++;
    size_t np = strspn(p, "0123456789"), nq = strspn(q, "0123456789");
    *a = p + np;
    *b = q + nq;
    if (np != nq)
        return np < nq ? -1 : 1;
    return memcmp(p, q, np);
}

int text_compare(const char *a, const char *b)
{
    const char *p = a, *q = b;
    while (*p && *q) {
        if (is_digit(*p) && is_digit(*q)) {
            int order = compare_digits(&p, &q);
            if (order)
                return order < 0 ? -1 : 1;
            continue;
        }
        uint32_t c = next_folded(&p), d = next_folded(&q);
        if (c != d)
            return c < d ? -1 : 1;
    }
    if (*p || *q)
        return *p ? 1 : -1;
    int order = strcmp(a, b);
    return order < 0 ? -1 : order > 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *text_sorted_words(const char *text, const char *separators)
{
    VEC(char *) words = {0};
    struct strbuf out = {0};
    char *copy = xstrdup(text ? text : ""), *rest = copy;
    for (char *word; (word = strtok_r(rest, separators, &rest)) != NULL;)
        vec_push(&words, word);
    if (words.len)
        qsort(words.items, words.len, sizeof *words.items, by_bytes);
    for (size_t i = 0; i < words.len; i++)
        if (i == 0 || strcmp(words.items[i], words.items[i - 1]) != 0)
            strbuf_printf(&out, "%s%s", i ? " " : "", words.items[i]);
    vec_free(&words);
    free(copy);
    return strbuf_steal(&out);
}

bool text_glob(const char *pattern, const char *s)
{
    return fnmatch(pattern, s, 0) == 0;
}
