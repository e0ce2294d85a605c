/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/dialog.h"

#include <stdlib.h>
#include "ui/prompt.h"

/* What is being typed is for the dialog that asked: it stays on top until it has it. */
static bool is_being_answered(void)
{
    enum prompt_mode mode = prompt_current_mode();
    return prompt_is_open() && (mode == PROMPT_ANSWER || mode == PROMPT_SECRET);
}

void dialog_open(struct deck *d, struct dialog *g)
{
    struct dialog *top = dialog_top(d);
    vec_push(&d->dialogs, g);
    if (top && is_being_answered()) {
        d->dialogs.items[d->dialogs.len - 2] = g;
        d->dialogs.items[d->dialogs.len - 1] = top;
    }
    d->dirty = true;
}

struct dialog *dialog_top(const struct deck *d)
{
    return d->dialogs.len ? d->dialogs.items[d->dialogs.len - 1] : NULL;
}

void dialog_close(struct deck *d)
{
    struct dialog *g = dialog_top(d);
    d->dialogs.len--;
    g->ops->free(g);
    d->dirty = true;
}

void dialog_cancel(struct deck *d)
{
    struct dialog *g = dialog_top(d);
    if (g->ops->cancel)
        g->ops->cancel(d, g);
    else
        dialog_close(d);
}

/* Text in a box stands on the box's ground, whatever its role; what has a ground of its own keeps it. */
static bool has_ground(const struct cell *cell)
{
    return cell->over != ROLE_NONE || cell->role == ROLE_DIALOG || cell->role == ROLE_BUTTON ||
           cell->role == ROLE_BUTTON_ACTIVE || cell->role == ROLE_DIALOG_TITLE;
}

static void lay_ground(struct canvas *c, struct rect box)
{
    for (int y = box.y; y < box.y + box.h; y++)
        for (int x = box.x; x < box.x + box.w; x++)
            if (x >= 0 && y >= 0 && x < c->w && y < c->h && !has_ground(&c->cells[y * c->w + x]))
                canvas_over(c, (struct rect){x, y, 1, 1}, ROLE_DIALOG);
}

void dialog_draw_all(struct deck *d, struct canvas *c)
{
    for (size_t i = 0; i < d->dialogs.len; i++) {
        d->box = (struct rect){0, 0, 0, 0};
        d->dialogs.items[i]->ops->draw(d, d->dialogs.items[i], c);
        lay_ground(c, d->box);
    }
}

struct rect dialog_box(struct deck *d, struct canvas *c, int w, int h, const char *title)
{
    /* The whole width rather than all but the edges, where a column of what is behind would stand. */
    w = w > c->w - 4 ? c->w : w;
    h = h > c->h - 2 ? c->h - 2 : h;
    /* Key bar and last line stay in sight. */
    struct rect box = {(c->w - w) / 2, (c->h - 2 - h) / 2, w, h};
    d->box = box;
    canvas_fill(c, box, ROLE_DIALOG, L' ');
    canvas_box(c, box, ROLE_BORDER);
    deck_hit(d, (struct rect){0, 0, c->w, c->h}, ""); /* what is behind is out of reach */
    if (title && *title) {
        char *spaced = xasprintf(" %s ", title);
        canvas_text(c, box.x + 2, box.y, w - 4, ROLE_DIALOG_TITLE, spaced);
        free(spaced);
    }
    return (struct rect){box.x + 2, box.y + 1, w - 4, h - 2};
}

static const struct {
    keycode key;
    enum move how;
} move_keys[] = {
    {KEYC_UP, MOVE_UP},
    {KEYC_DOWN, MOVE_DOWN},
    {KEYC_LEFT, MOVE_LEFT},
    {KEYC_RIGHT, MOVE_RIGHT},
    {KEYC_PAGE_UP, MOVE_PAGE_UP},
    {KEYC_PAGE_DOWN, MOVE_PAGE_DOWN},
    {KEYC_HOME, MOVE_HOME},
    {KEYC_END, MOVE_END},
    {'k', MOVE_UP},
    {'j', MOVE_DOWN},
    {'g', MOVE_HOME},
    {'G', MOVE_END},
};

bool dialog_common_key(struct deck *d, struct dialog *g, keycode key)
{
    for (size_t i = 0; g->ops->move && i < ARRAY_LEN(move_keys); i++)
        if (move_keys[i].key == key) {
            g->ops->move(d, g, move_keys[i].how);
            d->dirty = true;
            return true;
        }
    if (key == KEYC_ESC || key == 'q') {
        dialog_cancel(d);
        return true;
    }
    if (key == KEYC_ENTER && g->ops->accept) {
        g->ops->accept(d, g);
        return true;
    }
    return false;
}

long dialog_moved(enum move how, long index, long n, long page)
{
    static const int steps[] = {[MOVE_UP] = -1, [MOVE_DOWN] = 1};
    if (how == MOVE_UP || how == MOVE_DOWN)
        index += steps[how];
    else if (how == MOVE_PAGE_UP)
        index -= page;
    else if (how == MOVE_PAGE_DOWN)
        index += page;
    else if (how == MOVE_HOME)
        index = 0;
    else if (how == MOVE_END)
        index = n - 1;
    return index >= n ? (n > 0 ? n - 1 : 0) : index < 0 ? 0 : index;
}
