/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A growable array of any type: VEC(int) v = {0}; vec_push(&v, 3); v.items[0]; vec_free(&v).
 * Growing dies when memory is short. No thread safety of its own.
 */
#ifndef VIRTDECK_BASE_VEC_H
#define VIRTDECK_BASE_VEC_H

#include "base/mem.h"

#define VEC(T)                                                                                               \
    struct {                                                                                                 \
        T *items;                                                                                            \
        size_t len, cap;                                                                                     \
    }

/* Makes room for at least `want` items in all. */
#define vec_reserve(v, want)                                                                                 \
    do {                                                                                                     \
        size_t vec_want_ = (want);                                                                           \
        if ((v)->cap < vec_want_) {                                                                          \
            (v)->cap = vec_want_ > (v)->cap * 2 ? vec_want_ : (v)->cap * 2;                                  \
            (v)->items = xrealloc((v)->items, (v)->cap * sizeof(*(v)->items));                               \
        }                                                                                                    \
    } while (0)

#define vec_push(v, item)                                                                                    \
    do {                                                                                                     \
        vec_reserve((v), (v)->len + 1);                                                                      \
        (v)->items[(v)->len++] = (item);                                                                     \
    } while (0)

/* Removes the item at `i`; the later ones move up. */
#define vec_remove(v, i)                                                                                     \
    do {                                                                                                     \
        size_t vec_i_ = (i);                                                                                 \
        memmove((v)->items + vec_i_, (v)->items + vec_i_ + 1,                                                \
                ((v)->len - vec_i_ - 1) * sizeof(*(v)->items));                                              \
        (v)->len--;                                                                                          \
    } while (0)

#define vec_clear(v) ((void)((v)->len = 0))

#define vec_free(v)                                                                                          \
    do {                                                                                                     \
        free((v)->items);                                                                                    \
        (v)->items = NULL;                                                                                   \
        (v)->len = (v)->cap = 0;                                                                             \
    } while (0)

#endif
