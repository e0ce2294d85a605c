/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/nearest.h"

#include <string.h>
#include <strings.h>
#include "base/mem.h"

/* Names in our tables are short; anything longer was never meant to be one of them. */
#define LONGEST 40

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours, ignoring case: three rows of the usual table
 * are enough. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];

    for (size_t j = 0; j <= nb; j++)
        last[j] = j;
    for (size_t i = 1; i <= na; i++) {
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t replace = last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            now[j] = least(replace, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[nb];
}

struct nearest nearest_to(const char *word)
{
    return (struct nearest){.word = word ? word : "", .distance = (size_t)-1};
}

void nearest_offer(struct nearest *n, const char *name)
{
    if (!name)
        return;
    size_t nw = strlen(n->word), nn = strlen(name);
    if (nw == 0 || nw > LONGEST || nn > LONGEST)
        return;
    size_t d = distance(n->word, nw, name, nn);
    size_t allowed = nw <= 2 ? 1 : nw <= 5 ? 2 : 3;
    /* A beginning of a name is a good guess however much is missing. */
    if (nw >= 3 && nn > nw && strncasecmp(n->word, name, nw) == 0)
        d = 1;
    if (d <= allowed && d < least(nw, nn) && d < n->distance) {
        n->best = name;
        n->distance = d;
    }
}

char *nearest_hint(const struct nearest *n)
{
    return n->best ? xasprintf(" (did you mean \"%s\"?)", n->best) : xstrdup("");
}
