/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands about the panes: which one, what it shows, searching in it.
 */
#include <stdlib.h>
#include <string.h>
#include "ui/commands_private.h"
#include "ui/dialog.h"
#include "ui/pane.h"
#include "ui/prompt.h"

static void show_pane(struct deck *d, int id)
{
    d->pane = (enum pane_id)id;
    d->pane_open = d->view_changed = true;
    if (d->pane_covers)
        d->pane_focused = true;
}

static void step_pane(struct deck *d, int by)
{
    if (d->pane_open && (d->pane_focused || !d->pane_covers))
        show_pane(d, ((int)d->pane + by + PANE_COUNT) % PANE_COUNT);
    else
        show_pane(d, (int)d->pane);
}

static void show_pane_called(struct deck *d, const char *id)
{
    for (int i = 0; i < PANE_COUNT; i++)
        if (strcmp(pane_table[i]->id, id) == 0)
            show_pane(d, i);
}

/* False: a filter or a folded group hides it. */
static bool move_to_target(struct deck *d, const struct target *t)
{
    deck_update(d);
    for (size_t i = 0; i < d->view.rows.len; i++) {
        const struct view_row *row = &d->view.rows.items[i];
        if (row->vm && row->snap->host.id == t->host && uuid_equal(&row->vm->uuid, &t->uuid)) {
            view_move_to(&d->view, i);
            return true;
        }
    }
    return false;
}

/* Moves the cursor to the one domain that a word names. */
static bool go_to(struct deck *d, const char *word, struct error *e)
{
    struct target_list found = {0};
    bool good = targets_resolve(d->session.fleet, word, &found, e);
    if (good && found.len > 1)
        good = error_set(e, STATUS_FAILED, "\"%s\" names %zu domains; this is about one", word, found.len);
    if (good && !move_to_target(d, &found.items[0]))
        good = error_set(e, STATUS_FAILED, "%s is not in the table now", found.items[0].name);
    target_list_free(&found);
    return good;
}

bool pane_of_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    if (call_word(call, 0) && !go_to(d, call_word(call, 0), e))
        return false;
    show_pane_called(d, call->command->data);
    if (call_word(call, 0) && d->pane == PANE_EVENTS)
        d->events_of_vm = true;
    d->dirty = true;
    return true;
}

bool pane_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const char *word = call_word(call, 0);
    (void)e;
    d->dirty = true;
    if (strcmp(word, "next") == 0)
        step_pane(d, 1);
    else if (strcmp(word, "prev") == 0)
        step_pane(d, -1);
    else if (strcmp(word, "close") == 0) {
        d->pane_open = d->pane_focused = d->pane_zoomed = false;
        d->view_changed = true;
    } else if (strcmp(word, "zoom") == 0) {
        d->pane_zoomed = !(d->pane_open && d->pane_zoomed);
        d->pane_focused = d->pane_zoomed;
        d->pane_open = true;
    } else {
        show_pane_called(d, word);
    }
    return true;
}

bool focus_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const char *word = call_word(call, 0);
    (void)e;
    bool pane = strcmp(word, "pane") == 0 || (strcmp(word, "toggle") == 0 && !d->pane_focused);
    if (pane)
        d->pane_open = true;
    else
        d->pane_zoomed = false;
    d->pane_focused = pane;
    d->dirty = true;
    return true;
}

bool window_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const char *word = call_word(call, 0);
    (void)e;
    int at = (int)d->window;
    if (strcmp(word, "next") == 0)
        at = (at + 1) % WINDOW_COUNT;
    else if (strcmp(word, "prev") == 0)
        at = (at + WINDOW_COUNT - 1) % WINDOW_COUNT;
    for (int i = 0; i < WINDOW_COUNT; i++)
        if (strcmp(windows[i].id, word) == 0)
            at = i;
    d->window = (enum window)at;
    deck_note(d, SEV_INFO, "graphs show %s", windows[at].id);
    d->view_changed = d->dirty = true;
    return true;
}

/* toggle (or nothing) turns round, the second name is on. */
static bool switched(const char *word, const char *on, bool now)
{
    return !word || strcmp(word, "toggle") == 0 ? !now : strcmp(word, on) == 0;
}

bool scope_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    d->events_of_vm = switched(call_word(call, 0), "vm", d->events_of_vm);
    d->panes[PANE_EVENTS].scroll = 0;
    d->events_match = -1;
    d->dirty = true;
    return true;
}

/* ---- searching ---- */

/* In the table: the next domain whose name has the text. */
static bool search_table(struct deck *d, bool backwards)
{
    long n = (long)d->view.rows.len;
    for (long step = 1; step <= n; step++) {
        long i = ((long)d->view.cursor + (backwards ? -step : step) + n) % n;
        const struct vm *vm = d->view.rows.items[i].vm;
        if (vm && text_contains(vm->name, d->search)) {
            view_move_to(&d->view, (size_t)i);
            return true;
        }
    }
    return false;
}

static bool search_here(struct deck *d, bool backwards)
{
    struct dialog *g = dialog_top(d);
    const struct pane_ops *pane = pane_table[d->pane];
    if (g)
        return g->ops->search && g->ops->search(d, g, backwards);
    if (d->pane_open && d->pane_focused && pane->search)
        return pane->search(d, backwards);
    return search_table(d, backwards);
}

static bool go_to_match(struct deck *d, bool backwards)
{
    d->dirty = true;
    if (!d->search || !*d->search)
        deck_note(d, SEV_WARN, "nothing was searched for yet");
    else if (!search_here(d, backwards))
        deck_note(d, SEV_WARN, "not found: %s", d->search);
    return true;
}

bool search_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    char *text = call_words(call, 0);
    if (!text) {
        prompt_open(PROMPT_SEARCH, "/", "");
        d->dirty = true;
        return true;
    }
    deck_search_for(d, text);
    free(text);
    return go_to_match(d, false);
}

bool search_next_run(struct call *call, struct error *e)
{
    (void)e;
    return go_to_match(call_deck(call), false);
}

bool search_prev_run(struct call *call, struct error *e)
{
    (void)e;
    return go_to_match(call_deck(call), true);
}
