/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Myers' greedy search for the shortest script of deletions and insertions, between the lines that both texts
 * begin and end with.
 */
#include "base/linediff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"

#define CONTEXT 3
/* The search remembers a row of this many figures for each step: 2,000 steps take 16 MB. */
#define MAX_STEPS 2000

struct line {
    const char *text;
    size_t len;
};
typedef VEC(struct line) line_list;

struct diff {
    line_list a, b;
    bool *gone, *come; /* of each line of a and b: is only there */
};

static void split(const char *text, line_list *out)
{
    vec_reserve(out, 1);
    while (*text) {
        struct line l = {text, strcspn(text, "\n")};
        vec_push(out, l);
        text += l.len + (text[l.len] == '\n');
    }
}

static bool same(const struct diff *d, size_t i, size_t k)
{
    const struct line *x = &d->a.items[i], *y = &d->b.items[k];
    return x->len == y->len && memcmp(x->text, y->text, x->len) == 0;
}

/* ---- the search ---- */

/* The part of both texts that differs: n lines of a from `from` on, m of b. */
struct middle {
    const struct diff *d;
    size_t from, n, m;
};

/* How far one comes in a on diagonal k (x - y) with one more step; `v` holds the row of the step before. */
static int advance(const struct middle *q, const int *v, int step, int k)
{
    bool down = k == -step || (k != step && v[k - 1] < v[k + 1]);
    int x = down ? v[k + 1] : v[k - 1] + 1;
    int y = x - k;
    while (x < (int)q->n && y < (int)q->m && same(q->d, q->from + (size_t)x, q->from + (size_t)y)) {
        x++;
        y++;
    }
    return x;
}

/* Walks back through the rows, marking what each step took away or added. rows[s] is the state before step s.
 */
static void mark(struct diff *d, const struct middle *q, int *const *rows, int steps)
{
    int x = (int)q->n, y = (int)q->m;
    for (int step = steps; step > 0; step--) {
        const int *v = rows[step] + step + 1;
        int k = x - y;
        bool down = k == -step || (k != step && v[k - 1] < v[k + 1]);
        int from_k = down ? k + 1 : k - 1;
        x = v[from_k];
        y = x - from_k;
        if (down)
            d->come[q->from + (size_t)y] = true;
        else
            d->gone[q->from + (size_t)x] = true;
    }
}

/* The row that step `step` starts from: diagonals -step-1 … step+1. */
static int *copy_row(const int *v, int step)
{
    size_t n = 2 * (size_t)step + 3;
    int *row = xcalloc(n, sizeof *row);
    memcpy(row, v - step - 1, n * sizeof *row);
    return row;
}

/* False: more than MAX_STEPS lines differ. */
static bool search(struct diff *d, const struct middle *q)
{
    int most = q->n + q->m < MAX_STEPS ? (int)(q->n + q->m) : MAX_STEPS;
    int *space = xcalloc(2 * (size_t)most + 5, sizeof *space), *v = space + most + 2;
    int **rows = xcalloc((size_t)most + 1, sizeof *rows);
    bool found = false;
    int step = 0;
    for (; step <= most && !found; step++) {
        rows[step] = copy_row(v, step);
        for (int k = -step; k <= step && !found; k += 2) {
            v[k] = advance(q, v, step, k);
            found = v[k] >= (int)q->n && v[k] - k >= (int)q->m;
        }
    }
    if (found)
        mark(d, q, rows, step - 1);
    for (int i = 0; i < step; i++)
        free(rows[i]);
    free(rows);
    free(space);
    return found;
}

static void compare(struct diff *d)
{
    size_t n = d->a.len, m = d->b.len, from = 0;
    while (from < n && from < m && same(d, from, from))
        from++;
    while (n > from && m > from && same(d, n - 1, m - 1)) {
        n--;
        m--;
    }
    struct middle q = {d, from, n - from, m - from};
    if (search(d, &q))
        return;
    memset(d->gone + from, 1, n - from);
    memset(d->come + from, 1, m - from);
}

/* ---- printing ---- */

/* Moves over one line of the script: a deletion goes before an insertion, and both before what is common. */
static char next_line(const struct diff *d, size_t *i, size_t *k)
{
    if (*i < d->a.len && d->gone[*i]) {
        ++*i;
        return '-';
    }
    if (*k < d->b.len && d->come[*k]) {
        ++*k;
        return '+';
    }
    ++*i;
    ++*k;
    return ' ';
}

static bool at_end(const struct diff *d, size_t i, size_t k)
{
    return i >= d->a.len && k >= d->b.len;
}

/* How many common lines follow here, counted up to `most`. */
static size_t common_ahead(const struct diff *d, size_t i, size_t k, size_t most)
{
    size_t n = 0;
    while (n < most && !at_end(d, i, k) && next_line(d, &i, &k) == ' ')
        n++;
    return n;
}

static void print_line(struct strbuf *out, const struct diff *d, char kind, size_t i, size_t k)
{
    const struct line *l = kind == '+' ? &d->b.items[k] : &d->a.items[i];
    strbuf_putc(out, kind);
    strbuf_add(out, l->text, l->len);
    strbuf_putc(out, '\n');
}

/* From the first line of context on, up to the last. */
static void print_hunk(struct strbuf *out, const struct diff *d, size_t *i, size_t *k)
{
    struct strbuf lines = {0};
    size_t first_i = *i, first_k = *k;
    for (;;) {
        size_t was_i = *i, was_k = *k, common = common_ahead(d, *i, *k, 2 * CONTEXT + 1);
        bool last = was_i != first_i || was_k != first_k;
        bool ends = common > 2 * CONTEXT || at_end(d, *i + common, *k + common);
        if (common && last && ends) {
            for (size_t n = 0; n < common && n < CONTEXT; n++) {
                was_i = *i;
                was_k = *k;
                print_line(&lines, d, next_line(d, i, k), was_i, was_k);
            }
            break;
        }
        if (at_end(d, *i, *k))
            break;
        print_line(&lines, d, next_line(d, i, k), was_i, was_k);
    }
    size_t n = *i - first_i, m = *k - first_k;
    strbuf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n%s", first_i + (n > 0), n, first_k + (m > 0), m,
                  strbuf_str(&lines));
    strbuf_free(&lines);
}

static void print(const struct diff *d, struct strbuf *out)
{
    size_t i = 0, k = 0;
    while (!at_end(d, i, k)) {
        size_t common = common_ahead(d, i, k, SIZE_MAX);
        i += common;
        k += common;
        if (at_end(d, i, k))
            break;
        size_t context = common < CONTEXT ? common : CONTEXT;
        i -= context;
        k -= context;
        print_hunk(out, d, &i, &k);
    }
}

void linediff(struct strbuf *out, const char *old, const char *new)
{
    struct diff d = {0};
    split(old, &d.a);
    split(new, &d.b);
    d.gone = xcalloc(d.a.len + 1, sizeof *d.gone);
    d.come = xcalloc(d.b.len + 1, sizeof *d.come);
    compare(&d);
    print(&d, out);
    free(d.gone);
    free(d.come);
    vec_free(&d.a);
    vec_free(&d.b);
}
