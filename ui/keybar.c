/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/keybar.h"

#include <stdlib.h>
#include <string.h>
#include "ui/pen.h"
#include "ui/whynot.h"

typedef VEC(const struct binding *) binding_list;

static bool is_known(const binding_list *list, const struct binding *b)
{
    for (size_t i = 0; i < list->len; i++)
        if (list->items[i]->key == b->key || strcmp(list->items[i]->run, b->run) == 0)
            return true;
    return false;
}

/* A place's own bindings go before those it inherits, whatever their rank. */
static void gather(const struct keymap *m, enum place here, binding_list *out)
{
    for (enum place place = here;; place = place_parent(place)) {
        size_t first = out->len;
        for (size_t i = 0; i < m->bindings.len; i++) {
            const struct binding *b = &m->bindings.items[i];
            if (b->place != place || b->bar < 0 || !b->run || keymap_find(m, here, b->key) != b ||
                is_known(out, b))
                continue;
            size_t at = out->len;
            vec_push(out, b);
            for (; at > first && out->items[at - 1]->bar > b->bar; at--)
                out->items[at] = out->items[at - 1];
            out->items[at] = b;
        }
        if (place == PLACE_ANY)
            return;
    }
}

static void draw_key(struct deck *d, struct pen *p, const struct binding *b)
{
    char key[32];
    key_label(b->key, key, sizeof(key));
    const char *note = b->note ? b->note : b->run;
    int w = pen_width(key) + 1 + pen_width(note) + 2;
    if (p->x + w - 2 > p->end)
        return; /* whole or not at all; a shorter one may still fit */
    char *why = why_not(d, b->run);
    int from = p->x;
    pen_text(p, why ? ROLE_KEY_OFF : ROLE_KEY, key);
    pen_skip(p, 1);
    pen_text(p, why ? ROLE_KEY_OFF : ROLE_KEY_LABEL, note);
    deck_hit(d, (struct rect){from, p->y, p->x - from, 1}, b->run);
    pen_skip(p, 2);
    free(why);
}

void keybar_draw(struct deck *d, struct canvas *c, struct rect area)
{
    binding_list list = {0};
    gather(&d->keymap, deck_place(d), &list);
    struct pen p = pen_at(c, area.x + 1, area.y, area.w - 1);
    for (size_t i = 0; i < list.len; i++)
        draw_key(d, &p, list.items[i]);
    vec_free(&list);
}
