/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A tree of the strings' letters with a link from each node to the longest other beginning of a string that
 * ends there (Aho and Corasick), made into a table: one step a byte.
 */
#include "diagnose/literals.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

struct state {
    int fallback; /* where the text so far could also be */
    int output;   /* the nearest state, itself or on the way of fallbacks, where a string ends; 0: none */
    int ends;     /* first of the ids that end here, index + 1 into `ids`; 0: none */
};

struct end {
    int id, next; /* the next of the same state, index + 1 */
};

struct literals {
    unsigned char class[256]; /* bytes that are in no string are class 0 */
    int classes;
    VEC(struct state) states;
    VEC(int) steps; /* `classes` for each state; while it is made 256 */
    VEC(struct end) ends;
};

#define ALL 256

static int new_state(struct literals *l)
{
    vec_push(&l->states, ((struct state){0}));
    vec_reserve(&l->steps, l->steps.len + ALL);
    memset(l->steps.items + l->steps.len, 0, ALL * sizeof *l->steps.items);
    l->steps.len += ALL;
    return (int)l->states.len - 1;
}

struct literals *literals_new(void)
{
    struct literals *l = xcalloc(1, sizeof *l);
    new_state(l);
    return l;
}

void literals_free(struct literals *l)
{
    if (!l)
        return;
    vec_free(&l->states);
    vec_free(&l->steps);
    vec_free(&l->ends);
    free(l);
}

void literals_add(struct literals *l, const char *string, int id)
{
    int at = 0;
    for (const unsigned char *p = (const unsigned char *)string; *p; p++) {
        int next = l->steps.items[at * ALL + *p];
        if (next == 0) {
            next = new_state(l);
            l->steps.items[at * ALL + *p] = next;
        }
        at = next;
        l->class[*p] = 1;
    }
    struct end end = {id, l->states.items[at].ends};
    vec_push(&l->ends, end);
    l->states.items[at].ends = (int)l->ends.len;
}

static void number_classes(struct literals *l)
{
    l->classes = 1;
    for (int c = 0; c < ALL; c++)
        if (l->class[c])
            l->class[c] = (unsigned char)l->classes++;
}

/* Fills in what leads nowhere by what the fallback does, states nearer to the root first. */
static void link_states(struct literals *l)
{
    VEC(int) queue = {0};
    vec_push(&queue, 0);
    for (size_t i = 0; i < queue.len; i++) {
        int at = queue.items[i], fallback = l->states.items[at].fallback;
        struct state *s = &l->states.items[at];
        s->output = s->ends ? at : l->states.items[fallback].output;
        for (int c = 0; c < ALL; c++) {
            int *next = &l->steps.items[at * ALL + c];
            int other = at == 0 ? 0 : l->steps.items[fallback * ALL + c];
            if (*next == 0) {
                *next = other;
            } else {
                l->states.items[*next].fallback = other;
                vec_push(&queue, *next);
            }
        }
    }
    vec_free(&queue);
}

/* From 256 columns to one for each class: it then fits into the processor's cache. */
static void narrow(struct literals *l)
{
    int *to = l->steps.items;
    for (size_t s = 0; s < l->states.len; s++) {
        int row[ALL] = {0};
        for (int c = 0; c < ALL; c++)
            row[l->class[c]] = l->class[c] ? l->steps.items[s * ALL + (size_t)c] : 0;
        memcpy(to, row, (size_t)l->classes * sizeof *to);
        to += l->classes;
    }
    l->steps.len = l->states.len * (size_t)l->classes;
    l->steps.items = xrealloc(l->steps.items, l->steps.len * sizeof *l->steps.items);
    l->steps.cap = l->steps.len;
}

void literals_build(struct literals *l)
{
    number_classes(l);
    link_states(l);
    narrow(l);
}

void literals_scan(const struct literals *l, const char *text, size_t len, void (*found)(void *ctx, int id),
                   void *ctx)
{
    int at = 0;
    for (size_t i = 0; i < len; i++) {
        at = l->steps.items[at * l->classes + l->class[(unsigned char)text[i]]];
        for (int s = l->states.items[at].output; s; s = l->states.items[l->states.items[s].fallback].output)
            for (int e = l->states.items[s].ends; e; e = l->ends.items[e - 1].next)
                found(ctx, l->ends.items[e - 1].id);
    }
}
