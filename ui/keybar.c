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

/* What the place binds and what it inherits, by rank. */
static void gather(const struct keymap *m, enum place here, binding_list *out)
{
    for (enum place place = here;; place = place_parent(place)) {
        for (size_t i = 0; i < m->bindings.len; i++) {
            const struct binding *b = &m->bindings.items[i];
            if (b->place != place || b->bar < 0 || !b->run || keymap_find(m, here, b->key) != b ||
                is_known(out, b))
                continue;
            size_t at = out->len;
            vec_push(out, b);
            for (; at > 0 && out->items[at - 1]->bar > b->bar; at--)
                out->items[at] = out->items[at - 1];
            out->items[at] = b;
        }
        /* In a dialog the keys of everywhere are off. */
        if (place == PLACE_ANY || place == PLACE_DIALOG || place == PLACE_HELP)
            return;
    }
}

/* Wide gaps where there is room for all keys. */
static int gap_for(const binding_list *list, int w)
{
    int sum = 0;
    for (size_t i = 0; i < list->len; i++) {
        char key[32];
        key_label(list->items[i]->key, key, sizeof(key));
        sum += pen_width(key) + 1 + pen_width(list->items[i]->note ? list->items[i]->note : "") + 2;
    }
    return sum - 2 <= w ? 2 : 1;
}

static void draw_key(struct deck *d, struct pen *p, const struct binding *b, int gap)
{
    char key[32];
    key_label(b->key, key, sizeof(key));
    const char *note = b->note ? b->note : b->run;
    int w = pen_width(key) + 1 + pen_width(note);
    if (p->x + w > p->end)
        return; /* whole or not at all; a shorter one may still fit */
    char *why = why_not(d, b->run);
    int from = p->x;
    pen_text(p, why ? ROLE_KEY_OFF : ROLE_KEY, key);
    pen_skip(p, 1);
    pen_text(p, why ? ROLE_KEY_OFF : ROLE_KEY_LABEL, note);
    deck_hit(d, (struct rect){from, p->y, p->x - from, 1}, b->run);
    pen_skip(p, gap);
    free(why);
}

void keybar_draw(struct deck *d, struct canvas *c, struct rect area)
{
    binding_list list = {0};
    gather(&d->keymap, deck_place(d), &list);
    int gap = gap_for(&list, area.w - 1);
    struct pen p = pen_at(c, area.x + 1, area.y, area.w - 1);
    for (size_t i = 0; i < list.len; i++)
        draw_key(d, &p, list.items[i], gap);
    vec_free(&list);
}
