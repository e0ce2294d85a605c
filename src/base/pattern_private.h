/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A pattern as a tree (pattern.c makes it of the text) and as a program (pattern_run.c makes it of the tree
 * and runs it). Private to base/pattern*.c.
 */
#ifndef VIRTDECK_BASE_PATTERN_PRIVATE_H
#define VIRTDECK_BASE_PATTERN_PRIVATE_H

#include <stdint.h>
#include "base/pattern.h"
#include "base/vec.h"

enum node_kind { NODE_SET, NODE_CAT, NODE_ALT, NODE_REPEAT, NODE_GROUP, NODE_ASSERT };
enum node_assert { AT_BEGIN, AT_END, AT_WORD, NOT_AT_WORD };

struct byte_set {
    uint64_t bits[4];
};
static inline bool set_has(const struct byte_set *s, unsigned char c)
{
    return s->bits[c >> 6] >> (c & 63) & 1;
}
static inline void set_put(struct byte_set *s, unsigned char c)
{
    s->bits[c >> 6] |= (uint64_t)1 << (c & 63);
}

struct node {
    enum node_kind kind;
    struct byte_set set;
    VEC(struct node *) parts; /* CAT: none is the empty text. REPEAT, GROUP: one */
    int min, max;             /* REPEAT; max -1: no end */
    int group;                /* from 1 */
    enum node_assert assert;
};

enum op { OP_SET, OP_SPLIT, OP_JUMP, OP_SAVE, OP_ASSERT, OP_MATCH };
struct instruction {
    enum op op;
    int x, y; /* SPLIT: x is tried first; JUMP: x; SAVE: slot x; ASSERT: x; SET: x-th set */
};

struct pattern {
    VEC(struct instruction) code;
    VEC(struct byte_set) sets;
    struct byte_set first; /* bytes that a match can begin with */
    bool anywhere;         /* it may begin with none at all: `first` says nothing */
    size_t groups;
    VEC(char *) literals;
};

/* False when the program would be too long. */
bool pattern_compile(struct pattern *p, const struct node *root);

#endif
