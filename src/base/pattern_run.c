/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A pattern's program, and its run: all ways through it go over the text side by side, so that each byte is
 * looked at once for each instruction at most.
 */
#include <stdlib.h>
#include <string.h>

#include "base/pattern_private.h"

#define MOST_CODE  2000
#define MOST_SLOTS (2 * (PATTERN_GROUPS + 1))

/* ---- tree to program ---- */

static int emit(struct pattern *p, enum op op, int x, int y)
{
    struct instruction in = {op, x, y};
    vec_push(&p->code, in);
    return (int)p->code.len - 1;
}

static int here(const struct pattern *p)
{
    return (int)p->code.len;
}

static bool emit_node(struct pattern *p, const struct node *n);

static bool emit_sequence(struct pattern *p, const struct node *n)
{
    for (size_t i = 0; i < n->parts.len; i++)
        if (!emit_node(p, n->parts.items[i]))
            return false;
    return true;
}

/* split A, next; A; jump end; next: … */
static bool emit_alternatives(struct pattern *p, const struct node *n)
{
    VEC(int) jumps = {0};
    bool good = true;
    for (size_t i = 0; i < n->parts.len && good; i++) {
        bool last = i + 1 == n->parts.len;
        int split = last ? -1 : emit(p, OP_SPLIT, here(p) + 1, 0);
        good = emit_node(p, n->parts.items[i]);
        if (last)
            break;
        vec_push(&jumps, emit(p, OP_JUMP, 0, 0));
        p->code.items[split].y = here(p);
    }
    for (size_t i = 0; i < jumps.len; i++)
        p->code.items[jumps.items[i]].x = here(p);
    vec_free(&jumps);
    return good;
}

static bool emit_repeat(struct pattern *p, const struct node *n)
{
    const struct node *body = n->parts.items[0];
    for (int i = 0; i < n->min; i++) {
        int begin = here(p);
        if (!emit_node(p, body))
            return false;
        if (here(p) == begin) /* nothing, however often */
            return true;
    }
    if (n->max < 0) {
        int split = emit(p, OP_SPLIT, here(p) + 1, 0);
        if (!emit_node(p, body))
            return false;
        emit(p, OP_JUMP, split, 0);
        p->code.items[split].y = here(p);
        return true;
    }
    for (int i = n->min; i < n->max; i++) {
        int split = emit(p, OP_SPLIT, here(p) + 1, 0);
        if (!emit_node(p, body))
            return false;
        p->code.items[split].y = here(p);
        if (here(p) == split + 1)
            return true;
    }
    return true;
}

static bool emit_node(struct pattern *p, const struct node *n)
{
    bool good = true;
    if (p->code.len > MOST_CODE)
        return false;
    switch (n->kind) {
    case NODE_SET:
        vec_push(&p->sets, n->set);
        emit(p, OP_SET, (int)p->sets.len - 1, 0);
        break;
    case NODE_CAT:
        good = emit_sequence(p, n);
        break;
    case NODE_ALT:
        good = emit_alternatives(p, n);
        break;
    case NODE_REPEAT:
        good = emit_repeat(p, n);
        break;
    case NODE_GROUP:
        emit(p, OP_SAVE, 2 * n->group, 0);
        good = emit_node(p, n->parts.items[0]);
        emit(p, OP_SAVE, 2 * n->group + 1, 0);
        break;
    case NODE_ASSERT:
        emit(p, OP_ASSERT, (int)n->assert, 0);
        break;
    }
    return good && p->code.len <= MOST_CODE;
}

/* What can come first: all that is reached from the beginning without taking a byte. */
static void find_first(struct pattern *p)
{
    bool *seen = xcalloc(p->code.len, sizeof *seen);
    VEC(int) todo = {0};
    vec_push(&todo, 0);
    while (todo.len) {
        int pc = todo.items[--todo.len];
        const struct instruction *in = &p->code.items[pc];
        if (seen[pc])
            continue;
        seen[pc] = true;
        if (in->op == OP_SET) {
            for (int i = 0; i < 4; i++)
                p->first.bits[i] |= p->sets.items[in->x].bits[i];
        } else if (in->op == OP_MATCH) {
            p->anywhere = true;
        } else if (in->op == OP_JUMP) {
            vec_push(&todo, in->x);
        } else if (in->op == OP_SPLIT) {
            vec_push(&todo, in->x);
            vec_push(&todo, in->y);
        } else {
            vec_push(&todo, pc + 1);
        }
    }
    vec_free(&todo);
    free(seen);
}

bool pattern_compile(struct pattern *p, const struct node *root)
{
    emit(p, OP_SAVE, 0, 0);
    if (!emit_node(p, root))
        return false;
    emit(p, OP_SAVE, 1, 0);
    emit(p, OP_MATCH, 0, 0);
    find_first(p);
    return true;
}

/* ---- the run ---- */

/* A way through the program that has come as far as `pc`; its slots lie in the list's array. */
struct ways {
    size_t n;
    int *pc;
    size_t *slots; /* `width` for each */
};

struct run {
    const struct pattern *p;
    const char *text;
    size_t len;
    size_t width;    /* slots of a way */
    size_t *reached; /* by instruction: the position + 1 at which a way came there last */
    size_t slots[MOST_SLOTS];
};

static bool word_at(const struct run *r, size_t i)
{
    if (i >= r->len)
        return false;
    unsigned char c = (unsigned char)r->text[i];
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool holds(const struct run *r, enum node_assert what, size_t at)
{
    bool edge = word_at(r, at) != (at > 0 && word_at(r, at - 1));
    switch (what) {
    case AT_BEGIN:
        return at == 0;
    case AT_END:
        return at == r->len;
    case AT_WORD:
        return edge;
    default:
        return !edge;
    }
}

/* Follows what takes no byte, from `pc` on; what takes one, or the end, is added to the list, in order of
 * preference. It goes no deeper than the program is long. */
static void add(struct run *r, struct ways *to, int pc, size_t at)
{
    if (r->reached[pc] == at + 1)
        return;
    r->reached[pc] = at + 1;
    const struct instruction *in = &r->p->code.items[pc];
    size_t before;
    switch (in->op) {
    case OP_JUMP:
        add(r, to, in->x, at);
        break;
    case OP_SPLIT:
        add(r, to, in->x, at);
        add(r, to, in->y, at);
        break;
    case OP_SAVE:
        before = r->slots[in->x];
        r->slots[in->x] = at;
        add(r, to, pc + 1, at);
        r->slots[in->x] = before;
        break;
    case OP_ASSERT:
        if (holds(r, (enum node_assert)in->x, at))
            add(r, to, pc + 1, at);
        break;
    case OP_SET:
    case OP_MATCH:
        to->pc[to->n] = pc;
        memcpy(to->slots + to->n * r->width, r->slots, r->width * sizeof *r->slots);
        to->n++;
        break;
    }
}

/* One byte further. True when a way has ended in a match, whose slots are in `best`; ways that come behind it
 * in the order of preference are given up. */
static bool step(struct run *r, const struct ways *from, struct ways *to, size_t at, size_t *best)
{
    to->n = 0;
    for (size_t i = 0; i < from->n; i++) {
        const struct instruction *in = &r->p->code.items[from->pc[i]];
        const size_t *slots = from->slots + i * r->width;
        if (in->op == OP_MATCH) {
            memcpy(best, slots, r->width * sizeof *best);
            return true;
        }
        if (at < r->len && set_has(&r->p->sets.items[in->x], (unsigned char)r->text[at])) {
            memcpy(r->slots, slots, r->width * sizeof *slots);
            add(r, to, from->pc[i] + 1, at + 1);
        }
    }
    return false;
}

/* The first place from `at` on where a match could begin. */
static size_t next_begin(const struct run *r, size_t at)
{
    while (at < r->len && !r->p->anywhere && !set_has(&r->p->first, (unsigned char)r->text[at]))
        at++;
    return at;
}

static bool search(struct run *r, struct ways *now, struct ways *next, size_t before, size_t *best)
{
    bool found = false;
    for (size_t at = 0; at <= r->len; at++) {
        if (now->n == 0 && found)
            break;
        if (now->n == 0)
            at = next_begin(r, at);
        if (!found && at < before) {
            memset(r->slots, 0xff, sizeof r->slots);
            add(r, now, 0, at);
        }
        if (now->n == 0 && at >= before)
            break;
        found |= step(r, now, next, at, best);
        struct ways *t = now;
        now = next;
        next = t;
    }
    return found;
}

/* A search for plain strings is faster by far. */
static bool ruled_out(const struct pattern *p, const char *text, size_t len)
{
    for (size_t i = 0; i < p->literals.len; i++)
        if (memmem(text, len, p->literals.items[i], strlen(p->literals.items[i])))
            return false;
    return p->literals.len > 0;
}

bool pattern_find(const struct pattern *p, const char *text, size_t len, size_t before,
                  struct pattern_span *spans)
{
    size_t n = p->code.len, best[MOST_SLOTS];
    struct run r = {.p = p, .text = text, .len = len, .width = 2 * (p->groups + 1)};
    if (ruled_out(p, text, len))
        return false;
    memset(best, 0xff, sizeof best);
    size_t *block = xcalloc(n + 2 * n * r.width + n, sizeof *block); /* one for all: this is called often */
    int *pcs = (int *)(block + n + 2 * n * r.width);
    struct ways a = {0, pcs, block + n}, b = {0, pcs + n, block + n + n * r.width};
    r.reached = block;
    bool found = search(&r, &a, &b, before, best);
    for (size_t i = 0; found && spans && i <= PATTERN_GROUPS; i++) {
        bool part = i <= p->groups && best[2 * i] != PATTERN_NONE && best[2 * i + 1] != PATTERN_NONE;
        spans[i] = part ? (struct pattern_span){best[2 * i], best[2 * i + 1]}
                        : (struct pattern_span){PATTERN_NONE, PATTERN_NONE};
    }
    free(block);
    return found;
}
