/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys, mouse and pastes: to the bar where it is open, else to the top dialog, else through the keymap to
 * command lines.
 */
#include <stdlib.h>
#include <string.h>
#include "ui/app.h"
#include "ui/dialog.h"
#include "ui/pane.h"
#include "ui/prompt.h"
#include "ui/run.h"

#define WHEEL_ROWS 3

#define CTRL_C ('c' | KEYM_CTRL)
#define CTRL_Z ('z' | KEYM_CTRL)

static void forget_error(struct deck *d)
{
    free(d->bar_error);
    d->bar_error = NULL;
    d->bar_error_at = -1;
}

/* ---- the bar ---- */

/* The table follows the filter while it is typed; a wrong one is pointed at, and the last good one stays. */
static bool try_filter(struct deck *d, const char *text)
{
    struct error e = ERROR_INIT;
    bool good = view_set_filter(&d->view, text, &e);
    forget_error(d);
    if (!good) {
        d->bar_error = xstrdup(error_text(&e));
        d->bar_error_at = e.position;
    }
    error_clear(&e);
    d->rebuild = true;
    return good;
}

static void accepted(struct deck *d, enum prompt_mode mode, const char *line)
{
    struct dialog *g = dialog_top(d);
    switch (mode) {
    case PROMPT_COMMAND:
        if (!run_typed(d, line))
            prompt_open(PROMPT_COMMAND, ":", line);
        break;
    case PROMPT_FILTER:
        if (!try_filter(d, line))
            prompt_open(PROMPT_FILTER, "/", line);
        break;
    case PROMPT_SEARCH:
        deck_search_for(d, line);
        run_line(d, "search-next");
        break;
    default:
        if (g && g->ops->answer)
            g->ops->answer(d, g, line);
        break;
    }
}

static void cancelled(struct deck *d, enum prompt_mode mode)
{
    struct dialog *g = dialog_top(d);
    if (mode == PROMPT_FILTER && d->bar_filter)
        try_filter(d, d->bar_filter);
    else if ((mode == PROMPT_ANSWER || mode == PROMPT_SECRET) && g && g->ops->answer)
        g->ops->answer(d, g, NULL);
    forget_error(d);
}

static void to_bar(struct deck *d, const struct input *in)
{
    enum prompt_mode mode = prompt_current_mode();
    if (in->type == INPUT_KEY && in->key == CTRL_Z) {
        d->suspend = true;
        return;
    }
    if (in->type == INPUT_KEY && in->key == CTRL_C) {
        prompt_cancel();
        cancelled(d, mode);
        return;
    }
    char *line = NULL;
    forget_error(d);
    enum prompt_result result = prompt_feed(in, &line);
    if (result == PROMPT_ACCEPTED)
        accepted(d, mode, line);
    else if (result == PROMPT_CANCELLED)
        cancelled(d, mode);
    else if (mode == PROMPT_FILTER)
        try_filter(d, prompt_text());
    free(line);
}

/* ---- keys ---- */

/* In a dialog only its own keys count, and those that are about the terminal. */
static bool allowed_in_dialog(const struct binding *b)
{
    return b->place != PLACE_ANY || strcmp(b->run, "redraw") == 0 || strcmp(b->run, "suspend-screen") == 0;
}

static void to_keys(struct deck *d, keycode key)
{
    struct dialog *g = dialog_top(d);
    if (key == CTRL_C && !g && run_cancel(d))
        return;
    if (g && d->too_small)
        return; /* nobody answers what can't be seen */
    if (g && g->ops->key && g->ops->key(d, g, key))
        return;
    const struct binding *b = keymap_find(&d->keymap, deck_place(d), key);
    if (b && b->run && (!g || allowed_in_dialog(b))) {
        char *line = xstrdup(b->run); /* the command may load another keymap */
        run_line(d, line);
        free(line);
    } else if (!b && !g) {
        char name[32], help[32];
        key_label(key, name, sizeof(name));
        keymap_label_for(&d->keymap, deck_place(d), "help", help, sizeof(help));
        deck_note(d, SEV_INFO, "%s does nothing here; %s lists the keys", name, help);
    }
}

/* ---- mouse ---- */

static bool inside(const struct rect *r, int x, int y)
{
    return x >= r->x && x < r->x + r->w && y >= r->y && y < r->y + r->h;
}

static void wheel(struct deck *d, const struct input *in)
{
    long rows = in->mouse == MOUSE_WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS;
    struct dialog *g = dialog_top(d);
    if (g) {
        for (int i = 0; i < WHEEL_ROWS && g->ops->move; i++)
            g->ops->move(d, g, rows < 0 ? MOVE_UP : MOVE_DOWN);
    } else if (d->pane_open && inside(&d->pane_area, in->x, in->y)) {
        pane_scroll(d, rows, 0);
    } else if (inside(&d->table_area, in->x, in->y)) {
        view_scroll(&d->view, rows, d->table_height);
    }
}

static void click(struct deck *d, const struct input *in)
{
    const struct hit *found = deck_hit_at(d, in->x, in->y);
    if (!found)
        return;
    struct hit hit = *found;
    if (hit.row < 0) {
        if (*hit.run)
            run_line(d, hit.run);
        return;
    }
    view_move_to(&d->view, (size_t)hit.row);
    d->pane_focused = false;
    if (in->mouse == MOUSE_DOUBLE)
        run_line(d, "open");
}

void app_input(struct app *app, struct input *in)
{
    struct deck *d = &app->deck;
    d->dirty = true;
    bool wheels = in->type == INPUT_MOUSE && (in->mouse == MOUSE_WHEEL_UP || in->mouse == MOUSE_WHEEL_DOWN);
    if (in->type == INPUT_HANGUP)
        d->quit = true;
    else if (wheels)
        wheel(d, in);
    else if (in->type == INPUT_MOUSE && !prompt_is_open())
        click(d, in);
    else if (prompt_is_open() && (in->type == INPUT_KEY || in->type == INPUT_PASTE))
        to_bar(d, in);
    else if (in->type == INPUT_KEY)
        to_keys(d, in->key);
    else if (in->type == INPUT_PASTE)
        /* As keys it would be commands on domains. */
        deck_note(d, SEV_INFO, "text can be pasted into the bar only: open it first");
    if (in->type == INPUT_PASTE)
        free(in->paste);
}
