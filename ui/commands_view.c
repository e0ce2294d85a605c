/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands about the table: cursor, tags, sort, columns, filter, groups.
 */
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "ui/chooser.h"
#include "ui/commands_private.h"
#include "ui/dialog.h"
#include "ui/pane.h"
#include "ui/prompt.h"

struct deck *call_deck(const struct call *call)
{
    return call->session->frontend->ctx;
}

const char *call_word(const struct call *call, size_t i)
{
    return i < call->words.len ? call->words.items[i] : NULL;
}

char *call_words(const struct call *call, size_t i)
{
    if (i >= call->words.len)
        return NULL;
    struct strbuf all = {0};
    for (; i < call->words.len; i++)
        strbuf_printf(&all, "%s%s", all.len ? " " : "", call->words.items[i]);
    return strbuf_steal(&all);
}

int name_index(const char *const *names, size_t n, const char *word)
{
    for (size_t i = 0; word && i < n; i++)
        if (strcmp(names[i], word) == 0)
            return (int)i;
    return -1;
}

static void changed(struct deck *d)
{
    d->rebuild = d->view_changed = d->dirty = true;
}

/* ---- moving ---- */

static const char *const move_names[] = {"up", "down", "left", "right", "pageup", "pagedown", "home", "end"};

static void move_table(struct deck *d, enum move how)
{
    if (how == MOVE_LEFT || how == MOVE_RIGHT) {
        if (how == MOVE_LEFT && d->view.left > 0)
            d->view.left--;
        if (how == MOVE_RIGHT && d->columns_lack)
            d->view.left++;
        else if (how == MOVE_RIGHT)
            deck_note(d, SEV_INFO, "there are no more columns at the right");
        return;
    }
    long page = d->table_height > 1 ? (long)d->table_height - 1 : 1;
    view_move_to(&d->view, (size_t)dialog_moved(how, (long)d->view.cursor, (long)d->view.rows.len, page));
}

static void move_pane(struct deck *d, enum move how)
{
    const struct pane_state *s = &d->panes[d->pane];
    long page = s->height > 1 ? s->height - 1 : 1, all = (long)s->rows + 1;
    static const int aside = 8;
    const struct {
        long rows;
        int columns;
    } steps[] = {[MOVE_UP] = {-1, 0},       [MOVE_DOWN] = {1, 0},        [MOVE_LEFT] = {0, -aside},
                 [MOVE_RIGHT] = {0, aside}, [MOVE_PAGE_UP] = {-page, 0}, [MOVE_PAGE_DOWN] = {page, 0},
                 [MOVE_HOME] = {-all, 0},   [MOVE_END] = {all, 0}};
    pane_scroll(d, steps[how].rows, steps[how].columns);
}

bool move_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    enum move how = (enum move)name_index(move_names, ARRAY_LEN(move_names), call_word(call, 0));
    struct dialog *g = dialog_top(d);
    if (g && g->ops->move)
        g->ops->move(d, g, how);
    else if (!g && d->pane_open && d->pane_focused)
        move_pane(d, how);
    else if (!g)
        move_table(d, how);
    d->dirty = true;
    return true;
}

bool select_run(struct call *call, struct error *e)
{
    static const char *const names[] = {"next", "prev", "first", "last"};
    static const enum move moves[] = {MOVE_DOWN, MOVE_UP, MOVE_HOME, MOVE_END};
    struct deck *d = call_deck(call);
    (void)e;
    move_table(d, moves[name_index(names, ARRAY_LEN(names), call_word(call, 0))]);
    d->dirty = true;
    return true;
}

bool open_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct view_row *row = view_current(&d->view);
    (void)e;
    d->dirty = true;
    if (dialog_top(d)) {
        struct dialog *g = dialog_top(d);
        if (g->ops->accept)
            g->ops->accept(d, g);
        return true;
    }
    if (row && !row->vm && !d->pane_focused) {
        view_fold(&d->view, d->view.groups.items[row->group].label);
        d->rebuild = true;
        return true;
    }
    d->pane_open = d->pane_focused = true;
    changed(d);
    return true;
}

bool back_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    d->dirty = true;
    if (dialog_top(d)) {
        dialog_cancel(d);
    } else if (d->log.region && d->pane_focused && d->pane == PANE_LOGS) {
        logs_choose(&d->log, false);
    } else if (d->pane_open && d->pane_focused) {
        d->pane_focused = d->pane_zoomed = false;
    } else if (*d->view.filter_text) {
        view_set_filter(&d->view, "", NULL);
        d->rebuild = true;
    } else {
        char key[32];
        keymap_label_for(&d->keymap, deck_place(d), "quit", key, sizeof(key));
        deck_note(d, SEV_INFO, "nothing to go back from; %s leaves virtdeck", key);
    }
    return true;
}

/* ---- tags ---- */

static size_t tag_rows(struct deck *d, const struct filter *f, bool invert)
{
    size_t n = 0;
    for (size_t i = 0; i < d->view.rows.len; i++) {
        const struct view_row *row = &d->view.rows.items[i];
        if (!row->vm)
            continue;
        struct row r = deck_row(d, NULL, row->snap, row->vm);
        if (f && !filter_match(f, &r))
            continue;
        view_tag(&d->view, row->snap->host.id, &row->vm->uuid, invert ? !r.tagged : true);
        n++;
    }
    return n;
}

/* On a group's header: the whole group, or none of it where all are tagged already. */
static void tag_group(struct deck *d)
{
    struct view *v = &d->view;
    size_t from = v->cursor + 1, end = from;
    bool all = true;
    for (; end < v->rows.len && v->rows.items[end].vm; end++)
        all = all && view_tagged(v, v->rows.items[end].snap->host.id, &v->rows.items[end].vm->uuid);
    if (end == from)
        deck_note(d, SEV_INFO, "the group is folded; Enter on it shows its domains");
    for (size_t i = from; i < end; i++)
        view_tag(v, v->rows.items[i].snap->host.id, &v->rows.items[i].vm->uuid, !all);
}

static void tag_current(struct deck *d)
{
    const struct view_row *row = view_current(&d->view);
    if (!row)
        return;
    if (row->vm) {
        bool on = view_tagged(&d->view, row->snap->host.id, &row->vm->uuid);
        view_tag(&d->view, row->snap->host.id, &row->vm->uuid, !on);
    } else {
        tag_group(d);
    }
    if (!d->pane_focused)
        view_move(&d->view, 1);
}

/* Names as other commands take them. False: not all of them are, so it is a filter. */
static bool tag_targets(struct deck *d, const struct call *call)
{
    struct target_list all = {0};
    bool good = true;
    for (size_t i = 0; good && i < call->words.len; i++)
        good = !strpbrk(call_word(call, i), "=<>~!|()") &&
               targets_resolve(d->session.fleet, call_word(call, i), &all, NULL);
    for (size_t i = 0; good && i < all.len; i++)
        view_tag(&d->view, all.items[i].host, &all.items[i].uuid, true);
    if (good)
        deck_note(d, SEV_INFO, "%zu tagged", all.len);
    target_list_free(&all);
    return good;
}

bool tag_run(struct call *call, struct error *e)
{
    static const char *const names[] = {"toggle", "all", "none", "invert"};
    struct deck *d = call_deck(call);
    struct dialog *g = dialog_top(d);
    d->rebuild = d->dirty = true;
    char *text = call_words(call, 0);
    int which = text ? name_index(names, ARRAY_LEN(names), text) : 0; /* -1: domains or a filter */
    bool good = true;
    if (g && g->ops->key) {
        g->ops->key(d, g, ' ');
    } else if (which == 0) {
        tag_current(d);
    } else if (which == 1 || which == 3) {
        tag_rows(d, NULL, which == 3);
    } else if (which == 2) {
        view_tag_clear(&d->view);
    } else if (!tag_targets(d, call)) {
        struct error wrong = ERROR_INIT;
        struct filter *f = filter_compile(text, &wrong);
        good = wrong.status == STATUS_OK;
        if (good)
            deck_note(d, SEV_INFO, "%zu tagged", tag_rows(d, f, false));
        error_move(e, &wrong);
        filter_free(f);
    }
    free(text);
    return good;
}

/* ---- sort and columns ---- */

/* Figures are looked at from the top, names from the beginning. */
static void sort_by(struct view *v, const struct column *c)
{
    bool again = v->sort == c;
    v->descending = again ? !v->descending : c->type != COLUMN_TEXT;
    v->sort = c;
}

static void sort_step(struct view *v, size_t by)
{
    size_t at = 0;
    if (v->n_columns == 0)
        return;
    for (size_t i = 0; i < v->n_columns; i++)
        if (v->columns[i].column == v->sort)
            at = i;
    const struct column *next = v->columns[(at + by) % v->n_columns].column;
    if (next != v->sort)
        sort_by(v, next);
}

bool sort_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    struct view *v = &d->view;
    const char *word = call_word(call, 0);
    if (strcmp(word, "next") == 0)
        sort_step(v, 1);
    else if (strcmp(word, "prev") == 0)
        sort_step(v, v->n_columns - 1);
    else if (strcmp(word, "invert") == 0)
        v->descending = !v->descending;
    else if (word[0] == '-' || word[0] == '+') {
        if (!view_set_sort(v, word[0] == '+' ? word + 1 : word, e))
            return false;
    } else if (column_find(word))
        sort_by(v, column_find(word));
    changed(d);
    deck_note(d, SEV_INFO, "sorted by %s, %s", v->sort->id,
              v->sort->type == COLUMN_TEXT ? (v->descending ? "descending" : "ascending")
                                           : (v->descending ? "highest first" : "lowest first"));
    return true;
}

bool columns_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    if (!call_word(call, 0)) {
        chooser_open(d);
        return true;
    }
    if (!view_set_columns(&d->view, call_word(call, 0), e))
        return false;
    changed(d);
    return true;
}

bool column_width_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const char *id = call_word(call, 0), *text = call_word(call, 1);
    struct view_column *vc = view_find_column(&d->view, id);
    double n;
    if (!vc)
        return error_set(e, STATUS_FAILED, "the column %s is not on the screen", id);
    if (!parse_number(text[0] == '+' ? text + 1 : text, &n) || n < -500 || n > 500)
        return error_set(e, STATUS_USAGE, "\"%s\" is no width: a number, +N or -N", text);
    int w = (int)n;
    if (text[0] == '+' || text[0] == '-')
        w += vc->width ? vc->width : vc->column->width;
    int max = 200;
    vc->width = n == 0 ? 0 : w < vc->column->min_width ? vc->column->min_width : w > max ? max : w;
    changed(d);
    return true;
}

/* ---- filter and groups ---- */

bool filter_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    char *text = call_words(call, 0);
    if (!text) {
        free(d->bar_filter);
        d->bar_filter = xstrdup(d->view.filter_text);
        prompt_open(PROMPT_FILTER, "/", d->view.filter_text);
        d->dirty = true;
        return true;
    }
    bool good = view_set_filter(&d->view, text, e);
    free(text);
    d->rebuild = d->dirty = true;
    return good;
}

bool group_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const char *word = call_word(call, 0);
    bool good = true;
    if (strcmp(word, "next") == 0)
        d->view.group = (enum group_mode)((d->view.group + 1) % GROUP_COUNT);
    else
        good = view_set_group(&d->view, word, e);
    if (good && d->view.group == GROUP_NONE)
        deck_note(d, SEV_INFO, "not grouped");
    else if (good)
        deck_note(d, SEV_INFO, "grouped by %s", group_names[d->view.group]);
    changed(d);
    return good;
}
