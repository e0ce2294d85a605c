/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/column.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/nearest.h"

/* Words that people use for a column of another name. */
static const struct {
    const char *word, *id;
} aliases[] = {{"vcpu", "vcpus"}, {"tag", "tags"}, {"memory", "mem"}, {"maxmemory", "maxmem"}};

const struct column *column_find(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
        if (strcasecmp(aliases[i].word, id) == 0) {
            id = aliases[i].id;
        }
    }
    for (size_t i = 0; i < n_columns; i++) {
        if (strcasecmp(columns[i].id, id) == 0) {
            return &columns[i];
        }
    }
    return NULL;
}

static struct nearest nearest_column(const char *id)
{
    struct nearest n = nearest_to(id);
    for (size_t i = 0; i < n_columns; i++) {
        nearest_offer(&n, columns[i].id);
    }
    return n;
}

const char *column_nearest(const char *id)
{
    return nearest_column(id).best;
}

bool row_is_stale(const struct row *r)
{
    if (r->host && r->host->state != HOST_UP) {
        return true;
    }
    return r->vm->sampled_ms > 0 && r->now_ms - r->vm->sampled_ms > r->stale_ms;
}

/* Two values of which either may be unknown: *known is false when that decides the order. */
static int compare_unknown(bool a_unknown, bool b_unknown, bool *known)
{
    *known = !a_unknown && !b_unknown;
    return (int)a_unknown - (int)b_unknown;
}

static int compare_numbers(const struct column *c, const struct row *a, const struct row *b, bool *known)
{
    double x = c->number(a);
    double y = c->number(b);
    int order = compare_unknown(isnan(x), isnan(y), known);
    return *known ? (x > y) - (x < y) : order;
}

static int compare_values(const struct column *c, const struct row *a, const struct row *b, bool *known)
{
    char scratch_a[COLUMN_SCRATCH];
    char scratch_b[COLUMN_SCRATCH];
    const char *x = c->value(a, scratch_a);
    const char *y = c->value(b, scratch_b);
    int order = compare_unknown(!x, !y, known);
    return *known ? text_compare(x, y) : order;
}

static int compare_identity(const struct row *a, const struct row *b)
{
    int order = text_compare(a->vm->name ? a->vm->name : "", b->vm->name ? b->vm->name : "");
    if (order == 0) {
        order = uuid_compare(&a->vm->uuid, &b->vm->uuid);
    }
    if (order == 0 && a->host && b->host) {
        order = (a->host->id > b->host->id) - (a->host->id < b->host->id);
    }
    return order;
}

int column_compare(const struct column *c, bool descending, const struct row *a, const struct row *b)
{
    bool known;
    int order = c->number ? compare_numbers(c, a, b, &known) : compare_values(c, a, b, &known);
    if (order == 0) {
        return compare_identity(a, b);
    }
    return known && descending ? -order : order;
}

static void add_once(column_list *list, const struct column *c)
{
    for (size_t i = 0; i < list->len; i++) {
        if (list->items[i] == c) {
            return;
        }
    }
    vec_push(list, c);
}

/* One word of a list of ids; false with e set. */
static bool add_word(column_list *list, const char *word, int position, struct error *e)
{
    bool all = strcasecmp(word, "all") == 0;
    if (all || strcasecmp(word, "default") == 0) {
        for (size_t i = 0; i < n_columns; i++) {
            if (all || columns[i].default_on) {
                add_once(list, &columns[i]);
            }
        }
        return true;
    }
    const struct column *c = column_find(word);
    if (c) {
        add_once(list, c);
        return true;
    }
    if (!word[0]) {
        return error_set_at(e, STATUS_USAGE, position,
                            "a column is missing here: give ids with a comma between");
    }
    struct nearest n = nearest_column(word);
    char *hint = nearest_hint(&n);
    error_set_at(e, STATUS_USAGE, position, "no column is called \"%.60s\"%s", word, hint);
    free(hint);
    return false;
}

bool column_parse_list(const char *text, column_list *list, struct error *e)
{
    size_t before = list->len;
    const char *p = text;
    for (;;) {
        size_t blank = strspn(p, " \t");
        size_t len = strcspn(p + blank, ",");
        const char *start = p + blank;
        size_t end = len;
        while (end > 0 && (start[end - 1] == ' ' || start[end - 1] == '\t')) {
            end--;
        }
        char *word = xstrndup(start, end);
        bool ok = add_word(list, word, (int)(start - text), e);
        free(word);
        if (!ok) {
            list->len = before;
            return false;
        }
        if (start[len] == '\0') {
            return true;
        }
        p = start + len + 1;
    }
}
