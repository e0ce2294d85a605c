/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/overwritten.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"

#define WORDS_MAX 3 /* so many are named one by one */

static bool is_overwritten(const struct journal_entry *entry, const trace *touched, const fact_list *now)
{
    return entry->state == JOURNAL_DONE && !entry->overwritten_ms && trace_gone(&entry->trace, touched, now);
}

/* Whether what is before it has to be left alone: nobody knows what an entry without a trace took out. And
 * another host's domain of the same UUID is another one. */
static bool is_barrier(const struct journal_entry *entry, const char *uri)
{
    return !entry->traced || !entry->uri || strcmp(entry->uri, uri) != 0;
}

/* By when they were through with the definition: a conversion begins long before that. */
static int compare_ends(const void *a, const void *b)
{
    const struct journal_entry *x = *(const struct journal_entry *const *)a,
                               *y = *(const struct journal_entry *const *)b;
    if (x->ended_ms && y->ended_ms && x->ended_ms != y->ended_ms)
        return x->ended_ms < y->ended_ms ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool is_under_way(const journal_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        if (l->items[i].state == JOURNAL_BEGUN && l->items[i].lasts)
            return true;
    return false;
}

/* Those behind the last one that is missing (a file that can't be read), in the order of their ends. */
static size_t in_order(journal_list *l, struct journal_entry **order)
{
    size_t first = l->len, n = 0;
    while (first > 0 && (first == l->len || l->items[first - 1].number + 1 == l->items[first].number))
        first--;
    for (size_t i = first; i < l->len; i++)
        if (l->items[i].state != JOURNAL_FAILED)
            order[n++] = &l->items[i];
    if (n)
        qsort(order, n, sizeof(struct journal_entry *), compare_ends);
    return n;
}

void overwritten_find(journal_list *l, const char *uri, const char *now, journal_numbers *out)
{
    fact_list facts;
    trace touched = {0};
    struct journal_entry **order = xcalloc(l->len + 1, sizeof(struct journal_entry *));
    size_t n = is_under_way(l) ? 0 : in_order(l, order);
    fact_list_make(now, &facts);
    for (size_t i = n; facts.len && i-- > 0 && !is_barrier(order[i], uri);) {
        if (is_overwritten(order[i], &touched, &facts)) {
            order[i]->overwritten_ms = clock_wall_ms();
            vec_push(out, order[i]->number);
        }
        trace_join(&touched, &order[i]->trace);
    }
    trace_free(&touched);
    fact_list_free(&facts);
    free(order);
}

static const char *what_of(const journal_list *l, unsigned number)
{
    for (size_t i = 0; i < l->len; i++)
        if (l->items[i].number == number)
            return l->items[i].what;
    return NULL;
}

void overwritten_words(struct strbuf *out, const journal_list *l, const journal_numbers *numbers,
                       const char *vm)
{
    size_t named = numbers->len > WORDS_MAX ? WORDS_MAX : numbers->len;
    strbuf_puts(out, numbers->len == 1 ? "the change " : "the changes ");
    for (size_t i = 0; i < named; i++) {
        const char *what = what_of(l, numbers->items[i]);
        strbuf_printf(out, "%s%u (%s)", i ? ", " : "", numbers->items[i], what ? what : "?");
    }
    if (numbers->len > named)
        strbuf_printf(out, " and %zu more", numbers->len - named);
    strbuf_printf(
        out,
        " %s not in the definition of %s any more: another program has written it since (`history %s` "
        "lists the changes)",
        numbers->len == 1 ? "is" : "are", vm, vm);
}
